import { sortOrder } from '../descriptive/order.js';
import { normalSf } from '../distribution/normal.js';

/** What becomes of pairs without a difference, and whether to correct for continuity. */
export interface WilcoxonOptions {
  /** Differences of 0: dropped (`wilcox`), ranked and then dropped (`pratt`), split between the signs (`zsplit`). Default `wilcox`. */
  readonly zeros?: 'wilcox' | 'pratt' | 'zsplit' | undefined;
  /** Continuity correction. Default false. */
  readonly correct?: boolean | undefined;
}

/** Wilcoxon's signed-rank test of paired differences, normal approximation with ties, as scipy. Without non-zero differences p is 1. */
export function wilcoxon(
  differences: ArrayLike<number>,
  options: WilcoxonOptions = {},
): { readonly statistic: number; readonly z: number; readonly pValue: number; readonly greater: number } {
  const zeros = options.zeros ?? 'wilcox';
  const kept = Float64Array.from(differences).filter((d) => zeros !== 'wilcox' || d !== 0);
  const n = kept.length;
  const sizes = kept.map(Math.abs);
  const order = sortOrder(sizes);
  let plus = 0;
  let minus = 0;
  let zeroCount = 0;
  let zeroRanks = 0;
  let ties = 0;
  for (let start = 0; start < n; ) {
    const size = sizes[order[start]!]!;
    let end = start;
    while (end < n && sizes[order[end]!] === size) end++;
    const rank = (start + 1 + end) / 2;
    const run = end - start;
    if (size === 0) {
      zeroCount = run;
      zeroRanks = rank * run;
    }
    if (size !== 0 || zeros === 'zsplit') ties += run * (run * run - 1);
    for (let k = start; k < end; k++) {
      if (kept[order[k]!]! > 0) plus += rank;
      else if (kept[order[k]!]! < 0) minus += rank;
    }
    start = end;
  }
  if (zeros === 'zsplit') {
    plus += zeroRanks / 2;
    minus += zeroRanks / 2;
  }
  let mean = (n * (n + 1)) / 4;
  let spread = n * (n + 1) * (2 * n + 1);
  if (zeros === 'pratt') {
    mean -= (zeroCount * (zeroCount + 1)) / 4;
    spread -= zeroCount * (zeroCount + 1) * (2 * zeroCount + 1);
  }
  const error = Math.sqrt((spread - ties / 2) / 24);
  const statistic = Math.min(plus, minus);
  if (!(error > 0)) return { statistic, z: 0, pValue: 1, greater: 1 };
  const gap = plus - mean;
  const correction = options.correct === true ? 0.5 * Math.sign(gap) : 0;
  const z = (gap - correction) / error;
  return { statistic, z, pValue: Math.min(1, 2 * normalSf(Math.abs(z))), greater: normalSf(z) };
}
