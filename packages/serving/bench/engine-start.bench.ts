import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LoadedModel, type OnnxOptions, onnx, tensor, tensors } from '@millwright/serving';
import { childrenOf } from '../test/support/children.js';
import { artifactOf, perceptron } from '../test/support/models.js';

/** What it takes to start an engine process, and from one's end to the next answer: with a process that stands by, and without. Linux. */
const ROUNDS = 7;
const ort = createRequire(import.meta.url).resolve('onnxruntime-node');
const x = tensors({ x: tensor('float32', [1, 256], new Float32Array(256)) });

const median = (list: number[]) => list.sort((a, b) => a - b)[list.length >> 1]!;
const ms = (value: number) => `${value.toFixed(0)} ms`;
async function timed(work: () => unknown): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
async function rounds(work: () => Promise<number>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < ROUNDS; i++) times.push(await work());
  return median(times);
}

const bare = await rounds(() => timed(() => spawnSync(process.execPath, ['-e', '0'])));
const imported = await rounds(() => timed(() => spawnSync(process.execPath, ['-e', 'require(process.argv[1])', ort])));
console.log(`Node starts and ends in ${ms(bare)}; importing onnxruntime adds ${ms(imported - bare)}.`);

async function answered(model: LoadedModel): Promise<void> {
  await model.run(x).catch(() => answered(model));
}

interface Recovery {
  readonly took: number;
  readonly stall: number;
  /** Resident megabytes of the process that stands by. */
  readonly spareMb: number;
}

/** From the kill of the engine to an answer, and the longest time that this thread was held up while the next one was made. */
async function recovery(bytes: Uint8Array, options: OnnxOptions): Promise<Recovery> {
  await using model = await onnx({ placement: 'process', ...options }).load(artifactOf({ 'm.onnx': bytes }));
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const took = await rounds(async () => {
    await model.run(x);
    // Until the next one stands by.
    await sleep(bytes.length / 1e5 + 500);
    process.kill(childrenOf()[0]!, 'SIGKILL');
    return await timed(() => answered(model));
  });
  await sleep(1_000);
  delay.disable();
  const spare = childrenOf()[1];
  const kilobytes = spare && /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${spare}/status`, 'utf8'))?.[1];
  return { took, stall: delay.max / 1e6, spareMb: Number(kilobytes ?? 0) / 1e3 };
}

for (const width of [1_536, 4_900]) {
  const bytes = perceptron([256, width, width, 10]);
  const loading = await rounds(async () => {
    let model: LoadedModel | undefined;
    const took = await timed(async () => {
      model = await onnx({ placement: 'process', spare: false }).load(artifactOf({ 'm.onnx': bytes }));
    });
    await model?.close();
    return took;
  });
  const waiting = await recovery(bytes, {});
  const without = await recovery(bytes, { workers: { atMost: 1, maxBytes: 1 } });
  const none = await recovery(bytes, { spare: false });
  console.log(
    `${(bytes.length / 1e6).toFixed(0)} MB: loaded in ${ms(loading)}; from the end of the process to an answer ${ms(waiting.took)}, when the one that stands by (${waiting.spareMb.toFixed(0)} MB) has no model (${without.spareMb.toFixed(0)} MB) ${ms(without.took)}, when none does ${ms(none.took)}; this thread was held up for ${ms(waiting.stall)} at most`,
  );
}
