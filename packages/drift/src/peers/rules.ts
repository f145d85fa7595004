import { chiSquareSf, normalSf } from '@millwright/core/statistics';
import { total } from '../sums.js';

/** p-values of other tools on the counts of two samples, with their faults. */
type Counts = ArrayLike<number>;

/**
 * Evidently's chi-square: goodness of fit to the reference's shares, as if these were known and not counted. Twice too
 * large at equal sizes, so that it alarms without cause. A category that the reference lacks makes it certain.
 */
export function goodnessOfFit(reference: Counts, current: Counts): number {
  const scale = total(current) / total(reference);
  let statistic = 0;
  let cells = 0;
  for (let k = 0; k < reference.length; k++) {
    if (reference[k] === 0 && current[k] === 0) continue;
    const expected = reference[k]! * scale;
    statistic += expected === 0 ? Number.POSITIVE_INFINITY : (current[k]! - expected) ** 2 / expected;
    cells++;
  }
  return cells < 2 ? 1 : chiSquareSf(statistic, cells - 1);
}

/** Evidently's z-test of two shares: the pooled variance, of the first of two categories. */
export function pooledZ(reference: Counts, current: Counts): number {
  const [n, m] = [total(reference), total(current)];
  const pooled = (reference[0]! + current[0]!) / (n + m);
  const spread = Math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
  return spread === 0 ? 1 : 2 * normalSf(Math.abs(reference[0]! / n - current[0]! / m) / spread);
}

/** NannyML's chi-square of the 2×K table (scipy's `chi2_contingency`), with Yates' correction where there are two categories. */
export function yatesChiSquare(
  reference: Counts,
  current: Counts,
): { readonly statistic: number; readonly pValue: number } {
  const [n, m] = [total(reference), total(current)];
  const filled = Array.from(reference, (count, k) => count + current[k]!).filter((both) => both > 0).length;
  if (filled < 2) return { statistic: 0, pValue: 1 };
  let statistic = 0;
  for (let k = 0; k < reference.length; k++) {
    const both = reference[k]! + current[k]!;
    if (both === 0) continue;
    for (const [observed, rows] of [
      [reference[k]!, n],
      [current[k]!, m],
    ] as const) {
      const expected = (both * rows) / (n + m);
      const off = Math.abs(observed - expected);
      statistic += (off - (filled === 2 ? Math.min(0.5, off) : 0)) ** 2 / expected;
    }
  }
  return { statistic, pValue: chiSquareSf(statistic, filled - 1) };
}
