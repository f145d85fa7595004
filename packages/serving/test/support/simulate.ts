import { type Random, seededRandom } from '@millwright/core';
import { type Batch, batcher, bucketsUpTo, costModel, type Queued, type Share } from '../../src/engine/index.js';

/** What a run of B rows really takes, in milliseconds. */
export type Cost = (rows: number) => number;

export interface Load {
  readonly cost: Cost;
  readonly ratePerMs: number;
  readonly requests: number;
  readonly deadlineMs: number;
  readonly seed?: number;
  /** Who asks, and which part of the requests is whose. Default: one for all. */
  readonly tenants?: readonly (Share & { readonly part: number })[];
  /** Part of the runs that take so much longer: a neighbour had the processor. */
  readonly pauses?: { readonly share: number; readonly ms: number };
  /** Arrivals times this factor, by time. */
  readonly burst?: (now: number) => number;
}

export interface Outcome {
  /** Answers within the deadline per millisecond. */
  readonly goodput: number;
  readonly p50: number;
  readonly p99: number;
  readonly answered: number;
  readonly late: number;
  readonly refused: number;
  readonly meanBatch: number;
  /** Answers within the deadline, and the median latency, by tenant. */
  readonly tenants: ReadonlyMap<string, { readonly answered: number; readonly p50: number }>;
}

class Row implements Queued {
  settled = false;
  readonly arrivedAt: number;
  readonly deadlineAt: number;
  readonly share: Share;
  constructor(arrivedAt: number, deadlineAt: number, share: Share) {
    this.arrivedAt = arrivedAt;
    this.deadlineAt = deadlineAt;
    this.share = share;
  }
}

/** A scheduler under test: what it does with an arrival and with a moment at which the engine is idle. */
interface Scheme {
  arrive(row: Row, now: number): boolean;
  /** Rows to run now, or the time to ask again (Infinity: at the next arrival). */
  next(now: number): { readonly rows: readonly Row[]; readonly dropped: number } | number;
  ran(rows: number, ms: number, startedAt: number): void;
}

/** Open loop in virtual time: Poisson arrivals that do not care how the server is doing. */
export function simulate(load: Load, scheme: Scheme): Outcome {
  const random = seededRandom(load.seed ?? 1);
  const { tenants = [{ key: '', weight: 1, part: 1 }], burst = () => 1 } = load;
  const latencies: number[] = [];
  const byTenant = new Map(tenants.map(({ key }) => [key, [] as number[]]));
  let [refused, late, runs, ran, now, busyUntil, last] = [0, 0, 0, 0, 0, 0, 0];
  let running: readonly Row[] = [];
  let startedAt = 0;
  let arrivals = load.requests;
  let nextArrival = gap(random, load.ratePerMs);
  let askAt = Number.POSITIVE_INFINITY;
  for (;;) {
    const idle = running.length === 0;
    const event = Math.min(arrivals > 0 ? nextArrival : Number.POSITIVE_INFINITY, idle ? askAt : busyUntil);
    if (event === Number.POSITIVE_INFINITY) break;
    now = event;
    if (!idle && now === busyUntil) {
      for (const row of running) {
        if (now > row.deadlineAt) late++;
        else latencies.push(now - row.arrivedAt);
        if (now <= row.deadlineAt) byTenant.get(row.share.key)!.push(now - row.arrivedAt);
      }
      last = now;
      scheme.ran(running.length, now - startedAt, startedAt);
      running = [];
    } else if (arrivals > 0 && now === nextArrival) {
      arrivals--;
      nextArrival = now + gap(random, load.ratePerMs * burst(now));
      if (!scheme.arrive(new Row(now, now + load.deadlineMs, pick(tenants, random)), now)) refused++;
    }
    if (running.length > 0) continue;
    const next = scheme.next(now);
    askAt = typeof next === 'number' ? next : Number.POSITIVE_INFINITY;
    if (typeof next === 'number') continue;
    refused += next.dropped;
    running = next.rows;
    if (running.length === 0) {
      askAt = now;
      continue;
    }
    startedAt = now;
    const pause = load.pauses !== undefined && random.next() < load.pauses.share ? load.pauses.ms : 0;
    busyUntil = now + load.cost(running.length) * (0.98 + 0.04 * random.next()) + pause;
    runs++;
    ran += running.length;
  }
  latencies.sort((a, b) => a - b);
  return {
    goodput: latencies.length / last,
    p50: median(latencies),
    p99: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
    answered: latencies.length,
    late,
    refused,
    meanBatch: ran / runs,
    tenants: new Map([...byTenant].map(([key, of]) => [key, { answered: of.length, p50: median(of) }])),
  };
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

function pick<T extends { readonly part: number }>(tenants: readonly T[], random: Random): T {
  if (tenants.length === 1) return tenants[0]!;
  let left = random.next();
  return tenants.find(({ part }) => {
    left -= part;
    return left <= 0;
  })!;
}

/** Ours, with the cost model seeded by warm-up as the engine does. */
export function ours(load: Load, maxBatch = 64): Scheme {
  const cost = costModel();
  const sizes = bucketsUpTo(maxBatch);
  for (const size of sizes) cost.observe(size, load.cost(size), true);
  let running: Batch<Row> | undefined;
  const queue = batcher<Row>({
    sizes,
    padded: false,
    concurrency: 1,
    maxQueued: 1e9,
    maxRunMs: Number.POSITIVE_INFINITY,
    cost,
    shareOf: ({ share }) => share,
  });
  return {
    arrive: (row, now) => queue.push(row, now) === 0,
    next(now) {
      const decision = queue.decide(now);
      if (decision.kind === 'nothing') return Number.POSITIVE_INFINITY;
      if (decision.kind === 'wait') return decision.until;
      queue.started(decision, now);
      running = decision;
      return { rows: decision.tasks, dropped: decision.dropped.length };
    },
    ran: (_, ms) => running && queue.finished(running, ms),
  };
}

/** One row per run, first come first served: what calling the session for each request amounts to. */
export function oneByOne(): Scheme {
  return fixedWindow(0, 1);
}

/** Waits `windowMs` from the first row, or until `size` rows are there; sheds nothing. */
export function fixedWindow(windowMs: number, size: number): Scheme {
  const queue: Row[] = [];
  let head = 0;
  return {
    arrive(row) {
      queue.push(row);
      return true;
    },
    next(now) {
      const waiting = queue.length - head;
      if (waiting === 0) return Number.POSITIVE_INFINITY;
      const openUntil = queue[head]!.arrivedAt + windowMs;
      if (waiting < size && now < openUntil) return openUntil;
      const rows = queue.slice(head, head + size);
      head += rows.length;
      return { rows, dropped: 0 };
    },
    ran: () => undefined,
  };
}

function gap(random: Random, ratePerMs: number): number {
  return -Math.log(1 - random.next()) / ratePerMs;
}
