import {
  binomialCdf,
  binomialLogPmf,
  binomialSf,
  hypergeometricCdf,
  hypergeometricLogPmf,
  hypergeometricSf,
} from '../distribution/discrete.js';

/** Exact binomial test of a rate p0: two-sided by the method of small p-values (as R and scipy), and both one-sided. */
export function binomialTest(
  count: number,
  n: number,
  p0: number,
): { readonly pValue: number; readonly greater: number; readonly less: number } {
  const greater = binomialSf(count - 1, n, p0);
  const less = binomialCdf(count, n, p0);
  const limit = binomialLogPmf(count, n, p0) + SLACK;
  const mean = n * p0;
  let pValue = 1;
  if (count < mean) {
    // The first value above the mean that is no more likely than what was seen.
    const j = firstIndex(Math.ceil(mean), n, (k) => binomialLogPmf(k, n, p0) <= limit);
    pValue = less + (j > n ? 0 : binomialSf(j - 1, n, p0));
  } else if (count > mean) {
    const j = firstIndex(0, Math.floor(mean), (k) => binomialLogPmf(k, n, p0) > limit) - 1;
    pValue = greater + (j < 0 ? 0 : binomialCdf(j, n, p0));
  }
  return { pValue: Math.min(1, pValue), greater, less };
}

/** A 2 × 2 table [[a, b], [c, d]]. */
export type TwoByTwo = readonly [readonly [number, number], readonly [number, number]];

/** Fisher's exact test of a 2 × 2 table with fixed margins; `greater` is for an odds ratio above 1. */
export function fisherExact([[a, b], [c, d]]: TwoByTwo): {
  readonly pValue: number;
  readonly greater: number;
  readonly less: number;
} {
  const h = { population: a + b + c + d, marked: a + b, draws: a + c };
  const greater = hypergeometricSf(a - 1, h);
  const less = hypergeometricCdf(a, h);
  const limit = hypergeometricLogPmf(a, h) + SLACK;
  const mode = Math.floor(((h.draws + 1) * (h.marked + 1)) / (h.population + 2));
  const lowest = Math.max(0, h.draws - (h.population - h.marked));
  const highest = Math.min(h.draws, h.marked);
  let pValue = 1;
  if (a < mode) {
    const j = firstIndex(mode, highest, (k) => hypergeometricLogPmf(k, h) <= limit);
    pValue = less + (j > highest ? 0 : hypergeometricSf(j - 1, h));
  } else if (a > mode) {
    const j = firstIndex(lowest, mode, (k) => hypergeometricLogPmf(k, h) > limit) - 1;
    pValue = greater + (j < lowest ? 0 : hypergeometricCdf(j, h));
  }
  return { pValue: Math.min(1, pValue), greater, less };
}

/** Probabilities that differ by less than this (in logs) count as equal. */
const SLACK = 1e-7;

/** The first k in [low, high] for which a monotone condition holds; high + 1 when it never does. */
function firstIndex(low: number, high: number, holds: (k: number) => boolean): number {
  let a = low;
  let b = high + 1;
  while (a < b) {
    const middle = Math.floor((a + b) / 2);
    if (holds(middle)) b = middle;
    else a = middle + 1;
  }
  return a;
}
