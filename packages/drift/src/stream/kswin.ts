import { defined, invalidInput } from '@millwright/core';
import { ksTwoSampleSf } from '@millwright/core/statistics';
import { defineDetector } from './define.js';

/** How many of the newest values are compared with as many older ones, and how sure a drift must be. */
export interface KswinOptions {
  /** p-value of an alarm, for each value anew: no run length is promised. Default 0.005. */
  readonly alpha?: number | undefined;
  /** Values in the window. Default 100. */
  readonly window?: number | undefined;
  /** How many of them are the newest, and how many of the older ones they are compared with. Default 30. */
  readonly recent?: number | undefined;
  /** Chooses the older ones. Default 1. */
  readonly seed?: number | undefined;
}

const DEFAULTS = { alpha: 0.005, window: 100, recent: 30, seed: 1 } as const satisfies KswinOptions;

type CheckedOptions = Readonly<Record<keyof typeof DEFAULTS, number>>;

/** Differences of the distribution functions up to this never alarm. */
const LEAST_DIFFERENCE = 0.1;
const COUNT = 0;
const DRAWS = 1;
const HEAD = 2;

/**
 * KSWIN (Raab, Heusinger and Schleif 2020) with the semantics of river: the newest values against as many chosen from
 * the older ones, by Kolmogorov-Smirnov at every value. The choice is seeded, so a stream replays to the same alarms.
 */
export const kswin = /* @__PURE__ */ defineDetector<KswinOptions, CheckedOptions>({
  id: 'kswin',
  version: 2,
  knob: { option: 'alpha', from: 0.1, to: 1e-12 },
  check(options) {
    const checked = { ...DEFAULTS, ...defined(options) };
    const { window, recent } = checked;
    if (!(Number.isInteger(recent) && recent >= 1 && Number.isInteger(window) && window >= 2 * recent))
      throw invalidInput('window', 'at least twice `recent`', window);
    return checked;
  },
  begin: ({ window }) => new Float64Array(HEAD + window + window),
  step(state, { alpha, window, recent, seed }, value) {
    const older = window - recent;
    let count = state[COUNT]!;
    if (count === window) {
      state.copyWithin(HEAD, HEAD + 1, HEAD + window);
      count--;
    }
    state[HEAD + count] = value;
    state[COUNT] = ++count;
    if (count < window) return 0;
    const scratch = state.subarray(HEAD + window);
    const chosen = scratch.subarray(0, recent);
    const newest = scratch.subarray(recent, 2 * recent);
    state[DRAWS] = choose(state.subarray(HEAD, HEAD + older), chosen, seed, state[DRAWS]!);
    newest.set(state.subarray(HEAD + older, HEAD + window));
    const difference = largestDifference(chosen.sort(), newest.sort());
    return difference > LEAST_DIFFERENCE && ksTwoSampleSf(difference, recent, recent) <= alpha ? 2 : 0;
  },
});

/** A sample without replacement: each value is taken with the chance that is left (Knuth's algorithm S). */
function choose(from: Float64Array, into: Float64Array, seed: number, draws: number): number {
  let taken = 0;
  let drawn = draws;
  for (let i = 0; taken < into.length; i++) {
    if (uniform(seed, drawn++) * (from.length - i) < into.length - taken) into[taken++] = from[i]!;
  }
  return drawn;
}

/** A counter-based generator (murmur3's finaliser), so that the position is the whole state. */
function uniform(seed: number, position: number): number {
  let hash = Math.imul(seed ^ Math.imul(position | 0, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** D of two samples of one size, both ascending. */
export function largestDifference(a: Float64Array, b: Float64Array): number {
  const n = a.length;
  let [i, j, largest] = [0, 0, 0];
  while (i < n && j < n) {
    const here = Math.min(a[i]!, b[j]!);
    while (i < n && a[i]! === here) i++;
    while (j < n && b[j]! === here) j++;
    largest = Math.max(largest, Math.abs(i - j));
  }
  return largest / n;
}
