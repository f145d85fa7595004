import { MillwrightError, type RequestContext } from '@millwright/core';
import { column, defineContract } from '@millwright/core/contract';
import { createEndpoint, functionRuntime, onnx, type Tensor, tensor } from '@millwright/serving';
import { openInferenceClient, openInferenceHandler, serveEndpoint, serveModel } from '@millwright/serving/oip';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { artifactOf, logistic, resolvedModel, sourceOf } from '../support/models.js';
import { identity, identityHandler, origin, post, schemaErrors, wire } from './harness.js';

const contract = defineContract({
  inputs: { hour: column.integer({ min: 0, max: 23 }), miles: column.number(), origin: column.category() },
  outputs: { late: column.probability() },
});

interface Flight {
  readonly hour: number;
  readonly miles: number;
  readonly origin: string;
}

const predictor = {
  async predict({ hour, miles, origin: from }: Flight) {
    return { late: (hour / 23 + miles / 10_000 + (from === 'ATL' ? 1 : 0)) / 3 };
  },
};

function body(inputs: unknown, more: object = {}): string {
  return JSON.stringify({ inputs, ...more });
}

const x = (shape: readonly number[], data: unknown, datatype = 'FP32') => ({ name: 'x', datatype, shape, data });

describe('paths', () => {
  const get = async (path: string, method = 'GET') => {
    const handler = openInferenceHandler({ models: { 'a b/c': serveModel(await identity('float32', ['rows', 2])) } });
    return await handler(new Request(`${origin}${path}`, { method }));
  };

  test.each(['/v2', '/v2/'])('%s describes the server', async (path) => {
    const answer = await (await get(path)).json();
    expect(answer).toEqual({ name: 'millwright', version: '2', extensions: ['binary_tensor_data'] });
    expect(schemaErrors('server', answer)).toBeUndefined();
  });

  test('a model is described by its name, whatever is in it', async () => {
    const answer = await (await get('/v2/models/a%20b%2Fc')).json();
    expect(answer).toEqual({
      name: 'a b/c',
      platform: 'function',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
    });
    expect(schemaErrors('model', answer)).toBeUndefined();
    expect((await get('/v2/models/a%20b%2Fc/ready')).status).toBe(200);
    expect((await get('/v2/health/live')).status).toBe(200);
    expect((await get('/v2/health/ready')).status).toBe(200);
  });

  test.each([
    '/',
    '/v1/models/x:predict',
    '/v2x',
    '/v2/models',
    '/v2/models/__proto__',
    '/v2/models/toString',
    '/v2/models/none',
    '/v2/models/%E0%A4%A',
    '/v2/models/a%20b%2Fc/versions',
    '/v2/models/a%20b%2Fc/versions/7',
    '/v2/models/a%20b%2Fc/infer/more',
    '/v2/models/a%20b%2Fc/explain',
    '/v2/health/other',
  ])('%s is not there', async (path) => {
    const answer = await get(path);
    expect(answer.status).toBe(404);
    expect(schemaErrors('error', await answer.json())).toBeUndefined();
  });

  test('another method is refused with the one to use', async () => {
    expect((await get('/v2', 'POST')).headers.get('allow')).toBe('GET');
    const answer = await get('/v2/models/a%20b%2Fc/infer');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test('a service that is not ready says so, and is alive', async () => {
    const handler = openInferenceHandler({ models: {}, basePath: '/ml/', isReady: () => false });
    const status = async (path: string) => (await handler(new Request(`${origin}${path}`))).status;
    expect([await status('/ml/v2/health/ready'), await status('/ml/v2/health/live')]).toEqual([503, 200]);
    expect(await status('/v2/health/live')).toBe(404);
  });
});

describe('requests', () => {
  test('nested data, an id and chosen outputs', async () => {
    const handler = await identityHandler();
    const answer = await handler(
      post(
        '/v2/models/echo/infer',
        body(
          [
            x(
              [2, 2],
              [
                [1, 2],
                [3, 4.5],
              ],
            ),
          ],
          { id: '42', outputs: [{ name: 'y' }] },
        ),
      ),
    );
    expect(await answer.json()).toEqual({
      model_name: 'echo',
      id: '42',
      outputs: [{ name: 'y', datatype: 'FP32', shape: [2, 2], data: [1, 2, 3, 4.5] }],
    });
  });

  test.each<[string, string | Uint8Array<ArrayBuffer>, Record<string, string>]>([
    ['no JSON', '{', {}],
    ['nothing', '', {}],
    ['another type', '[]', {}],
    ['null', 'null', {}],
    ['no inputs', body([]), {}],
    ['an unknown type', body([x([1], [1], 'FP128')]), {}],
    ['a type from the prototype', body([x([1], [1], 'constructor')]), {}],
    ['another type than the model takes', body([x([1], [1], 'INT8')]), {}],
    ['a huge shape', body([x([2 ** 40, 2 ** 40], [1])]), {}],
    ['a huge shape behind a zero', body([x([2 ** 31, 2 ** 31, 0], [])]), {}],
    ['a negative dimension', body([x([-1], [1])]), {}],
    ['a dimension that is no integer', body([x([1.5], [1])]), {}],
    ['forty dimensions', body([x(new Array(40).fill(1), [1])]), {}],
    ['more data than shape', body([x([1], [1, 2])]), {}],
    ['less data than shape', body([x([3], [1, 2])]), {}],
    [
      'data nested beyond measure',
      `{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":${'['.repeat(5_000)}1${']'.repeat(5_000)}}]}`,
      {},
    ],
    [
      'long integers nested beyond measure',
      `{"inputs":${'['.repeat(5_000)}9223372036854775807${']'.repeat(5_000)}}`,
      {},
    ],
    ['text as a number', body([x([1], ['1'])]), {}],
    ['a number beyond the type', body([x([1], [1e39])]), {}],
    ['a name that occurs twice', body([x([1], [1]), x([1], [2])]), {}],
    ['a name from the prototype', body([{ ...x([1], [1]), name: '__proto__' }]), {}],
    ['an empty name', body([{ ...x([1], [1]), name: '' }]), {}],
    ['an output that is not there', body([x([1], [1])], { outputs: [{ name: 'constructor' }] }), {}],
    ['an output twice', body([x([1], [1])], { outputs: [{ name: 'y' }, { name: 'y' }] }), {}],
    ['classification', body([x([1], [1])], { outputs: [{ name: 'y', parameters: { classification: 3 } }] }), {}],
    ['a JSON length beyond the body', body([x([1], [1])]), { 'inference-header-content-length': '100000' }],
    ['a negative JSON length', body([x([1], [1])]), { 'inference-header-content-length': '-1' }],
    ['a JSON length in hex', body([x([1], [1])]), { 'inference-header-content-length': '0x10' }],
    ['a JSON length that cuts', body([x([1], [1])]), { 'inference-header-content-length': '10' }],
    ['bytes that are not UTF-8', Uint8Array.of(0x22, 0xff, 0x22), {}],
    ...binaryCases(),
  ])('%s is refused', async (_name, payload, headers) => {
    const answer = await (await identityHandler())(post('/v2/models/echo/infer', payload, headers));
    expect(answer.status).toBe(400);
    expect(schemaErrors('error', await answer.json())).toBeUndefined();
  });

  test('a body that is too long is refused: declared, undeclared, and lying', async () => {
    const handler = openInferenceHandler({
      models: { echo: serveModel(await identity('float32')) },
      maxBodyBytes: 100,
    });
    const long = 'x'.repeat(200);
    const stream = () =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          controller.enqueue(new TextEncoder().encode(long.slice(0, 50)));
        },
      });
    const streamed = (headers: Record<string, string>) =>
      new Request(`${origin}/v2/models/echo/infer`, {
        method: 'POST',
        body: stream(),
        headers: { 'content-type': 'application/json', ...headers },
        duplex: 'half',
      } as RequestInit);
    for (const request of [post('/v2/models/echo/infer', long), streamed({}), streamed({ 'content-length': '10' })])
      expect((await handler(request)).status).toBe(413);
  });

  test('a content type that pages may send unasked, and compressed bodies, are refused', async () => {
    const handler = await identityHandler();
    const status = async (headers: Record<string, string>) =>
      (await handler(post('/v2/models/echo/infer', body([x([1], [1])]), headers))).status;
    expect(await status({ 'content-type': 'text/plain' })).toBe(415);
    expect(await status({ 'content-encoding': 'gzip' })).toBe(415);
    expect(await status({ 'content-type': 'application/json; charset=utf-8' })).toBe(200);
  });

  test('any bytes are answered with a status below 500', async () => {
    const handler = await identityHandler();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.option(fc.nat(300)), async (bytes, length) => {
        const headers = length === null ? {} : { 'inference-header-content-length': String(length) };
        const { status } = await handler(
          post('/v2/models/echo/infer', bytes.slice(), headers as Record<string, string>),
        );
        expect(status).toBeLessThan(500);
      }),
      { numRuns: 200 },
    );
  });
});

