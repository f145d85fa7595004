import { defined, invalidInput } from '@millwright/core';
import { defineDetector } from './define.js';
import { exceeds } from './moments.js';
import type { Direction, Signal } from './types.js';

/** What change of the mean is tolerated, and what sum of deviations is an alarm. */
export interface PageHinkleyOptions {
  /** No alarm before so many values. Default 30. */
  readonly minValues?: number | undefined;
  /** Change of the mean that is tolerated. Default 0.005. */
  readonly delta?: number | undefined;
  /** Alarm height, in units of the values. Default 50. */
  readonly threshold?: number | undefined;
  /** Forgetting; below 1 the statistic is bounded, so slow ramps may never alarm. Default 0.9999. */
  readonly alpha?: number | undefined;
  /** Which change of the mean counts. Default `both`. */
  readonly direction?: Direction | undefined;
}

const DEFAULTS = {
  minValues: 30,
  delta: 0.005,
  threshold: 50,
  alpha: 0.9999,
  direction: 'both',
} as const satisfies PageHinkleyOptions;

type CheckedOptions = { readonly direction: Direction } & Readonly<
  Record<'minValues' | 'delta' | 'threshold' | 'alpha', number>
>;

const COUNT = 0;
const MEAN = 1;
const RISE = 2;
const LOWEST = 3;
const FALL = 4;
const HIGHEST = 5;

/** The Page-Hinkley test (Page 1954) with the semantics of river: cumulated deviations from the running mean, both ways. */
export const pageHinkley = /* @__PURE__ */ defineDetector<PageHinkleyOptions, CheckedOptions>({
  id: 'page-hinkley',
  version: 2,
  knob: { option: 'threshold', from: 1e-3, to: 1e6 },
  check(options) {
    const checked = { ...DEFAULTS, ...defined(options) };
    if (!(checked.alpha > 0 && checked.alpha <= 1))
      throw invalidInput('alpha', 'a number above 0, at most 1', checked.alpha);
    if (!(checked.threshold > 0)) throw invalidInput('threshold', 'a number above 0', checked.threshold);
    return checked;
  },
  begin: () => Float64Array.of(0, 0, 0, Number.POSITIVE_INFINITY, 0, Number.NEGATIVE_INFINITY),
  step,
  scan(state, options, values, from) {
    let at = from;
    while (at < values.length && step(state, options, values[at]!) !== 2) at++;
    return at;
  },
});

function step(
  state: Float64Array,
  { minValues, delta, threshold, alpha, direction }: CheckedOptions,
  value: number,
): Signal {
  const count = state[COUNT]! + 1;
  const mean = state[MEAN]! + (value - state[MEAN]!) / count;
  const rise = alpha * state[RISE]! + (value - mean) - delta;
  const fall = alpha * state[FALL]! + (value - mean) + delta;
  state[COUNT] = count;
  state[MEAN] = mean;
  state[RISE] = rise;
  state[FALL] = fall;
  // Faster than Math.min, which has to think of NaN and -0.
  if (rise < state[LOWEST]!) state[LOWEST] = rise;
  if (fall > state[HIGHEST]!) state[HIGHEST] = fall;
  if (count < minValues) return 0;
  return exceeds(rise - state[LOWEST]!, state[HIGHEST]! - fall, threshold, direction) ? 2 : 0;
}
