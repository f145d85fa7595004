import { defined, invalidInput } from '@millwright/core';
import type { Direction } from './types.js';

/**
 * How wealth goes on: `shiryaev-roberts` puts a new stake on every value and finds changes late in the stream sooner;
 * `cusum` never has less than the first stake; `e-process` never adds any, and bounds the chance of a false alarm at any
 * time by 1/arl, but wins late what it lost in a long quiet time.
 */
export type Form = 'shiryaev-roberts' | 'cusum' | 'e-process';

/** How long it runs. */
export interface RunLengthOptions {
  /** Average run length without change is at least this, in values. Default 20_000. */
  readonly arl?: number | undefined;
  /** Default `shiryaev-roberts`. */
  readonly form?: Form | undefined;
  /**
   * A change up to this is none, whatever proves it: it is added to what is normal. In units of the values for
   * `eDetector`, of the mean rank for `conformalRank`, of the distribution function for `ksBetting`. Default 0.
   */
  readonly margin?: number | undefined;
}

/** What every e-detector needs for a step. Plain JSON. */
export interface Stakes {
  readonly threshold: number;
  /** Added to every wealth before a bet. */
  readonly fresh: number;
  /** No wealth is below it before a bet. */
  readonly least: number;
  /** Wealth before the first bet. */
  readonly first: number;
}

/** The stakes of so many bettors, whose wealth counts as one. @throws `input/invalid` */
export function stakes({ arl = 20_000, form = 'shiryaev-roberts' }: RunLengthOptions, bettors: number): Stakes {
  if (!(arl > 1 && Number.isFinite(arl))) throw invalidInput('arl', 'a number of values above 1', arl);
  const stake = 1 / bettors;
  return {
    threshold: arl,
    fresh: form === 'shiryaev-roberts' ? stake : 0,
    least: form === 'cusum' ? stake : 0,
    first: form === 'shiryaev-roberts' ? 0 : stake,
  };
}

/**
 * One value's bets, of sizes `bets` on a gain whose mean is at most 0 while nothing has changed: updates the wealth that
 * lies from `at` on, and returns its sum (Shin, Ramdas and Rinaldo 2024, section 3).
 */
export function bet(state: Float64Array, at: number, bets: readonly number[], gain: number, rule: Stakes): number {
  const { fresh, least } = rule;
  let wealth = 0;
  for (let k = 0; k < bets.length; k++) {
    let before = state[at + k]! + fresh;
    // Faster than Math.max, which has to think of NaN and -0.
    if (before < least) before = least;
    const after = before * (1 + bets[k]! * gain);
    state[at + k] = after;
    wealth += after;
  }
  return wealth;
}

/** Bets that a mean rose, that it fell, or both. */
export interface Sides extends Stakes {
  /** The largest mean that is normal of what grows with a rise, and of what grows with a fall; both within [0, 1]. */
  readonly up?: number | undefined;
  readonly down?: number | undefined;
  /** Sizes of the bets; none where the side does not count. */
  readonly upBets: readonly number[];
  readonly downBets: readonly number[];
}

/** @throws `input/invalid` */
export function sidesOf(
  options: RunLengthOptions,
  shares: readonly number[],
  means: { readonly up?: number | undefined; readonly down?: number | undefined },
): Sides {
  const { up, down } = means;
  if (up === undefined && down === undefined)
    throw invalidInput('margin', 'a change that leaves room for a larger one', options.margin);
  const upBets = up === undefined ? [] : betsOf(shares, up);
  const downBets = down === undefined ? [] : betsOf(shares, down);
  return { ...stakes(options, upBets.length + downBets.length), ...defined({ up, down }), upBets, downBets };
}

/** Wealth before the first value. */
export function wealthOf({ upBets, downBets, first }: Sides): Float64Array {
  return new Float64Array(upBets.length + downBets.length).fill(first);
}

/** One value's bets on both sides; returns the sum of all wealth. */
export function betSides(state: Float64Array, sides: Sides, rise: number, fall: number): number {
  const { up, down, upBets, downBets } = sides;
  let wealth = 0;
  if (up !== undefined) wealth += bet(state, 0, upBets, rise - up, sides);
  if (down !== undefined) wealth += bet(state, upBets.length, downBets, fall - down, sides);
  return wealth;
}

/** Sizes of bets on a gain that is never below -mean, as shares of the largest that cannot ruin. @throws `input/invalid` */
export function betsOf(shares: readonly number[], mean: number): readonly number[] {
  if (shares.length === 0 || !shares.every((share) => share > 0 && share < 1))
    throw invalidInput('shares', 'numbers between 0 and 1', shares);
  return shares.map((share) => share / mean);
}

/** How sure a baseline is that was learnt: the run length holds for this share of the baselines. */
export const CONFIDENCE = 0.9;

/** What is normal at most, with the margin added; both on the scale from 0 to 1. @throws `input/invalid` */
export function withMargin(mean: number, margin: number): number {
  if (!(margin >= 0 && mean + margin < 1))
    throw invalidInput('margin', 'a change of 0 or more that leaves room for a larger one', margin);
  return mean + margin;
}

/** What may go wrong with each side's baseline, when both count or one. */
export function errorPerSide(direction: Direction): number {
  return (1 - CONFIDENCE) / (direction === 'both' ? 2 : 1);
}
