import { invalidInput } from '@millwright/core';

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
    const before = state[at + k]! + fresh;
    const after = Math.max(before, least) * (1 + bets[k]! * gain);
    state[at + k] = after;
    wealth += after;
  }
  return wealth;
}
