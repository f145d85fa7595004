import { deviance, HALF_LN_TWO_PI, logGamma, stirlingError } from './gamma-function.js';

/** The regularised lower incomplete gamma function P(a, x): the gamma distribution's cdf at shape `a`. */
export function gammaP(a: number, x: number): number {
  if (!(a > 0) || Number.isNaN(x)) return Number.NaN;
  if (x <= 0) return 0;
  if (x === Number.POSITIVE_INFINITY) return 1;
  return x < a + 1 ? Math.exp(logPrefix(a, x)) * series(a, x) : 1 - Math.exp(logPrefix(a, x)) * fraction(a, x);
}

/** The upper one, Q(a, x) = 1 - P(a, x), accurate in its tail. */
export function gammaQ(a: number, x: number): number {
  if (!(a > 0) || Number.isNaN(x)) return Number.NaN;
  if (x <= 0) return 1;
  if (x === Number.POSITIVE_INFINITY) return 0;
  return x < a + 1 ? 1 - Math.exp(logPrefix(a, x)) * series(a, x) : Math.exp(logPrefix(a, x)) * fraction(a, x);
}

/** ln P(a, x), finite far below the smallest double. */
export function logGammaP(a: number, x: number): number {
  if (!(a > 0) || Number.isNaN(x)) return Number.NaN;
  if (x <= 0) return Number.NEGATIVE_INFINITY;
  if (x === Number.POSITIVE_INFINITY) return 0;
  if (x < a + 1) return logPrefix(a, x) + Math.log(series(a, x));
  return Math.log1p(-Math.exp(logPrefix(a, x)) * fraction(a, x));
}

/** ln Q(a, x), finite far below the smallest double. */
export function logGammaQ(a: number, x: number): number {
  if (!(a > 0) || Number.isNaN(x)) return Number.NaN;
  if (x <= 0) return 0;
  if (x === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY;
  if (x < a + 1) return Math.log1p(-Math.exp(logPrefix(a, x)) * series(a, x));
  return logPrefix(a, x) + Math.log(fraction(a, x));
}

/** ln of x^a e^-x / Γ(a), by Stirling's error and the deviance where the plain form would cancel. */
function logPrefix(a: number, x: number): number {
  if (a < 1) return a * Math.log(x) - x - logGamma(a);
  return 0.5 * Math.log(a) - HALF_LN_TWO_PI - stirlingError(a) - deviance(a, x);
}

/** Σ x^n / (a (a + 1) … (a + n)); converges in about √a + x steps. */
function series(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < MAX_STEPS; n++) {
    term *= x / (a + n);
    sum += term;
    if (term < sum * EPSILON) break;
  }
  return sum;
}

/** Legendre's continued fraction of Γ(a, x) / (x^a e^-x), by modified Lentz. */
function fraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < MAX_STEPS; i++) {
    const an = -i * (i - a);
    b += 2;
    d = an * d + b;
    if (Math.abs(d) < TINY) d = TINY;
    c = b + an / c;
    if (Math.abs(c) < TINY) c = TINY;
    d = 1 / d;
    const delta = d * c;
    h *= delta;
    if (Math.abs(delta - 1) < EPSILON) break;
  }
  return h;
}

const EPSILON = 1e-16;
const TINY = 1e-300;
const MAX_STEPS = 1_000_000;
