import { invalidInput } from '../foundation/errors.js';

/** Percentiles of durations in fixed memory; histograms of several processes add up. */
export interface LatencyHistogram {
  readonly count: number;
  /** Sum of what was recorded, in milliseconds. */
  readonly sumMs: number;
  readonly maxMs: number;
  /** Adds one duration. Negative and non-finite ones are not counted. About 10 ns. */
  record(ms: number): void;
  /** The duration that a fraction `q` of the recorded ones do not exceed, at most 3.2 % too high. NaN when empty. */
  quantile(q: number): number;
  summary(): LatencySummary;
  /** Adds the counts of another histogram. */
  merge(other: LatencyHistogram): void;
  /** Counts per bucket; bucket `i` ends at `bucketEndMs(i)`. */
  readonly buckets: Float64Array;
  reset(): void;
}

/** Latencies in milliseconds; all but `count` are NaN before the first one. */
export interface LatencySummary {
  readonly count: number;
  readonly meanMs: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly maxMs: number;
}

/**
 * A histogram over logarithmic buckets: 32 per doubling from 2^-10 ms (a microsecond) to 2^22 ms (70 minutes), as
 * HdrHistogram with two significant digits. What lies outside goes to the first or the last bucket.
 */
export function latencyHistogram(): LatencyHistogram {
  const buckets = new Float64Array(BUCKETS);
  let count = 0;
  let sumMs = 0;
  let maxMs = 0;
  const quantile = (q: number): number => {
    if (!(q >= 0 && q <= 1)) throw invalidInput('q', 'a fraction between 0 and 1', q);
    if (count === 0) return Number.NaN;
    const rank = Math.max(1, Math.ceil(q * count));
    let seen = 0;
    for (let i = 0; i < BUCKETS; i++) {
      seen += buckets[i]!;
      if (seen >= rank) return Math.min(bucketEndMs(i), maxMs);
    }
    return maxMs;
  };
  return {
    buckets,
    get count() {
      return count;
    },
    get sumMs() {
      return sumMs;
    },
    get maxMs() {
      return maxMs;
    },
    record(ms) {
      if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) return;
      buckets[bucketOf(ms)]!++;
      count++;
      sumMs += ms;
      if (ms > maxMs) maxMs = ms;
    },
    quantile,
    summary: () => ({
      count,
      meanMs: count === 0 ? Number.NaN : sumMs / count,
      p50: quantile(0.5),
      p95: quantile(0.95),
      p99: quantile(0.99),
      maxMs: count === 0 ? Number.NaN : maxMs,
    }),
    merge(other) {
      for (let i = 0; i < BUCKETS; i++) buckets[i]! += other.buckets[i]!;
      count += other.count;
      sumMs += other.sumMs;
      maxMs = Math.max(maxMs, other.maxMs);
    },
    reset() {
      buckets.fill(0);
      count = 0;
      sumMs = 0;
      maxMs = 0;
    },
  };
}

/** Upper end of a bucket in milliseconds. */
export function bucketEndMs(bucket: number): number {
  return 2 ** (LOWEST + (bucket + 1) / PER_DOUBLING);
}

const PER_DOUBLING = 32;
const LOWEST = -10;
const HIGHEST = 22;
const BUCKETS = (HIGHEST - LOWEST) * PER_DOUBLING;

function bucketOf(ms: number): number {
  const bucket = Math.floor((Math.log2(ms) - LOWEST) * PER_DOUBLING);
  return bucket < 0 ? 0 : bucket >= BUCKETS ? BUCKETS - 1 : bucket;
}
