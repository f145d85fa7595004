import { betaQuantileLogit } from './beta.js';
import { betaI, logBetaI } from './incomplete-beta.js';

/** Student's t cdf with `df` degrees of freedom (any positive real). */
export function studentTCdf(t: number, df: number): number {
  return studentTSf(-t, df);
}

/** Student's t survival function P(T > t). */
export function studentTSf(t: number, df: number): number {
  if (Number.isNaN(t) || !(df > 0)) return Number.NaN;
  const square = t * t;
  if (square === Number.POSITIVE_INFINITY) return t > 0 ? 0 : 1;
  const tail = 0.5 * betaI(df / (df + square), df / 2, 0.5, square / (df + square));
  return t >= 0 ? tail : 1 - tail;
}

/** ln P(T > t), finite far below the smallest double. */
export function studentTLogSf(t: number, df: number): number {
  if (Number.isNaN(t) || !(df > 0)) return Number.NaN;
  if (t < 0) return Math.log1p(-studentTSf(-t, df));
  const square = t * t;
  return Math.log(0.5) + logBetaI(df / (df + square), df / 2, 0.5, square / (df + square));
}

/** The t with cdf(t) = p. */
export function studentTQuantile(p: number, df: number): number {
  if (!(p >= 0 && p <= 1 && df > 0)) return Number.NaN;
  if (p === 0.5) return 0;
  if (p === 0) return Number.NEGATIVE_INFINITY;
  if (p === 1) return Number.POSITIVE_INFINITY;
  const logit = betaQuantileLogit(2 * Math.min(p, 1 - p), df / 2, 0.5);
  const t = Math.sqrt(df) * Math.exp(-logit / 2);
  return p < 0.5 ? -t : t;
}

/** Fisher-Snedecor F cdf with `d1` and `d2` degrees of freedom. */
export function fCdf(x: number, d1: number, d2: number): number {
  if (x === Number.POSITIVE_INFINITY) return 1;
  return x <= 0 ? 0 : betaI((d1 * x) / (d1 * x + d2), d1 / 2, d2 / 2, d2 / (d1 * x + d2));
}

/** F survival function P(X > x). */
export function fSf(x: number, d1: number, d2: number): number {
  if (x === Number.POSITIVE_INFINITY) return 0;
  return x <= 0 ? 1 : betaI(d2 / (d1 * x + d2), d2 / 2, d1 / 2, (d1 * x) / (d1 * x + d2));
}

/** ln of the F survival function. */
export function fLogSf(x: number, d1: number, d2: number): number {
  return x <= 0 ? 0 : logBetaI(d2 / (d1 * x + d2), d2 / 2, d1 / 2, (d1 * x) / (d1 * x + d2));
}

/** The x with F cdf(x) = p. */
export function fQuantile(p: number, d1: number, d2: number): number {
  if (!(p >= 0 && p <= 1 && d1 > 0 && d2 > 0)) return Number.NaN;
  if (p === 0) return 0;
  if (p === 1) return Number.POSITIVE_INFINITY;
  return (d2 / d1) * Math.exp(betaQuantileLogit(p, d1 / 2, d2 / 2));
}
