import { mcnemar, newcombePaired, normalQuantile, normalSf, studentTSf } from '@millwright/core/statistics';
import type { PairedRightness } from './cells.js';

/**
 * What is known of challenger - champion, enough to test any margin later from the report alone.
 * `paired-rates` and `delta` are about counts, `delong` about areas, `paired-mean` about losses per row; `clustered` is
 * any of them with rows of one unit counted as dependent.
 */
export interface Difference {
  readonly value: number;
  readonly standardError: number;
  /** 95 % */
  readonly lower: number;
  readonly upper: number;
  readonly method: 'paired-rates@1' | 'delta@1' | 'delong@1' | 'paired-mean@1' | 'clustered@1';
  /** Rows behind it. */
  readonly n: number;
  /** For `clustered`: units behind the rows. */
  readonly units?: number;
  /** For `paired-rates`: rows on which only one was right. */
  readonly onlyChampion?: number;
  readonly onlyChallenger?: number;
}

/** Difference of two rates on the same rows. Undefined without rows. */
export function rateDifference(paired: PairedRightness): Difference | undefined {
  const { both, onlyChampion, onlyChallenger, neither } = paired;
  const n = both + onlyChampion + onlyChallenger + neither;
  if (n === 0) return undefined;
  const value = (onlyChallenger - onlyChampion) / n;
  const { lower, upper } = newcombePaired({ both, onlyFirst: onlyChallenger, onlySecond: onlyChampion, neither });
  const standardError = Math.sqrt(Math.max(0, (onlyChampion + onlyChallenger) / n - value * value) / n);
  return { value, standardError, lower, upper, method: 'paired-rates@1', n, onlyChampion, onlyChallenger };
}

/**
 * Difference of a function of multinomial cells, with the delta method's standard error √(Σ p g² - (Σ p g)²) / √n.
 */
export function cellDifference(
  cells: readonly number[],
  difference: (cells: readonly number[]) => number | undefined,
): Difference | undefined {
  const influence = cellInfluence(cells, difference);
  if (influence === undefined) return undefined;
  const n = cells.reduce((sum, count) => sum + count, 0);
  let square = 0;
  for (let i = 0; i < cells.length; i++) square += (cells[i]! / n) * influence.ofCell[i]! ** 2;
  return withInterval(influence.value, Math.sqrt(square / n), 'delta@1', n);
}

/** The value and the influence of one row of each cell on it (numeric gradient, centred). */
export function cellInfluence(
  cells: readonly number[],
  difference: (cells: readonly number[]) => number | undefined,
): { readonly value: number; readonly ofCell: Float64Array } | undefined {
  const n = cells.reduce((sum, count) => sum + count, 0);
  const value = difference(cells);
  if (value === undefined || n === 0) return undefined;
  const ofCell = new Float64Array(cells.length);
  let mean = 0;
  for (let i = 0; i < cells.length; i++) {
    if (cells[i] === 0) continue;
    const step = Math.min(0.25, 1e-4 * n);
    const shifted = (by: number) => difference(cells.map((count, j) => (j === i ? count + by : count)));
    const up = shifted(step);
    const down = cells[i]! > step ? shifted(-step) : value;
    if (up === undefined || down === undefined) return undefined;
    ofCell[i] = ((up - down) / (cells[i]! > step ? 2 * step : step)) * n;
    mean += (cells[i]! / n) * ofCell[i]!;
  }
  for (let i = 0; i < cells.length; i++) ofCell[i] = cells[i] === 0 ? 0 : ofCell[i]! - mean;
  return { value, ofCell };
}

/** Difference of a mean per row from n, Σ d and Σ d². Undefined for fewer than two rows. */
export function meanDifference(n: number, sum: number, squares: number): Difference | undefined {
  if (n < 2 || !Number.isFinite(sum + squares)) return undefined;
  const value = sum / n;
  const variance = Math.max(0, (squares - sum * value) / (n - 1));
  return withInterval(value, Math.sqrt(variance / n), 'paired-mean@1', n);
}

/** A difference with its normal interval. */
export function withInterval(
  value: number,
  standardError: number,
  method: Difference['method'],
  n: number,
): Difference {
  const half = Z95 * standardError;
  return { value, standardError, lower: value - half, upper: value + half, method, n };
}

/**
 * One-sided p of "the benefit exceeds `margin`", where benefit = sign × difference (sign -1 for metrics where lower is
 * better). Rates at margin 0: McNemar's exact test; at other margins: Tango's score test (1998), which needs no discordant
 * row; the rest: normal, or t for means.
 */
export function pAbove(difference: Difference, margin: number, sign: 1 | -1): number {
  return upperTail(difference, margin, sign, 'exact');
}

/**
 * One-sided p of "the benefit is below `margin`": harm, for a margin of 0 or less. Rates at margin 0 by McNemar's mid-p:
 * a benefit must be proved with an error of at most α, a harm may be seen with an error of about α.
 */
export function pBelow(difference: Difference, margin: number, sign: 1 | -1): number {
  return upperTail(difference, -margin, sign === 1 ? -1 : 1, 'mid');
}

function upperTail(difference: Difference, margin: number, sign: 1 | -1, form: 'exact' | 'mid'): number {
  const { method, n, onlyChampion = 0, onlyChallenger = 0 } = difference;
  if (method === 'paired-rates@1') {
    const [good, bad] = sign === 1 ? [onlyChallenger, onlyChampion] : [onlyChampion, onlyChallenger];
    if (margin !== 0) return normalSf(tango(good, bad, n, margin));
    const test = mcnemar({ onlyFirst: good, onlySecond: bad });
    return form === 'exact' ? test.firstBetter : test.firstBetterMidP;
  }
  const distance = sign * difference.value - margin;
  // Without any variance (two areas of exactly 1) nothing is proved.
  if (distance === 0 || !(difference.standardError > 0)) return 1;
  const z = distance / difference.standardError;
  if (method === 'clustered@1') return studentTSf(z, (difference.units ?? 1) - 1);
  return method === 'paired-mean@1' ? studentTSf(z, n - 1) : normalSf(z);
}

/** Tango's z of H0: (good - bad) / n = margin, with the restricted maximum likelihood of the discordant rates. */
function tango(good: number, bad: number, n: number, margin: number): number {
  const b = (2 * n - good + bad) * margin - good - bad;
  const c = -bad * margin * (1 - margin);
  const q = (Math.sqrt(Math.max(0, b * b - 8 * n * c)) - b) / (4 * n);
  const variance = n * (2 * q + margin * (1 - margin));
  const distance = good - bad - n * margin;
  return distance === 0 ? 0 : distance / Math.sqrt(Math.max(0, variance));
}

const Z95 = normalQuantile(0.975);