/** A JSON part and what follows it. */
function withBlob(tensors: readonly object[], blob: Uint8Array): [Uint8Array<ArrayBuffer>, Record<string, string>] {
  const json = new TextEncoder().encode(body(tensors));
  const bytes = new Uint8Array(json.length + blob.length);
  bytes.set(json);
  bytes.set(blob, json.length);
  return [bytes, { 'inference-header-content-length': String(json.length) }];
}

function binaryCases(): [string, Uint8Array<ArrayBuffer>, Record<string, string>][] {
  const sized = (size: unknown, shape: readonly number[], datatype = 'FP32') => ({
    name: 'x',
    datatype,
    shape,
    parameters: { binary_data_size: size },
  });
  const of = (
    name: string,
    tensors: readonly object[],
    blob: Uint8Array,
  ): [string, Uint8Array<ArrayBuffer>, Record<string, string>] => [name, ...withBlob(tensors, blob)];
  return [
    of('a binary size beyond the body', [sized(400, [100])], new Uint8Array(4)),
    of('a negative binary size', [sized(-4, [1])], new Uint8Array(4)),
    of('a binary size in text', [sized('4', [1])], new Uint8Array(4)),
    of('a binary size that is not the shape', [sized(4, [2])], new Uint8Array(4)),
    of('bytes that belong to no tensor', [sized(4, [1])], new Uint8Array(8)),
    of('sizes that overlap', [sized(8, [2]), { ...sized(8, [2]), name: 'z' }], new Uint8Array(12)),
    of('data in JSON and in binary', [{ ...sized(4, [1]), data: [1] }], new Uint8Array(4)),
    of('a boolean of 2', [sized(1, [1], 'BOOL')], Uint8Array.of(2)),
    of('a string length beyond the bytes', [sized(5, [1], 'BYTES')], Uint8Array.of(255, 255, 255, 255, 0)),
    of('more strings than bytes', [sized(4, [2 ** 30], 'BYTES')], new Uint8Array(4)),
    of('strings that leave bytes over', [sized(6, [1], 'BYTES')], new Uint8Array(6)),
    of('a string that is not UTF-8', [sized(5, [1], 'BYTES')], Uint8Array.of(1, 0, 0, 0, 255)),
  ];
}

