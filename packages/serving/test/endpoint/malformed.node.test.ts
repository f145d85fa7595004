import { isMillwrightError, type Random, seededRandom } from '@millwright/core';
import { column, defineContract } from '@millwright/core/contract';
import {
  createEndpoint,
  finiteGuard,
  onnx,
  type Row,
  rangeGuard,
  responseCache,
  type Tensor,
  tensor,
} from '@millwright/serving';
import { encodeRequest, openInferenceHandler, serveEndpoint, serveModel } from '@millwright/serving/oip';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { malformedValue, mutatedBytes } from '../support/malformed.js';
import { artifactOf, lookup, resolvedModel, sourceOf } from '../support/models.js';

/**
 * What callers should not send, in numbers: 100,000 with `MILLWRIGHT_MALFORMED_REQUESTS=100000`, which took 26 s on two
 * cores. Whatever comes, the answer is an answer or a typed error, and nothing is left behind.
 */
const REQUESTS = Number(process.env['MILLWRIGHT_MALFORMED_REQUESTS'] ?? 4_000);

const contract = defineContract({
  inputs: { codes: column.tensor({ dtype: 'int64', dims: [2] }), miles: column.number({ min: 0 }) },
  outputs: { score: column.probability() },
});
const model = () => resolvedModel('m@1', lookup([0.5, -1, 2], 2, 0.01));

const unheard: unknown[] = [];
const listen = (reason: unknown) => void unheard.push(reason);
beforeAll(() => void process.on('unhandledRejection', listen));
afterAll(() => void process.off('unhandledRejection', listen));

/** Counts by code; what is no code is a bug, and is shown as it is. */
async function countCodes(count: number, ask: (random: Random) => Promise<unknown>): Promise<Map<string, number>> {
  const random = seededRandom(6);
  const codes = new Map<string, number>();
  for (let done = 0; done < count; done += 64) {
    const settled = await Promise.allSettled(Array.from({ length: 64 }, async () => await ask(random)));
    for (const result of settled) {
      const code = result.status === 'fulfilled' ? String(result.value) : codeOf(result.reason);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
  }
  return codes;
}

function codeOf(error: unknown): string {
  return isMillwrightError(error) ? error.code : `untyped: ${error instanceof Error ? error.stack : String(error)}`;
}

test.each([
  { name: 'with a contract', given: contract, codes: tensor('int64', [2], BigInt64Array.of(0n, 1n)) },
  { name: 'without one', given: undefined, codes: [0, 1] },
])('an endpoint $name', { timeout: 600_000 }, async ({ given, codes: valid }) => {
  const endpoint = await createEndpoint<Row, Row>({
    model: sourceOf({ ...model(), contract: undefined }),
    runtime: onnx(),
    contract: given as undefined,
    deadlineMs: 5_000,
    cache: responseCache({ maxBytes: 1e5 }),
    guards: [rangeGuard<Row>({ miles: { max: 1e6 } }), finiteGuard<Row, Row>()],
  });
  const codes = await countCodes(REQUESTS / 4, async (random) => {
    const part = random.next();
    const row = {
      codes: part < 0.3 ? malformedValue(random) : valid,
      miles: part > 0.6 ? malformedValue(random) : 1,
    };
    const context = random.next() < 0.2 ? malformedContext(random) : undefined;
    await endpoint.predict((random.next() < 0.5 ? malformedValue(random) : row) as Row, context);
    return 'answered';
  });
  const typed = [
    'answered',
    'contract/violated',
    'input/invalid',
    'serving/tensor',
    'serving/model-failed',
    'serving/deadline',
  ];
  expect([...codes.keys()].filter((code) => !typed.includes(code))).toEqual([]);
  expect(codes.get('contract/violated')).toBeGreaterThan(REQUESTS / 16);
  expect(codes.get('answered')).toBeGreaterThan(0);
  // It goes on as before, and holds nothing.
  expect((await endpoint.predict({ codes: valid, miles: 100 })).served.model).toBe('m@1');
  expect(endpoint.stats().inFlight).toBe(0);
  await endpoint.close();
  expect(unheard).toEqual([]);
});

function malformedContext(random: Random): never {
  const keys = ['unit', 'deadlineAt', 'attributes', 'tenant', 'priority'];
  return Object.fromEntries(
    keys.filter(() => random.next() < 0.3).map((key) => [key, malformedValue(random)]),
  ) as never;
}

test('the handler of the Open Inference Protocol', { timeout: 600_000 }, async () => {
  const loaded = await onnx().load(artifactOf({ 'm.onnx': lookup([0.5, -1, 2], 2, 0.01) }));
  const endpoint = await createEndpoint<Row, Row>({
    model: sourceOf({ ...model(), contract: undefined }),
    runtime: onnx(),
  });
  const { inputs, outputs } = loaded.signature;
  const failures: unknown[] = [];
  const handler = openInferenceHandler({
    models: { model: serveModel(loaded), rows: serveEndpoint(endpoint, { inputs, outputs }) },
    maxBodyBytes: 10_000,
    onError: (error) => failures.push(error),
  });
  const feeds = new Map<string, Tensor>([
    ['codes', tensor('int64', [3, 2], BigInt64Array.of(0n, 1n, 2n, 0n, 1n, 1n))],
    ['miles', tensor('float32', [3, 1], Float32Array.of(1, 20, 300))],
  ]);
  const messages = [true, false].map((binary) => encodeRequest(feeds, { binary, outputs: ['score'] }));
  const codes = await countCodes(REQUESTS / 2, async (random) => {
    const { body, headers } = messages[Math.floor(2 * random.next())]!;
    const path =
      random.next() < 0.05
        ? `/v2/${JSON.stringify(malformedText(random))}`
        : `/v2/models/${random.next() < 0.5 ? 'model' : 'rows'}/infer`;
    const { status } = await handler(
      new Request(`http://models.test${path}`, {
        method: 'POST',
        body: mutatedBytes(random, body),
        headers: random.next() < 0.3 ? { ...headers, ...malformedHeaders(random) } : headers,
      }),
    );
    return status;
  });
  // An index that is not in the table is the model's own failure, and the only one.
  expect([...codes.keys()].filter((status) => !['200', '400', '404', '413', '415', '500'].includes(status))).toEqual(
    [],
  );
  expect(failures.filter((error) => !isMillwrightError(error, 'serving/model-failed'))).toEqual([]);
  expect(codes.get('400')).toBeGreaterThan(REQUESTS / 8);
  expect(codes.get('200')).toBeGreaterThan(0);
  await Promise.all([endpoint.close(), loaded.close()]);
  expect(unheard).toEqual([]);
});

function malformedHeaders(random: Random): Record<string, string> {
  const values = ['0', '1', '-1', '1e3', '0x10', '99999999999999999999', 'NaN', '', ' 5', '10, 20'];
  const names = ['inference-header-content-length', 'content-length', 'content-type', 'content-encoding', 'x-none'];
  const name = names[Math.floor(names.length * random.next())]!;
  return { [name]: values[Math.floor(values.length * random.next())]! };
}

function malformedText(random: Random): string {
  return Array.from({ length: 12 }, () => String.fromCharCode(32 + Math.floor(90 * random.next()))).join('');
}
