import { invalidInput } from '@millwright/core';
import { clopperPearson, findRoot, meanBetting } from '@millwright/core/statistics';
import { bet, type RunLengthOptions, type Stakes, stakes } from './betting.js';
import { defineDetector } from './define.js';

export interface EDetectorOptions extends RunLengthOptions {
  /**
   * What is normal: the largest mean that is (a number); `count` of `rows` seen before; or the values seen before. From
   * counts and values the upper (or lower) 90 % confidence bound is taken, so that a lucky baseline does not alarm.
   */
  readonly baseline?: number | Counts | Float64Array | undefined;
  /** Which change counts. Default `up`. */
  readonly direction?: 'up' | 'down' | undefined;
  /** Bounds of the values. Default 0 to 1. */
  readonly range?: readonly [number, number] | undefined;
  /** Sizes of the bets as shares of the largest that cannot ruin. Default 0.03, 0.065, 0.14, 0.3. */
  readonly shares?: readonly number[] | undefined;
}

interface Counts {
  readonly count: number;
  readonly rows: number;
}

/**
 * Sizes of bets, geometric from 0.03 to 0.3 of what may be bet: the small ones find a rate that grew by a third, the
 * large ones a rate that doubled. More sizes cost more wealth than they win.
 */
const SHARES = [0.03, 0.065, 0.14, 0.3] as const;

/** How sure a baseline is that was learnt: the run length holds for this share of the baselines. */
export const CONFIDENCE = 0.9;

interface Checked extends Stakes {
  readonly mean: number;
  readonly bets: readonly number[];
  readonly direction: 'up' | 'down';
  readonly low: number;
  readonly width: number;
}

/**
 * An e-detector (Shin, Ramdas and Rinaldo 2024) for bounded values: bets of several sizes that the mean exceeds the
 * baseline, wealth restarted at every value. While the mean given the past stays at or below the baseline, the average
 * time to an alarm is at least `arl`: no independence, no distribution is assumed. Made for error rates and scores.
 */
export const eDetector = defineDetector<EDetectorOptions, Checked>({
  id: 'e-detector',
  version: 2,
  knob: { option: 'arl', from: 2, to: 1e12 },
  check,
  begin: ({ bets, first }) => new Float64Array(bets.length).fill(first),
  step(state, options, value) {
    const { mean, bets, threshold, low, width, direction } = options;
    const scaled = (value - low) / width;
    if (!(scaled >= 0 && scaled <= 1)) throw invalidInput('value', `a number from ${low} to ${low + width}`, value);
    const gain = (direction === 'down' ? 1 - scaled : scaled) - mean;
    return bet(state, 0, bets, gain, options) < threshold ? 0 : 2;
  },
});

/** Checked options are accepted as they are: a snapshot holds them. */
function check(options: EDetectorOptions | Checked): Checked {
  if ('bets' in options) return options;
  const { baseline, direction = 'up', range = [0, 1], shares = SHARES } = options;
  const [low, high] = range;
  if (!(Number.isFinite(low) && high > low))
    throw invalidInput('range', 'two numbers in ascending order', `${low}, ${high}`);
  const width = high - low;
  const mean = upperMean(baseline, direction, (value) => (direction === 'down' ? high - value : value - low) / width);
  if (!(mean > 0 && mean < 1)) throw invalidInput('baseline', `a mean between ${low} and ${high}`, baseline);
  return { ...stakes(options, shares.length), mean, bets: betsOf(shares, mean), direction, low, width };
}

/** Sizes of bets on a gain that is never below -mean. @throws `input/invalid` */
export function betsOf(shares: readonly number[], mean: number): readonly number[] {
  if (shares.length === 0 || !shares.every((share) => share > 0 && share < 1))
    throw invalidInput('shares', 'numbers between 0 and 1', shares);
  return shares.map((share) => share / mean);
}

/** The largest mean that is normal, on the scale from 0 to 1 on which a larger one is the change. */
function upperMean(
  baseline: EDetectorOptions['baseline'],
  direction: 'up' | 'down',
  scale: (value: number) => number,
): number {
  if (typeof baseline === 'number') return scale(baseline);
  if (baseline instanceof Float64Array) return upperMeanOf(baseline.map(scale));
  if (baseline === undefined)
    throw invalidInput('baseline', 'the normal mean, or how many of how many were counted before', baseline);
  const { count, rows } = baseline;
  return upperRate(direction === 'up' ? count : rows - count, rows);
}

function upperRate(count: number, n: number): number {
  return clopperPearson({ count, n }, 2 * CONFIDENCE - 1).upper;
}

/** The upper confidence bound of the mean of values in [0, 1], by bets against every larger one (Waudby-Smith and Ramdas 2024). */
function upperMeanOf(values: Float64Array): number {
  if (values.length === 0 || !values.every((value) => value >= 0 && value <= 1))
    throw invalidInput('baseline', 'at least one value, all within `range`', values.length);
  if (values.every((value) => value === 0 || value === 1))
    return upperRate(
      values.reduce((sum, value) => sum + value),
      values.length,
    );
  const average = values.reduce((sum, value) => sum + value) / values.length;
  const evidence = (mean: number) => {
    const betting = meanBetting(mean, { alpha: 1 - CONFIDENCE, share: 0 });
    for (const value of values) betting.add(value);
    return betting.logDown + Math.log(1 - CONFIDENCE);
  };
  const [least, most] = [Math.max(average, 1e-9), 1 - 1e-9];
  return evidence(most) <= 0 ? 1 : findRoot(evidence, least, most, 1e-6);
}
