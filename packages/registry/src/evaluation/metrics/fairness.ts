import { type Interval, newcombeDifference, normalQuantile, wilsonInterval } from '@millwright/core/statistics';
import { type CalibrationReport, calibration } from './calibration.js';
import type { Confusion } from './confusion.js';
import {
  accuracy,
  falseNegativeRate,
  falsePositiveRate,
  precision,
  recall,
  selectionRate,
  specificity,
} from './confusion.js';
import { known, type Measure, unknown } from './measure.js';
import type { ScoredRows } from './scores.js';

/** A group of people or things and how the model did there. */
export interface FairnessGroup {
  readonly group: string;
  readonly cells: Confusion;
}

/** Rates that fairness definitions are made of. */
export type FairnessRate =
  | 'selectionRate'
  | 'recall'
  | 'specificity'
  | 'falsePositiveRate'
  | 'falseNegativeRate'
  | 'precision'
  | 'accuracy';

/** One metric group by group, and how far the groups lie apart. */
export interface FairnessFrame {
  readonly overall: Measure;
  readonly groups: readonly { readonly group: string; readonly measure: Measure }[];
  readonly min: Measure;
  readonly max: Measure;
  /** Largest minus smallest group. Its interval (Newcombe) pays for having picked the extremes out of all pairs. */
  readonly difference: Measure;
  /** Smallest over largest group, with an interval that does the same. */
  readonly ratio: Measure;
  readonly differenceToOverall: Measure;
  /** Worst of group / overall, inverted above 1. */
  readonly ratioToOverall: Measure;
  /** Groups that have no value or too few rows, with the reason. */
  readonly excluded: readonly { readonly group: string; readonly why: string }[];
}

/**
 * One rate by group, with fairlearn's differences and ratios over the groups that have a value and at least `minSupport`
 * rows. A group without positives has no recall and is excluded by name; fairlearn gives it 0 and a difference of 1.
 * Intervals are 95 %, for counts; sums of weights have none.
 */
export function fairnessFrame(
  rate: FairnessRate,
  groups: readonly FairnessGroup[],
  options: { readonly minSupport?: number | undefined } = {},
): FairnessFrame {
  const of = RATES[rate];
  const overall = of(groups.reduce((sum, { cells }) => add(sum, cells), EMPTY));
  const measured = groups.map(({ group, cells }) => ({ group, measure: withInterval(of(cells), cells) }));
  const excluded: { group: string; why: string }[] = [];
  const values: number[] = [];
  const rates: RateCount[] = [];
  for (const { group, measure } of measured) {
    if (measure.value === undefined) excluded.push({ group, why: measure.undefinedWhy });
    else if (measure.n < (options.minSupport ?? 1)) excluded.push({ group, why: `only ${measure.n} rows` });
    else {
      values.push(measure.value);
      if (measure.interval !== undefined) rates.push({ count: Math.round(measure.value * measure.n), n: measure.n });
    }
  }
  const n = overall.n;
  const none = unknown('no group has a value', n);
  if (values.length === 0)
    return {
      overall,
      groups: measured,
      min: none,
      max: none,
      difference: none,
      ratio: none,
      differenceToOverall: none,
      ratioToOverall: none,
      excluded,
    };
  const low = Math.min(...values);
  const high = Math.max(...values);
  const centre = overall.value;
  const spread = rates.length === values.length && rates.length > 1 ? extremes(rates) : undefined;
  return {
    overall,
    groups: measured,
    min: known(low, n),
    max: known(high, n),
    difference: known(high - low, n, spread?.difference),
    ratio: high > 0 ? known(low / high, n, spread?.ratio) : unknown('every group has a rate of 0', n),
    differenceToOverall: centre === undefined ? none : known(Math.max(...values.map((v) => Math.abs(v - centre))), n),
    ratioToOverall:
      centre === undefined || centre === 0
        ? unknown('the overall rate is 0', n)
        : known(Math.min(...values.map((v) => (v > centre ? centre / v : v / centre))), n),
    excluded,
  };
}

