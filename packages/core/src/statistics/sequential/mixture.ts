import { invalidInput } from '../../foundation/errors.js';
import { betaLogCdf } from '../distribution/beta.js';
import { logBeta, logGamma } from '../distribution/gamma-function.js';
import { logGammaP, logGammaQ } from '../distribution/incomplete-gamma.js';
import { normalLogSf } from '../distribution/normal.js';
import { findRoot } from '../distribution/root.js';
import type { Interval } from '../interval/proportion.js';

/**
 * A mixture supermartingale of a sum S with intrinsic time V (Howard, Ramdas, McAuliffe & Sekhon 2021). `logE(s, v)` is
 * the log e-value; `bound(v, α)` the s that it takes to reach 1/α, so that P(ever S ≥ bound) ≤ α.
 */
export interface Mixture {
  logE(s: number, v: number): number;
  bound(v: number, alpha: number): number;
}

/** Where a mixture is tightest: at intrinsic time `v`, for error `alpha` (default 0.05). */
export interface Tuning {
  readonly v: number;
  /** Error for which it is tightest. */
  readonly alpha?: number | undefined;
}

/** Sub-Gaussian sums. One-sided puts the whole prior on positive drifts. mSPRT is the two-sided form with ρ = σ⁴/τ². */
export function normalMixture(tuning: Tuning, sides: 'one' | 'two'): Mixture {
  return normalMixtureOf(bestRho(tuning, sides), sides);
}

/** The same with the prior's precision ρ given. */
export function normalMixtureOf(rho: number, sides: 'one' | 'two'): Mixture {
  if (sides === 'two')
    return {
      logE: (s, v) => 0.5 * Math.log(rho / (v + rho)) + (s * s) / (2 * (v + rho)),
      bound: (v, alpha) => Math.sqrt((v + rho) * (Math.log1p(v / rho) - 2 * Math.log(alpha))),
    };
  return searched(
    (s, v) => 0.5 * Math.log((4 * rho) / (v + rho)) + (s * s) / (2 * (v + rho)) + normalLogSf(-s / Math.sqrt(v + rho)),
  );
}

/** Sub-exponential sums of scale c (bounded above by c), one-sided. */
export function gammaExponentialMixture(tuning: Tuning, c: number): Mixture {
  const rho = bestRho(tuning, 'one') / (c * c);
  const constant = rho * Math.log(rho) - logGamma(rho) - logGammaP(rho, rho);
  return searched((s, v) => {
    const time = (c * s + v) / (c * c);
    const shape = v / (c * c) + rho;
    return constant + logGamma(shape) + logGammaP(shape, time + rho) - shape * Math.log(time + rho) + time;
  });
}

/** Sub-Poisson sums of scale c, one-sided. */
export function gammaPoissonMixture(tuning: Tuning, c: number): Mixture {
  const rho = bestRho(tuning, 'one') / (c * c);
  const constant = rho * Math.log(rho) - logGamma(rho) - logGammaQ(rho, rho);
  return searched((s, v) => {
    const rate = v / (c * c) + rho;
    const shape = s / c + rate;
    return constant + logGamma(shape) + logGammaQ(shape, rate) - shape * Math.log(rate) + v / (c * c);
  });
}

/** Sub-Bernoulli sums: increments in [-g, h]. For 1{X ≤ q} - p: g = p, h = 1 - p, V = n p (1 - p). */
export function betaBinomialMixture(tuning: Tuning, g: number, h: number, sides: 'one' | 'two'): Mixture {
  const r = Math.max(bestRho(tuning, sides) - g * h, 1e-3 * g * h);
  const x = sides === 'one' ? h / (g + h) : 1;
  const constant = logIncompleteBeta(r / (g * (g + h)), r / (h * (g + h)), x);
  return searched(
    (s, v) =>
      (v / (g * h)) * Math.log(g + h) -
      ((v + h * s) / (h * (g + h))) * Math.log(g) -
      ((v - g * s) / (g * (g + h))) * Math.log(h) +
      logIncompleteBeta((r + v - g * s) / (g * (g + h)), (r + v + h * s) / (h * (g + h)), x) -
      constant,
    (v) => v / g,
  );
}

