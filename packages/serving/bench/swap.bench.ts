import { createEndpoint, onnx } from '@millwright/serving';
import { perceptron, resolvedModel, sourceOf } from '../test/support/models.js';

/**
 * Hot swaps of a 2.6 MB model at 1,000 requests a second: requests that failed, resident memory before and after.
 * MILLWRIGHT_SWAPS=50 makes fewer (default 500).
 */
const SWAPS = Number(process.env['MILLWRIGHT_SWAPS'] ?? 500);
const PER_TICK = 10;
const TICK_MS = 10;
/** Swaps between two looks at the memory. */
const SAMPLE = 5;
const models = [1, 2, 3, 4].map((seed) => resolvedModel(`m@${seed}`, perceptron([256, 1024, 384, 10], seed)));
const x = Array.from({ length: 256 }, (_, i) => i / 256);
const endpoint = await createEndpoint<{ x: number[] }>({
  model: sourceOf(models[0]!),
  runtime: onnx(),
  maxBatch: 16,
  deadlineMs: 60_000,
});

let due = performance.now();
const load = setInterval(() => {
  // What a blocked thread held up comes now: the rate is kept.
  for (; due <= performance.now(); due += TICK_MS)
    for (let i = 0; i < PER_TICK; i++) endpoint.predict({ x }).catch(count);
}, TICK_MS);
/** Failures by their message. */
const failures = new Map<string, number>();
function count(error: unknown): void {
  failures.set(String(error), (failures.get(String(error)) ?? 0) + 1);
}

const swap = async (count: number) => {
  for (let i = 1; i <= count; i++) await endpoint.champion.swap(sourceOf(models[i % 4]!));
};
const rss = () => {
  globalThis.gc?.();
  return process.memoryUsage().rss / 2 ** 20;
};
await swap(Math.max(50, SWAPS / 5));
const samples: number[] = [];
const startedAt = performance.now();
for (let done = 0; done < SWAPS; done += SAMPLE) {
  await swap(SAMPLE);
  samples.push(rss());
}
/** Of each fifth of the swaps; one sample moves by 10 MiB either way with what the allocator happens to hold. */
const resident = [0, 1, 2, 3, 4].map((fifth) => {
  const part = samples.slice((fifth * samples.length) / 5, ((fifth + 1) * samples.length) / 5);
  return part.sort((a, b) => a - b)[part.length >> 1]!;
});
const seconds = (performance.now() - startedAt) / 1_000;
clearInterval(load);
await endpoint.close();
const { requests, failed, latency } = endpoint.stats();
const drift = 100 * (resident.at(-1)! / resident[0]! - 1);
console.log(
  `${SWAPS} swaps, ${((1_000 * seconds) / SWAPS).toFixed(1)} ms each; ${requests} requests, ${failed} failed, p99 ${latency.p99.toFixed(1)} ms`,
);
for (const [message, times] of failures) console.log(`  ${times} × ${message}`);
console.log(
  `resident in each fifth of the swaps: ${resident.map((mib) => mib.toFixed(0)).join(', ')} MiB, ${drift.toFixed(1)} %`,
);
