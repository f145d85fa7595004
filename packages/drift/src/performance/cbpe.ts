import { invalidInput, type Random, seededRandom } from '@millwright/core';
import { type IsotonicFit, isotonicAt, isotonicFit, sortOrder } from '@millwright/core/statistics';
import {
  type Confusion,
  countConfusion,
  expectConfusion,
  expectedAuc,
  RATIO_NAMES,
  type RatioName,
  ratio,
  ratioSpread,
  realisedAuc,
} from './figures.js';
import { checkEstimator, judgeFigure } from './judge-figure.js';
import { worstSentence } from './sentence.js';
import type { EstimatedFigure, EstimatorOptions, LabelledScores, PerformanceEstimate, Scores } from './types.js';

/** The metrics that can be estimated from scores alone. */
export type CbpeMetric = RatioName | 'rocAuc';

/** Whether scores are calibrated first, and how the estimate is judged. */
export interface CbpeOptions extends EstimatorOptions {
  /**
   * Whether scores are turned into chances by isotonic regression: `auto` when that lowers the Brier score of rows that
   * the regression has not seen (five folds). Default `auto`.
   */
  readonly calibrate?: 'auto' | 'always' | 'never' | undefined;
}

/** Estimates a classifier's performance on rows whose labels have not come yet. */
export interface CbpeEstimator {
  /** From score to chance; undefined when the scores are taken as chances. */
  readonly calibration: IsotonicFit | undefined;
  /** The realised figures of the reference. */
  readonly reference: Readonly<Record<CbpeMetric, number>>;
  /** @throws `input/invalid` for a NaN score or unequal lengths */
  estimate(rows: Scores): PerformanceEstimate<CbpeMetric>;
}

/**
 * Confidence-based performance estimation (NannyML's CBPE): if the chance of a positive given the score is what it was on
 * the reference, the expected confusion of unlabelled rows follows from their scores. Unlike there, equal scores are one
 * group of the ROC curve, and the band holds the error of the calibration as well as that of sampling.
 *
 * @throws `input/invalid` for unequal lengths, NaN scores, or a reference without both classes
 */
export function cbpe(reference: LabelledScores, options: CbpeOptions = {}): CbpeEstimator {
  const limits = checkEstimator(options);
  const { scores, labels } = checkLabelled(reference);
  const random = seededRandom(limits.seed);
  const mode = options.calibrate ?? 'auto';
  const calibrated = mode === 'always' || (mode === 'auto' && calibrationHelps(scores, labels, random));
  const calibration = calibrated ? isotonicFit(scores, labels) : undefined;
  const refits = Array.from({ length: limits.refits }, () => refit(scores, labels, random));
  const cells = countConfusion(predictionsOf(reference), labels);
  const area = realisedAuc(labels, scores);
  const figures = (of: Confusion, auc: number) =>
    ({ rocAuc: auc, ...Object.fromEntries(RATIO_NAMES.map((name) => [name, ratio(name, of)])) }) as Figures;
  const known = figures(cells, area.auc);
  const spread = (name: CbpeMetric) => (name === 'rocAuc' ? area.spread : ratioSpread(name, cells));

  return {
    calibration,
    reference: known,
    estimate(rows) {
      const order = sortOrder(checkScores(rows));
      const predictions = predictionsOf(rows);
      const under = (fit: IsotonicFit | undefined) => {
        const chances = chancesOf(rows.scores, order, fit);
        return figures(expectConfusion(predictions, chances), expectedAuc(rows.scores, order, chances));
      };
      const value = under(calibration);
      const others = refits.map(under);
      const n = rows.scores.length;
      const judged = Object.fromEntries(
        METRICS.map((name): [string, EstimatedFigure] => [
          name,
          judgeFigure(
            {
              value: value[name],
              reference: known[name],
              samplingError: spread(name) / Math.sqrt(n),
              modelError: deviation(others, name, value[name]),
              referenceError: spread(name) / Math.sqrt(scores.length),
              rows: n,
              better: 1,
              range: [0, 1],
            },
            limits,
          ),
        ]),
      ) as Record<CbpeMetric, EstimatedFigure>;
      return { method: 'cbpe', rows: n, figures: judged, assumes: ASSUMES, sentence: worstSentence(judged, n) };
    },
  };
}

