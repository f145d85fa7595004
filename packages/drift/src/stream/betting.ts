import { invalidInput } from '@millwright/core';
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
 * One value's bets on a gain whose mean is at most 0 while nothing has changed: updates the wealth that lies from `at` to
 * `end` by bets whose sizes lie from `sizes` on, and returns its sum (Shin, Ramdas and Rinaldo 2024, section 3).
 */
export function bet(
  state: Float64Array,
  at: number,
  end: number,
  sizes: number,
  gain: number,
  fresh: number,
  least: number,
): number {
  const offset = sizes - at;
  let wealth = 0;
  for (let k = at; k < end; k++) {
    let before = state[k]! + fresh;
    // Faster than Math.max, which has to think of NaN and -0.
    if (before < least) before = least;
    const after = before * (1 + state[k + offset]! * gain);
    state[k] = after;
    wealth += after;
  }
  return wealth;
}

/** Bets that a mean rose, that it fell, or both. */
export interface Sides extends Stakes {
  /** The largest mean that is normal of what grows with a rise, and of what grows with a fall; both within [0, 1]. */
  readonly up: number;
  readonly down: number;
  /** How many bettors each side has; none where it does not count. */
  readonly rising: number;
  readonly falling: number;
  /** Sizes of bets as shares of the largest that cannot ruin. */
  readonly shares: readonly number[];
}

/** @throws `input/invalid` */
export function sidesOf(
  options: RunLengthOptions,
  shares: readonly number[],
  { up, down }: { readonly up?: number | undefined; readonly down?: number | undefined },
): Sides {
  if (up === undefined && down === undefined)
    throw invalidInput('margin', 'a change that leaves room for a larger one', options.margin);
  const rising = up === undefined ? 0 : checkShares(shares).length;
  const falling = down === undefined ? 0 : checkShares(shares).length;
  return { ...stakes(options, rising + falling), up: up ?? 1, down: down ?? 1, rising, falling, shares };
}

/** Wealth before the first value, then the sizes of the bets: in one array, which is read faster than two. */
export function wealthOf({ rising, falling, first, up, down, shares }: Sides): Float64Array {
  const bettors = rising + falling;
  const state = new Float64Array(2 * bettors).fill(first, 0, bettors);
  for (let k = 0; k < rising; k++) state[bettors + k] = shares[k]! / up;
  for (let k = 0; k < falling; k++) state[bettors + rising + k] = shares[k]! / down;
  return state;
}

/** One value's bets on both sides; returns the sum of all wealth. */
export function betSides(state: Float64Array, sides: Sides, rise: number, fall: number): number {
  const { up, down, rising, falling, fresh, least } = sides;
  const bettors = rising + falling;
  const risen = rising === 0 ? 0 : bet(state, 0, rising, bettors, rise - up, fresh, least);
  return falling === 0 ? risen : risen + bet(state, rising, bettors, bettors + rising, fall - down, fresh, least);
}

/** @throws `input/invalid` */
export function checkShares(shares: readonly number[]): readonly number[] {
  if (shares.length === 0 || !shares.every((share) => share > 0 && share < 1))
    throw invalidInput('shares', 'numbers between 0 and 1', shares);
  return shares;
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
