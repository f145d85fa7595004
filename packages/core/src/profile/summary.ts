import { exactMean, exactVariance } from './exact-number.js';
import type { NumberProfile } from './types.js';

/** Mean of the finite values, correctly rounded from their exact sum. Undefined without values. */
export function meanOf(profile: NumberProfile): number | undefined {
  return exactMean(profile.sum, profile.finite);
}

/** Variance of the finite values (divided by n - 1). Undefined below two values. */
export function varianceOf(profile: NumberProfile): number | undefined {
  return exactVariance(profile.sum, profile.sumOfSquares, profile.finite);
}

/**
 * The value below which about `fraction` of the finite values lie: linear inside the histogram cell, so within one
 * cell of the truth. Undefined without values.
 */
export function quantileOf(profile: NumberProfile, fraction: number): number | undefined {
  const { min, max, finite, histogram } = profile;
  if (min === undefined || max === undefined || !(fraction >= 0 && fraction <= 1)) return undefined;
  const { edges, counts } = histogram;
  const rank = fraction * finite;
  let below = 0;
  for (let cell = 0; cell < counts.length; cell++) {
    const here = counts[cell]!;
    if (here === 0 || below + here < rank) {
      below += here;
      continue;
    }
    const low = Math.max(min, edges[cell - 1] ?? min);
    const high = Math.min(max, edges[cell] ?? max);
    return low + (high - low) * Math.max(0, (rank - below) / here);
  }
  return max;
}
