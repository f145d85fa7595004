import { bucketedQuantileHarmLogE, restartedLogE } from '@millwright/core/statistics';

/** Counts by fine bucket, [champion, challenger]. */
export type Histograms = readonly [Readonly<Record<string, number>>, Readonly<Record<string, number>>];

/**
 * ln E against "the challenger's p-quantile is at most 1 + margin times the champion's", epoch by epoch: within each the
 * latencies may have any distribution that stays, and between them anything may change. Each epoch may be the one with
 * which it begins.
 */
export function slowerLogE(epochs: readonly Histograms[], p: number, margin = 0): number {
  return restartedLogE(
    epochs.map((histograms) => {
      const buckets = sortedBuckets(Object.assign({}, ...histograms));
      const bounds = buckets.map(latencyBounds);
      return bucketedQuantileHarmLogE(
        {
          lower: bounds.map(({ lower }) => lower),
          upper: bounds.map(({ upper }) => upper),
          champion: buckets.map((bucket) => histograms[0][bucket] ?? 0),
          challenger: buckets.map((bucket) => histograms[1][bucket] ?? 0),
        },
        { p, margin },
      );
    }),
  );
}

/** The upper end of the bucket that holds the p-quantile; 0 without rows. */
export function quantileOf(histogram: Histograms[0], p: number): number {
  const buckets = sortedBuckets(histogram);
  let left = p * buckets.reduce((sum, bucket) => sum + histogram[bucket]!, 0);
  for (const bucket of buckets) {
    left -= histogram[bucket]!;
    if (left <= 0) return latencyBounds(bucket).upper;
  }
  return 0;
}

const sortedBuckets = (histogram: Histograms[0]) =>
  Object.keys(histogram)
    .map(Number)
    .sort((a, b) => a - b);

/** Buckets grow by 2^(1/32), about 2 %; what is faster than a millionth of a millisecond shares one. */
const PER_OCTAVE = 32;
const FASTEST = -20 * PER_OCTAVE;

/** The fine bucket of a latency in milliseconds. */
export function latencyBucket(ms: number): number {
  return Math.max(FASTEST, Math.floor(Math.log2(ms) * PER_OCTAVE));
}

function latencyBounds(bucket: number): { readonly lower: number; readonly upper: number } {
  return { lower: bucket === FASTEST ? 0 : 2 ** (bucket / PER_OCTAVE), upper: 2 ** ((bucket + 1) / PER_OCTAVE) };
}
