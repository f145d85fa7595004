import { invalidInput } from '@millwright/core';
import type { Confusion } from './confusion.js';
import * as binary from './confusion.js';
import type { Measure } from './measure.js';
import { brierOf, logLossOf } from './scores.js';

/** What a metric is, pinned by an id with a version, so that an old report keeps its meaning. */
export interface MetricInfo {
  /** Short name: `recall`. */
  readonly name: string;
  /** The definition it is pinned to: `sklearn.recall.binary@1`. */
  readonly id: string;
  /** In a sentence: `share of late flights that it finds`. */
  readonly label: string;
  readonly better: 'higher' | 'lower';
  /** A share is shown in per cent and its differences in points. */
  readonly unit: 'share' | 'number';
}

/** A metric of the confusion matrix; for rates, the rows it is a rate over. */
export interface CellMetric extends MetricInfo {
  readonly kind: 'cells';
  readonly of: (cells: Confusion) => Measure;
  readonly rate?: 'all' | 'positives' | 'negatives';
  /** A share of counted rows, so that it has Wilson's interval. */
  readonly proportion?: true;
}

/** A mean of a loss per row. */
export interface LossMetric extends MetricInfo {
  readonly kind: 'loss';
  readonly loss: (truth: number, predicted: number) => number;
  /** Applied to the mean for the value shown; tests are about the mean itself. */
  readonly root?: true;
  /** It is about decisions, not about the scores that they come from. */
  readonly ofDecision?: true;
}

/** A metric that needs the whole ranking. */
export interface RankMetric extends MetricInfo {
  readonly kind: 'rank';
}

/** A metric of all rows that has a value but no test of its own. */
export interface WholeMetric extends MetricInfo {
  readonly kind: 'whole';
}

/** A metric by what it is computed from, which decides how two models are compared by it. */
export type Metric = CellMetric | LossMetric | RankMetric | WholeMetric;

/** What truth and predictions are. */
export type Task = 'binary' | 'multiclass' | 'regression';

/** The metric of that name or id for a task. @throws `input/invalid` naming those that exist */
export function metricFor(task: Task, name: string): Metric {
  const metric = METRICS[task].find((m) => m.name === name || m.id === name);
  if (metric) return metric;
  throw invalidInput('metric', `a metric of a ${task} task (${METRICS[task].map((m) => m.name).join(', ')})`, name);
}

/** All metrics of a task. */
export function metricsOf(task: Task): readonly Metric[] {
  return METRICS[task];
}

/** Which metric decides when nobody says otherwise. */
export const PRIMARY: Readonly<Record<Task, string>> = {
  binary: 'accuracy',
  multiclass: 'accuracy',
  regression: 'mae',
};

/** The values shown of each model when nobody says otherwise. */
export const SHOWN: Readonly<Record<Task, readonly string[]>> = {
  binary: ['accuracy', 'precision', 'recall', 'f1', 'rocAuc', 'averagePrecision', 'logLoss', 'brier', 'ece'],
  multiclass: ['accuracy', 'balancedAccuracy', 'f1Macro'],
  regression: ['mae', 'rmse', 'r2', 'bias'],
};

type Extra = {
  readonly better?: 'lower';
  readonly unit?: 'number';
  readonly rate?: CellMetric['rate'];
  readonly proportion?: true;
};

function cell(name: string, id: string, label: string, of: CellMetric['of'], extra: Extra = {}): CellMetric {
  const { better = 'higher', unit = 'share', rate, proportion } = extra;
  return {
    kind: 'cells',
    name,
    id,
    label,
    of,
    better,
    unit,
    ...(rate === undefined ? {} : { rate }),
    ...(proportion === undefined ? {} : { proportion }),
  };
}

function info(name: string, id: string, label: string, better: 'higher' | 'lower', unit: 'share' | 'number') {
  return { name, id, label, better, unit };
}

const ACCURACY = cell('accuracy', 'sklearn.accuracy@1', 'share of right answers', binary.accuracy, { rate: 'all' });

/** What decisions are worth, by the payoffs that a comparison is given. */
const VALUE: LossMetric = {
  kind: 'loss',
  ...info('value', 'millwright.value@1', 'value of a decision', 'higher', 'number'),
  loss: () => Number.NaN,
  ofDecision: true,
};

