import { invalidInput } from '../../foundation/errors.js';
import type { Interval } from '../interval/proportion.js';
import { betaBinomialMixture, type Mixture } from './mixture.js';
import { minimum } from './quantile-bands.js';

/** Which quantile must not grow, by how much it may, and where the test is sharpest. */
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
  const { margin = 0 } = options;
  if (!(margin >= 0)) throw invalidInput('margin', 'a fraction of 0 or more', margin);
  const a = sorted(champion, 1);
  const b = sorted(challenger, 1 + margin);
  const harmAt = quantileHarmAt(options, a.length, b.length);
  if (a.length === 0 || b.length === 0) return 0;
  let least = Number.POSITIVE_INFINITY;
  let lessInChampion = 0;
  let atMostInChallenger = 0;
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const x = Math.min(a[i] ?? Number.POSITIVE_INFINITY, b[j] ?? Number.POSITIVE_INFINITY);
    lessInChampion = i;
    while (i < a.length && a[i]! <= x) i++;
    while (j < b.length && b[j]! <= x) j++;
    atMostInChallenger = j;
    const logE = harmAt(lessInChampion, atMostInChallenger);
    if (logE < least) least = logE;
  }
  return least;
}

/**
 * ln E of harm if the common quantile lay at one place: `less` of n champion's values lie below it, `atMost` of m
 * challenger's values not above.
 */
export function quantileHarmAt(
  { p, expectedSamples = 500, alpha = 0.05 }: Omit<QuantileHarmOptions, 'margin'>,
  n: number,
  m: number,
): (less: number, atMost: number) => number {
  if (!(p > 0 && p < 1)) throw invalidInput('p', 'a quantile strictly between 0 and 1', p);
  const variance = p * (1 - p);
  const tuning = { v: expectedSamples * variance, alpha };
  const above = betaBinomialMixture(tuning, p, 1 - p, 'one');
  const below = betaBinomialMixture(tuning, 1 - p, p, 'one');
  return (less, atMost) => above.logE(less - n * p, n * variance) + below.logE(m * p - atMost, m * variance);
}

/**
 * ln E against "both arms have the same p-quantile", two sides (Howard & Ramdas 2022, Section 5): the least evidence over all
 * values that the common quantile could have. Valid at every time. 0 without samples in both arms. @throws `input/invalid`
 */
export function quantileDifferenceLogE(
  champion: ArrayLike<number>,
  challenger: ArrayLike<number>,
  options: Omit<QuantileHarmOptions, 'margin'>,
): number {
  const { p, expectedSamples = 500, alpha = 0.05 } = options;
  if (!(p > 0 && p < 1)) throw invalidInput('p', 'a quantile strictly between 0 and 1', p);
  const arms = [sorted(champion, 1), sorted(challenger, 1)];
  if (arms.some(({ length }) => length === 0)) return 0;
  const mixture = betaBinomialMixture({ v: expectedSamples * p * (1 - p), alpha }, p, 1 - p, 'two');
  const evidence = arms.map((values) => evidenceAt(values, p, mixture));
  let least = Number.POSITIVE_INFINITY;
  for (const x of new Set([...arms[0]!, ...arms[1]!])) least = Math.min(least, evidence[0]!(x) + evidence[1]!(x));
  return least;
}

/** ln E against "the p-quantile is x". Within ties at x any share of them may lie below: the one that says least counts. */
function evidenceAt(values: Float64Array, p: number, mixture: Mixture): (x: number) => number {
  const n = values.length;
  const v = n * p * (1 - p);
  const quiet = minimum((below) => mixture.logE(below - n * p, v), 0, n);
  return (x) => {
    const below = Math.max(countLess(values, x), Math.min(quiet, countLess(values, x, true)));
    return mixture.logE(below - n * p, v);
  };
}

/** How many sorted values are below x, or at most x. */
function countLess(values: Float64Array, x: number, orEqual = false): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < x || (orEqual && values[middle] === x)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Confidence sequence of one arm's p-quantile, between two order statistics; valid at all times at once (Howard & Ramdas
 * 2022, Theorem 1 with a beta-binomial mixture). Unbounded on a side where there are too few samples. @throws `input/invalid`
 */
export function quantileSequence(values: ArrayLike<number>, options: Omit<QuantileHarmOptions, 'margin'>): Interval {
  const { p, expectedSamples = 500, alpha = 0.05 } = options;
  if (!(p > 0 && p < 1)) throw invalidInput('p', 'a quantile strictly between 0 and 1', p);
  const all = sorted(values, 1);
  const n = all.length;
  if (n === 0) return { lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY };
  const v = n * p * (1 - p);
  const tuning = { v: expectedSamples * p * (1 - p), alpha };
  const above = betaBinomialMixture(tuning, p, 1 - p, 'two').bound(v, alpha);
  const below = betaBinomialMixture(tuning, 1 - p, p, 'two').bound(v, alpha);
  return {
    lower: all[Math.ceil(n * p - below) - 1] ?? Number.NEGATIVE_INFINITY,
    upper: all[Math.floor(n * p + above)] ?? Number.POSITIVE_INFINITY,
  };
}

function sorted(values: ArrayLike<number>, divisor: number): Float64Array {
  const out = Float64Array.from(values, (value) => value / divisor).sort();
  if (Number.isNaN(out[out.length - 1])) throw invalidInput('values', 'numbers without NaN', Number.NaN);
  return out;
}
