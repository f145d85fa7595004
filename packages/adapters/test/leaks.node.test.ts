import { getEventListeners } from 'node:events';
import type { DecisionRecord, Endpoint } from '@millwright/serving';
import { afterEach, expect, test } from 'vitest';
import { bytesKept } from '../../../test/support/memory.js';
import { flagRouter } from '../src/openfeature.js';
import { openTelemetry } from '../src/opentelemetry.js';
import { listen } from '../src/postgres/watch.js';
import { factory } from './http/support.js';

const { signal } = new AbortController();
afterEach(() => expect(getEventListeners(signal, 'abort')).toEqual([]));

test('a service keeps nothing of requests that were answered, whatever they asked for', async () => {
  const { handle } = await factory();
  const post = (path: string, body: string) =>
    handle(
      new Request(`http://localhost${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-actor': 'maria' },
        body,
      }),
    );
  const work = async (call: number) => {
    const answers = [
      await handle(new Request('http://localhost/models?limit=1')),
      await handle(new Request(`http://localhost/models/${'x'.repeat(2_000)}${call}`)),
      await post(`/versions/fraud@${call + 10}/approvals`, '{"role":"owner","reason":"fine"}'),
      await post('/endpoints/fraud/predict', `{"input":{"euros":"${'x'.repeat(2_000)}${call}"}}`),
      await post('/endpoints/fraud/predict', '{'),
    ];
    for (const answer of answers) await answer.text();
  };
  // Measured: 40 bytes or less for five requests.
  expect(await bytesKept(work, 300)).toBeLessThan(1_000);
});

test('a flag router keeps nothing of requests, nor of a client that never answers', async () => {
  const arms = { a: { predict: async (input: unknown) => input } };
  const hung = { getStringValue: () => new Promise<string>(() => undefined) };
  for (const client of [{ getStringValue: async () => 'a' }, hung]) {
    const router = flagRouter({ client, flag: 'f', arms, fallback: 'a', timeoutMs: 1 });
    const ask = (call: number) =>
      router.predict(call, { unit: `${call}`, attributes: { text: 'x'.repeat(2_000) }, signal });
    // Measured: 13 bytes or less.
    expect(await bytesKept(ask, 150)).toBeLessThan(500);
  }
});

test('labels of decisions are kept for so many models and errors only', async () => {
  let tell: (decision: DecisionRecord) => void = () => undefined;
  const endpoint: Pick<Endpoint, 'observe' | 'policy'> = {
    policy: undefined,
    observe(observer) {
      tell = observer as typeof tell;
      return () => undefined;
    },
  };
  (await openTelemetry()).endpoint('fraud', endpoint as Endpoint);
  const { endpoint: real } = await factory();
  let seen: DecisionRecord | undefined;
  real.observe((decision) => {
    seen = decision as DecisionRecord;
  });
  await real.predict({ euros: 1 });
  const decision = (call: number) => tell({ ...seen!, model: `model-${'x'.repeat(500)}@${call}` });
  // Measured: 30 bytes; 790 when all were kept.
  expect(await bytesKept(decision, 1_500)).toBeLessThan(500);
});

test('listening to Postgres that fails, or is left, leaves no listener', async () => {
  let listening = 0;
  const unlisten = async () => void listening--;
  const works = {
    async listen() {
      listening++;
      return { unlisten };
    },
  };
  const fails = { listen: () => Promise.reject(new Error('too many connections')) };
  for (let i = 0; i < 20; i++) {
    for await (const _ of listen(works, 's', signal)) break;
    const failing = listen(fails, 's', signal).next();
    await expect(failing).rejects.toMatchObject({ code: 'storage/failed' });
  }
  expect(listening).toBe(0);
});
