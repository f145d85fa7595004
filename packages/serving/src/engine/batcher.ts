import type { CostModel } from './cost.js';
import { fairShares, type Share, type ShareState } from './fair-share.js';
import { type Lane, lane, type Queued } from './lane.js';
import { queueControl } from './queue-control.js';

export type BatchDecision<T> =
  | { readonly kind: 'nothing' }
  /** Another row is worth waiting for, until `until` at the latest. */
  | { readonly kind: 'wait'; readonly until: number }
  | Batch<T>;

/** Run these now. `dropped` cannot be answered in time any more. */
export interface Batch<T> {
  readonly kind: 'run';
  readonly tasks: readonly T[];
  readonly dropped: readonly T[];
  /** Rows of `tasks` together. */
  readonly rows: number;
  /** What the run costs is counted in these: padded rows times elements per row. */
  readonly units: number;
}

/** Rows of one shape may share a run. */
export interface Shape {
  readonly key: string;
  /** Elements of a row, padded, relative to what the cost model was taught with: a row of this shape costs as many rows. */
  readonly elements: number;
}

export interface BatcherOptions<T> {
  /** Batch sizes to choose from, ascending: `bucketsUpTo(64)`. The last is the most rows per run. */
  readonly sizes: readonly number[];
  /** Batches are padded up to one of the sizes, so that is what they cost. */
  readonly padded: boolean;
  /** Rows that may wait. */
  readonly maxQueued: number;
  /** Longest run in milliseconds, because a run blocks the thread it is on: unless one row alone takes half of it. Infinity elsewhere. */
  readonly maxRunMs: number;
  /** Runs that may overlap. */
  readonly concurrency: number;
  readonly cost: CostModel;
  /** Rows of a request, at most the largest size. Default 1. */
  readonly rowsOf?: ((task: T) => number) | undefined;
  /** Default: all rows have the same shape. */
  readonly shapeOf?: ((task: T) => Shape) | undefined;
  /** Default: all requests have the same share. */
  readonly shareOf?: ((task: T) => Share) | undefined;
}

/**
 * Decides when to run and with how many rows: greedy, deadline-aware, and with one closed-form reason to wait. A state
 * machine without clock, timer or I/O; time is an argument.
 *
 * - Wait for one more row only when its gain, shared by all, beats the gap: `g < (a - n b) / (n + 1)`, and slack allows.
 * - Take the size that answers the most rows in time per millisecond, earliest deadline first.
 * - Give up heads that cannot be served without losing more behind them (SHEPHERD, NSDI 2023, has the same choice).
 * - Refuse what is predicted to be late: `now + residual + ceil((q + 1) / B) c95(B) > deadline`.
 * - A queue that stands although everything is in time is kept short (`queueControl`); what has no deadline is then
 *   served newest first.
 * - Shares get the engine's time by weight (`fairShares`); what is left of a run is filled with rows of other shares.
 */
export interface Batcher<T extends Queued> {
  /** Rows that wait. */
  readonly queued: number;
  /** 0: taken. Otherwise refused, and milliseconds after which trying again makes sense. */
  push(task: T, now: number): number;
  /** `mayWait` false: runs what is there. */
  decide(now: number, mayWait?: boolean): BatchDecision<T>;
  /** A run that `decide` asked for has begun, and has ended; NaN milliseconds when it failed. */
  started(batch: Batch<T>, now: number): void;
  finished(batch: Batch<T>, ms: number): void;
}

/** Rows of one shape: a lane for each share. */
interface Group<T extends Queued> {
  readonly shape: Shape;
  readonly lanes: Map<ShareState, Lane<T>>;
  rows: number;
}

