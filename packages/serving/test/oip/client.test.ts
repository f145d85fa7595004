import { seededRandom } from '@millwright/core';
import { virtualClock } from '@millwright/core/testing';
import { createEndpoint, tensor } from '@millwright/serving';
import {
  type OpenInferenceClientOptions,
  openInference,
  openInferenceClient,
  openInferenceHandler,
  serveModel,
} from '@millwright/serving/oip';
import { describe, expect, test } from 'vitest';
import { artifactOf } from '../support/models.js';
import { feeds, identity, identityHandler, origin, wire } from './harness.js';

const one = feeds(tensor('float32', [1], Float32Array.of(7)));
const echo = { name: 'echo' };

/** A server in virtual time: each call takes what `script` says, and ends with it. */
async function server(script: (call: number) => { readonly ms?: number; readonly answer?: Response | Error }) {
  const clock = virtualClock();
  const handler = await identityHandler();
  const calls: { readonly at: number; aborted: boolean }[] = [];
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const call = { at: clock.monotonic(), aborted: false };
    const { ms = 0, answer } = script(calls.push(call) - 1);
    init.signal?.addEventListener('abort', () => {
      call.aborted = true;
    });
    if (ms > 0) await new Promise<void>((resolve) => clock.schedule(ms, resolve));
    if (answer instanceof Error) throw answer;
    return answer ?? (await handler(new Request(url, { ...init, signal: null })));
  };
  const client = (options: Partial<OpenInferenceClientOptions> = {}) =>
    openInferenceClient({ url: origin, fetch, clock, random: seededRandom(1), binary: false, ...options });
  return { clock, calls, client };
}

const status = (code: number, headers: Record<string, string> = {}) =>
  new Response('{"error":"no"}', { status: code, headers });

describe('where it asks', () => {
  test.each(['ftp://x', 'file:///etc/passwd', 'http://user:pw@x', 'http://x/?a=1', 'http://x/#a', 'nonsense', ''])(
    '%s is no server',
    (url) => {
      expect(() => openInferenceClient({ url })).toThrow(expect.objectContaining({ code: 'input/invalid' }));
    },
  );

  test.each(['.', '..', '', '\ud800'])('the model name %j is refused', async (name) => {
    const { client } = await server(() => ({}));
    await expect(client().infer({ name }, one)).rejects.toMatchObject({ code: 'input/invalid' });
  });

  test('names stay inside their segment of the path', async () => {
    const asked: string[] = [];
    const client = openInferenceClient({
      url: `${origin}/base/`,
      fetch: async (url) => {
        asked.push(url);
        return status(404);
      },
      binary: false,
    });
    for (const name of ['../admin', 'a/b', 'a?b', 'a#b', 'http://evil.test', '\\\\evil', '%2e%2e'])
      await expect(client.metadata({ name, version: name })).rejects.toMatchObject({ code: 'serving/remote-failed' });
    for (const url of asked) {
      const { host, pathname } = new URL(url);
      expect(host).toBe('models.test');
      expect(pathname).toMatch(/^\/base\/v2\/models\/[^/]+\/versions\/[^/]+$/);
    }
  });

  test.each([
    ['a redirect', () => status(302, { location: 'http://169.254.169.254/' })],
    ['an answer that was redirected', () => Object.defineProperty(new Response('{}'), 'redirected', { value: true })],
  ])('%s is refused', async (_, answer) => {
    const { client, calls } = await server(() => ({ answer: answer() }));
    const asked = client().infer(echo, one);
    await expect(asked).rejects.toMatchObject({ code: 'serving/remote-failed' });
    expect(calls).toHaveLength(1);
  });
});

describe('what it takes for an answer', () => {
  test.each<[string, () => Response]>([
    ['text', () => new Response('hello')],
    ['nothing', () => new Response(null)],
    ['JSON of another kind', () => new Response('{"outputs":{}}')],
    [
      'a lying JSON length',
      () => new Response('{"outputs":[]}', { headers: { 'inference-header-content-length': '99' } }),
    ],
    [
      'a tensor that contradicts itself',
      () => new Response('{"outputs":[{"name":"y","datatype":"FP32","shape":[2],"data":[1]}]}'),
    ],
    ['an error', () => status(400)],
    ['an error without words', () => new Response('x'.repeat(1_000_000), { status: 500 })],
    ['more than it reads', () => new Response('x'.repeat(2_000))],
  ])('%s is the server’s failure', async (_, answer) => {
    const { client } = await server(() => ({ answer: answer() }));
    await expect(client({ maxBodyBytes: 1_000 }).infer(echo, one)).rejects.toMatchObject({
      code: 'serving/remote-failed',
    });
  });
});

