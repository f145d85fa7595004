import { spawnSync } from 'node:child_process';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { createEndpoint, onnx } from '@millwright/serving';
import { perceptron, resolvedModel, sourceOf } from '../test/support/models.js';

/**
 * How long the host's thread is blocked while a 37 MB model is kept busy, per placement. Each for some seconds
 * (`MILLWRIGHT_SECONDS`, default 10) in a process of its own, one after another, beside what this machine does to a thread
 * that does nothing, alone and beside one that spins: a delay of that size is the operating system's.
 */
const SECONDS = Number(process.env['MILLWRIGHT_SECONDS'] ?? 10);
const PLACEMENTS = ['inline', 'worker', 'process'] as const;
const x = Float32Array.from({ length: 1024 }, (_, i) => i / 1024);
const chosen = PLACEMENTS.find((placement) => placement === process.argv[2]);

if (chosen !== undefined) await busy(chosen);
else {
  await control('nothing', undefined);
  await control('beside a thread that spins', new Worker('for (;;);', { eval: true }));
  for (const placement of PLACEMENTS)
    spawnSync(process.execPath, [...process.execArgv, import.meta.filename, placement], { stdio: 'inherit' });
}

async function busy(placement: (typeof PLACEMENTS)[number]): Promise<void> {
  const endpoint = await createEndpoint<{ x: Float32Array }>({
    model: sourceOf(resolvedModel('big@1', perceptron([1024, 2048, 2048, 1024, 10]))),
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
  const { p50, p99 } = endpoint.stats().latency;
  const rows = Math.round(answered / SECONDS);
  report(placement, delay, `${rows} rows/s, latency p50 ${p50.toFixed(1)} p99 ${p99.toFixed(1)} ms`);
  await endpoint.close();
}

async function control(name: string, thread: Worker | undefined): Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await new Promise((over) => setTimeout(over, 1_000 * SECONDS));
  delay.disable();
  report(name, delay, '');
  await thread?.terminate();
}

function report(name: string, delay: IntervalHistogram, rest: string): void {
  const [p50, p999, max] = [delay.percentile(50), delay.percentile(99.9), delay.max].map((ns) =>
    (ns / 1e6).toFixed(1).padStart(6),
  );
  console.log(`${name.padEnd(28)} event loop delay p50 ${p50} p99.9 ${p999} max ${max} ms  ${rest}`);
}
