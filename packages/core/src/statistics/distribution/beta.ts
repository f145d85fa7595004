import { betaI, logBetaI } from './incomplete-beta.js';
import { findRoot } from './root.js';

/** Beta(a, b) cdf at x. NaN for parameters that are not positive. */
export function betaCdf(x: number, a: number, b: number): number {
  return betaI(x, a, b);
}

/** Beta(a, b) survival function P(X > x). */
export function betaSf(x: number, a: number, b: number): number {
  return betaI(1 - x, b, a, x);
}

/** ln of the cdf, finite far below the smallest double. */
export function betaLogCdf(x: number, a: number, b: number): number {
  return logBetaI(x, a, b);
}

/** ln of the survival function. */
export function betaLogSf(x: number, a: number, b: number): number {
  return logBetaI(1 - x, b, a, x);
}

/** The x with cdf(x) = p; NaN for p outside [0, 1]. */
export function betaQuantile(p: number, a: number, b: number): number {
  if (!(p >= 0 && p <= 1 && a > 0 && b > 0)) return Number.NaN;
  if (p === 0 || p === 1) return p;
  return 1 / (1 + Math.exp(-betaQuantileLogit(p, a, b)));
}

/**
 * ln(x / (1 - x)) of the quantile: both x and 1 - x keep their relative accuracy (Student's t and F need that).
 * Solved on ln cdf or ln sf, whichever tail is smaller, where the curve is nearly straight.
 */
export function betaQuantileLogit(p: number, a: number, b: number): number {
  const lower = p <= 0.5;
  const target = lower ? Math.log(p) : Math.log1p(-p);
  const f = (u: number) => {
    const x = 1 / (1 + Math.exp(-u));
    const y = 1 / (1 + Math.exp(u));
    return (lower ? logBetaI(x, a, b, y) : -logBetaI(y, b, a, x)) - (lower ? target : -target);
  };
  const centre = Math.log(a / b);
  let low = centre - 1;
  while (f(low) > 0 && low > -LOGIT_LIMIT) low = centre - 2 * (centre - low);
  let high = centre + 1;
  while (f(high) < 0 && high < LOGIT_LIMIT) high = centre + 2 * (high - centre);
  return findRoot(f, low, high);
}

const LOGIT_LIMIT = 700;
