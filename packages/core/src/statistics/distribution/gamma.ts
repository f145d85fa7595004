import { gammaP, gammaQ, logGammaP, logGammaQ } from './incomplete-gamma.js';
import { findRoot } from './root.js';

/** Gamma cdf at x for `shape` and `scale` (mean = shape × scale). */
export function gammaCdf(x: number, shape: number, scale = 1): number {
  return gammaP(shape, x / scale);
}

/** Gamma survival function P(X > x). */
export function gammaSf(x: number, shape: number, scale = 1): number {
  return gammaQ(shape, x / scale);
}

/** ln of the gamma cdf, finite far below the smallest double. */
export function gammaLogCdf(x: number, shape: number, scale = 1): number {
  return logGammaP(shape, x / scale);
}

/** ln of the gamma survival function. */
export function gammaLogSf(x: number, shape: number, scale = 1): number {
  return logGammaQ(shape, x / scale);
}

/** The x with cdf(x) = p; 0 and +∞ at 0 and 1, NaN outside. */
export function gammaQuantile(p: number, shape: number, scale = 1): number {
  if (!(p >= 0 && p <= 1 && shape > 0)) return Number.NaN;
  if (p === 0) return 0;
  if (p === 1) return Number.POSITIVE_INFINITY;
  const lower = p <= 0.5;
  const target = lower ? Math.log(p) : -Math.log1p(-p);
  const f = (u: number) => (lower ? logGammaP(shape, Math.exp(u)) : -logGammaQ(shape, Math.exp(u))) - target;
  const centre = Math.log(shape);
  let low = centre - 1;
  while (f(low) > 0 && low > -LOG_LIMIT) low = centre - 2 * (centre - low);
  let high = centre + 1;
  while (f(high) < 0 && high < LOG_LIMIT) high = centre + 2 * (high - centre);
  return scale * Math.exp(findRoot(f, low, high));
}

/** Chi-square cdf at x with `df` degrees of freedom. */
export function chiSquareCdf(x: number, df: number): number {
  return gammaP(df / 2, x / 2);
}

/** Chi-square survival function P(X > x). */
export function chiSquareSf(x: number, df: number): number {
  return gammaQ(df / 2, x / 2);
}

/** ln of the chi-square survival function. */
export function chiSquareLogSf(x: number, df: number): number {
  return logGammaQ(df / 2, x / 2);
}

/** The x with chi-square cdf(x) = p. */
export function chiSquareQuantile(p: number, df: number): number {
  return gammaQuantile(p, df / 2, 2);
}

const LOG_LIMIT = 750;
