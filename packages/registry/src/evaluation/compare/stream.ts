import { type Digest, digestJson, invalidInput } from '@millwright/core';
import { unknown } from '../metrics/measure.js';
import { type ComparisonOptions, overallGroup, planOf, reportOf, sliceGroups } from './compare.js';
import { NO_RANKING } from './from-rows.js';
import { talliedGroups } from './group-metrics.js';
import { countedRows, type GivenRows, type ReadRows, readRows } from './read.js';
import type { EvaluationReport } from './report.js';
import { addRows, addTally, comparison, emptyTally, type Tally } from './tally.js';
import { addWhole, addWholeRows, emptyWhole, type WholeTally, wholeMeasure } from './whole-tally.js';

/** How parts are compared; binary scores are binned for areas under curves. */
export interface StartComparisonOptions extends ComparisonOptions {
  /** Where binary scores lie, for areas under curves. Default `[0, 1]`. Scores beyond count in the outermost bins. */
  readonly scoreRange?: readonly [from: number, to: number] | undefined;
}

/** A comparison of rows that come in parts. Its memory grows with slice values, not with rows. */
export interface Comparison {
  /** Adds a part: rows, slices and names as for `compare`. @throws `evaluation/unmatched`, `input/invalid` */
  add(rows: GivenRows): void;
  /** Adds what another comparison with the same options has read, in another worker for instance. @throws `input/invalid` */
  merge(state: ComparisonState): void;
  /** What was read: plain data that a worker can post. */
  readonly state: ComparisonState;
  /** The report so far, for `gate` and everything else that takes one. */
  report(): EvaluationReport;
}

/** Counts and sums of what was read, which those of other parts can be added to. */
export interface ComparisonState {
  /** Of the options: states with another one do not add up. */
  readonly options: Digest;
  chunks: number;
  /** What must be the same in every part. */
  sides: Sides | undefined;
  rows: EvaluationReport['rows'];
  inputs: Readonly<Record<string, Digest>>;
  readonly overall: Tally;
  readonly whole: Readonly<Record<'champion' | 'challenger', WholeTally>>;
  readonly slices: Map<string, SliceState>;
}

interface Sides {
  readonly champion: string;
  readonly challenger: string;
  readonly areScores: boolean;
  readonly cut: ReadRows['cut'];
}

interface SliceState {
  readonly labels: string[];
  declared: boolean;
  found: boolean;
  readonly tally: Tally;
}

/**
 * Compares two models on a table that is larger than memory: give it the rows in parts, in any number of workers, and ask
 * for the report.
 *
 * The same as `compare` on the whole table: cells, threshold metrics, slices, fairness, McNemar's test and the values of
 * confusion matrices, exactly; means of losses, R² and calibration error, up to the rounding of sums. Approximate, with its
 * bound in the report: ROC area and average precision, from 65,536 bins of scores. A tally keeps no pairs of answers, so that
 * areas and metrics of whole confusion matrices have no test of their difference, and a gate on one holds. Rows cannot be
 * joined across parts, and there are no `units`.
 *
 * @throws `input/invalid`
 */
