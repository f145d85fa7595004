import { defined, invalidInput } from '@millwright/core';
import { defineDetector } from './define.js';

/** What of a deviation is added, forgotten and tolerated; a setting is a detector of Frouros. */
export interface DeviationSumOptions {
  /** Alarm height, in units of the values. */
  readonly threshold?: number | undefined;
  /** No alarm before so many values. Default 30. */
  readonly minValues?: number | undefined;
  /** Rise of the mean that is tolerated. Default 0. */
  readonly delta?: number | undefined;
  /** What of the sum is left at the next value. Default 1. */
  readonly alpha?: number | undefined;
  /** What a deviation counts. Default 1. */
  readonly gain?: number | undefined;
  /** Whether the sum never falls below 0, so that a fall of the mean is forgotten. Default false. */
  readonly floor?: boolean | undefined;
}

const DEFAULTS = { threshold: 50, minValues: 30, delta: 0, alpha: 1, gain: 1, floor: false };

const COUNT = 0;
const MEAN = 1;
const SUM = 2;

/**
 * The sum of deviations from the running mean, of which Frouros' CUSUM (with a floor), Page-Hinkley (with forgetting) and
 * geometric moving average are settings. A rise of the mean only.
 */
export const deviationSum = /* @__PURE__ */ defineDetector<DeviationSumOptions, typeof DEFAULTS>({
  id: 'deviation-sum',
  version: 1,
  knob: { option: 'threshold', from: 1e-3, to: 1e6 },
  check(options) {
    const checked = { ...DEFAULTS, ...defined(options) };
    if (!(checked.alpha >= 0 && checked.alpha <= 1)) throw invalidInput('alpha', 'a number from 0 to 1', checked.alpha);
    if (!(checked.threshold > 0)) throw invalidInput('threshold', 'a number above 0', checked.threshold);
    return checked;
  },
  begin: () => new Float64Array(3),
  step(state, { threshold, minValues, delta, alpha, gain, floor }, value) {
    const count = state[COUNT]! + 1;
    const mean = state[MEAN]! + (value - state[MEAN]!) / count;
    const sum = alpha * state[SUM]! + gain * (value - mean - delta);
    state[COUNT] = count;
    state[MEAN] = mean;
    state[SUM] = floor && sum < 0 ? 0 : sum;
    return count >= minValues && state[SUM]! > threshold ? 2 : 0;
  },
});
