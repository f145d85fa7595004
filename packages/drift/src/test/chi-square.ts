import { chiSquareLogSf, chiSquareQuantile, normalQuantile } from '@millwright/core/statistics';

/** A statistic with a chi-square law. */
export interface ChiSquare {
  readonly statistic: number;
  readonly df: number;
  readonly pValue: number;
  readonly logPValue: number;
}

/**
 * Pearson's test of the 2×K table: both samples are samples. (Taking the reference's shares as exact, as goodness-of-fit
 * tests do, inflates the statistic by 1 + n_current / n_reference.) Cells that are empty on both sides are left out.
 */
export function chiSquareTest(reference: ArrayLike<number>, current: ArrayLike<number>): ChiSquare {
  return contingency(reference, current, (observed, expected) => (observed - expected) ** 2 / expected);
}

/** The likelihood-ratio test of the 2×K table (G-test). */
export function gTest(reference: ArrayLike<number>, current: ArrayLike<number>): ChiSquare {
  return contingency(reference, current, (observed, expected) =>
    observed === 0 ? 0 : 2 * observed * Math.log(observed / expected),
  );
}

/** Cramér's V of the 2×K table: 0 for equal shares, 1 for no common cell. */
export function cramersV(reference: ArrayLike<number>, current: ArrayLike<number>): number {
  const { statistic } = chiSquareTest(reference, current);
  return Math.sqrt(statistic / (total(reference) + total(current)));
}

/** Cramér's V without its upward bias (Bergsma 2013). */
export function cramersVCorrected(reference: ArrayLike<number>, current: ArrayLike<number>): number {
  const { statistic, df } = chiSquareTest(reference, current);
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
  term: (observed: number, expected: number) => number,
): ChiSquare {
  const n = total(reference);
  const m = total(current);
  let statistic = 0;
  let cells = 0;
  for (let k = 0; k < reference.length; k++) {
    const both = reference[k]! + current[k]!;
    if (both === 0) continue;
    cells++;
    if (n === 0 || m === 0) continue;
    statistic += term(reference[k]!, (both * n) / (n + m)) + term(current[k]!, (both * m) / (n + m));
  }
  const df = Math.max(0, cells - 1);
  const logPValue = n === 0 || m === 0 ? Number.NaN : df === 0 ? 0 : chiSquareLogSf(statistic, df);
  return { statistic, df, pValue: Math.exp(logPValue), logPValue };
}

function total(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < counts.length; k++) sum += counts[k]!;
  return sum;
}
