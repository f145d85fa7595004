import { createEndpoint, onnx, tensor } from '@millwright/serving';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import PQueue from 'p-queue';
import { perceptron, resolvedModel, sourceOf } from '../../test/support/models.js';

/** Answers one row; `dueAt` is the request's deadline in milliseconds of the wall clock. */
export type Predict = (row: Float32Array, dueAt: number) => Promise<Float32Array>;

const LAYERS = Number(process.env['MILLWRIGHT_LAYERS'] ?? 1_000);
const LAYER_WIDTH = Number(process.env['MILLWRIGHT_WIDTH'] ?? 32);
/**
 * 1,000 narrow layers: what a run costs whatever its size (0.5 ms) is 20 times what a row adds, on any machine. Wide
 * layers gain 14 times from batching where memory is slow and 3 times where vector units are fast (AVX-512, 32 MB of L3).
 */
export const WIDTHS = [256, ...Array.from({ length: LAYERS }, () => LAYER_WIDTH), 10];
export const MAX_BATCH = 64;
const [WIDTH, CLASSES] = [WIDTHS[0]!, WIDTHS.at(-1)!];

/** `raw`, `p-queue 4`, `window 5` (ms), `oracle`, `ours`: each is started in a process of its own. */
export async function scheme(name: string): Promise<Predict> {
  const [kind, parameter] = name.split(' ');
  if (kind === 'ours') return await ours();
  const run = await session();
  if (kind === 'oracle') return oracle(run);
  if (kind === 'raw') return (row) => run(row, 1);
  if (kind === 'p-queue') {
    const queue = new PQueue({ concurrency: Number(parameter) });
    return async (row) => await queue.add(() => run(row, 1));
  }
  return fixedWindow(run, Number(parameter));
}

export type Run = (rows: Float32Array, count: number) => Promise<Float32Array>;

/** onnxruntime as it comes, with the options that we use. Warm. */
export async function session(): Promise<Run> {
  const raw = await InferenceSession.create(perceptron(WIDTHS), {
    intraOpNumThreads: 1,
    enableMemPattern: false,
    logSeverityLevel: 4,
  });
  const run: Run = async (rows, count) =>
    (await raw.run({ x: new Tensor('float32', rows, [count, WIDTH]) }))['y']!.data as Float32Array;
  for (let size = 1; size <= MAX_BATCH; size *= 2)
    for (let i = 0; i < 5; i++) await run(new Float32Array(size * WIDTH), size);
  return run;
}

/** What people write: collect for some milliseconds or until the batch is full. */
export function fixedWindow(run: Run, windowMs: number): Predict {
  interface Waiting {
    readonly row: Float32Array;
    resolve(answer: Float32Array): void;
    reject(error: unknown): void;
  }
  let waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | undefined;

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const batch = waiting;
    waiting = [];
    const rows = new Float32Array(batch.length * WIDTH);
    for (const [i, { row }] of batch.entries()) rows.set(row, i * WIDTH);
    try {
      const answers = await run(rows, batch.length);
      for (const [i, { resolve }] of batch.entries()) resolve(answers.slice(i * CLASSES, (i + 1) * CLASSES));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  return (row) =>
    new Promise((resolve, reject) => {
      waiting.push({ row, resolve, reject });
      if (waiting.length >= MAX_BATCH) void flush();
      else timer ??= setTimeout(() => void flush(), windowMs);
    });
}

/** What nobody can beat when there is too much: full batches one after the other, and who does not fit costs nothing. */
function oracle(run: Run): Predict {
  const batched = fixedWindow(run, 20);
  const full = Promise.reject<Float32Array>(new Error('full'));
  full.catch(() => undefined);
  let open = 0;
  return (row, dueAt) => {
    if (open >= 4 * MAX_BATCH) return full;
    open++;
    return batched(row, dueAt).finally(() => open--);
  };
}

/** Rows per second of raw onnxruntime. */
export interface Calibration {
  /** One by one. */
  readonly alone: number;
  /** In full batches whose rows are gathered and whose answers are handed out: what an oracle would do. */
  readonly capacity: number;
}

/** Runs that are measured: together about a quarter of a second. */
const RUNS = 60;

/** Means, as a goodput is one: what the machine takes away now and then, it takes from everybody. */
export async function calibrate(run: Run, row: Float32Array): Promise<Calibration> {
  const batched = fixedWindow(run, 1_000);
  const perSecond = async (rows: number, work: () => Promise<unknown>) => {
    const startedAt = performance.now();
    for (let i = 0; i < RUNS; i++) await work();
    return (1_000 * rows * RUNS) / (performance.now() - startedAt);
  };
  const full = () => Promise.all(Array.from({ length: MAX_BATCH }, () => batched(row, 0)));
  return { alone: await perSecond(1, () => run(row, 1)), capacity: await perSecond(MAX_BATCH, full) };
}

async function ours(): Promise<Predict> {
  const endpoint = await createEndpoint<Float32Array, Float32Array>({
    model: sourceOf(resolvedModel('mlp@1', perceptron(WIDTHS))),
    runtime: onnx(),
    maxBatch: MAX_BATCH,
    codec: () => ({
      encode(rows) {
        const data = new Float32Array(rows.length * WIDTH);
        for (let i = 0; i < rows.length; i++) data.set(rows[i]!, i * WIDTH);
        return new Map([['x', tensor('float32', [rows.length, WIDTH], data)]]);
      },
      decode(outputs, rows) {
        const { data } = outputs.get('y') as { readonly data: Float32Array };
        return Array.from({ length: rows }, (_, i) => data.slice(i * CLASSES, (i + 1) * CLASSES));
      },
    }),
  });
  return (row, deadlineAt) => endpoint.predict(row, { deadlineAt }).then(({ output }) => output);
}
