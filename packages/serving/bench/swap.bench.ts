import { createEndpoint, onnx } from '@millwright/serving';
import { perceptron, resolvedModel, sourceOf } from '../test/support/models.js';

/** 500 hot swaps of a 2.6 MB model under load: requests that failed, resident memory before and after. */
const SWAPS = 500;
const models = [1, 2, 3, 4].map((seed) => resolvedModel(`m@${seed}`, perceptron([256, 1024, 384, 10], seed)));
const x = Array.from({ length: 256 }, (_, i) => i / 256);
const endpoint = await createEndpoint<{ x: number[] }>({
  model: sourceOf(models[0]!),
  runtime: onnx(),
  maxBatch: 16,
  deadlineMs: 60_000,
});
const swap = async (count: number) => {
  for (let i = 1; i <= count; i++) {
    const load = Array.from({ length: 16 }, () => endpoint.predict({ x }));
    await Promise.all([endpoint.champion.swap(sourceOf(models[i % 4]!)), ...load]);
  }
};
const rss = () => {
  globalThis.gc?.();
  return process.memoryUsage().rss / 2 ** 20;
};
await swap(100);
const resident = [rss()];
const startedAt = performance.now();
for (let i = 0; i < 5; i++) {
  await swap(SWAPS / 5);
  resident.push(rss());
}
const { requests, failed, latency } = endpoint.stats();
const each = ((performance.now() - startedAt) / SWAPS).toFixed(1);
console.log(
  `${SWAPS} swaps, ${each} ms each; ${requests} requests, ${failed} failed, p99 ${latency.p99.toFixed(1)} ms`,
);
console.log(`resident after every ${SWAPS / 5} swaps: ${resident.map((mib) => mib.toFixed(0)).join(', ')} MiB`);
await endpoint.close();