export function batcher<T extends Queued>(options: BatcherOptions<T>): Batcher<T> {
  const { sizes, maxQueued, maxRunMs, padded, concurrency, cost } = options;
  const { rowsOf = () => 1, shapeOf = () => SAME_SHAPE, shareOf = () => SAME_SHARE } = options;
  const maxBatch = sizes.at(-1)!;
  const groups = new Map<string, Group<T>>();
  const shares = fairShares();
  const control = queueControl();
  let queued = 0;
  let gap = MAX_GAP_MS;
  let allowedMs = Number.POSITIVE_INFINITY;
  let lastArrival = Number.NEGATIVE_INFINITY;
  let waitUntil: number | undefined;
  let busyUntil = 0;
  let running = 0;
  let lastRunAt: number | undefined;
  let probing = false;

  const units = (rows: number, { elements }: Shape) => elements * (padded ? sizeFor(sizes, rows) : rows);
  const bound = (rows: number, shape: Shape) => cost.bound(units(rows, shape));

  /** Small batches cannot make short what one row makes long: a run may always take twice as long as that. */
  function largestAllowed({ elements }: Shape): number {
    const longest = Math.max(maxRunMs, 2 * cost.expected(sizes[0]! * elements));
    if (cost.expected(maxBatch * elements) <= longest) return maxBatch;
    let largest = sizes[0]!;
    for (const size of sizes) if (cost.expected(size * elements) <= longest) largest = size;
    return largest;
  }

  function push(task: T, now: number): number {
    if (Number.isFinite(lastArrival)) gap = 0.95 * gap + 0.05 * Math.min(now - lastArrival, MAX_GAP_MS);
    lastArrival = now;
    const { deadlineAt } = task;
    if (Number.isFinite(deadlineAt)) {
      const allowed = deadlineAt - now;
      allowedMs = Number.isFinite(allowedMs) ? 0.95 * allowedMs + 0.05 * allowed : allowed;
    }
    const rows = rowsOf(task);
    const shape = shapeOf(task);
    const share = shares.stateOf(shareOf(task));
    probing ||= isForgetting(now);
    const late = predictedFinish(now, rows, shape, share) - latestFor(deadlineAt, now, shape);
    if (late > 0 || queued + rows > maxQueued) {
      const retryAfter = Math.max(late, bound(largestAllowed(shape), shape));
      return Number.isFinite(retryAfter) ? Math.max(1, Math.ceil(retryAfter)) : 1;
    }
    const group = groupOf(shape);
    const mine = laneOf(group, share);
    counted(group, share, mine, () => mine.push(task, rows));
    return 0;
  }

  const isIdle = () => queued === 0 && running === 0;

  /** One row a second is tried whatever was learned: an engine that refuses everybody would never learn that it recovered. */
  function isForgetting(now: number): boolean {
    if (lastRunAt === undefined) lastRunAt = now;
    return isIdle() && now - lastRunAt >= PROBE_MS;
  }

  function groupOf(shape: Shape): Group<T> {
    let group = groups.get(shape.key);
    if (group === undefined) {
      group = { shape, lanes: new Map(), rows: 0 };
      groups.set(shape.key, group);
    }
    return group;
  }

  function laneOf(group: Group<T>, share: ShareState): Lane<T> {
    let found = group.lanes.get(share);
    if (found === undefined) {
      found = lane(rowsOf);
      group.lanes.set(share, found);
    }
    return found;
  }

  /** Does something to a lane and keeps the totals. */
  function counted<R>(group: Group<T>, share: ShareState, of: Lane<T>, work: () => R): R {
    const before = of.rows;
    const result = work();
    const added = of.rows - before;
    queued += added;
    shares.add(share, added);
    group.rows += added;
    if (group.rows === 0 && groups.size > 1) groups.delete(group.shape.key);
    return result;
  }

  /**
   * What is ahead of the rows: all of their own share, and of others as much as their weight lets past. Where nothing is
   * ahead, whoever can be expected to be in time is let in, and one who tries out the engine in any case.
   */
  function predictedFinish(now: number, rows: number, shape: Shape, share: ShareState): number {
    if (isIdle()) return now + (probing ? 0 : cost.expected(units(rows, shape)));
    const ahead = share.rows + shares.rowsBefore(share, rows);
    const part = queued === 0 ? 0 : ahead / queued;
    const residual = running < concurrency ? 0 : Math.max(0, busyUntil - now);
    let finish = now + residual + runsMs((groups.get(shape.key)?.rows ?? 0) * part + rows, shape);
    if (groups.size > 1)
      for (const group of groups.values())
        if (group.shape.key !== shape.key && group.rows > 0) finish += runsMs(group.rows * part, group.shape);
    return finish;
  }

  function runsMs(rows: number, shape: Shape): number {
    const size = largestAllowed(shape);
    return Math.ceil(rows / size / concurrency) * bound(Math.min(size, Math.ceil(rows)), shape);
  }

  /** A quarter of what callers allow, but long enough to fill the largest batch while the one before it runs. */
  function targetMs(shape: Shape): number {
    const wanted = Number.isFinite(allowedMs) ? allowedMs / 4 : PATIENCE_MS;
    return Math.max(wanted, 2 * bound(largestAllowed(shape), shape));
  }

  /** When the rows must be answered: by their deadline, and soon while the queue stands. */
  function latestFor(deadlineAt: number, now: number, shape: Shape): number {
    if (!Number.isFinite(deadlineAt) || !control.standing(now)) return deadlineAt;
    return Math.min(deadlineAt, now + targetMs(shape) + bound(largestAllowed(shape), shape));
  }

  function decide(now: number, mayWait = true): BatchDecision<T> {
    const next = nextLane();
    if (next === undefined) {
      waitUntil = undefined;
      return { kind: 'nothing' };
    }
    const { group, lane: first } = next;
    const wait = mayWait ? waitFor(group, first.head()!, now) : undefined;
    if (wait !== undefined) return { kind: 'wait', until: wait };
    waitUntil = undefined;
    return take(next, now);
  }

  /** The share that has had least for its weight, and of its shapes the one with the earliest deadline. */
  function nextLane(): Next<T> | undefined {
    let next: Next<T> | undefined;
    let earliest = Number.POSITIVE_INFINITY;
    for (const group of groups.values()) {
      for (const [share, each] of group.lanes) {
        const head = counted(group, share, each, () => each.head());
        if (head === undefined) {
          if (group.lanes.size > 1) group.lanes.delete(share);
          continue;
        }
        const sooner = share === next?.share && head.deadlineAt < earliest;
        if (next !== undefined && share.spent >= next.share.spent && !sooner) continue;
        next = { group, share, lane: each };
        earliest = head.deadlineAt;
      }
    }
    return next;
  }

  function waitFor({ rows: n, shape }: Group<T>, head: T, now: number): number | undefined {
    if (n >= maxBatch || !(gap < (cost.a - n * cost.b * shape.elements) / (n + 1))) return undefined;
    if (head.deadlineAt - now <= bound(n + 1, shape) + 2 * gap) return undefined;
    // The gap that was waited for is over and nobody came: go.
    if (waitUntil !== undefined && now >= waitUntil && lastArrival <= waitUntil - gap) return undefined;
    waitUntil = Math.max(now, lastArrival) + gap;
    return waitUntil > now ? waitUntil : undefined;
  }

  function take(next: Next<T>, now: number): Batch<T> {
    const { group, share, lane: first } = next;
    const { shape } = group;
    const { size, skip } = choose(first, shape, now);
    const dropped: T[] = [];
    const tasks: T[] = [];
    const newest = first.head()!.deadlineAt === Number.POSITIVE_INFINITY && control.standing(now);
    const own = counted(group, share, first, () =>
      newest ? first.takeNewest(size, tasks) : first.take(size, tasks, giveUp(skip, now + bound(size, shape), dropped)),
    );
    const rows = own + (own > 0 && group.lanes.size > 1 ? fillUp(next, tasks, own, now) : 0);
    shares.charge(share, rows === 0 ? 0 : (cost.expected(units(rows, shape)) * own) / rows);
    control.left(runsMs(queued, shape), targetMs(shape), now);
    return { kind: 'run', tasks, dropped, rows, units: units(rows, shape) };
  }

  /** Says yes to the first `skip` rows, which cannot be answered before `finish`. */
  function giveUp(skip: number, finish: number, dropped: T[]): ((task: T, rows: number) => boolean) | undefined {
    if (skip === 0) return undefined;
    let left = skip;
    return (task, rows) => {
      if (left <= 0 || task.deadlineAt >= finish) return false;
      left -= rows;
      dropped.push(task);
      return true;
    };
  }

  /** A run that has room takes rows of other shares, as many as leave its own in time. They pay for their part. */
  function fillUp({ group, lane: first }: Next<T>, tasks: T[], taken: number, now: number): number {
    const { shape, lanes } = group;
    const slack = tasks[0]!.deadlineAt - now;
    let room = taken;
    for (const size of sizes)
      if (size > room && size <= largestAllowed(shape) && bound(size, shape) <= slack) room = size;
    let rows = taken;
    for (const [share, each] of [...lanes].sort(([a], [b]) => a.spent - b.spent)) {
      const head = each === first ? undefined : counted(group, share, each, () => each.head());
      if (head === undefined || rowsOf(head) > room - rows) continue;
      const added = counted(group, share, each, () => each.take(room - rows, tasks));
      shares.charge(share, added * cost.b * shape.elements);
      rows += added;
    }
    return rows - taken;
  }

  /** The size with the most rows in time per millisecond. Heads are given up only when serving them makes others late. */
  function choose(first: Lane<T>, shape: Shape, now: number): Choice {
    const largest = largestAllowed(shape);
    const limit = Math.min(first.rows, largest);
    const gentle = best(first, shape, now, limit, 0);
    const finish = now + bound(gentle.size, shape);
    if (gentle.skip === 0 && first.keepsUp(gentle.size, largest, finish, bound(largest, shape))) return gentle;
    const harsh = best(first, shape, now, limit, Number.POSITIVE_INFINITY);
    if (harsh.skip < first.rows) return harsh;
    // Nobody is sure to be in time: whoever can be expected to be is tried.
    const soonest = now + cost.expected(units(1, shape));
    return { size: harsh.size, skip: probing ? 0 : first.lateBefore(soonest) };
  }

  /** Scores each size; with `maxLate` 0 the earliest deadline must be kept. */
  function best(first: Lane<T>, shape: Shape, now: number, limit: number, maxLate: number): Choice {
    let result = { size: 1, skip: first.lateBefore(now + bound(1, shape)) };
    let score = -1;
    for (const bucket of sizes) {
      const size = Math.min(bucket, limit);
      const ms = bound(size, shape);
      const late = first.lateBefore(now + ms);
      const rate = Math.min(size, first.rows - late) / Math.max(ms, TINY_MS);
      // Equal rates go to the larger batch: it leaves fewer rows behind.
      if (late <= maxLate && rate >= score) {
        score = rate;
        result = { size, skip: late };
      }
      if (size === limit) break;
    }
    return result;
  }

  return {
    get queued() {
      return queued;
    },
    push,
    decide,
    started(batch, now) {
      if (probing) cost.doubt();
      running++;
      lastRunAt = now;
      probing = false;
      busyUntil = now + cost.bound(batch.units);
    },
    finished(batch, ms) {
      running--;
      busyUntil = 0;
      cost.observe(batch.units, ms);
    },
  };
}

