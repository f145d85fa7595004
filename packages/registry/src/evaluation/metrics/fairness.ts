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

export interface FairnessFrame {
  readonly overall: Measure;
  readonly groups: readonly { readonly group: string; readonly measure: Measure }[];
  readonly min: Measure;
  readonly max: Measure;
  /** Largest minus smallest group. */
  readonly difference: Measure;
  /** Smallest over largest group. */
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
 */
export function fairnessFrame(
  rate: FairnessRate,
  groups: readonly FairnessGroup[],
  options: { readonly minSupport?: number | undefined } = {},
): FairnessFrame {
  const of = RATES[rate];
  const overall = of(groups.reduce((sum, { cells }) => add(sum, cells), EMPTY));
  const measured = groups.map(({ group, cells }) => ({ group, measure: of(cells) }));
  const excluded: { group: string; why: string }[] = [];
  const values: number[] = [];
  for (const { group, measure } of measured) {
    if (measure.value === undefined) excluded.push({ group, why: measure.undefinedWhy });
    else if (measure.n < (options.minSupport ?? 1)) excluded.push({ group, why: `only ${measure.n} rows` });
    else values.push(measure.value);
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
  return {
    overall,
    groups: measured,
    min: known(low, n),
    max: known(high, n),
    difference: known(high - low, n),
    ratio: high > 0 ? known(low / high, n) : unknown('every group has a rate of 0', n),
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
