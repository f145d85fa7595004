import { invalidInput, seededRandom } from '@millwright/core';
import { boostedTrees } from '../learner/boosted-trees.js';
import { type Learner, type Matrix, takeMatrixRows } from '../learner/learner.js';
import { meanOf } from '../sums.js';
import { checkEstimator, judgeFigure } from './judge-figure.js';
import { worstSentence } from './sentence.js';
import type { EstimatedFigure, EstimatorOptions, PerformanceEstimate } from './types.js';

/** Rows of a regression model without targets. */
export interface PredictedRows {
  /** What the learner may look at. The prediction is added to it. */
  readonly features: Matrix;
  readonly predictions: Float64Array;
}

/** With targets. */
export interface TargetRows extends PredictedRows {
  readonly targets: Float64Array;
}

/** The losses that can be estimated: means over rows, or roots of them. */
export type DleMetric = 'mae' | 'mse' | 'rmse' | 'mape' | 'msle' | 'rmsle';

/** Which losses are estimated, and by which learner. */
export interface DleOptions extends EstimatorOptions {
  /** Default `boostedTrees()`. */
  readonly learner?: Learner | undefined;
  /** Default `['mae', 'rmse']`. */
  readonly metrics?: readonly DleMetric[] | undefined;
}

/** Estimates a regression model's losses on rows whose targets have not come yet. */
export interface DleEstimator {
  /** The realised losses of the reference. */
  readonly reference: Readonly<Partial<Record<DleMetric, number>>>;
  /** @throws `input/invalid` for unequal lengths or other columns than the reference's */
  estimate(rows: PredictedRows): PerformanceEstimate<DleMetric>;
}

/**
 * Direct loss estimation (NannyML's DLE): a learner predicts each row's loss from its features and prediction. It learns
 * on one half of the reference; the other half measures its bias, which is taken off, and its error, which enters the band.
 * The margin is a share of the reference's loss here. Negative targets or predictions leave `msle` undefined.
 *
 * @throws `input/invalid` for unequal lengths, NaN, or fewer than 100 rows
 */
export function dle(reference: TargetRows, options: DleOptions = {}): DleEstimator {
  const limits = checkEstimator(options);
  const { learner = boostedTrees(), metrics = ['mae', 'rmse'] } = options;
  checkRows(reference);
  const features = withPrediction(reference);
  const halves = split(features.rows, limits.seed);
  const learnt = new Map<Loss, LossModel>();
  for (const loss of new Set(metrics.map((metric) => LOSS_OF[metric].loss)))
    learnt.set(loss, learnLoss(loss, reference, features, halves, learner));
  const known = Object.fromEntries(
    metrics.map((metric) => [metric, rooted(metric, learnt.get(LOSS_OF[metric].loss)!.referenceMean)]),
  );

  return {
    reference: known,
    estimate(rows) {
      checkRows(rows);
      const window = withPrediction(rows);
      const means = new Map([...learnt].map(([loss, { model, bias }]) => [loss, meanOf(model.predict(window)) + bias]));
      const figures = Object.fromEntries(
        metrics.map((metric): [string, EstimatedFigure] => {
          const model = learnt.get(LOSS_OF[metric].loss)!;
          const value = rooted(metric, Math.max(0, means.get(LOSS_OF[metric].loss)!));
          // The error of a root is that of its square over twice the root.
          const slope = LOSS_OF[metric].root ? 1 / (2 * value) : 1;
          return [
            metric,
            judgeFigure(
              {
                value,
                reference: known[metric]!,
                samplingError: (slope * model.rowError) / Math.sqrt(window.rows),
                modelError: slope * model.biasError,
                referenceError: (slope * model.referenceSpread) / Math.sqrt(features.rows),
                rows: window.rows,
                better: -1,
                range: [0, Number.POSITIVE_INFINITY],
              },
              { ...limits, margin: limits.margin * known[metric]! },
            ),
          ];
        }),
      ) as Record<DleMetric, EstimatedFigure>;
      return {
        method: 'dle',
        rows: window.rows,
        figures,
        assumes: 'The loss at given features and prediction is what it was on the reference.',
        sentence: worstSentence(figures, window.rows),
      };
    },
  };
}

