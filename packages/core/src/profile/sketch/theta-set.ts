import { betaCdf } from '../../statistics/distribution/beta.js';
import { encodeTheta } from './theta-encode.js';
import type { ThetaState } from './theta-state.js';

/** A sample of distinct hashes: all that are below theta. What sketches, set operations and bytes have in common. */
export interface ThetaSet {
  /** Nothing was seen (a set may hold no hash and yet not be empty). */
  readonly empty: boolean;
  /** The sampled share of all hashes, 0 to 1. */
  readonly theta: number;
  readonly retained: number;
  /** About how many distinct items. */
  estimate(): number;
  /** The bounds that hold the true count with the confidence of 1, 2 or 3 standard deviations. */
  bounds(deviations?: 1 | 2 | 3): { readonly lower: number; readonly upper: number };
  /** Apache DataSketches bytes (family 3): the ordered compact image, or delta-compressed (serial version 4). */
  encode(options?: { readonly compressed?: boolean | undefined }): Uint8Array;
  /** For codecs and set operations. */
  readonly state: ThetaState;
}

export function thetaSet(state: ThetaState): ThetaSet {
  const theta = (state.theta.high * 2 ** 32 + state.theta.low) / 2 ** 63;
  const retained = state.hashes.length / 2;
  return {
    empty: state.empty,
    theta,
    retained,
    estimate: () => retained / theta,
    bounds: (deviations = 2) => thetaBounds(retained, theta, state.empty, deviations),
    encode: (options = {}) => encodeTheta(state, options.compressed ?? false),
    state,
  };
}

/**
 * The counts N for which `retained` of N items would be sampled at most, or at least, with the tail probability of so many
 * standard deviations: exact binomial tails up to 120 hashes, above them the score interval with continuity correction, half an item wider.
 */
function thetaBounds(retained: number, theta: number, empty: boolean, deviations: 1 | 2 | 3) {
  if (empty || theta === 1) return { lower: retained, upper: retained };
  if (retained > EXACT_TAILS) {
    const score = (n: number, sign: number) => {
      const b = deviations * Math.sqrt((1 - theta) / theta);
      return n / theta + 0.5 * b * b + sign * 0.5 * b * Math.sqrt(b * b + (4 * n) / theta);
    };
    return { lower: Math.max(retained, score(retained - 0.5, -1) - 0.5), upper: score(retained + 0.5, 1) + 0.5 };
  }
  const tail = TAILS[deviations];
  const estimate = retained / theta;
  const limit = (estimate + 50 / theta) * 4;
  return {
    lower: retained === 0 ? 0 : solve((n) => betaCdf(theta, retained, n - retained + 1) - tail, retained, estimate + 1),
    upper: solve((n) => betaCdf(theta, retained + 1, n - retained) - (1 - tail), retained + 1e-9, limit),
  };
}

const EXACT_TAILS = 120;
/** P(Z > d) of the standard normal. */
const TAILS = { 1: 0.158655253931457, 2: 0.0227501319481792, 3: 0.00134989803163009 } as const;

/** Where a rising function crosses zero, to 1e-9 of the bracket. */
function solve(f: (n: number) => number, from: number, to: number): number {
  let low = from;
  let high = to;
  while (high - low > 1e-9 * high) {
    const middle = (low + high) / 2;
    if (f(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
