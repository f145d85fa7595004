import { invalidInput } from '../../foundation/errors.js';

/** How a quantile between two order statistics is chosen; the names are numpy's (Hyndman & Fan 1996 types 1-9 and four more). */
export type QuantileMethod =
  | 'inverted_cdf'
  | 'averaged_inverted_cdf'
  | 'closest_observation'
  | 'interpolated_inverted_cdf'
  | 'hazen'
  | 'weibull'
  | 'linear'
  | 'median_unbiased'
  | 'normal_unbiased'
  | 'lower'
  | 'higher'
  | 'midpoint'
  | 'nearest';

/**
 * The p-quantile of ascending values. Default method `linear` (R type 7). NaN for no values: the caller decides what an
 * empty sample means. @throws `input/invalid` for p outside [0, 1]
 */
export function quantileSorted(sorted: ArrayLike<number>, p: number, method: QuantileMethod = 'linear'): number {
  if (!(p >= 0 && p <= 1)) throw invalidInput('p', 'a probability between 0 and 1', p);
  const n = sorted.length;
  if (n === 0) return Number.NaN;
  const at = (i: number) => sorted[Math.min(n - 1, Math.max(0, i))]!;
  const between = (position: number) => {
    const below = Math.floor(position);
    const share = position - below;
    return position <= 0 ? at(0) : position >= n - 1 ? at(n - 1) : lerp(at(below), at(below + 1), share);
  };
  const h = n * p;
  const position = (n - 1) * p;
  switch (method) {
    case 'inverted_cdf':
      return at(Math.ceil(h) - 1);
    case 'averaged_inverted_cdf':
      return Number.isInteger(h) && h > 0 && h < n ? (at(h - 1) + at(h)) / 2 : at(Math.ceil(h) - 1);
    case 'closest_observation': {
      // A tie goes to the even order statistic (counted from 1).
      const rank = Math.floor(h - 0.5);
      return at(rank === h - 0.5 && rank % 2 === 0 ? rank - 1 : rank);
    }
    case 'interpolated_inverted_cdf':
      return between(h - 1);
    case 'hazen':
      return between(h - 0.5);
    case 'weibull':
      return between((n + 1) * p - 1);
    case 'linear':
      return between(position);
    case 'median_unbiased':
      return between((n + 1 / 3) * p - 2 / 3);
    case 'normal_unbiased':
      return between((n + 0.25) * p - 0.625);
    case 'lower':
      return at(Math.floor(position));
    case 'higher':
      return at(Math.ceil(position));
    case 'midpoint':
      return (at(Math.floor(position)) + at(Math.ceil(position))) / 2;
    case 'nearest':
      return at(roundHalfEven(position));
    default:
      return method satisfies never;
  }
}

/** The p-quantile of values in any order; sorts a copy. NaN values are refused. @throws `input/invalid` */
export function quantile(values: ArrayLike<number>, p: number, method: QuantileMethod = 'linear'): number {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length > 0 && Number.isNaN(sorted[sorted.length - 1]))
    throw invalidInput('values', 'numbers without NaN', Number.NaN);
  return quantileSorted(sorted, p, method);
}

function lerp(a: number, b: number, share: number): number {
  return share < 0.5 ? a + (b - a) * share : b - (b - a) * (1 - share);
}

function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const share = x - below;
  if (share !== 0.5) return share < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}