type Loss = 'absolute' | 'squared' | 'relative' | 'squaredLog';

const LOSS_OF: Readonly<Record<DleMetric, { readonly loss: Loss; readonly root: boolean }>> = {
  mae: { loss: 'absolute', root: false },
  mse: { loss: 'squared', root: false },
  rmse: { loss: 'squared', root: true },
  mape: { loss: 'relative', root: false },
  msle: { loss: 'squaredLog', root: false },
  rmsle: { loss: 'squaredLog', root: true },
};

const LOSSES: Readonly<Record<Loss, (target: number, prediction: number) => number>> = {
  absolute: (y, p) => Math.abs(y - p),
  squared: (y, p) => (y - p) ** 2,
  relative: (y, p) => Math.abs(y - p) / Math.abs(y),
  squaredLog: (y, p) => (Math.log1p(y) - Math.log1p(p)) ** 2,
};

const FEWEST_ROWS = 100;

interface LossModel {
  readonly model: ReturnType<Learner['fit']>;
  readonly bias: number;
  readonly biasError: number;
  /** Standard deviation of a row's loss around its prediction. */
  readonly rowError: number;
  readonly referenceMean: number;
  readonly referenceSpread: number;
}

function learnLoss(
  loss: Loss,
  { targets, predictions }: TargetRows,
  features: Matrix,
  halves: { readonly learn: Uint32Array; readonly check: Uint32Array },
  learner: Learner,
): LossModel {
  const losses = Float64Array.from(targets, (target, i) => LOSSES[loss](target, predictions[i]!));
  const pick = (rows: Uint32Array) => Float64Array.from(rows, (row) => losses[row]!);
  const model = learner.fit(takeMatrixRows(features, halves.learn), pick(halves.learn));
  const seen = pick(halves.check);
  const predicted = model.predict(takeMatrixRows(features, halves.check));
  const off = seen.map((value, i) => value - predicted[i]!);
  const rowError = spread(off);
  return {
    model,
    bias: meanOf(off),
    biasError: rowError / Math.sqrt(off.length),
    rowError,
    referenceMean: meanOf(losses),
    referenceSpread: spread(losses),
  };
}

function withPrediction({ features, predictions }: PredictedRows): Matrix {
  return { rows: features.rows, columns: [...features.columns, predictions] };
}

function checkRows(rows: PredictedRows & { readonly targets?: Float64Array }): void {
  const { features, predictions, targets } = rows;
  if (predictions.length !== features.rows)
    throw invalidInput('predictions', `as many as rows (${features.rows})`, predictions.length);
  if (predictions.some(Number.isNaN)) throw invalidInput('predictions', 'numbers without NaN', Number.NaN);
  if (targets === undefined) return;
  if (targets.length !== features.rows)
    throw invalidInput('targets', `as many as rows (${features.rows})`, targets.length);
  if (targets.some(Number.isNaN)) throw invalidInput('targets', 'numbers without NaN', Number.NaN);
  if (features.rows < FEWEST_ROWS) throw invalidInput('reference', `${FEWEST_ROWS} rows or more`, features.rows);
}

function split(rows: number, seed: number): { readonly learn: Uint32Array; readonly check: Uint32Array } {
  const random = seededRandom(seed);
  const order = Uint32Array.from({ length: rows }, (_, i) => i);
  for (let i = rows - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return { learn: order.subarray(0, rows >> 1), check: order.subarray(rows >> 1) };
}

function rooted(metric: DleMetric, value: number): number {
  return LOSS_OF[metric].root ? Math.sqrt(value) : value;
}

function spread(values: Float64Array): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
