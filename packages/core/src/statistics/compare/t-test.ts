import { studentTQuantile, studentTSf } from '../distribution/student-t.js';
import type { Interval } from '../interval/proportion.js';

/** A t test of a mean or of a difference of means. NaN throughout when there are fewer than two values. */
export interface TTestResult {
  readonly t: number;
  readonly df: number;
  readonly estimate: number;
  readonly standardError: number;
  readonly pValue: number;
  /** One-sided p that the mean exceeds the tested value. */
  readonly greater: number;
  readonly less: number;
  readonly interval: Interval;
}

/** One-sample (or, on differences of the same rows, paired) t test of the mean against `mean`. */
export function tTest(values: ArrayLike<number>, mean = 0, level = 0.95): TTestResult {
  const { n, average, variance } = moments(values);
  return result(average, average - mean, Math.sqrt(variance / n), n - 1, level);
}

/** Welch's t test (1947) of first - second, independent groups of unequal variance. */
export function welchTTest(first: ArrayLike<number>, second: ArrayLike<number>, level = 0.95): TTestResult {
  const a = moments(first);
  const b = moments(second);
  const va = a.variance / a.n;
  const vb = b.variance / b.n;
  const df = (va + vb) ** 2 / (va ** 2 / (a.n - 1) + vb ** 2 / (b.n - 1));
  const difference = a.average - b.average;
  return result(difference, difference, Math.sqrt(va + vb), df, level);
}

/**
 * Two one-sided tests of equivalence: is the mean inside (lower, upper)? `pValue` is the larger of the two p.
 * Schuirmann 1987.
 */
export function tost(
  values: ArrayLike<number>,
  lower: number,
  upper: number,
): { readonly pValue: number; readonly aboveLower: TTestResult; readonly belowUpper: TTestResult } {
  const aboveLower = tTest(values, lower);
  const belowUpper = tTest(values, upper);
  return { pValue: Math.max(aboveLower.greater, belowUpper.less), aboveLower, belowUpper };
}

function result(estimate: number, distance: number, standardError: number, df: number, level: number): TTestResult {
  const t = distance === 0 ? 0 : distance / standardError;
  const half = studentTQuantile(1 - (1 - level) / 2, df) * standardError;
  const known = df > 0 ? t : Number.NaN;
  return {
    t: known,
    df,
    estimate,
    standardError,
    pValue: Math.min(1, 2 * studentTSf(Math.abs(known), df)),
    greater: studentTSf(known, df),
    less: studentTSf(-known, df),
    interval: { lower: estimate - half, upper: estimate + half },
  };
}

function moments(values: ArrayLike<number>): { n: number; average: number; variance: number } {
  const n = values.length;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += values[i]!;
  const average = sum / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (values[i]! - average) ** 2;
  return { n, average, variance: squares / (n - 1) };
}