const METRICS: readonly CbpeMetric[] = ['rocAuc', ...RATIO_NAMES];
const ASSUMES = 'The chance of a positive at a given score is what it was on the reference.';
const FOLDS = 5;

type Figures = Record<CbpeMetric, number>;

/** What the model answered: its own predictions, or a score of a half or more. */
export function predictionsOf({ scores, predictions }: Scores): ArrayLike<number> {
  if (predictions === undefined) return Uint8Array.from(scores, (score) => Number(score >= 0.5));
  if (predictions.length !== scores.length)
    throw invalidInput('predictions', `as many as scores (${scores.length})`, predictions.length);
  return predictions;
}

export function checkScores({ scores }: Scores): Float64Array {
  const bad = scores.findIndex(Number.isNaN);
  if (bad >= 0) throw invalidInput(`scores[${bad}]`, 'a number', Number.NaN, 'Leave out rows that were not scored.');
  return scores;
}

function checkLabelled(reference: LabelledScores): {
  readonly scores: Float64Array;
  readonly labels: ArrayLike<number>;
} {
  const scores = checkScores(reference);
  const { labels } = reference;
  if (labels.length !== scores.length)
    throw invalidInput('labels', `as many as scores (${scores.length})`, labels.length);
  let positives = 0;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== 0 && labels[i] !== 1) throw invalidInput(`labels[${i}]`, '0 or 1', labels[i]);
    positives += labels[i]!;
  }
  if (positives < 2 || labels.length - positives < 2)
    throw invalidInput('labels', 'at least two rows of each class', `${positives} positive of ${labels.length}`);
  return { scores, labels };
}

/** Does isotonic regression lower the Brier score of rows that it has not seen? Scores beyond [0, 1] are no chances. */
function calibrationHelps(scores: Float64Array, labels: ArrayLike<number>, random: Random): boolean {
  if (scores.some((score) => score < 0 || score > 1)) return true;
  const fold = Uint8Array.from(scores, () => Math.floor(random.next() * FOLDS));
  let gain = 0;
  for (let held = 0; held < FOLDS; held++) {
    const weights = Uint8Array.from(fold, (k) => Number(k !== held));
    if (!weights.includes(1)) continue;
    const fit = isotonicFit(scores, labels, weights);
    for (let i = 0; i < scores.length; i++)
      if (fold[i] === held) gain += (scores[i]! - labels[i]!) ** 2 - (isotonicAt(fit, scores[i]!) - labels[i]!) ** 2;
  }
  return gain > 0;
}

/** The regression on rows drawn with replacement, as weights. */
function refit(scores: Float64Array, labels: ArrayLike<number>, random: Random): IsotonicFit {
  const weights = new Float64Array(scores.length);
  for (let i = 0; i < weights.length; i++) weights[Math.floor(random.next() * weights.length)]!++;
  return isotonicFit(scores, labels, weights);
}

/** Scores as chances. The knots are walked along with the sorted scores: no search per row. */
function chancesOf(scores: Float64Array, order: Uint32Array, fit: IsotonicFit | undefined): Float64Array {
  if (fit === undefined) return scores;
  const { x, y } = fit;
  const chances = new Float64Array(scores.length);
  const last = x.length - 1;
  let k = 0;
  for (const row of order) {
    const score = scores[row]!;
    while (k < last && x[k + 1]! <= score) k++;
    const share = k === last || score <= x[k]! ? 0 : (score - x[k]!) / (x[k + 1]! - x[k]!);
    chances[row] = y[k]! + (share === 0 ? 0 : share * (y[k + 1]! - y[k]!));
  }
  return chances;
}

/** Root mean square distance of the refits' figures from the estimate: variance of the calibration, and its bias if any. */
function deviation(others: readonly Figures[], name: CbpeMetric, value: number): number {
  let squares = 0;
  for (const other of others) squares += (other[name] - value) ** 2;
  return Math.sqrt(squares / others.length);
}
