import { invalidInput } from '../../foundation/errors.js';
import { betaBinomialMixture } from './mixture.js';

export interface QuantileHarmOptions {
  /** Which quantile: 0.99 for the p99. */
  readonly p: number;
  /** How much larger the challenger's quantile may be, as a fraction of the champion's (positive values). Default 0. */
  readonly margin?: number | undefined;
  /** Samples per arm at which the test is sharpest. Default 500. */
  readonly expectedSamples?: number | undefined;
  /** Error for which it is sharpest. Default 0.05. */
  readonly alpha?: number | undefined;
}

/**
 * ln E against "the challenger's p-quantile is at most (1 + margin) times the champion's", for latencies and other values of
 * which only the order matters (Howard & Ramdas 2022, one-sided with a margin). Valid at every time for samples whose
 * distribution does not change meanwhile: compare within an epoch. 0 without samples in both arms.
 *
 * Costs a sort and one mixture per distinct value. @throws `input/invalid` for a quantile outside (0, 1) or NaN
 */
export function quantileHarmLogE(
  champion: ArrayLike<number>,
  challenger: ArrayLike<number>,
  options: QuantileHarmOptions,
): number {
  const { p, margin = 0, expectedSamples = 500, alpha = 0.05 } = options;
  if (!(p > 0 && p < 1)) throw invalidInput('p', 'a quantile strictly between 0 and 1', p);
  if (!(margin >= 0)) throw invalidInput('margin', 'a fraction of 0 or more', margin);
  const a = sorted(champion, 1);
  const b = sorted(challenger, 1 + margin);
  if (a.length === 0 || b.length === 0) return 0;
  const variance = p * (1 - p);
  const tuning = { v: expectedSamples * variance, alpha };
  const above = betaBinomialMixture(tuning, p, 1 - p, 'one');
  const below = betaBinomialMixture(tuning, 1 - p, p, 'one');
  let least = Number.POSITIVE_INFINITY;
  let lessInChampion = 0;
  let atMostInChallenger = 0;
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const x = Math.min(a[i] ?? Number.POSITIVE_INFINITY, b[j] ?? Number.POSITIVE_INFINITY);
    lessInChampion = i;
    while (i < a.length && a[i]! <= x) i++;
    while (j < b.length && b[j]! <= x) j++;
    atMostInChallenger = j;
    const logE =
      above.logE(lessInChampion - a.length * p, a.length * variance) +
      below.logE(b.length * p - atMostInChallenger, b.length * variance);
    if (logE < least) least = logE;
  }
  return least;
}

function sorted(values: ArrayLike<number>, divisor: number): Float64Array {
  const out = Float64Array.from(values, (value) => value / divisor).sort();
  if (Number.isNaN(out[out.length - 1])) throw invalidInput('values', 'numbers without NaN', Number.NaN);
  return out;
}
