import { invalidInput } from '@millwright/core';
import { clopperPearson, findRoot, meanBetting } from '@millwright/core/statistics';
import { betSides, errorPerSide, type RunLengthOptions, type Sides, sidesOf, wealthOf, withMargin } from './betting.js';
import { defineDetector } from './define.js';
import type { Direction, Signal } from './types.js';

/** What is normal, which change counts, and the sizes of the bets. */
export interface EDetectorOptions extends RunLengthOptions {
  /**
   * What is normal: the largest mean that is (a number); `count` of `rows` seen before; or the values seen before. From
   * counts and values the upper (or lower) 90 % confidence bound is taken, so that a lucky baseline does not alarm.
   */
  readonly baseline?: number | Counts | Float64Array | undefined;
  /** Which change counts. Default `up`; `both` shares the wealth between the two. */
  readonly direction?: Direction | undefined;
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

interface Checked extends Sides {
  readonly low: number;
  readonly width: number;
}

/**
 * An e-detector (Shin, Ramdas and Rinaldo 2024) for bounded values: bets of several sizes that the mean exceeds the
 * baseline, wealth restarted at every value. While the mean given the past stays at or below the baseline, the average
 * time to an alarm is at least `arl`: no independence, no distribution is assumed. Made for error rates and scores.
 */
export const eDetector = /* @__PURE__ */ defineDetector<EDetectorOptions, Checked>({
  id: 'e-detector',
  version: 2,
  knob: { option: 'arl', from: 2, to: 1e12 },
  check,
  begin: wealthOf,
  step,
  scan(state, options, values, from) {
    let at = from;
    while (at < values.length && step(state, options, values[at]!) !== 2) at++;
    return at;
  },
});

function step(state: Float64Array, options: Checked, value: number): Signal {
  const { threshold, low, width } = options;
  const scaled = (value - low) / width;
  if (!(scaled >= 0 && scaled <= 1)) throw invalidInput('value', `a number from ${low} to ${low + width}`, value);
  return betSides(state, options, scaled, 1 - scaled) < threshold ? 0 : 2;
}

/** Checked options are accepted as they are: a snapshot holds them. */
function check(options: EDetectorOptions | Checked): Checked {
  if ('threshold' in options) return options;
  const { baseline, direction = 'up', range = [0, 1], shares = SHARES, margin = 0 } = options;
  const [low, high] = range;
  if (!(Number.isFinite(low) && high > low))
    throw invalidInput('range', 'two numbers in ascending order', `${low}, ${high}`);
  const width = high - low;
  const scaled = scaledBaseline(baseline, low, width);
  const error = errorPerSide(direction);
  const side = (of: Baseline, counts: boolean) => {
    const mean = counts ? upperMean(of, error) : undefined;
    // Where there is no room for a change, as below an error rate of 0, only the other side counts.
    if (mean === undefined || (direction === 'both' && mean + margin / width >= 1)) return undefined;
    if (!(mean > 0 && mean < 1)) throw invalidInput('baseline', `a mean between ${low} and ${high}`, baseline);
    return withMargin(mean, margin / width);
  };
  const up = side(scaled, direction !== 'down');
  const down = side(mirrored(scaled), direction !== 'up');
  return { ...sidesOf(options, shares, { up, down }), low, width };
}

type Baseline = number | Counts | Float64Array;

/** On the scale from 0 to 1. */
function scaledBaseline(baseline: Baseline | undefined, low: number, width: number): Baseline {
  if (baseline === undefined)
    throw invalidInput('baseline', 'the normal mean, or how many of how many were counted before', baseline);
  if (typeof baseline === 'number') return (baseline - low) / width;
  return baseline instanceof Float64Array ? baseline.map((value) => (value - low) / width) : baseline;
}

/** The baseline of 1 minus the values. */
function mirrored(baseline: Baseline): Baseline {
  if (typeof baseline === 'number') return 1 - baseline;
  if (baseline instanceof Float64Array) return baseline.map((value) => 1 - value);
  return { count: baseline.rows - baseline.count, rows: baseline.rows };
}

/** The largest mean that is normal. */
function upperMean(baseline: Baseline, error: number): number {
  if (typeof baseline === 'number') return baseline;
  if (baseline instanceof Float64Array) return upperMeanOf(baseline, error);
  // Two-sided level whose upper end is the one-sided bound.
  return clopperPearson({ count: baseline.count, n: baseline.rows }, 1 - 2 * error).upper;
}

/** The upper confidence bound of the mean of values in [0, 1], by bets against every larger one (Waudby-Smith and Ramdas 2024). */
function upperMeanOf(values: Float64Array, error: number): number {
  const rows = values.length;
  if (rows === 0 || !values.every((value) => value >= 0 && value <= 1))
    throw invalidInput('baseline', 'at least one value, all within `range`', rows);
  const sum = values.reduce((total, value) => total + value);
  if (values.every((value) => value === 0 || value === 1)) return upperMean({ count: sum, rows }, error);
  const evidence = (mean: number) => {
    const betting = meanBetting(mean, { alpha: error, share: 0 });
    for (const value of values) betting.add(value);
    return betting.logDown + Math.log(error);
  };
  const most = 1 - 1e-9;
  return evidence(most) <= 0 ? 1 : findRoot(evidence, Math.max(sum / rows, 1e-9), most, 1e-6);
}