/** Equalised odds: the worse of the recall and false positive rate differences; undefined when either is. */
export function equalizedOdds(
  groups: readonly FairnessGroup[],
  options: { readonly minSupport?: number | undefined; readonly agg?: 'worst' | 'mean' | undefined } = {},
): {
  readonly difference: Measure;
  readonly ratio: Measure;
  readonly differenceToOverall: Measure;
  readonly ratioToOverall: Measure;
} {
  const found = fairnessFrame('recall', groups, options);
  const alarms = fairnessFrame('falsePositiveRate', groups, options);
  const join = (a: Measure, b: Measure, worst: (x: number, y: number) => number): Measure => {
    if (a.value === undefined) return a;
    if (b.value === undefined) return b;
    return known(options.agg === 'mean' ? (a.value + b.value) / 2 : worst(a.value, b.value), Math.min(a.n, b.n));
  };
  return {
    difference: join(found.difference, alarms.difference, Math.max),
    ratio: join(found.ratio, alarms.ratio, Math.min),
    differenceToOverall: join(found.differenceToOverall, alarms.differenceToOverall, Math.max),
    ratioToOverall: join(found.ratioToOverall, alarms.ratioToOverall, Math.min),
  };
}

/** Calibration of one model's probabilities in each group, and how far the groups' errors are apart. */
export interface GroupCalibration {
  readonly groups: readonly { readonly group: string; readonly n: number; readonly calibration: CalibrationReport }[];
  /** Largest minus smallest calibration error of the groups with `minSupport` rows. */
  readonly difference: Measure;
}

/**
 * Calibration by group: whether a probability means the same for everybody. Read `observedToExpected` of each group for the
 * direction, and the error with its count: it is biased upward for few rows.
 */
export function calibrationByGroup(
  rows: ScoredRows,
  groupOf: ArrayLike<string>,
  options: { readonly bins?: number | undefined; readonly minSupport?: number | undefined } = {},
): GroupCalibration {
  const members = new Map<string, number[]>();
  for (let i = 0; i < rows.scores.length; i++) {
    const own = members.get(groupOf[i]!);
    if (own === undefined) members.set(groupOf[i]!, [i]);
    else own.push(i);
  }
  const groups = Array.from(members, ([group, own]) => ({
    group,
    n: own.length,
    calibration: calibration(
      { truth: own.map((i) => rows.truth[i]!), scores: Float64Array.from(own, (i) => rows.scores[i]!) },
      options.bins,
    ),
  }));
  const errors = groups.flatMap(({ n, calibration: { ece } }) =>
    ece.value === undefined || n < (options.minSupport ?? 1) ? [] : [ece.value],
  );
  const difference =
    errors.length > 1
      ? known(Math.max(...errors) - Math.min(...errors), rows.scores.length)
      : unknown('fewer than two groups have a calibration error', rows.scores.length);
  return { groups, difference };
}

/** A rate as a count of so many rows. */
export interface RateCount {
  readonly count: number;
  readonly n: number;
}

/** An interval of low / high on the log scale; undefined when both are 0. */
export function ratioInterval(low: RateCount, high: RateCount, level = 0.95): Interval | undefined {
  if (high.count === 0) return undefined;
  const [p, q] = [low.count / low.n, high.count / high.n];
  const spread = Math.sqrt((1 - p) / Math.max(0.5, low.count) + (1 - q) / Math.max(0.5, high.count));
  const half = normalQuantile((1 + level) / 2) * spread;
  const upper = low.count === 0 ? p / q : (p / q) * Math.exp(half);
  return { lower: (p / q) * Math.exp(-half), upper };
}

/** The level at which two extremes are compared, picked out of all pairs of so many groups. */
export function levelOfExtremes(groups: number, alpha = 0.05): number {
  return 1 - alpha / ((groups * (groups - 1)) / 2);
}

function extremes(rates: readonly RateCount[]): {
  readonly difference: Interval;
  readonly ratio: Interval | undefined;
} {
  const sorted = [...rates].sort((a, b) => a.count / a.n - b.count / b.n);
  const [low, high] = [sorted[0]!, sorted.at(-1)!];
  const level = levelOfExtremes(rates.length);
  return { difference: newcombeDifference(high, low, level), ratio: ratioInterval(low, high, level) };
}

/** Wilson's interval, where cells are counts. */
function withInterval(measure: Measure, cells: Confusion): Measure {
  if (measure.value === undefined || !Object.values(cells).every(Number.isInteger)) return measure;
  const { value, n } = measure;
  return known(value, n, wilsonInterval({ count: Math.round(value * n), n }));
}

const EMPTY: Confusion = { tp: 0, fp: 0, fn: 0, tn: 0 };

const RATES: Readonly<Record<FairnessRate, (cells: Confusion) => Measure>> = {
  selectionRate,
  recall,
  specificity,
  falsePositiveRate,
  falseNegativeRate,
  precision,
  accuracy,
};

function add(a: Confusion, b: Confusion): Confusion {
  return { tp: a.tp + b.tp, fp: a.fp + b.fp, fn: a.fn + b.fn, tn: a.tn + b.tn };
}
