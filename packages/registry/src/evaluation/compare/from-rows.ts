import { delong } from '@millwright/core/statistics';
import { calibration } from '../metrics/calibration.js';
import type { Metric } from '../metrics/catalogue.js';
import { known, unknown } from '../metrics/measure.js';
import { type ConfusionMatrix, confusionMatrix } from '../metrics/multiclass.js';
import { bias, rSquared } from '../metrics/regression.js';
import { averagePrecision, rocAuc } from '../metrics/scores.js';
import { cellInfluence, type Difference, withInterval } from './paired.js';
import type { countedRows } from './read.js';
import type { MetricComparison } from './report.js';
import { comparison } from './tally.js';
import { matrixMeasure } from './whole-tally.js';

/** Why labels have no area under a curve. */
export const NO_RANKING = 'a model without scores has no ranking';

/** Metrics that need all rows at once. */
export function fromRows(
  metric: Metric,
  { task, truth, champion, challenger }: ReturnType<typeof countedRows>,
  dependent: boolean,
): MetricComparison {
  if (task === 'binary') {
    if (!champion.areScores || !challenger.areScores) {
      const why = unknown(NO_RANKING, truth.length);
      return comparison(metric, why, why);
    }
    if (metric.name === 'rocAuc') return areas(metric, truth, champion.values, challenger.values, dependent);
    const of = (scores: Float64Array) =>
      metric.name === 'ece' ? calibration({ truth, scores }).ece : averagePrecision({ truth, scores });
    return comparison(metric, of(champion.values), of(challenger.values));
  }
  if (task === 'regression') {
    const of = (predicted: Float64Array) =>
      metric.name === 'r2' ? rSquared({ truth, predicted }) : bias({ truth, predicted });
    return comparison(metric, of(champion.values), of(challenger.values));
  }
  let classes = 1;
  for (const values of [truth, champion.values, challenger.values])
    for (let i = 0; i < values.length; i++) classes = Math.max(classes, values[i]! + 1);
  const of = (predicted: Float64Array) => {
    const matrix = confusionMatrix(truth, predicted, classes);
    return { predicted, matrix, measure: matrixMeasure(matrix, metric.name) };
  };
  const [a, b] = [of(champion.values), of(challenger.values)];
  const difference = dependent || classes > MOST_CLASSES ? undefined : matrixDifference(metric.name, truth, a, b);
  return comparison(metric, a.measure, b.measure, difference);
}

/** Beyond, the influence of every cell costs more than it is worth. */
const MOST_CLASSES = 100;

interface MatrixSide {
  readonly predicted: Float64Array;
  readonly matrix: ConfusionMatrix;
}

/**
 * Difference of a metric of two confusion matrices on the same rows, by the delta method: each row moves the difference by
 * the influence of its cell of the challenger's matrix minus that of its cell of the champion's.
 */
function matrixDifference(metric: string, truth: Float64Array, a: MatrixSide, b: MatrixSide): Difference | undefined {
  const n = truth.length;
  const influenceOf = ({ matrix: { classes, counts } }: MatrixSide) =>
    cellInfluence(
      Array.from(counts),
      (cells) => matrixMeasure({ classes, counts: Float64Array.from(cells) }, metric).value,
    );
  const [champion, challenger] = [influenceOf(a), influenceOf(b)];
  if (champion === undefined || challenger === undefined) return undefined;
  const { classes } = a.matrix;
  let squares = 0;
  for (let i = 0; i < n; i++) {
    const own = truth[i]! * classes;
    squares += (challenger.ofCell[own + b.predicted[i]!]! - champion.ofCell[own + a.predicted[i]!]!) ** 2;
  }
  return withInterval(challenger.value - champion.value, Math.sqrt(squares / n / n), 'delta@1', n);
}

/** Areas and DeLong's test, which takes rows as independent: with units only the values are given. */
function areas(
  metric: Metric,
  truth: Float64Array,
  a: Float64Array,
  b: Float64Array,
  dependent: boolean,
): MetricComparison {
  const result = delong(truth, b, a);
  const n = truth.length;
  // DeLong's test needs two rows of each class, the areas only one.
  if ('undefinedWhy' in result) return comparison(metric, rocAuc({ truth, scores: a }), rocAuc({ truth, scores: b }));
  if (dependent) return comparison(metric, known(result.second.auc, n), known(result.first.auc, n));
  return comparison(
    metric,
    known(result.second.auc, n, result.second.interval),
    known(result.first.auc, n, result.first.interval),
    withInterval(result.difference, result.standardError, 'delong@1', n),
  );
}