describe('attempts', () => {
  test('what did not arrive is sent again, within a budget of a tenth', async () => {
    const { client, clock, calls } = await server(() => ({ answer: new TypeError('fetch failed') }));
    const failing = client();
    const ended = Promise.allSettled(Array.from({ length: 100 }, () => failing.infer(echo, one)));
    await clock.advance(20_000);
    for (const { status: how } of await ended) expect(how).toBe('rejected');
    // Ten tokens to begin with, and a tenth of one for each call.
    expect(calls.length).toBeGreaterThan(100);
    expect(calls.length).toBeLessThanOrEqual(120);
    expect(failing.stats).toMatchObject({ calls: 100, retries: calls.length - 100 });
  });

  test('turned away, it waits as long as it was told', async () => {
    const { client, clock, calls } = await server((call) =>
      call === 0 ? { answer: status(503, { 'retry-after': '2' }) } : {},
    );
    const answer = client().infer(echo, one);
    await clock.advance(5_000);
    expect([...(await answer).outputs.get('y')!.data]).toEqual([7]);
    expect(calls.map(({ at }) => at)).toEqual([0, 2_000]);
  });

  test('it does not wait beyond its own time limit', async () => {
    const { client, clock, calls } = await server(() => ({ answer: status(429, { 'retry-after': '20' }) }));
    const answer = client({ timeoutMs: 5_000 }).infer(echo, one);
    await expect(answer).rejects.toMatchObject({ code: 'serving/overloaded', details: { retryAfterMs: 20_000 } });
    expect([calls.length, clock.monotonic()]).toEqual([1, 0]);
  });

  test.each([400, 404, 500])('an answer of %s is not asked for again', async (code) => {
    const { client, calls } = await server(() => ({ answer: status(code) }));
    await expect(client().infer(echo, one)).rejects.toMatchObject({ details: { status: code } });
    expect(calls).toHaveLength(1);
  });

  test('a call that may have had an effect is sent once', async () => {
    const { client, calls } = await server(() => ({ answer: new TypeError('reset') }));
    await expect(client({ idempotent: false }).infer(echo, one)).rejects.toMatchObject({
      code: 'serving/remote-failed',
    });
    expect(calls).toHaveLength(1);
  });

  test('no answer is a deadline, and the request is ended', async () => {
    const { client, clock, calls } = await server(() => ({ ms: 1e6 }));
    const answer = client({ timeoutMs: 100 })
      .infer(echo, one)
      .catch((error) => error);
    await clock.advance(100);
    expect(await answer).toMatchObject({ code: 'serving/deadline', details: { deadlineMs: 100, stage: 'remote' } });
    expect(calls[0]!.aborted).toBe(true);
  });

  test('the caller’s signal ends a call, whether it runs or waits', async () => {
    const { client, clock } = await server(() => ({ ms: 1e6 }));
    const abort = new AbortController();
    const limited = client({ concurrency: { initial: 1 } });
    const both = [1, 2].map(() => limited.infer(echo, one, { signal: abort.signal }).catch((error) => error));
    await clock.advance(10);
    abort.abort('enough');
    expect(await Promise.all(both)).toEqual(['enough', 'enough']);
    expect(limited.limiter.inFlight).toBe(0);
    expect(await limited.infer(echo, one, { signal: abort.signal }).catch((error) => error)).toBe('enough');
  });
});

test('one who leaves does not take the question with them whether the server takes binary', async () => {
  const { client, clock } = await server((call) => ({ ms: call === 0 ? 100 : 0 }));
  const asking = client({ binary: undefined });
  const abort = new AbortController();
  const left = asking.infer(echo, one, { signal: abort.signal }).catch((error) => error);
  const stays = asking.infer(echo, one);
  abort.abort('left');
  await clock.advance(100);
  expect(await left).toBe('left');
  expect([...(await stays).outputs.get('y')!.data]).toEqual([7]);
});

