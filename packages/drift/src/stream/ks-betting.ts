import { invalidInput } from '@millwright/core';
import { CONFIDENCE, checkShares, type RunLengthOptions, type Stakes, stakes } from './betting.js';
import { cellsOf, chanceAbove, edgesAbove, edgesBelow } from './cells.js';
import { defineDetector } from './define.js';

/** The reference, at how many places it is compared, and the sizes of the bets. */
export interface KsBettingOptions extends RunLengthOptions {
  /** Values of a time when nothing changed, of any scale; a few thousand make a baseline that costs little. */
  readonly reference?: ArrayLike<number> | undefined;
  /** At so many of its order statistics the distribution functions are compared. Default 15. */
  readonly cells?: number | undefined;
  /** Sizes of the bets as shares of the largest that cannot ruin. Default 0.12, 0.35. */
  readonly shares?: readonly number[] | undefined;
}

/** The best at the middle of a normal law for shifts by about 0.2 and 0.5 deviations. */
const SHARES = [0.12, 0.35] as const;
const CELLS = 15;
/** A chance that no other exceeds enough to be worth a bet. */
const CERTAIN = 0.999;

interface Checked extends Stakes {
  readonly edges: readonly number[];
  /** The largest chance that is normal: to lie above each edge, then to lie below it. */
  readonly chances: readonly number[];
  readonly shares: readonly number[];
}

/**
 * A Kolmogorov-Smirnov e-detector (after Shekhar and Ramdas 2023): bets at each of several order statistics of the
 * reference that more values lie above it, and others that more lie below it, than in the reference. The wealth of all is
 * one, so the edge where the distribution functions differ most carries it: a mixture in place of a search. Finds changes
 * of place, spread and shape. Same promise as `conformalRank`.
 */
export const ksBetting = /* @__PURE__ */ defineDetector<KsBettingOptions, Checked>({
  id: 'ks-betting',
  version: 1,
  knob: { option: 'arl', from: 2, to: 1e12 },
  check,
  /** Wealth per edge and size of bet, above the edge first, then below; what a bet makes of it that wins, and that loses. */
  begin({ chances, shares, first }) {
    const bettors = chances.length * shares.length;
    const state = new Float64Array(3 * bettors).fill(first, 0, bettors);
    for (const [j, chance] of chances.entries())
      for (const [k, share] of shares.entries()) {
        state[bettors + j * shares.length + k] = 1 + (share / chance) * (1 - chance);
        state[2 * bettors + j * shares.length + k] = 1 - share;
      }
    return state;
  },
  step(state, options, value) {
    const { edges, shares, fresh, least, threshold } = options;
    const below = edgesBelow(edges, value);
    const notAbove = edges.length - edgesAbove(edges, value, below);
    // Bets on "above" win up to the last edge below the value; those on "below" from the first edge above it.
    const bettors = state.length / 3;
    const upUntil = below * shares.length;
    const downFrom = bettors / 2 + notAbove * shares.length;
    const wealth =
      multiply(state, 0, upUntil, bettors, fresh, least) +
      multiply(state, upUntil, downFrom, 2 * bettors, fresh, least) +
      multiply(state, downFrom, bettors, bettors, fresh, least);
    return wealth < threshold ? 0 : 2;
  },
});

/** Multiplies the wealth of a range of bettors by what lies `by` further on; returns its sum. */
function multiply(state: Float64Array, from: number, to: number, by: number, fresh: number, least: number): number {
  let wealth = 0;
  for (let k = from; k < to; k++) {
    let before = state[k]! + fresh;
    if (before < least) before = least;
    const after = before * state[k + by]!;
    state[k] = after;
    wealth += after;
  }
  return wealth;
}

/** Checked options are accepted as they are: a snapshot holds them. */
function check(options: KsBettingOptions | Checked): Checked {
  if ('edges' in options) return options;
  const { reference, cells: count = CELLS, shares = SHARES, margin = 0 } = options;
  if (!(margin >= 0 && margin < 1)) throw invalidInput('margin', 'a difference from 0 to 1', margin);
  const { edges, ranks, rows } = cellsOf(reference, count);
  // Every bound has to hold: each may fail with an equal part of the error.
  const error = (1 - CONFIDENCE) / (2 * ranks.length);
  const chances = [...ranks, ...ranks.map((rank) => rows + 1 - rank)]
    // Where hardly anything larger can be, there is nothing to bet on.
    .map((rank) => Math.min(CERTAIN, chanceAbove(rank, rows, error) + margin));
  return { ...stakes(options, chances.length * checkShares(shares).length), edges, chances, shares };
}
