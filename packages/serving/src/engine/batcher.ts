import type { CostModel } from './cost.js';

/** A row that waits. `settled` rows (aborted, past their deadline) are passed over. */
export interface Queued {
  /** Milliseconds of the batcher's clock. */
  readonly deadlineAt: number;
  readonly settled: boolean;
}

export type BatchDecision<T> =
  | { readonly kind: 'nothing' }
  /** Another row is worth waiting for, until `until` at the latest. */
  | { readonly kind: 'wait'; readonly until: number }
  /** Run these rows now. `dropped` cannot be answered in time any more. */
  | { readonly kind: 'run'; readonly rows: readonly T[]; readonly dropped: readonly T[] };

export interface BatcherOptions {
  /** Batch sizes to choose from, ascending: `bucketsUpTo(64)`. The last is the most rows per run. */
  readonly sizes: readonly number[];
  /** Batches are padded up to one of the sizes, so that is what they cost. */
  readonly padded: boolean;
  /** Rows that may wait. */
  readonly maxQueued: number;
  /** Longest run in milliseconds, because a run blocks the thread it is on. Infinity elsewhere. */
  readonly maxRunMs: number;
  /** Runs that may overlap. */
  readonly concurrency: number;
  readonly cost: CostModel;
}

/**
 * Decides when to run and with how many rows: greedy, deadline-aware, and with one closed-form reason to wait. A state
 * machine without clock, timer or I/O; time is an argument.
 *
 * - Wait for one more row only when its gain, shared by all, beats the gap: `g < (a - n b) / (n + 1)`, and slack allows.
 * - Take the size that answers the most rows in time per millisecond, earliest deadline first.
 * - Give up heads that cannot be served without losing more behind them (SHEPHERD, NSDI 2023, has the same choice).
 * - Refuse what is predicted to be late: `now + residual + ceil((q + 1) / B) c95(B) > deadline`.
 */
export interface Batcher<T extends Queued> {
  readonly queued: number;
  /** 0: taken. Otherwise refused, and milliseconds after which trying again makes sense. */
  push(row: T, now: number): number;
  /** `mayWait` false: runs what is there. */
  decide(now: number, mayWait?: boolean): BatchDecision<T>;
  /** A run that `decide` asked for has begun, and has ended. */
  started(rows: number, now: number): void;
  finished(rows: number, ms: number): void;
}

