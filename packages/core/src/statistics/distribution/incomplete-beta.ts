import { deviance, HALF_LN_TWO_PI, logBeta, stirlingError } from './gamma-function.js';

/**
 * The regularised incomplete beta function I_x(a, b): the beta distribution's cdf. `y` is 1 - x; give it where x is so
 * close to 1 that the difference is lost.
 */
export function betaI(x: number, a: number, b: number, y: number = 1 - x): number {
  if (!(a > 0 && b > 0) || Number.isNaN(x)) return Number.NaN;
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  if (b * x <= a * y) return Math.exp(logPower(x, y, a, b)) * fraction(x, y, a, b);
  return 1 - Math.exp(logPower(y, x, b, a)) * fraction(y, x, b, a);
}

/** ln I_x(a, b), finite far below the smallest double. */
export function logBetaI(x: number, a: number, b: number, y: number = 1 - x): number {
  if (!(a > 0 && b > 0) || Number.isNaN(x)) return Number.NaN;
  if (x <= 0) return Number.NEGATIVE_INFINITY;
  if (y <= 0) return 0;
  if (b * x <= a * y) return logPower(x, y, a, b) + Math.log(fraction(x, y, a, b));
  return Math.log1p(-Math.exp(logPower(y, x, b, a)) * fraction(y, x, b, a));
}

/** ln of x^a (1 - x)^b / B(a, b); Loader's form where both parameters are large enough to cancel. */
function logPower(x: number, y: number, a: number, b: number): number {
  if (a < 1 || b < 1)
    return a * (x < 0.5 ? Math.log(x) : Math.log1p(-y)) + b * (y < 0.5 ? Math.log(y) : Math.log1p(-x)) - logBeta(a, b);
  const n = a + b;
  return (
    0.5 * Math.log((a / n) * b) -
    HALF_LN_TWO_PI +
    stirlingError(n) -
    stirlingError(a) -
    stirlingError(b) -
    deviance(a, n * x) -
    deviance(b, n * y)
  );
}

/**
 * The continued fraction of DiDonato & Morris (1992, eq. 5-7), by modified Lentz; about ∛max(a, b) to √max(a, b) steps on
 * this side of the mean. `a y - b x` keeps its accuracy where x is close to 1.
 */
function fraction(x: number, y: number, a: number, b: number): number {
  const lambda = a * y - b * x;
  let beta = (a / (a + 1)) * (lambda + 1);
  if (Math.abs(beta) < TINY) beta = TINY;
  let c = beta;
  let d = 0;
  let h = beta;
  for (let n = 1; n < MAX_STEPS; n++) {
    const odd = a + 2 * n - 1;
    const alpha = ((a + n - 1) / odd) * ((a + b + n - 1) / odd) * n * (b - n) * x * x;
    beta = n + (n * (b - n) * x) / odd + ((a + n) / (odd + 2)) * (lambda + 1 + n * (1 + y));
    d = beta + alpha * d;
    if (Math.abs(d) < TINY) d = TINY;
    c = beta + alpha / c;
    if (Math.abs(c) < TINY) c = TINY;
    d = 1 / d;
    const delta = c * d;
    h *= delta;
    if (Math.abs(delta - 1) < EPSILON) break;
  }
  return 1 / h;
}

const EPSILON = 1e-16;
const TINY = 1e-300;
const MAX_STEPS = 200_000;