interface Next<T extends Queued> {
  readonly group: Group<T>;
  readonly share: ShareState;
  readonly lane: Lane<T>;
}

interface Choice {
  readonly size: number;
  /** Rows at the head to give up. */
  readonly skip: number;
}

/** 1, 2, 4 … and `maxBatch` itself: the sizes that are warmed up, and that batches are padded to where that pays. */
export function bucketsUpTo(maxBatch: number): readonly number[] {
  const sizes: number[] = [];
  for (let size = 1; size < maxBatch; size *= 2) sizes.push(size);
  return [...sizes, maxBatch];
}

/** Sizes worth padding to: one is left out when the next costs less than 10 % more. */
export function worthwhile(sizes: readonly number[], cost: CostModel): readonly number[] {
  return sizes.filter((size, i) => i === sizes.length - 1 || cost.bound(sizes[i + 1]!) >= 1.1 * cost.bound(size));
}

/** The smallest size that holds this many rows. */
export function sizeFor(sizes: readonly number[], rows: number): number {
  return sizes.find((size) => size >= rows) ?? sizes.at(-1)!;
}

const SAME_SHAPE: Shape = { key: '', elements: 1 };
const SAME_SHARE: Share = { key: '', weight: 1 };
/** Longest gap between arrivals that is learned: one pause must not hide a rate for long. */
const MAX_GAP_MS = 1_000;
/** Delay that a standing queue may have where nobody has a deadline: CoDel's 5 ms for links, and a batch. */
const PATIENCE_MS = 10;
/** How long an engine may go without a run before a request is let in to see whether it is still as slow. */
const PROBE_MS = 1_000;
/** A nanosecond: keeps rates finite before anything was measured. */
const TINY_MS = 1e-6;