describe('an endpoint', () => {
  test('takes rows as tensors, and answers for each', async () => {
    await using endpoint = await createEndpoint({ model: predictor, contract });
    const line = wire(openInferenceHandler({ models: { delay: serveEndpoint(endpoint, { contract }) } }));
    const client = openInferenceClient({ url: origin, fetch: line.fetch });
    expect(await client.metadata({ name: 'delay' })).toMatchObject({
      inputs: [
        { name: 'hour', datatype: 'INT64', shape: [-1] },
        { name: 'miles', datatype: 'FP64', shape: [-1] },
        { name: 'origin', datatype: 'BYTES', shape: [-1] },
      ],
    });
    const { outputs, parameters } = await client.infer(
      { name: 'delay' },
      new Map<string, Tensor>([
        ['hour', tensor('int64', [2], BigInt64Array.of(23n, 0n))],
        ['miles', tensor('float64', [2], Float64Array.of(5_000, 0))],
        ['origin', tensor('string', [2], ['ATL', 'MCI'])],
      ]),
    );
    expect([...(outputs.get('late')!.data as Float64Array)]).toEqual([2.5 / 3, 0]);
    expect(String(parameters.get('decision_ids')).split(',')).toHaveLength(2);
  });

  test('of an ONNX model answers as the model', async () => {
    await using endpoint = await createEndpoint<{ x: number[] }, { score: number }>({
      model: sourceOf(resolvedModel('m@3', logistic([1, -2], 0.5))),
      runtime: onnx(),
    });
    const served = serveEndpoint(endpoint, {
      inputs: [{ name: 'x', dtype: 'float32', dims: ['rows', 2] }],
      outputs: [{ name: 'score', dtype: 'float32', dims: ['rows', 1] }],
    });
    const handler = openInferenceHandler({ models: { m: served } });
    const answer = await (
      await handler(post('/v2/models/m/versions/3/infer', body([x([3, 2], [1, 1, 3, 0, 0, 0])])))
    ).json();
    expect(answer).toMatchObject({ model_name: 'm', model_version: '3' });
    expect(answer.outputs[0].shape).toEqual([3, 1]);
    expect(answer.outputs[0].data[1]).toBeCloseTo(1 / (1 + Math.exp(-3.5)), 6);
    expect((await handler(post('/v2/models/m/versions/2/infer', '{}'))).status).toBe(404);
  });

  const ask = async (
    options: Parameters<typeof createEndpoint<Flight, { late: number }>>[0] & { context?: () => RequestContext },
    inputs: object = { hour: [1], miles: [1], origin: ['MCI'] },
  ) => {
    await using endpoint = await createEndpoint<Flight, { late: number }>(options);
    const errors: unknown[] = [];
    const handler = openInferenceHandler({
      models: { delay: serveEndpoint(endpoint, { contract, maxRows: 4 }) },
      context: options.context,
      onError: (error) => errors.push(error),
    });
    const types: Record<string, string> = { hour: 'INT64', miles: 'FP64', origin: 'BYTES' };
    const list = Object.entries(inputs).map(([name, data]) => ({
      name,
      datatype: types[name] ?? 'FP64',
      shape: [data.length],
      data,
    }));
    const answer = await handler(post('/v2/models/delay/infer', body(list)));
    const { error } = await answer.json();
    return { status: answer.status, error, errors, headers: answer.headers };
  };
  const failing = (error: unknown) => ({ predict: () => Promise.reject(error) });

  test('what breaks the contract is the client’s', async () => {
    const answer = await ask({ model: predictor, contract }, { hour: [99], miles: [1], origin: ['MCI'] });
    expect([answer.status, answer.errors]).toEqual([400, []]);
    expect((await ask({ model: predictor, contract }, { hour: [1], miles: [1] })).status).toBe(400);
    expect((await ask({ model: predictor, contract }, { hour: [1, 2], miles: [1], origin: ['MCI'] })).status).toBe(400);
    expect(
      (await ask({ model: predictor, contract }, { hour: [1], miles: [1], origin: ['MCI'], more: [1] })).status,
    ).toBe(400);
    const many = { hour: [1, 1, 1, 1, 1], miles: [1, 1, 1, 1, 1], origin: ['a', 'a', 'a', 'a', 'a'] };
    expect((await ask({ model: predictor, contract }, many)).status).toBe(400);
  });

  test('what fails inside is told to the owner, not to the client', async () => {
    const secret = new Error('password is 1234');
    const answer = await ask({ model: failing(secret) });
    expect(answer.status).toBe(500);
    expect(answer.error).not.toContain('1234');
    expect(answer.errors).toEqual([secret]);
  });

  test('overload says when to come back, a deadline that it passed, a guard why it abstains', async () => {
    const overloaded = new MillwrightError('serving/overloaded', 'Full.', { details: { retryAfterMs: 1_200 } });
    const turned = await ask({ model: failing(overloaded) });
    expect([turned.status, turned.headers.get('retry-after')]).toEqual([503, '2']);
    expect((await ask({ model: predictor, context: () => ({ deadlineAt: 1 }) })).status).toBe(504);
    const guards = [{ name: 'never', output: () => 'I know nothing.' }];
    const held = await ask({ model: predictor, guards } as never);
    expect([held.status, held.error]).toEqual([422, 'I know nothing.']);
  });

  test('without a contract and without tensors is refused when it is made', async () => {
    await using endpoint = await createEndpoint({ model: predictor });
    expect(() => serveEndpoint(endpoint, {})).toThrow(expect.objectContaining({ code: 'input/invalid' }));
  });

  test('no rows are no answer that is wrong', async () => {
    await using endpoint = await createEndpoint({ model: predictor, contract });
    const handler = openInferenceHandler({ models: { delay: serveEndpoint(endpoint, { contract }) } });
    const none = ['hour', 'miles', 'origin'].map((name, i) => ({
      name,
      datatype: ['INT64', 'FP64', 'BYTES'][i],
      shape: [0],
      data: [],
    }));
    expect((await (await handler(post('/v2/models/delay/infer', body(none)))).json()).outputs).toEqual([
      { name: 'late', datatype: 'FP64', shape: [0], data: [] },
    ]);
  });
});

test('a model that leaves out an output, and a listener that throws, end as 500', async () => {
  const runtime = functionRuntime(() => new Map(), {
    inputs: [{ name: 'x', dtype: 'float32', dims: undefined }],
    outputs: [{ name: 'y', dtype: 'float32', dims: undefined }],
  });
  const handler = openInferenceHandler({
    models: { m: serveModel(await runtime.load(artifactOf({}))) },
    onError() {
      throw new Error('listener');
    },
  });
  expect((await handler(post('/v2/models/m/infer', body([x([1], [1])])))).status).toBe(500);
});

test('binary outputs are asked for one by one or all at once', async () => {
  const handler = await identityHandler();
  const lengths = [];
  for (const more of [
    { parameters: { binary_data_output: true } },
    { outputs: [{ name: 'y', parameters: { binary_data: true } }] },
    { parameters: { binary_data_output: true }, outputs: [{ name: 'y', parameters: { binary_data: false } }] },
  ]) {
    const answer = await handler(post('/v2/models/echo/infer', body([x([2], [1, 2])], more)));
    lengths.push(answer.headers.get('inference-header-content-length') === null ? 'JSON' : 'binary');
  }
  expect(lengths).toEqual(['binary', 'binary', 'JSON']);
});