describe('hedging', () => {
  /** Answers in 10 ms, but those calls in 1 s. */
  const mostlyFast = (slow: (call: number) => boolean) => server((call) => ({ ms: slow(call) ? 1_000 : 10 }));

  async function measured(slow: (call: number) => boolean, options: Partial<OpenInferenceClientOptions> = {}) {
    const { client, clock, calls } = await mostlyFast(slow);
    const hedging = client(options);
    const latencies: number[] = [];
    for (let i = 0; i < 100; i++) {
      const startedAt = clock.monotonic();
      let done = false;
      const answer = hedging.infer(echo, one).finally(() => {
        done = true;
      });
      while (!done) await clock.advance(5);
      await answer;
      latencies.push(clock.monotonic() - startedAt);
    }
    return { latencies, calls, stats: hedging.stats };
  }

  test('a second request answers for a slow one, which is ended', async () => {
    const { latencies, calls, stats } = await measured((call) => call === 60);
    expect(Math.max(...latencies)).toBeLessThanOrEqual(30);
    expect(stats.hedges).toBe(1);
    expect(calls[60]!.aborted).toBe(true);
  });

  test('when everything is slow, no more than a share is sent twice', async () => {
    const { stats } = await measured((call) => call >= 30);
    expect(stats.hedges).toBeLessThanOrEqual(10 + 0.05 * 100);
  });

  test('a share of nothing never sends twice', async () => {
    const { latencies, stats } = await measured((call) => call === 60, { hedgeShare: 0 });
    expect([stats.hedges, Math.max(...latencies)]).toEqual([0, 1_000]);
  });
});

describe('a runtime', () => {
  async function remote(options: Partial<Parameters<typeof openInference>[0]> = {}) {
    const line = wire(openInferenceHandler({ models: { echo: serveModel(await identity('float32', ['rows', 2])) } }));
    return { line, runtime: openInference({ url: origin, model: 'echo', fetch: line.fetch, ...options }) };
  }

  test('loads a model by its metadata and runs it in batches, as binary where the server can', async () => {
    const { line, runtime } = await remote();
    await using endpoint = await createEndpoint<{ x: number[] }, { y: number[] }>({ model: runtime.source(), runtime });
    expect(endpoint.champion.facts).toMatchObject({ placement: 'remote', executionProvider: 'function', maxBatch: 64 });
    const before = line.seen.length;
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => endpoint.predict({ x: [i, -i] })));
    for (const [i, { output }] of answers.entries()) expect(output.y).toEqual([i, -i]);
    const infers = line.seen.slice(before);
    expect(infers.length).toBeLessThanOrEqual(2);
    expect(infers[0]!.request).toMatchObject({ inputs: [{ parameters: { binary_data_size: expect.any(Number) } }] });
  });

  test('says whether it is there', async () => {
    const { runtime } = await remote();
    expect(await runtime.probe()).toEqual([{ name: 'remote', available: true }]);
    const down = await remote({ fetch: async () => Promise.reject(new TypeError('refused')) });
    expect(await down.runtime.probe()).toEqual([
      { name: 'remote', available: false, reason: `${origin} is not ready.` },
    ]);
    await expect(down.runtime.load(artifactOf({}))).rejects.toMatchObject({ code: 'serving/no-provider' });
  });

  test('golden rows decide whether the server’s model is the one that is meant', async () => {
    const { runtime } = await remote();
    const x = tensor('float32', [1, 2], Float32Array.of(1, 2));
    const other = tensor('float32', [1, 2], Float32Array.of(1, 3));
    const load = (y: typeof x) =>
      runtime.load(artifactOf({}), { golden: [{ feeds: feeds(x), outputs: new Map([['y', y]]) }] });
    expect((await load(x)).facts.parity).toBe(0);
    await expect(load(other)).rejects.toMatchObject({ code: 'serving/no-provider' });
  });

  test('an answer that is not what the metadata says is a failure of the model', async () => {
    const { line, runtime } = await remote({ binary: false });
    const model = await runtime.load(artifactOf({}));
    const x = feeds(tensor('float32', [1, 2], Float32Array.of(1, 2)));
    expect((await model.run(x)).get('y')!.dims).toEqual([1, 2]);
    const lying = openInference({
      url: origin,
      model: 'echo',
      binary: false,
      fetch: async (url, init) =>
        url.endsWith('/infer')
          ? new Response('{"outputs":[{"name":"y","datatype":"FP64","shape":[1,2],"data":[1,2]}]}')
          : await line.fetch(url, init),
    });
    await expect((await lying.load(artifactOf({}))).run(x)).rejects.toMatchObject({ code: 'serving/model-failed' });
    await model.close();
    await expect(model.run(x)).rejects.toMatchObject({ code: 'state/closed' });
  });
});
