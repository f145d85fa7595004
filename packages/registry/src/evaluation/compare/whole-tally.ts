import { addToBins, type CalibrationBin, calibrationError, uniformBins } from '../metrics/calibration.js';
import type { Task } from '../metrics/catalogue.js';
import { known, type Measure, unknown } from '../metrics/measure.js';
import {
  type ConfusionMatrix,
  confusionMatrix,
  matrixBalancedAccuracy,
  matrixKappa,
  matrixMatthews,
  matrixScore,
} from '../metrics/multiclass.js';
import {
  addHistogram,
  addScores,
  binnedAveragePrecision,
  binnedRocAuc,
  emptyHistogram,
  type ScoreHistogram,
} from './score-histogram.js';

/** What one model's metrics of all rows at once need, in parts that add up. */
export type WholeTally =
  | { readonly task: 'binary'; ranking: ScoreHistogram; bins: CalibrationBin[]; outside: number }
  | { readonly task: 'multiclass'; matrix: ConfusionMatrix }
  | { readonly task: 'regression'; truth: Moments; errors: number; squares: number };

/** Count, mean and sum of squared deviations; of parts by Chan's formula (1983). */
interface Moments {
  n: number;
  mean: number;
  deviations: number;
  least: number;
  most: number;
}

export function emptyWhole(task: Task, scoreRange: readonly [number, number]): WholeTally {
  switch (task) {
    case 'binary':
      return { task, ranking: emptyHistogram(scoreRange), bins: uniformBins(10), outside: 0 };
    case 'multiclass':
      return { task, matrix: { classes: 1, counts: new Float64Array(1) } };
    case 'regression':
      return { task, truth: NOTHING, errors: 0, squares: 0 };
    default:
      return task satisfies never;
  }
}

/** Adds rows that all have a truth and a prediction. */
export function addWholeRows(tally: WholeTally, truth: Float64Array, predicted: Float64Array): void {
  switch (tally.task) {
    case 'binary': {
      addScores(tally.ranking, truth, predicted);
      const outside = predicted.reduce((count, score) => count + +!(score >= 0 && score <= 1), 0);
      tally.outside += outside;
      if (outside === 0) addToBins(tally.bins, truth, predicted);
      return;
    }
    case 'multiclass': {
      const classes = 1 + Math.max(largest(truth), largest(predicted));
      tally.matrix = sumOf(tally.matrix, confusionMatrix(truth, predicted, classes));
      return;
    }
    case 'regression': {
      tally.truth = together(tally.truth, momentsOf(truth));
      for (let i = 0; i < truth.length; i++) {
        tally.errors += predicted[i]! - truth[i]!;
        tally.squares += (predicted[i]! - truth[i]!) ** 2;
      }
      return;
    }
    default:
      tally satisfies never;
  }
}

/** Adds another tally of the same task. */
export function addWhole(tally: WholeTally, other: WholeTally): void {
  if (tally.task === 'binary' && other.task === 'binary') {
    addHistogram(tally.ranking, other.ranking);
    tally.outside += other.outside;
    tally.bins.forEach((bin, i) => {
      bin.count += other.bins[i]!.count;
      bin.scores += other.bins[i]!.scores;
      bin.positives += other.bins[i]!.positives;
    });
  } else if (tally.task === 'multiclass' && other.task === 'multiclass') {
    tally.matrix = sumOf(tally.matrix, other.matrix);
  } else if (tally.task === 'regression' && other.task === 'regression') {
    tally.truth = together(tally.truth, other.truth);
    tally.errors += other.errors;
    tally.squares += other.squares;
  }
}

/** A metric of all rows. */
export function wholeMeasure(tally: WholeTally, metric: string): Measure {
  switch (tally.task) {
    case 'binary':
      if (metric === 'rocAuc') return binnedRocAuc(tally.ranking);
      if (metric === 'averagePrecision') return binnedAveragePrecision(tally.ranking);
      return tally.outside > 0
        ? unknown(`${tally.outside} rows have a score which is no probability`)
        : calibrationError(tally.bins);
    case 'multiclass':
      return matrixMeasure(tally.matrix, metric);
    case 'regression': {
      const { n, deviations, least, most } = tally.truth;
      if (n === 0) return unknown('there is no row');
      if (metric === 'bias') return known(tally.errors / n, n);
      if (n < 2) return unknown('needs two rows', n);
      return least === most ? unknown('every truth is the same', n) : known(1 - tally.squares / deviations, n);
    }
    default:
      return tally satisfies never;
  }
}

/** A metric of several classes by the name it has in the catalogue. */
export function matrixMeasure(matrix: ConfusionMatrix, metric: string): Measure {
  if (metric === 'balancedAccuracy') return matrixBalancedAccuracy(matrix);
  if (metric === 'f1Macro') return matrixScore(matrix, 'f', 'macro');
  if (metric === 'f1Weighted') return matrixScore(matrix, 'f', 'weighted');
  return metric === 'mcc' ? matrixMatthews(matrix) : matrixKappa(matrix);
}

const NOTHING: Moments = {
  n: 0,
  mean: 0,
  deviations: 0,
  least: Number.POSITIVE_INFINITY,
  most: Number.NEGATIVE_INFINITY,
};

function momentsOf(values: Float64Array): Moments {
  const n = values.length;
  if (n === 0) return NOTHING;
  let [sum, least, most] = [0, values[0]!, values[0]!];
  for (let i = 0; i < n; i++) {
    sum += values[i]!;
    least = Math.min(least, values[i]!);
    most = Math.max(most, values[i]!);
  }
  const mean = sum / n;
  let deviations = 0;
  for (let i = 0; i < n; i++) deviations += (values[i]! - mean) ** 2;
  return { n, mean, deviations, least, most };
}

function together(a: Moments, b: Moments): Moments {
  const n = a.n + b.n;
  if (n === 0) return NOTHING;
  const gap = b.mean - a.mean;
  return {
    n,
    mean: a.mean + (gap * b.n) / n,
    deviations: a.deviations + b.deviations + (gap * gap * a.n * b.n) / n,
    least: Math.min(a.least, b.least),
    most: Math.max(a.most, b.most),
  };
}

function sumOf(a: ConfusionMatrix, b: ConfusionMatrix): ConfusionMatrix {
  const classes = Math.max(a.classes, b.classes);
  const counts = new Float64Array(classes * classes);
  for (const matrix of [a, b])
    for (let truth = 0; truth < matrix.classes; truth++)
      for (let predicted = 0; predicted < matrix.classes; predicted++)
        counts[truth * classes + predicted]! += matrix.counts[truth * matrix.classes + predicted]!;
  return { classes, counts };
}

function largest(values: Float64Array): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, values[i]!);
  return most;
}
