import { getEventListeners } from 'node:events';
import {
  createEndpoint,
  type OnnxOptions,
  onnx,
  responseCache,
  type TensorMap,
  tensor,
  tensorCodec,
  tensors,
} from '@millwright/serving';
import { openInferenceClient } from '@millwright/serving/oip';
import { championPolicy, compilePolicy } from '@millwright/serving/routing';
import { expect, test } from 'vitest';
import { bytesKept } from '../../../../test/support/memory.js';
import { lane } from '../../src/engine/lane.js';
import { perceptron, resolvedModel, sourceOf } from '../support/models.js';

const WIDTH = 64;
const model = perceptron([WIDTH, 32, 64]);
const row = (value: number) => tensors({ x: tensor('float32', [1, WIDTH], new Float32Array(WIDTH).fill(value)) });

const endpointAt = (placement?: OnnxOptions['placement']) =>
  createEndpoint<TensorMap, TensorMap>({
    model: sourceOf(resolvedModel('m@1', model)),
    runtime: onnx({ placement }),
    codec: tensorCodec,
    deadlineMs: 60_000,
  });

const AT_ONCE = 32;
/** Bytes per request. Measured: 20 at most, and 280 when a model kept what it had answered. */
const NOTHING = 100;

const bytesPerRequest = async (predict: (request: number) => Promise<unknown>, rounds = 300) =>
  (await bytesKept(
    (call) => Promise.allSettled(Array.from({ length: AT_ONCE }, (_, i) => predict(call * AT_ONCE + i))),
    rounds,
  )) / AT_ONCE;

test.each(['inline', 'worker', 'process'] as const)('answers leave nothing behind: %s', async (placement) => {
  await using endpoint = await endpointAt(placement);
  // One by one, so that what is kept of a run is not divided by the requests that shared it.
  expect(await bytesKept((i) => endpoint.predict(row(i)), 2_000)).toBeLessThan(NOTHING);
  expect(endpoint.stats().failed).toBe(0);
});

test('tenants and units that come once leave nothing behind, nor do copies for a shadow', async () => {
  await using endpoint = await endpointAt();
  await endpoint.arms.prepare('next', sourceOf(resolvedModel('m@2', perceptron([WIDTH, 32, 64], 2))));
  const policy = { ...championPolicy({ salt: 'leaks' }), shadows: [{ arm: 'next', share: 1 }] };
  endpoint.setPolicy(compilePolicy(policy));
  let copies = 0;
  endpoint.observe(({ shadow }) => {
    if (shadow) copies++;
  });
  const ask = (i: number) => endpoint.predict(row(i), { unit: `unit-${i}`, tenant: `tenant-${i}` });
  // The first thousand tenants are remembered.
  for (let i = 0; i < 2_000; i++) await ask(-i);
  expect(await bytesPerRequest(ask)).toBeLessThan(NOTHING);
  expect(copies).toBeGreaterThan(10_000);
});

test('what was refused, too late, aborted or failed leaves nothing behind', async () => {
  await using endpoint = await endpointAt();
  const { signal } = new AbortController();
  const ask = (i: number) => {
    const kinds = [{ signal }, { deadlineAt: Date.now() - 1 }, { signal: AbortSignal.abort() }];
    return endpoint.predict(i % 4 === 3 ? (new Map() as TensorMap) : row(i), kinds[i % 4]);
  };
  expect(await bytesPerRequest(ask)).toBeLessThan(NOTHING);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('a full cache does not grow', async () => {
  const cache = responseCache({ maxBytes: 50_000 });
  await using endpoint = await createEndpoint<number, string>({
    model: sourceOf(resolvedModel('m@1', model)),
    runtime: onnx(),
    cache,
    deadlineMs: 60_000,
    codec: () => ({
      encode: (rows) => tensors({ x: tensor('float32', [rows.length, WIDTH], new Float32Array(rows.length * WIDTH)) }),
      decode: (_, rows) => Array.from({ length: rows }, (__, i) => `an answer ${i}`.repeat(50)),
    }),
  });
  expect(await bytesPerRequest((i) => endpoint.predict(i))).toBeLessThan(NOTHING);
  expect(cache.stats.evicted).toBeGreaterThan(5_000);
});

test('a queue holds on to nothing that it gave out', async () => {
  const queue = lane<{ deadlineAt: number; settled: boolean; weights: Float64Array }>(() => 1);
  const pass = () => {
    for (const settled of [false, true]) queue.push({ deadlineAt: 1, settled, weights: new Float64Array(128) }, 1);
    queue.take(1, []);
    queue.head();
  };
  // Measured: below 10; a task has a kilobyte.
  expect(await bytesKept(pass, 200)).toBeLessThan(500);
});

test('calls of another server under one signal leave nothing behind', async () => {
  const body = JSON.stringify({ model_name: 'm', outputs: [{ name: 'y', datatype: 'FP32', shape: [1], data: [1] }] });
  const client = openInferenceClient({
    url: 'http://models.internal',
    binary: false,
    fetch: async () => new Response(body, { headers: { 'content-type': 'application/json' } }),
  });
  const { signal } = new AbortController();
  const kept = await bytesKept((i) => client.infer({ name: 'm' }, row(i), { signal }), 2_000);
  // Measured: below 15.
  expect(kept).toBeLessThan(60);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