export function batcher<T extends Queued>(options: BatcherOptions): Batcher<T> {
  const { sizes, maxQueued, maxRunMs, padded, concurrency, cost } = options;
  const maxBatch = sizes.at(-1)!;
  let queue: T[] = [];
  let head = 0;
  let gap = MAX_GAP_MS;
  let lastArrival = Number.NEGATIVE_INFINITY;
  let waitUntil: number | undefined;
  let busyUntil = 0;

  const queued = () => queue.length - head;
  const bound = (rows: number) => cost.bound(padded ? sizeFor(sizes, rows) : rows);

  function push(row: T, now: number): number {
    if (Number.isFinite(lastArrival)) gap = 0.95 * gap + 0.05 * Math.min(now - lastArrival, MAX_GAP_MS);
    lastArrival = now;
    const late = predictedFinish(now) - row.deadlineAt;
    if (late > 0 || queued() >= maxQueued)
      return Math.max(1, Math.ceil(Number.isFinite(late) ? Math.max(late, bound(maxBatch)) : 1));
    insert(row);
    return 0;
  }

  /** Earliest deadline first; rows mostly come in that order, so this is one comparison. */
  function insert(row: T): void {
    let at = queue.length;
    queue.push(row);
    while (at > head && queue[at - 1]!.deadlineAt > row.deadlineAt) {
      queue[at] = queue[at - 1]!;
      at--;
    }
    queue[at] = row;
  }

  function predictedFinish(now: number): number {
    const size = largestAllowed();
    const residual = Math.max(0, busyUntil - now);
    return now + residual + Math.ceil((queued() + 1) / size / concurrency) * bound(Math.min(size, queued() + 1));
  }

  function largestAllowed(): number {
    let largest = 1;
    for (const size of sizes) if (cost.expected(size) <= maxRunMs) largest = size;
    return largest;
  }

  function decide(now: number, mayWait = true): BatchDecision<T> {
    while (head < queue.length && queue[head]!.settled) head++;
    const n = queued();
    if (n === 0) {
      waitUntil = undefined;
      return { kind: 'nothing' };
    }
    const wait = mayWait ? waitFor(n, now) : undefined;
    if (wait !== undefined) return { kind: 'wait', until: wait };
    waitUntil = undefined;
    return take(now);
  }

  function waitFor(n: number, now: number): number | undefined {
    if (n >= maxBatch || !(gap < (cost.a - n * cost.b) / (n + 1))) return undefined;
    if (queue[head]!.deadlineAt - now <= bound(n + 1) + 2 * gap) return undefined;
    // The gap that was waited for is over and nobody came: go.
    if (waitUntil !== undefined && now >= waitUntil && lastArrival <= waitUntil - gap) return undefined;
    waitUntil = Math.max(now, lastArrival) + gap;
    return waitUntil > now ? waitUntil : undefined;
  }

  function take(now: number): BatchDecision<T> {
    const { size, skip } = choose(now);
    const dropped: T[] = [];
    const rows: T[] = [];
    while (rows.length < size && head < queue.length) {
      const row = queue[head++]!;
      if (row.settled) continue;
      if (dropped.length < skip && row.deadlineAt < now + bound(size)) dropped.push(row);
      else rows.push(row);
    }
    if (head > 1024 && head * 2 > queue.length) {
      queue = queue.slice(head);
      head = 0;
    }
    return { kind: 'run', rows, dropped };
  }

  /** The size with the most rows in time per millisecond. Heads are given up only when serving them makes others late. */
  function choose(now: number): { readonly size: number; readonly skip: number } {
    const n = queued();
    const largest = Math.min(largestAllowed(), maxBatch);
    const gentle = best(now, Math.min(n, largest), 0);
    if (gentle.late === 0 && keepsUp(now + bound(gentle.size), gentle.size, largest))
      return { size: gentle.size, skip: 0 };
    const harsh = best(now, Math.min(n, largest), Number.POSITIVE_INFINITY);
    return { size: harsh.size, skip: harsh.late };
  }

  /** Scores each size; with `maxLate` 0 the earliest deadline must be kept. */
  function best(now: number, limit: number, maxLate: number): { readonly size: number; readonly late: number } {
    let result = { size: 1, late: lateBefore(now + bound(1)) };
    let score = -1;
    for (const bucket of sizes) {
      const size = Math.min(bucket, limit);
      const late = lateBefore(now + bound(size));
      const rate = Math.min(size, queued() - late) / Math.max(bound(size), TINY_MS);
      // Equal rates go to the larger batch: it leaves fewer rows behind.
      if (late <= maxLate && rate >= score) {
        score = rate;
        result = { size, late };
      }
      if (size === limit) break;
    }
    return result;
  }

  function lateBefore(finish: number): number {
    let late = 0;
    while (head + late < queue.length && queue[head + late]!.deadlineAt < finish) late++;
    return late;
  }

  /** True when the rows behind this batch, in batches of `largest`, all finish in time. */
  function keepsUp(finish: number, taken: number, largest: number): boolean {
    const step = bound(largest);
    let at = finish;
    for (let i = head + taken; i < queue.length; i += largest) {
      at += step;
      if (at > queue[i]!.deadlineAt) return false;
    }
    return true;
  }

  return {
    get queued() {
      return queued();
    },
    push,
    decide,
    started(rows, now) {
      busyUntil = now + bound(rows);
    },
    finished(rows, ms) {
      busyUntil = 0;
      cost.observe(padded ? sizeFor(sizes, rows) : rows, ms);
    },
  };
}

/** 1, 2, 4 … and `maxBatch` itself: the sizes that are warmed up, and that batches are padded to where that pays. */
export function bucketsUpTo(maxBatch: number): readonly number[] {
  const sizes: number[] = [];
  for (let size = 1; size < maxBatch; size *= 2) sizes.push(size);
  return [...sizes, maxBatch];
}

/** The smallest size that holds this many rows. */
export function sizeFor(sizes: readonly number[], rows: number): number {
  return sizes.find((size) => size >= rows) ?? sizes.at(-1)!;
}

/** Longest gap between arrivals that is learned: one pause must not hide a rate for long. */
const MAX_GAP_MS = 1_000;
/** A nanosecond: keeps rates finite before anything was measured. */
const TINY_MS = 1e-6;
