import { type Clock, closable, MillwrightError, systemClock } from '@millwright/core';
import { latencyHistogram } from '@millwright/core/telemetry';
import type { LoadedModel } from '../runtime/types.js';
import { sliceRows, type TensorMap } from '../tensor/index.js';
import { unfit } from '../tensor/tensor.js';
import { type Batch, type Batcher, batcher, bucketsUpTo, sizeFor, worthwhile } from './batcher.js';
import { costModel } from './cost.js';
import { shareOf } from './priority.js';
import { overloaded, tooLate } from './refusals.js';
import { splitTask } from './split.js';
import { nextTurn } from './turn.js';
import type { Codec, Engine, EngineFacts, ManyRows, Task } from './types.js';
import { warmUp, whyNotBatch } from './warm-up.js';

export interface EngineOptions {
  /** Rows per run. Default 64. */
  readonly maxBatch?: number | undefined;
  /** Rows that may wait. Default 65,536. */
  readonly maxQueued?: number | undefined;
  /** Longest run in milliseconds. Default 8 where runs block this thread, else as long as deadlines allow. */
  readonly maxRunMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Runs a loaded model on this thread behind its own batcher. Warm before it is returned: every batch size was run, the
 * cost model is seeded, and rows are known not to influence each other - otherwise batches have one row.
 * Owns the model: closing the engine drains it and closes the model.
 */
export async function modelEngine<I, O>(
  model: LoadedModel,
  codec: Codec<I, O>,
  options: EngineOptions = {},
): Promise<Engine<I, O>> {
  const {
    maxBatch: wanted = 64,
    maxQueued = 65_536,
    maxRunMs = model.facts.placement === 'inline' ? 8 : Number.POSITIVE_INFINITY,
    clock = systemClock,
  } = options;
  const cost = costModel();
  const limit = await batchLimit(model, wanted);
  const { batch } = model.signature;
  const sizes = typeof batch === 'number' ? [batch] : bucketsUpTo(limit.maxBatch);
  const warm = await warmUp(model, sizes, cost);
  const padded = typeof batch === 'number' || model.facts.padBatches;
  const facts: EngineFacts = { ...model.facts, padBatches: padded, warm, ...limit };
  // Only sizes that ran are used; without any (inputs that cannot be made up) the first requests find out.
  const usable = typeof batch === 'number' || warm.length === 0 ? bucketsUpTo(limit.maxBatch) : warm;
  const steps = padded ? worthwhile(usable, cost) : usable;
  const { many } = codec;
  const queue = batcher<Task<I, O>>({
    sizes: steps,
    padded,
    maxQueued,
    maxRunMs,
    concurrency: model.concurrency,
    cost,
    rowsOf: many && (({ input }) => many.rows(input)),
    shapeOf: codec.shape && (({ input }) => codec.shape!(input)),
    shareOf: ({ context }) => shareOf(context),
  });
  return drive({ model, codec, queue, facts, sizes: typeof batch === 'number' ? sizes : steps, clock });
}

async function batchLimit(
  model: LoadedModel,
  wanted: number,
): Promise<Pick<EngineFacts, 'maxBatch' | 'maxBatchReason'>> {
  const { batch } = model.signature;
  if (batch === undefined) return { maxBatch: 1, maxBatchReason: 'The model has no batch dimension.' };
  const most = typeof batch === 'number' ? Math.min(batch, wanted) : wanted;
  if (most === 1) return { maxBatch: 1 };
  const reason = await whyNotBatch(model);
  return reason === undefined ? { maxBatch: most } : { maxBatch: 1, maxBatchReason: reason };
}

interface Parts<I, O> {
  readonly model: LoadedModel;
  readonly codec: Codec<I, O>;
  readonly queue: Batcher<Task<I, O>>;
  readonly facts: EngineFacts;
  /** What batches are padded to. */
  readonly sizes: readonly number[];
  readonly clock: Clock;
}

function drive<I, O>({ model, codec, queue, facts, sizes, clock }: Parts<I, O>): Engine<I, O> {
  const { many } = codec;
  let closed = false;
  let running = 0;
  let runningRows = 0;
  let rowsRun = 0;
  const runMs = latencyHistogram();
  let pending = false;
  let cancelWait: (() => void) | undefined;
  let drained: (() => void)[] = [];
  let lastDeadline = 0;

  function submit(task: Task<I, O>, at?: number): void {
    if (closed) {
      task.fail(new MillwrightError('state/closed', 'The engine was closed.', { details: { what: 'engine' } }));
      return;
    }
    if (task.deadlineAt > lastDeadline) lastDeadline = task.deadlineAt;
    const rows = many?.rows(task.input) ?? 1;
    if (rows < 1) task.fail(unfit('input', 'at least one row', 'none'));
    else if (many === undefined || rows <= facts.maxBatch) enqueue(task, at);
    else for (const part of splitTask(task, rows, facts.maxBatch, many)) if (!part.settled) enqueue(part, at);
  }

  function enqueue(task: Task<I, O>, at = clock.monotonic()): void {
    const retryAfterMs = queue.push(task, at);
    if (retryAfterMs > 0) task.fail(overloaded(retryAfterMs));
    else schedule();
  }

  function schedule(): void {
    if (pending || running >= model.concurrency) return;
    pending = true;
    nextTurn(pump);
  }

  function pump(): void {
    pending = false;
    cancelWait?.();
    cancelWait = undefined;
    if (running >= model.concurrency) return;
    const now = clock.monotonic();
    // A clock that others move (in tests, in a replay) may wait for this very answer before it moves again.
    const decision = queue.decide(now, clock === systemClock);
    if (decision.kind === 'wait') wait(decision.until - now);
    if (decision.kind === 'run') {
      for (const task of decision.dropped) if (!task.settled) task.fail(tooLate());
      if (decision.tasks.length > 0) void run(decision);
      // More rows, and room for another run.
      if (queue.queued > 0) schedule();
    }
    checkDrained();
  }

  /** Timers are too coarse for waits below a few milliseconds: turns of the loop are counted instead. */
  function wait(ms: number): void {
    if (ms < SHORT_WAIT_MS) {
      schedule();
    } else {
      cancelWait = clock.schedule(ms, () => {
        cancelWait = undefined;
        schedule();
      });
    }
  }

  async function run(batch: Batch<Task<I, O>>): Promise<void> {
    running++;
    runningRows += batch.rows;
    const startedAt = clock.monotonic();
    queue.started(batch, startedAt);
    const answered = await runBatch(batch.tasks, batch.rows);
    running--;
    runningRows -= batch.rows;
    const ms = clock.monotonic() - startedAt;
    runMs.record(ms);
    rowsRun += batch.rows;
    // A run that failed says nothing about what runs cost.
    queue.finished(batch, answered ? ms : Number.NaN);
    if (queue.queued > 0) schedule();
    checkDrained();
  }

  /**
   * One request that the codec or the model cannot take must not fail its neighbours: a failing batch is halved until it
   * is found. So is one whose engine died: the next engine runs what still waits.
   */
  async function runBatch(tasks: readonly Task<I, O>[], rows: number): Promise<boolean> {
    try {
      const inputs = tasks.map((task) => task.input);
      const outputs = await model.run(codec.encode(pad(inputs, rows)), { transfer: codec.transferable });
      answer(tasks, facts.padBatches ? firstRows(outputs, rows) : outputs, rows);
      return true;
    } catch (error) {
      const waiting = tasks.filter(({ settled }) => !settled);
      if (tasks.length === 1) waiting[0]?.fail(error);
      else for (const half of halves(waiting)) await runBatch(half, rowsOf(half));
      return false;
    }
  }

  function answer(tasks: readonly Task<I, O>[], outputs: TensorMap, rows: number): void {
    const answers = many === undefined ? codec.decode(outputs, rows) : tasksDecoded(tasks, outputs, many);
    if (answers.length < tasks.length) throw fewerAnswers(answers.length, tasks.length);
    const at = clock.monotonic();
    for (let i = 0; i < tasks.length; i++) if (!tasks[i]!.settled) tasks[i]!.succeed(answers[i]!, rows, at);
  }

  function tasksDecoded(tasks: readonly Task<I, O>[], outputs: TensorMap, { rows, decode }: ManyRows<I, O>): O[] {
    let at = 0;
    return tasks.map(({ input }) => {
      const start = at;
      at += rows(input);
      return decode(outputs, start, at);
    });
  }

  const rowsOf = (tasks: readonly Task<I, O>[]) =>
    many === undefined ? tasks.length : tasks.reduce((sum, { input }) => sum + many.rows(input), 0);

  /** Fills a batch with copies of its first row, where sizes are fixed or compiled for. */
  function pad(inputs: I[], rows: number): I[] {
    const size = facts.padBatches ? sizeFor(sizes, rows) : rows;
    const row = size > rows && many !== undefined ? many.slice(inputs[0]!, 0, 1) : inputs[0]!;
    for (let i = rows; i < size; i++) inputs.push(row);
    return inputs;
  }

  function checkDrained(): void {
    if (inFlight() > 0 || drained.length === 0) return;
    const waiting = drained;
    drained = [];
    for (const resolve of waiting) resolve();
  }

  const inFlight = () => queue.queued + runningRows;
  const idle = () => (inFlight() === 0 ? Promise.resolve() : new Promise<void>((resolve) => drained.push(resolve)));
  /** A run that hangs is waited for until the last deadline: after that nobody wants its answer. */
  async function idleOrUseless(): Promise<void> {
    if (inFlight() === 0) return;
    let cancel = () => {};
    const useless = new Promise<void>((resolve) => {
      if (Number.isFinite(lastDeadline))
        cancel = clock.schedule(Math.max(0, lastDeadline - clock.monotonic()), resolve);
    });
    await Promise.race([idle(), useless]);
    cancel();
  }

  return {
    ...closable(async () => {
      closed = true;
      await idleOrUseless();
      await model.close();
    }),
    facts,
    get inFlight() {
      return inFlight();
    },
    stats: () => ({ runs: runMs.count, rows: rowsRun, runMs: runMs.summary(), queued: queue.queued }),
    submit,
    idle,
  };
}

const SHORT_WAIT_MS = 2;

function halves<T>(list: readonly T[]): readonly (readonly T[])[] {
  const middle = list.length >> 1;
  return [list.slice(0, middle), list.slice(middle)].filter((half) => half.length > 0);
}

/** The outputs without what was padded; those that have no rows stay. */
function firstRows(outputs: TensorMap, rows: number): TensorMap {
  return new Map([...outputs].map(([name, t]) => [name, (t.dims[0] ?? 0) > rows ? sliceRows(t, 0, rows) : t]));
}

function fewerAnswers(got: number, expected: number): MillwrightError<'serving/model-failed'> {
  return new MillwrightError('serving/model-failed', `The codec decoded ${got} rows of ${expected}.`, {
    details: { model: 'codec' },
  });
}
