import { invalidInput } from '../../foundation/errors.js';
import { type QuantileHarmOptions, quantileHarmAt } from './quantile.js';

/** Two samples counted into the same buckets, sorted; every value of bucket i lies between `lower[i]` and `upper[i]`. */
export interface BucketedSamples {
  readonly lower: ArrayLike<number>;
  readonly upper: ArrayLike<number>;
  readonly champion: ArrayLike<number>;
  readonly challenger: ArrayLike<number>;
}

/**
 * `quantileHarmLogE` from a histogram: for each bucket in which the common quantile could lie, the champion's values in it
 * count as not below and the challenger's as not above, whichever says less. So it is never more than the exact evidence,
 * and equal to it when each value has a bucket of its own. A margin above -1 is allowed: a negative one asks whether the
 * challenger is faster by that part. @throws `input/invalid`
 */
export function bucketedQuantileHarmLogE(samples: BucketedSamples, options: QuantileHarmOptions): number {
  const { margin = 0 } = options;
  if (!(margin > -1)) throw invalidInput('margin', 'a fraction above -1', margin);
  const { lower, upper, champion, challenger } = samples;
  const a = total(champion);
  const b = total(challenger);
  const harmAt = quantileHarmAt(options, a, b);
  if (a === 0 || b === 0) return 0;
  let least = Number.POSITIVE_INFINITY;
  let lessInChampion = 0;
  let atMostInChallenger = 0;
  let reached = 0;
  for (let i = 0; i < lower.length; i++) {
    const limit = upper[i]! * (1 + margin);
    while (reached < lower.length && lower[reached]! <= limit) atMostInChallenger += challenger[reached++]!;
    const logE = harmAt(lessInChampion, atMostInChallenger);
    if (!(logE >= least)) least = logE;
    lessInChampion += champion[i]!;
  }
  return least;
}

function total(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) {
    if (!(counts[i]! >= 0)) throw invalidInput(`counts[${i}]`, 'a count of 0 or more', counts[i]);
    sum += counts[i]!;
  }
  return sum;
}
