import { invalidInput } from '../../foundation/errors.js';
import { betaQuantile } from '../distribution/beta.js';
import { normalQuantile } from '../distribution/normal.js';

/** A closed interval. `lower` never exceeds `upper`. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/** A count of events in a number of trials: the numerator and denominator of a rate. */
export interface Proportion {
  readonly count: number;
  readonly n: number;
}

/**
 * Wilson's score interval of a rate (1927): good coverage at any n, never outside [0, 1]. With no trial nothing is known
 * and the interval is [0, 1]. For a one-sided bound at α take `level` = 1 - 2α.
 *
 * @throws `input/invalid` for negative or non-finite counts, or more events than trials
 */
export function wilsonInterval({ count, n }: Proportion, level = 0.95): Interval {
  checkProportion(count, n);
  if (n === 0) return { lower: 0, upper: 1 };
  const z = normalQuantile(1 - (1 - level) / 2);
  const z2 = z * z;
  const p = count / n;
  const centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const half = (z / (1 + z2 / n)) * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n));
  return { lower: count === 0 ? 0 : Math.max(0, centre - half), upper: count === n ? 1 : Math.min(1, centre + half) };
}

/** The exact interval of Clopper & Pearson (1934): never covers less than `level`. @throws `input/invalid` */
export function clopperPearson({ count, n }: Proportion, level = 0.95): Interval {
  checkProportion(count, n);
  const tail = (1 - level) / 2;
  return {
    lower: count === 0 ? 0 : betaQuantile(tail, count, n - count + 1),
    upper: count === n ? 1 : betaQuantile(1 - tail, count + 1, n - count),
  };
}

/** The interval of Jeffreys: quantiles of Beta(count + ½, n - count + ½). @throws `input/invalid` */
export function jeffreysInterval({ count, n }: Proportion, level = 0.95): Interval {
  checkProportion(count, n);
  const tail = (1 - level) / 2;
  return {
    lower: betaQuantile(tail, count + 0.5, n - count + 0.5),
    upper: betaQuantile(1 - tail, count + 0.5, n - count + 0.5),
  };
}

/** The interval of Agresti & Coull (1998), cut to [0, 1]. @throws `input/invalid` */
export function agrestiCoull({ count, n }: Proportion, level = 0.95): Interval {
  checkProportion(count, n);
  const z = normalQuantile(1 - (1 - level) / 2);
  const total = n + z * z;
  const p = (count + (z * z) / 2) / total;
  const half = z * Math.sqrt((p * (1 - p)) / total);
  return { lower: Math.max(0, p - half), upper: Math.min(1, p + half) };
}

/** @throws `input/invalid` */
export function checkProportion(count: number, n: number): void {
  if (!(n >= 0 && n < Number.POSITIVE_INFINITY)) throw invalidInput('n', 'a count of trials, 0 or more', n);
  if (!(count >= 0 && count <= n)) throw invalidInput('count', `a count between 0 and n = ${n}`, count);
}