export function startComparison(options: StartComparisonOptions = {}): Comparison {
  const plan = planOf(options);
  const scoreRange = options.scoreRange ?? ([0, 1] as const);
  if (!(scoreRange[1] > scoreRange[0])) throw invalidInput('scoreRange', 'two numbers in ascending order', scoreRange);
  const { task } = plan;
  const state: ComparisonState = {
    options: digestJson({
      ...plan,
      metrics: plan.metrics.map(({ id }) => id),
      sliceMetrics: plan.sliceMetrics.map(({ id }) => id),
      cross: options.cross ?? [],
      scoreRange,
    }),
    chunks: 0,
    sides: undefined,
    rows: { given: 0, considered: 0, withoutTruth: 0, championInvalid: 0, challengerInvalid: 0, unmatched: 0 },
    inputs: {},
    overall: emptyTally(task === 'binary' ? 8 : 4),
    whole: { champion: emptyWhole(task, scoreRange), challenger: emptyWhole(task, scoreRange) },
    slices: new Map(),
  };

  function add(given: GivenRows): void {
    const rows = readRows(given, { ...plan, cross: options.cross });
    meet(state, sidesOf(rows), Object.keys(rows.digests));
    addRows(state.overall, rows, new Int32Array(rows.cells.length), 1, plan.metrics);
    const counted = countedRows(rows);
    addWholeRows(state.whole.champion, counted.truth, counted.champion.values);
    addWholeRows(state.whole.challenger, counted.truth, counted.challenger.values);
    for (const { name, labels, codes, declared, found } of rows.slices) {
      const slice = sliceOf(state, name);
      slice.found ||= found;
      const to = codesOf(slice, labels, declared);
      const own = codes.map((code) => (code < 0 ? -1 : to[code]!));
      addRows(slice.tally, rows, own, slice.labels.length, plan.sliceMetrics);
    }
    note(state, 1, rows.facts, rows.digests);
  }

  function merge(other: ComparisonState): void {
    if (other.options !== state.options)
      throw invalidInput('state', 'a state of a comparison with these options', other.options);
    if (other.sides === undefined) return;
    meet(state, other.sides, Object.keys(other.inputs));
    addTally(state.overall, other.overall, (code) => code);
    addWhole(state.whole.champion, other.whole.champion);
    addWhole(state.whole.challenger, other.whole.challenger);
    for (const [name, { labels, declared, found, tally }] of other.slices) {
      const slice = sliceOf(state, name);
      slice.found ||= found;
      const to = codesOf(slice, labels, declared);
      addTally(slice.tally, tally, (code) => to[code]!);
    }
    note(state, other.chunks, other.rows, other.inputs);
  }

  function sliceOf({ slices }: ComparisonState, name: string): SliceState {
    const slice = slices.get(name) ?? {
      labels: [],
      declared: false,
      found: false,
      tally: emptyTally(state.overall.width),
    };
    slices.set(name, slice);
    return slice;
  }

  function report(): EvaluationReport {
    const { sides = NO_SIDES, overall, whole, slices, rows, inputs, chunks } = state;
    const [all] = talliedGroups(overall, 1, plan.metrics);
    return reportOf(plan, {
      ...sides,
      rows,
      inputs,
      chunks,
      overall: overallGroup(task, all!, plan.metrics, (metric) => {
        const of = (side: 'champion' | 'challenger') =>
          task === 'binary' && !sides.areScores ? unknown(NO_RANKING, all!.n) : wholeMeasure(whole[side], metric.name);
        return comparison(metric, of('champion'), of('challenger'));
      }),
      slices: Array.from(slices).flatMap(([name, { labels, declared, found, tally }]) =>
        sliceGroups(task, { name, labels, declared, found }, talliedGroups(tally, labels.length, plan.sliceMetrics)),
      ),
    });
  }

  return { add, merge, state, report };
}

const NO_SIDES: Sides = {
  champion: 'champion',
  challenger: 'challenger',
  areScores: false,
  cut: { champion: 1, challenger: 1 },
};

function sidesOf({ champion, challenger, cut }: ReadRows): Sides {
  return {
    champion: champion.name,
    challenger: challenger.name,
    areScores: champion.areScores && challenger.areScores,
    cut,
  };
}

/** Every part must be of the same two models with the same thresholds, and have the same slices. */
function meet(state: ComparisonState, sides: Sides, inputs: readonly string[]): void {
  if (state.sides === undefined) {
    state.sides = sides;
    return;
  }
  if (digestJson(state.sides) !== digestJson(sides))
    throw invalidInput('rows', 'a part of the same two models, with the same sort of answers and thresholds', sides);
  const known = Object.keys(state.inputs);
  if (known.length !== inputs.length || !inputs.every((name) => known.includes(name)))
    throw invalidInput('slices', `the slices of the parts before (${known.join(', ')})`, inputs.join(', '));
}

/** Counts a part, and folds its digests into those of the parts before, in the order in which they came. */
function note(
  state: ComparisonState,
  chunks: number,
  rows: EvaluationReport['rows'],
  inputs: ComparisonState['inputs'],
): void {
  state.chunks += chunks;
  state.rows = {
    given: state.rows.given + rows.given,
    considered: state.rows.considered + rows.considered,
    withoutTruth: state.rows.withoutTruth + rows.withoutTruth,
    championInvalid: state.rows.championInvalid + rows.championInvalid,
    challengerInvalid: state.rows.challengerInvalid + rows.challengerInvalid,
    unmatched: state.rows.unmatched + rows.unmatched,
  };
  state.inputs = Object.fromEntries(
    Object.entries(inputs).map(([name, digest]) => {
      const before = state.inputs[name];
      return [name, before === undefined ? digest : digestJson([before, digest])];
    }),
  );
}

/** This slice's code of each label of a part; new labels are added. */
function codesOf(slice: SliceState, labels: readonly string[], declared: boolean): number[] {
  slice.declared ||= declared;
  const known = new Map(slice.labels.map((label, code) => [label, code]));
  return labels.map((label) => {
    const code = known.get(label);
    if (code !== undefined) return code;
    known.set(label, slice.labels.length);
    return slice.labels.push(label) - 1;
  });
}
