import { invalidInput } from '../../foundation/errors.js';
import type { Interval } from '../interval/proportion.js';
import { logAddExp } from './log-sum.js';
import { normalMixtureOf } from './mixture.js';

/**
 * Asymptotic confidence sequence of a mean from t units with variance v (Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas;
 * the form that GrowthBook reports). Tuned to be tightest near `expectedUnits`. For reporting: on skewed metrics at small
 * shares it is not safe as a gate.
 */
export function asymptoticHalfWidth(
  units: number,
  variance: number,
  { alpha = 0.05, expectedUnits, sides = 'two' }: AsymptoticOptions,
): number {
  if (!(units > 0)) return Number.POSITIVE_INFINITY;
  const rho2 = tunedPrecision(alpha, expectedUnits, sides);
  const root = Math.sqrt(units * rho2 + 1);
  const inner = sides === 'two' ? Math.log(root / alpha) : Math.log1p(root / (2 * alpha));
  return Math.sqrt((variance * 2 * (units * rho2 + 1) * inner) / (units * units * rho2));
}

/** The always-valid p-value that belongs to it: the largest error whose sequence still holds 0, at most 1. */
export function asymptoticPValue(
  units: number,
  estimate: number,
  variance: number,
  { alpha = 0.05, expectedUnits, sides = 'two' }: AsymptoticOptions,
): number {
  if (!(units > 0 && variance > 0)) return 1;
  const rho2 = tunedPrecision(alpha, expectedUnits, sides);
  const root = Math.sqrt(units * rho2 + 1);
  const exponent = (rho2 * estimate * estimate * units * units) / (2 * variance * root * root);
  if (sides === 'two') return Math.min(1, root * Math.exp(-exponent));
  return estimate <= 0 ? 1 : Math.min(1, root / (2 * Math.expm1(exponent)));
}

function tunedPrecision(alpha: number, expectedUnits: number, sides: 'one' | 'two'): number {
  const log = -2 * Math.log(sides === 'two' ? alpha : 2 * alpha);
  return (log + Math.log1p(log)) / expectedUnits;
}

/** The error of the sequence, and where it is narrowest. */
export interface AsymptoticOptions {
  /** Error over all times together. Default 0.05. */
  readonly alpha?: number | undefined;
  /** Units at which it is narrowest. */
  readonly expectedUnits: number;
  /** Default `two`. */
  readonly sides?: 'one' | 'two' | undefined;
}

/** ln of the mixture likelihood ratio of Johari et al. (mSPRT): known variance of one observation, prior N(0, tau2). */
export function msprtLogE(observations: number, deviation: number, variance: number, tau2: number): number {
  return normalMixtureOf((variance * variance) / tau2, 'two').logE(observations * deviation, observations * variance);
}

/**
 * A confidence sequence of the mean of values in [0, 1] in any dependence on the past: predictable plug-in empirical
 * Bernstein (Waudby-Smith & Ramdas 2024, Theorem 2). Holds a few numbers; `add` costs one logarithm.
 */
export interface MeanSequence {
  /** @throws `input/invalid` for a value outside [0, 1] */
  add(value: number): void;
  /** Both bounds at the current time, each at α/2; the interval for all times is the intersection so far. */
  readonly interval: Interval;
  readonly count: number;
}

/** An empty mean sequence. `truncation` bounds the bets, default ½. */
export function meanSequence(
  options: { readonly alpha?: number | undefined; readonly truncation?: number | undefined } = {},
): MeanSequence {
  const half = (options.alpha ?? 0.05) / 2;
  const bets = predictableBets(half, options.truncation ?? 0.5);
  let weights = 0;
  let weighted = 0;
  let sum = 0;
  // What the bets have cost on each side; they differ only in the first value, which nothing predicts.
  let spentBelow = 0;
  let spentAbove = 0;
  return {
    add(value) {
      const past = bets.count;
      const lambda = bets.next(value);
      const cost = -Math.log1p(-lambda) - lambda;
      spentBelow += cost * (value - (past === 0 ? 0 : sum / past)) ** 2;
      spentAbove += cost * (value - (past === 0 ? 1 : sum / past)) ** 2;
      weights += lambda;
      weighted += lambda * value;
      sum += value;
    },
    get interval() {
      if (weights === 0) return { lower: 0, upper: 1 };
      const centre = weighted / weights;
      const stake = -Math.log(half);
      return {
        lower: Math.max(0, centre - (stake + spentBelow) / weights),
        upper: Math.min(1, centre + (stake + spentAbove) / weights),
      };
    },
    get count() {
      return bets.count;
    },
  };
}

/**
 * Capital of bets against "the mean of values in [0, 1] is m", hedged on both sides (Waudby-Smith & Ramdas 2024): an
 * e-process, E ≥ 1/α rejects m. `share` of the stake bets that the mean is larger; default ½.
 */
export interface MeanBetting {
  /** @throws `input/invalid` for a value outside [0, 1] */
  add(value: number): void;
  /** The hedge share × e^logUp + (1 - share) × e^logDown, as a log. */
  readonly logE: number;
  /** ln of the capital of the bet that the mean is larger, before its share. */
  readonly logUp: number;
  readonly logDown: number;
}

/** Bets that have not begun. @throws `input/invalid` for a mean outside (0, 1) */
export function meanBetting(
  m: number,
  options: {
    readonly alpha?: number | undefined;
    readonly truncation?: number | undefined;
    readonly share?: number | undefined;
  } = {},
): MeanBetting {
  if (!(m > 0 && m < 1)) throw invalidInput('m', 'a mean strictly between 0 and 1', m);
  const truncation = options.truncation ?? 0.5;
  const share = options.share ?? 0.5;
  const alpha = options.alpha ?? 0.05;
  const bets = predictableBets(share > 0 && share < 1 ? alpha / 2 : alpha, Number.POSITIVE_INFINITY);
  let up = 0;
  let down = 0;
  return {
    add(value) {
      const lambda = bets.next(value);
      up += Math.log1p(Math.min(lambda, truncation / m) * (value - m));
      down += Math.log1p(-Math.min(lambda, truncation / (1 - m)) * (value - m));
    },
    get logE() {
      return logAddExp(Math.log(share) + up, Math.log1p(-share) + down);
    },
    get logUp() {
      return up;
    },
    get logDown() {
      return down;
    },
  };
}

/** λ_t = min(c, √(2 ln(1/α) / (σ²_{t-1} t ln(1 + t)))), from the past only. */
function predictableBets(alpha: number, truncation: number): { next(value: number): number; readonly count: number } {
  let count = 0;
  let sum = 0;
  let squares = 0;
  let variance = 0.25;
  return {
    next(value) {
      if (!(value >= 0 && value <= 1)) throw invalidInput('value', 'a number between 0 and 1', value);
      count++;
      const lambda = Math.min(truncation, Math.sqrt((-2 * Math.log(alpha)) / (count * Math.log1p(count) * variance)));
      sum += value;
      squares += (value - (0.5 + sum) / (count + 1)) ** 2;
      variance = (0.25 + squares) / (count + 1);
      return lambda;
    },
    get count() {
      return count;
    },
  };
}