/** A confidence sequence of a Bernoulli rate from counts, tuned for `trials` = tunedFor. Valid at all times at once. */
export function bernoulliSequence(
  count: number,
  trials: number,
  { alpha = 0.05, tunedFor }: { readonly alpha?: number | undefined; readonly tunedFor: number },
): Interval {
  if (!(count >= 0 && count <= trials)) throw invalidInput('count', `a count between 0 and ${trials}`, count);
  if (trials === 0) return { lower: 0, upper: 1 };
  const rate = count / trials;
  const excess = (p: number) => {
    const variance = p * (1 - p);
    const mixture = betaBinomialMixture({ v: tunedFor * variance, alpha }, p, 1 - p, 'two');
    return mixture.logE((rate - p) * trials, trials * variance) + Math.log(alpha);
  };
  const edge = 1e-12;
  return {
    lower: count === 0 || excess(edge) < 0 ? 0 : findRoot(excess, edge, rate === 1 ? 1 - edge : rate),
    upper: count === trials || excess(1 - edge) < 0 ? 1 : findRoot(excess, rate === 0 ? edge : rate, 1 - edge),
  };
}

/** Polynomial stitching: a closed-form boundary for sub-Gaussian (c = 0) or sub-gamma sums, tight to the iterated logarithm. */
export function polynomialStitching(
  v: number,
  alpha: number,
  {
    vMin,
    c = 0,
    s = 1.4,
    eta = 2,
  }: { readonly vMin: number; readonly c?: number; readonly s?: number; readonly eta?: number },
): number {
  const k1 = (eta ** 0.25 + eta ** -0.25) / Math.SQRT2;
  const k2 = (Math.sqrt(eta) + 1) / 2;
  const time = Math.max(v, vMin);
  const ell =
    s * Math.log(Math.log((eta * time) / vMin)) + Math.log(zeta(s)) - Math.log(alpha) - s * Math.log(Math.log(eta));
  const term = k2 * c * ell;
  return Math.sqrt(k1 * k1 * time * ell + term * term) + term;
}

/** The ρ at which a normal mixture is tightest for intrinsic time v. */
export function bestRho({ v, alpha = 0.05 }: Tuning, sides: 'one' | 'two'): number {
  const a = sides === 'one' ? 2 * alpha : alpha;
  if (!(a < 1 && v > 0)) throw invalidInput('tuning', 'v > 0 and an error below one half', v);
  const log = -2 * Math.log(a);
  return v / (log + Math.log1p(log));
}

/** A mixture whose bound is found by root search on its log e-value. */
function searched(logE: (s: number, v: number) => number, largest?: (v: number) => number): Mixture {
  return {
    logE,
    bound(v, alpha) {
      const limit = largest?.(v) ?? Number.POSITIVE_INFINITY;
      const excess = (s: number) => logE(s, v) + Math.log(alpha);
      let high = Math.min(limit, Math.max(1, Math.sqrt(v)));
      while (high < limit && !(excess(high) > 0)) high = Math.min(limit, 2 * high);
      return high >= limit && !(excess(limit) > 0) ? limit : findRoot(excess, 0, high);
    },
  };
}

/** ln of the incomplete beta function B(x; a, b), not regularised. */
function logIncompleteBeta(a: number, b: number, x: number): number {
  return logBeta(a, b) + (x === 1 ? 0 : betaLogCdf(x, a, b));
}

/** Riemann's ζ for s > 1, by Euler-Maclaurin. */
export function zeta(s: number): number {
  const n = 20;
  let sum = 0;
  for (let k = 1; k < n; k++) sum += k ** -s;
  return (
    sum +
    n ** (1 - s) / (s - 1) +
    n ** -s / 2 +
    (s * n ** (-s - 1)) / 12 -
    (s * (s + 1) * (s + 2) * n ** (-s - 3)) / 720 +
    (s * (s + 1) * (s + 2) * (s + 3) * (s + 4) * n ** (-s - 5)) / 30240
  );
}
