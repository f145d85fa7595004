import { chiSquareLogSf, chiSquareQuantile, normalQuantile } from '@millwright/core/statistics';
import { total } from '../sums.js';
import { poolCells, type TwoSampleCells } from './cells.js';

/** A statistic with a chi-square law. */
export interface ChiSquare {
  readonly statistic: number;
  readonly df: number;
  readonly pValue: number;
  readonly logPValue: number;
}

/** Whether small cells are joined before the test. */
export interface ChiSquareOptions {
  /**
   * `scipy` takes the table as it is, and its law for granted. Without it cells that expect fewer than five rows are
   * joined first, because the law does not hold for them: with 200 categories and 20 rows against 1,000 it alarms in
   * one quiet pair of four, and the G-test in four of five at 200 rows against 200.
   */
  readonly as?: 'scipy' | undefined;
}

/**
 * Pearson's test of the 2×K table: both samples are samples. (Taking the reference's shares as exact, as goodness-of-fit
 * tests do, inflates the statistic by 1 + n_current / n_reference.) Cells that are empty on both sides are left out.
 */
export function chiSquareTest(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  options: ChiSquareOptions = {},
): ChiSquare {
  return contingency(reference, current, options, (observed, expected) => (observed - expected) ** 2 / expected);
}

/**
 * The same for cells that are pooled already. Cells of a number were cut from the reference's own rows, so that its
 * counts are given and only the current ones are drawn, with the spread that they have where others drew the cuts:
 * there the distance to the reference's shares, over 1 + n_current / n_reference, has the chi-square law, and Pearson's
 * statistic, which divides by small counts of the drawn side, is too large where the reference is the smaller sample
 * (13 % alarms at 200 rows against 2,000). The smaller one of the two holds for cells of either origin.
 */
export function chiSquareOfCells(pooled: TwoSampleCells): ChiSquare {
  const pearson = chiSquareTest(pooled.reference, pooled.current, { as: 'scipy' });
  if (!pooled.ordered || Number.isNaN(pearson.logPValue)) return pearson;
  const [n, m] = [total(pooled.reference), total(pooled.current)];
  const half = m < FEW_ROWS ? 0.5 : 0;
  let fromReference = 0;
  for (let k = 0; k < pooled.reference.length; k++) {
    const expected = (pooled.reference[k]! * m) / n;
    const off = Math.max(0, Math.abs(pooled.current[k]! - expected) - half);
    fromReference += off ** 2 / expected / (1 + m / n);
  }
  return withLaw(Math.min(pearson.statistic, fromReference), pearson.df);
}

/**
 * So few rows make so few values of the statistic that the law's 5 % fall between two of them: up to 7.8 % alarms at 12 rows.
 * With Yates' half it is 4.7 % at the most.
 */
const FEW_ROWS = 30;

/** The likelihood-ratio test of the 2×K table (G-test), its statistic divided by Williams' (1976) factor unless `as` is `scipy`. */
export function gTest(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  options: ChiSquareOptions = {},
): ChiSquare {
  return contingency(
    reference,
    current,
    options,
    (observed, expected) => (observed === 0 ? 0 : 2 * observed * Math.log(observed / expected)),
    options.as === 'scipy' ? () => 1 : williams,
  );
}

/** Cramér's V of the 2×K table: 0 for equal shares, 1 for no common cell. */
export function cramersV(reference: ArrayLike<number>, current: ArrayLike<number>): number {
  const { statistic } = chiSquareTest(reference, current, { as: 'scipy' });
  return Math.sqrt(statistic / (total(reference) + total(current)));
}

/** Cramér's V without its upward bias (Bergsma 2013). */
export function cramersVCorrected(reference: ArrayLike<number>, current: ArrayLike<number>): number {
  const { statistic, df } = chiSquareTest(reference, current, { as: 'scipy' });
  const n = total(reference) + total(current);
  const phi = Math.max(0, statistic / n - df / (n - 1));
  const rows = 2 - 1 / (n - 1);
  const columns = df + 1 - df ** 2 / (n - 1);
  return Math.sqrt(phi / Math.min(rows - 1, columns - 1));
}

/**
 * The noncentrality at which a chi-square test with `df` degrees of freedom finds the difference with the given power
 * (normal approximation of the noncentral law).
 */
export function detectableNoncentrality(df: number, alpha: number, power: number): number {
  const critical = chiSquareQuantile(1 - alpha, Math.max(1, df));
  const z = normalQuantile(power);
  let lambda = Math.max(0, critical - df);
  for (let i = 0; i < 20; i++) lambda = Math.max(0, critical - df + z * Math.sqrt(2 * (df + 2 * lambda)));
  return lambda;
}

function contingency(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  options: ChiSquareOptions,
  term: (observed: number, expected: number) => number,
  correction: (columns: readonly number[], n: number, m: number) => number = () => 1,
): ChiSquare {
  const [n, m] = [total(reference), total(current)];
  const table = { reference: Float64Array.from(reference), current: Float64Array.from(current) };
  const cells = options.as === 'scipy' ? table : poolCells({ ...table, ordered: false, label: String });
  const columns: number[] = [];
  let sum = 0;
  for (let k = 0; k < cells.reference.length; k++) {
    const both = cells.reference[k]! + cells.current[k]!;
    if (both === 0) continue;
    columns.push(both);
    if (n === 0 || m === 0) continue;
    sum += term(cells.reference[k]!, (both * n) / (n + m)) + term(cells.current[k]!, (both * m) / (n + m));
  }
  const df = Math.max(0, columns.length - 1);
  const statistic = df === 0 ? sum : sum / correction(columns, n, m);
  return withLaw(n === 0 || m === 0 ? Number.NaN : statistic, df);
}

function withLaw(statistic: number, df: number): ChiSquare {
  const logPValue = Number.isNaN(statistic) ? Number.NaN : df === 0 ? 0 : chiSquareLogSf(statistic, df);
  return { statistic, df, pValue: Math.exp(logPValue), logPValue };
}

function williams(columns: readonly number[], n: number, m: number): number {
  const rows = n + m;
  const inverse = columns.reduce((sum, both) => sum + 1 / both, 0);
  return 1 + ((rows / n + rows / m - 1) * (rows * inverse - 1)) / (6 * rows * (columns.length - 1));
}