const BINARY: readonly Metric[] = [
  ACCURACY,
  cell(
    'balancedAccuracy',
    'millwright.balanced-accuracy.binary@1',
    'mean of both classes’ share of right answers',
    binary.balancedAccuracy,
  ),
  cell('precision', 'sklearn.precision.binary@1', 'share of alarms that are right', binary.precision, {
    proportion: true,
  }),
  cell('recall', 'sklearn.recall.binary@1', 'share of positives found', binary.recall, { rate: 'positives' }),
  cell('specificity', 'sklearn.recall.negative@1', 'share of negatives left alone', binary.specificity, {
    rate: 'negatives',
  }),
  cell('falsePositiveRate', 'sklearn.fpr.binary@1', 'share of negatives with an alarm', binary.falsePositiveRate, {
    proportion: true,
    better: 'lower',
  }),
  cell('falseNegativeRate', 'sklearn.fnr.binary@1', 'share of positives missed', binary.falseNegativeRate, {
    proportion: true,
    better: 'lower',
  }),
  cell(
    'negativePredictiveValue',
    'sklearn.npv.binary@1',
    'share of all-clears that are right',
    binary.negativePredictiveValue,
    { proportion: true },
  ),
  cell('selectionRate', 'fairlearn.selection-rate@1', 'share of rows with an alarm', binary.selectionRate, {
    proportion: true,
  }),
  cell('f1', 'sklearn.f1.binary@1', 'F1 score', (c) => binary.fBeta(c, 1)),
  cell('f2', 'sklearn.f2.binary@1', 'F2 score', (c) => binary.fBeta(c, 2)),
  cell('f05', 'sklearn.f0.5.binary@1', 'F0.5 score', (c) => binary.fBeta(c, 0.5)),
  cell('jaccard', 'sklearn.jaccard.binary@1', 'Jaccard index', binary.jaccard, { proportion: true }),
  cell('mcc', 'sklearn.mcc.binary@1', 'Matthews correlation', binary.matthews, { unit: 'number' }),
  cell('kappa', 'sklearn.cohen-kappa.binary@1', 'Cohen’s kappa', binary.cohenKappa, { unit: 'number' }),
  { kind: 'rank', ...info('rocAuc', 'sklearn.roc-auc@1', 'area under the ROC curve', 'higher', 'number') },
  {
    kind: 'whole',
    ...info('averagePrecision', 'sklearn.average-precision@1', 'average precision', 'higher', 'number'),
  },
  {
    kind: 'loss',
    ...info('logLoss', 'sklearn.log-loss@1', 'error of the probabilities (log loss)', 'lower', 'number'),
    loss: logLossOf,
  },
  {
    kind: 'loss',
    ...info('brier', 'sklearn.brier@1', 'squared error of the probabilities (Brier score)', 'lower', 'number'),
    loss: brierOf,
  },
  { kind: 'whole', ...info('ece', 'millwright.ece.uniform10@1', 'calibration error', 'lower', 'number') },
  VALUE,
];

const MULTICLASS: readonly Metric[] = [
  ACCURACY,
  {
    kind: 'whole',
    ...info('balancedAccuracy', 'sklearn.balanced-accuracy@1', 'mean recall of the classes', 'higher', 'share'),
  },
  { kind: 'whole', ...info('f1Macro', 'sklearn.f1.macro@1', 'macro F1', 'higher', 'share') },
  { kind: 'whole', ...info('f1Weighted', 'sklearn.f1.weighted@1', 'weighted F1', 'higher', 'share') },
  { kind: 'whole', ...info('mcc', 'sklearn.mcc@1', 'Matthews correlation', 'higher', 'number') },
  { kind: 'whole', ...info('kappa', 'sklearn.cohen-kappa@1', 'Cohen’s kappa', 'higher', 'number') },
  VALUE,
];

const REGRESSION: readonly Metric[] = [
  {
    kind: 'loss',
    ...info('mae', 'sklearn.mae@1', 'mean absolute error', 'lower', 'number'),
    loss: (y, p) => Math.abs(y - p),
  },
  {
    kind: 'loss',
    ...info('mse', 'sklearn.mse@1', 'mean squared error', 'lower', 'number'),
    loss: (y, p) => (y - p) ** 2,
  },
  {
    kind: 'loss',
    ...info('rmse', 'sklearn.rmse@1', 'root mean squared error', 'lower', 'number'),
    loss: (y, p) => (y - p) ** 2,
    root: true,
  },
  ...[0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95].map(
    (q): LossMetric => ({
      kind: 'loss',
      ...info(`pinball${q}`, `sklearn.pinball.${q}@1`, `pinball loss at ${q}`, 'lower', 'number'),
      loss: (y, p) => Math.max(q * (y - p), (q - 1) * (y - p)),
    }),
  ),
  { kind: 'whole', ...info('r2', 'sklearn.r2@1', 'R²', 'higher', 'number') },
  { kind: 'whole', ...info('bias', 'millwright.bias@1', 'mean of predicted minus true', 'lower', 'number') },
];

const METRICS: Readonly<Record<Task, readonly Metric[]>> = {
  binary: BINARY,
  multiclass: MULTICLASS,
  regression: REGRESSION,
};
