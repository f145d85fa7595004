import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createEndpoint, onnx } from '@millwright/serving';
import { perceptron, resolvedModel, sourceOf } from '../test/support/models.js';

/** How long the host's thread is blocked while a 37 MB model is kept busy, per placement. Each for a few seconds, one after another. */
const SECONDS = 4;
const x = Float32Array.from({ length: 1024 }, (_, i) => i / 1024);
const resolved = resolvedModel('big@1', perceptron([1024, 2048, 2048, 1024, 10]));

for (const placement of ['inline', 'worker', 'process'] as const) {
  const endpoint = await createEndpoint<{ x: Float32Array }>({
    model: sourceOf(resolved),
    runtime: onnx({ placement }),
    maxBatch: 32,
    deadlineMs: 5_000,
  });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let answered = 0;
  const until = performance.now() + 1_000 * SECONDS;
  delay.enable();
  await Promise.all(
    Array.from({ length: 64 }, async () => {
      while (performance.now() < until) {
        await endpoint.predict({ x }).then(
          () => answered++,
          () => undefined,
        );
      }
    }),
  );
  delay.disable();
  const ms = (ns: number) => (ns / 1e6).toFixed(1).padStart(7);
  const { p50, p99 } = endpoint.stats().latency;
  console.log(
    `${placement.padEnd(8)} ${Math.round(answered / SECONDS)} rows/s, latency p50 ${p50.toFixed(1)} p99 ${p99.toFixed(1)} ms, event loop delay p50 ${ms(delay.percentile(50))} p99.9 ${ms(delay.percentile(99.9))} max ${ms(delay.max)} ms`,
  );
  await endpoint.close();
}
