import { invalidInput } from '../../foundation/errors.js';
import { findRoot } from '../distribution/root.js';
import { zeta } from './mixture.js';

/**
 * Half-width of a band around the empirical distribution function that holds at all values and all times t ≥ `from` at
 * once: A √((ln(1 + ln(t / from)) + C) / t), with C the smallest that keeps α (Howard & Ramdas 2022, Theorem 2).
 * Infinity before `from`. @throws `input/invalid`
 */
export function distributionBand(
  t: number,
  { alpha = 0.05, from, scale = 0.85 }: { readonly alpha?: number; readonly from: number; readonly scale?: number },
): number {
  if (!(alpha > 0 && alpha < 1)) throw invalidInput('alpha', 'an error between 0 and 1', alpha);
  if (!(scale > Math.SQRT1_2)) throw invalidInput('scale', 'a number above √½', scale);
  if (!(from >= 1)) throw invalidInput('from', 'a time of 1 or more', from);
  if (t < from) return Number.POSITIVE_INFINITY;
  const logError = (c: number) => Math.log(bandError(c, scale) / alpha);
  let high = 5;
  while (logError(high) > 0) high *= 2;
  const c = findRoot((x) => Math.max(-50, Math.min(50, logError(x))), high / 64, high);
  return scale * Math.sqrt((Math.log1p(Math.log(t / from)) + c) / t);
}

/** The smallest error that Theorem 2 proves for a constant C, over its free parameter η; infinite where it proves none. */
function bandError(c: number, scale: number): number {
  const error = (eta: number) => {
    const gap = scale - Math.sqrt((2 * (eta - 1)) / c);
    const gamma = (2 / eta) * gap * gap;
    if (!(gap > 0 && gamma > 1)) return Number.POSITIVE_INFINITY;
    return 4 * Math.exp(-gamma * c) * (1 + 1 / ((gamma - 1) * Math.log(eta)));
  };
  const spent = (eta: number) => Math.sqrt(eta / 2) + Math.sqrt((2 * (eta - 1)) / c) - scale;
  return error(minimum(error, 1, findRoot(spent, 1, 2 * scale * scale)));
}

/** Where a function with one valley is smallest in [low, high], by golden section. */
export function minimum(f: (x: number) => number, low: number, high: number): number {
  let [a, b] = [low, high];
  let x = b - GOLDEN * (b - a);
  let y = a + GOLDEN * (b - a);
  let fx = f(x);
  let fy = f(y);
  for (let i = 0; i < STEPS; i++) {
    if (fx <= fy) {
      [b, y, fy] = [y, x, fx];
      x = b - GOLDEN * (b - a);
      fx = f(x);
    } else {
      [a, x, fx] = [x, y, fy];
      y = a + GOLDEN * (b - a);
      fy = f(y);
    }
  }
  return (a + b) / 2;
}

const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** Leaves 10⁻¹² of the interval, finer than a valley can be told at double precision. */
const STEPS = 58;

/**
 * Bound on n (F̂(q_p) - p) for all quantiles p and all times at once, tightest from `tunedFor` on: double stitching over
 * time and quantiles (Howard & Ramdas 2022, Theorem 4). `spacing` is the grid's step on the logit scale.
 */
export function doubleStitching(
  p: number,
  t: number,
  {
    alpha = 0.05,
    tunedFor,
    spacing = 0.5,
    s = 1.4,
    eta = 2,
  }: {
    readonly alpha?: number;
    readonly tunedFor: number;
    readonly spacing?: number;
    readonly s?: number;
    readonly eta?: number;
  },
): number {
  if (!(p > 0 && p < 1)) throw invalidInput('p', 'a quantile strictly between 0 and 1', p);
  const k1 = (eta ** 0.25 + eta ** -0.25) / Math.SQRT2;
  const k2 = (Math.sqrt(eta) + 1) / 2;
  const time = Math.max(t, tunedFor);
  const ratio = time / tunedFor;
  const logit = Math.log(p / (1 - p));
  const r = p >= 0.5 ? p : Math.min(0.5, 1 / (1 + Math.exp(-logit - 2 * spacing * Math.sqrt(eta / ratio))));
  const variance = r * (1 - r);
  const rank = (Math.sqrt(ratio) * Math.abs(logit)) / (2 * spacing) + 1;
  const z = zeta(s);
  const ell =
    s * Math.log(Math.log(eta * ratio)) +
    s * Math.log(rank) +
    Math.log((2 * z * (2 * z + 1)) / (alpha * Math.log(eta) ** s));
  const term = (k2 * (1 - 2 * p) * ell) / 3;
  return spacing * Math.sqrt(eta * ratio * variance) + Math.sqrt(k1 * k1 * variance * time * ell + term * term) + term;
}
