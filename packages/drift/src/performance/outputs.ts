import { quantileSorted } from '@millwright/core/statistics';
import { tableFrom } from '@millwright/core/table';
import { compareStrata } from '../multivariate/strata.js';
import { show } from '../show.js';
import type { TwoSampleCells } from '../test/cells.js';
import { distribution, testCells } from '../test/distribution.js';
import type { TestOptions, TestResult } from '../test/types.js';
import { checkScores, predictionsOf } from './cbpe.js';
import type { LabelledScores, Scores } from './types.js';

/** What a classifier says, and whether it is still right, compared with the reference. */
export interface OutputDrift {
  /** The shares of the answers. */
  readonly prediction: TestResult;
  /** The distribution of the scores. */
  readonly confidence: TestResult;
  /** The shares of the labels; undefined when a side has none. */
  readonly label: TestResult | undefined;
  /** The chance of a positive at a given score: calibration, and with it the concept. Undefined when a side has no labels. */
  readonly calibration: TestResult | undefined;
}

/**
 * Prediction, confidence, label and calibration drift of a binary classifier. Rows whose label is NaN (not come yet) count
 * for prediction and confidence only. Calibration is compared inside ten cells of the reference's scores, so that other
 * scores alone are no calibration drift. Margin 0.05 by default.
 *
 * @throws `input/invalid` for a NaN score or unequal lengths
 */
export function outputDrift(
  reference: Scores | LabelledScores,
  current: Scores | LabelledScores,
  options: TestOptions = {},
): OutputDrift {
  const checked = { margin: DEFAULT_MARGIN, ...options };
  const [before, now] = [checkScores(reference), checkScores(current)];
  const [labelsBefore, labelsNow] = [labelsOf(reference), labelsOf(current)];
  const labelled = labelsBefore !== undefined && labelsNow !== undefined;
  const columnOf = (values: Float64Array) => tableFrom({ values }).columns.get('values')!;
  return {
    prediction: testCells(binary('answer', predictionsOf(reference), predictionsOf(current)), checked),
    confidence: distribution.fromSamples(columnOf(before), columnOf(now), checked),
    label: labelled ? testCells(binary('label', labelsBefore, labelsNow), checked) : undefined,
    calibration: labelled ? calibration({ before, labelsBefore, now, labelsNow }, checked) : undefined,
  };
}

const DEFAULT_MARGIN = 0.05;
const SCORE_CELLS = 10;

function calibration(
  facts: {
    readonly before: Float64Array;
    readonly labelsBefore: ArrayLike<number>;
    readonly now: Float64Array;
    readonly labelsNow: ArrayLike<number>;
  },
  options: TestOptions,
): TestResult {
  const sorted = facts.before.toSorted();
  const edges = Array.from({ length: SCORE_CELLS - 1 }, (_, k) => quantileSorted(sorted, (k + 1) / SCORE_CELLS));
  const cellOf = (score: number) => edges.filter((edge) => edge < score).length;
  const counts = (scores: Float64Array, labels: ArrayLike<number>) => {
    const out = Array.from({ length: SCORE_CELLS }, () => new Float64Array(2));
    for (let i = 0; i < scores.length; i++) {
      const label = labels[i]!;
      if (label === 0 || label === 1) out[cellOf(scores[i]!)]![label]!++;
    }
    return out;
  };
  const now = counts(facts.now, facts.labelsNow);
  const strata = counts(facts.before, facts.labelsBefore).map((reference, k) => ({
    name: `score ${k === 0 ? 'up to' : `above ${show(edges[k - 1]!)} up to`} ${k < edges.length ? show(edges[k]!) : '1'}`,
    cells: cellsNamed('label', reference, now[k]!),
  }));
  return { ...compareStrata(strata, options), test: 'calibration' };
}

function labelsOf(rows: Scores | LabelledScores): ArrayLike<number> | undefined {
  return 'labels' in rows ? rows.labels : undefined;
}

/** Counts of 0 and 1; anything else is not counted. */
function binary(name: string, reference: ArrayLike<number>, current: ArrayLike<number>): TwoSampleCells {
  const count = (values: ArrayLike<number>) => {
    const counts = new Float64Array(2);
    for (let i = 0; i < values.length; i++) if (values[i] === 0 || values[i] === 1) counts[values[i]!]!++;
    return counts;
  };
  return cellsNamed(name, count(reference), count(current));
}

function cellsNamed(name: string, reference: Float64Array, current: Float64Array): TwoSampleCells {
  return { reference, current, ordered: false, label: (k) => `${name} ${k}` };
}
