/** Sums of one metric in one epoch; pairs are [champion, challenger]. Plain JSON, and sums of sums are sums. */
export interface MetricSums {
  /** Matured rows, with an outcome or (unless it is a label) with none counted as 0. */
  readonly rows: readonly [number, number];
  /** Matured rows without the label they wait for. */
  readonly missing: readonly [number, number];
  /** Of the values: for binary metrics the number of events. */
  readonly sum: readonly [number, number];
  /** Log wealth of rank betting, one number per bet. Values only. */
  readonly rank?: readonly number[] | undefined;
  /** Log wealth of effect betting, one number per bet. Values, and binary metrics with an absolute margin. */
  readonly effect?: readonly number[] | undefined;
  /** Rows by logarithmic bucket, both arms: the reference of the next epoch. Values only. */
  readonly buckets?: Readonly<Record<string, number>> | undefined;
  /** Rows by fine bucket (see `latencyBucket`), per arm. Quantile metrics only. */
  readonly histogram?: readonly [Readonly<Record<string, number>>, Readonly<Record<string, number>>] | undefined;
}

/** What was seen in one epoch. */
export interface EpochStatistics {
  readonly epoch: number;
  /** The challenger's share while it lasted. */
  readonly share: number;
  /** Rows opened, [champion, challenger]. */
  readonly exposures: readonly [number, number];
  readonly metrics: Readonly<Record<string, MetricSums>>;
}

/** All epochs of a rollout, sorted; never added up over epochs. */
export type RolloutStatistics = readonly EpochStatistics[];

/** Adds up what replicas saw, epoch by epoch, in any order. */
export function mergeStatistics(parts: Iterable<RolloutStatistics>): RolloutStatistics {
  const epochs = new Map<number, EpochStatistics>();
  for (const part of parts)
    for (const one of part) {
      const before = epochs.get(one.epoch);
      epochs.set(one.epoch, before === undefined ? one : addEpoch(before, one));
    }
  return [...epochs.values()].sort((a, b) => a.epoch - b.epoch);
}

function addEpoch(a: EpochStatistics, b: EpochStatistics): EpochStatistics {
  const metrics: Record<string, MetricSums> = { ...a.metrics };
  for (const [id, sums] of Object.entries(b.metrics)) {
    const before = metrics[id];
    metrics[id] = before === undefined ? sums : addSums(before, sums);
  }
  return { ...a, exposures: addPair(a.exposures, b.exposures), metrics };
}

function addSums(a: MetricSums, b: MetricSums): MetricSums {
  return {
    rows: addPair(a.rows, b.rows),
    missing: addPair(a.missing, b.missing),
    sum: addPair(a.sum, b.sum),
    ...(a.rank && b.rank ? { rank: a.rank.map((x, k) => x + b.rank![k]!) } : {}),
    ...(a.effect && b.effect ? { effect: a.effect.map((x, k) => x + b.effect![k]!) } : {}),
    ...(a.buckets || b.buckets ? { buckets: addCounts(a.buckets, b.buckets) } : {}),
    ...(a.histogram || b.histogram
      ? {
          histogram: [
            addCounts(a.histogram?.[0], b.histogram?.[0]),
            addCounts(a.histogram?.[1], b.histogram?.[1]),
          ] as const,
        }
      : {}),
  };
}

function addCounts(a: Readonly<Record<string, number>> = {}, b: Readonly<Record<string, number>> = {}) {
  const counts: Record<string, number> = { ...a };
  for (const [key, count] of Object.entries(b)) counts[key] = (counts[key] ?? 0) + count;
  return counts;
}

type Pair = readonly [number, number];
const addPair = (a: Pair, b: Pair): Pair => [a[0] + b[0], a[1] + b[1]];

/** What is known about a metric before an epoch begins, and stays fixed while it lasts. */
export interface MetricReference {
  /** Mean of the earlier epochs' rows, both arms. */
  readonly mean: number;
  /** At most 128 quantiles of the earlier epochs' values; empty for binary metrics. */
  readonly quantiles: readonly number[];
}

/** By metric, what is known before an epoch. */
export type References = Readonly<Record<string, MetricReference>>;

/** The references for the next epoch: what all epochs so far say about each metric. */
export function referencesOf(statistics: RolloutStatistics): References {
  const references: Record<string, MetricReference> = {};
  const ids = new Set(statistics.flatMap(({ metrics }) => Object.keys(metrics)));
  for (const id of ids) {
    let rows = 0;
    let sum = 0;
    const buckets = new Map<number, number>();
    for (const { metrics } of statistics) {
      const sums = metrics[id];
      if (sums === undefined) continue;
      rows += sums.rows[0] + sums.rows[1];
      sum += sums.sum[0] + sums.sum[1];
      for (const [key, count] of Object.entries(sums.buckets ?? {}))
        buckets.set(Number(key), (buckets.get(Number(key)) ?? 0) + count);
    }
    if (rows >= MIN_REFERENCE) references[id] = { mean: sum / rows, quantiles: quantilesOf(buckets) };
  }
  return references;
}

/** Fewer rows than this say too little to bet on. */
const MIN_REFERENCE = 20;
const QUANTILES = 128;

function quantilesOf(buckets: ReadonlyMap<number, number>): readonly number[] {
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return [];
  const points = Math.min(QUANTILES, total);
  const out: number[] = [];
  let seen = 0;
  let at = 0;
  for (let i = 0; i < points; i++) {
    const rank = ((i + 0.5) / points) * total;
    while (seen + sorted[at]![1] < rank) seen += sorted[at++]![1];
    out.push(bucketValue(sorted[at]![0]));
  }
  return out;
}

/** Buckets grow by 2^(1/8), about 9 %; 0 has its own. */
const PER_OCTAVE = 8;
const OFFSET = 1024 * PER_OCTAVE;

/** The logarithmic bucket of a value; order is kept. */
export function bucketOfValue(value: number): number {
  if (value === 0) return 0;
  const size = Math.max(1, Math.round(Math.log2(Math.abs(value)) * PER_OCTAVE) + OFFSET);
  return value > 0 ? size : -size;
}

/** A value in the middle of a bucket. */
function bucketValue(bucket: number): number {
  if (bucket === 0) return 0;
  return Math.sign(bucket) * 2 ** ((Math.abs(bucket) - OFFSET) / PER_OCTAVE);
}

/** A period of constant policy, fixed before it begins. */
export interface EpochPlan {
  readonly epoch: number;
  /** The challenger's share. */
  readonly share: number;
  readonly references: References;
}
