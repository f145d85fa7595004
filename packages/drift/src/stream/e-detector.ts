import { invalidInput } from '@millwright/core';
import { clopperPearson } from '@millwright/core/statistics';
import { defineDetector } from './define.js';

export interface EDetectorOptions {
  /**
   * What is normal: the largest mean that is (a number), or `count` of `rows` seen before. From counts the upper (or
   * lower) 90 % confidence bound is taken, so that a lucky baseline does not alarm.
   */
  readonly baseline?: number | { readonly count: number; readonly rows: number } | undefined;
  /** Average run length without change is at least this, whatever the distribution and dependence. Default 20_000. */
  readonly arl?: number | undefined;
  /** Which change counts. Default `up`. */
  readonly direction?: 'up' | 'down' | undefined;
  /** Bounds of the values. Default 0 to 1. */
  readonly range?: readonly [number, number] | undefined;
  /** Shiryaev-Roberts (finds changes late in the stream sooner) or CUSUM. Default `shiryaev-roberts`. */
  readonly form?: 'shiryaev-roberts' | 'cusum' | undefined;
  /** Sizes of the bets as shares of the largest that cannot ruin. Default 0.03, 0.065, 0.14, 0.3. */
  readonly shares?: readonly number[] | undefined;
}

/**
 * Sizes of bets, geometric from 0.03 to 0.3 of what may be bet: the small ones find a rate that grew by a third, the
 * large ones a rate that doubled. More sizes cost more wealth than they win.
 */
const BETS = [0.03, 0.065, 0.14, 0.3] as const;
/** Two-sided level whose upper end is the one-sided 90 % bound. */
const BASELINE_LEVEL = 0.8;

/**
 * An e-detector (Shin, Ramdas and Rinaldo 2024) for bounded values: bets of several sizes that the mean exceeds the
 * baseline, wealth restarted at every value. While the mean given the past stays at or below the baseline, the average
 * time to an alarm is at least `arl`: no independence, no distribution is assumed. Made for error rates and scores.
 */
export const eDetector = defineDetector<EDetectorOptions, CheckedOptions>({
  id: 'e-detector',
  version: 1,
  check,
  begin: ({ form, bets }) => new Float64Array(bets.length).fill(form === 'cusum' ? 1 / bets.length : 0),
  step(state, options, value) {
    const { mean, bets, threshold, form, low, width, direction } = options;
    const scaled = (value - low) / width;
    if (!(scaled >= 0 && scaled <= 1)) throw invalidInput('value', `a number from ${low} to ${low + width}`, value);
    const gain = (direction === 'down' ? 1 - scaled : scaled) - mean;
    const sizes = bets.length;
    const stake = 1 / sizes;
    let wealth = 0;
    for (let k = 0; k < sizes; k++) {
      const before = form === 'cusum' ? Math.max(state[k]!, stake) : state[k]! + stake;
      const after = before * (1 + bets[k]! * gain);
      state[k] = after;
      wealth += after;
    }
    if (wealth < threshold) return 0;
    state.fill(form === 'cusum' ? stake : 0);
    return 2;
  },
});

interface CheckedOptions {
  readonly mean: number;
  readonly bets: readonly number[];
  readonly threshold: number;
  readonly direction: 'up' | 'down';
  readonly form: 'shiryaev-roberts' | 'cusum';
  readonly low: number;
  readonly width: number;
}

/** Checked options are accepted as they are: a snapshot holds them. */
function check(options: EDetectorOptions | CheckedOptions): CheckedOptions {
  if ('bets' in options) return options;
  const {
    baseline,
    arl = 20_000,
    direction = 'up',
    range = [0, 1],
    form = 'shiryaev-roberts',
    shares = BETS,
  } = options;
  const [low, high] = range;
  if (!(Number.isFinite(low) && high > low))
    throw invalidInput('range', 'two numbers in ascending order', `${low}, ${high}`);
  if (!(arl > 1)) throw invalidInput('arl', 'a number of values above 1', arl);
  const width = high - low;
  const bound = (typeof baseline === 'number' ? baseline : boundOf(baseline, direction, low, width)) - low;
  const mean = direction === 'down' ? 1 - bound / width : bound / width;
  if (!(mean > 0 && mean < 1)) throw invalidInput('baseline', `a mean between ${low} and ${high}`, baseline);
  if (shares.length === 0 || !shares.every((share) => share > 0 && share < 1))
    throw invalidInput('shares', 'numbers between 0 and 1', shares);
  const bets = shares.map((share) => share / mean);
  return { mean, bets, threshold: arl, direction, form, low, width };
}

function boundOf(
  baseline: { readonly count: number; readonly rows: number } | undefined,
  direction: 'up' | 'down',
  low: number,
  width: number,
): number {
  if (baseline === undefined)
    throw invalidInput('baseline', 'the normal mean, or how many of how many were counted before', baseline);
  const { lower, upper } = clopperPearson({ count: baseline.count, n: baseline.rows }, BASELINE_LEVEL);
  return low + width * (direction === 'up' ? upper : lower);
}
