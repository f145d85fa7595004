import { delong } from '@millwright/core/statistics';

/** Rows by prediction and truth. Counts with labels, sums of probabilities without. */
export interface Confusion {
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
  readonly tn: number;
}

export type RatioName = 'accuracy' | 'precision' | 'recall' | 'specificity' | 'f1';

/** The metrics that are a ratio of two sums over the confusion cells: [tp, fp, fn, tn]. */
const RATIOS: Readonly<Record<RatioName, { readonly of: Weights; readonly over: Weights }>> = {
  accuracy: { of: [1, 0, 0, 1], over: [1, 1, 1, 1] },
  precision: { of: [1, 0, 0, 0], over: [1, 1, 0, 0] },
  recall: { of: [1, 0, 0, 0], over: [1, 0, 1, 0] },
  specificity: { of: [0, 0, 0, 1], over: [0, 1, 0, 1] },
  f1: { of: [2, 0, 0, 0], over: [2, 1, 1, 0] },
};

export const RATIO_NAMES = Object.keys(RATIOS) as readonly RatioName[];

type Weights = readonly [number, number, number, number];

/** The metric of these cells; NaN for 0/0. */
export function ratio(name: RatioName, cells: Confusion): number {
  const { of, over } = RATIOS[name];
  return dot(of, cells) / dot(over, cells);
}

/**
 * Standard deviation of the metric's per-row influence: divided by √n it is the standard error on n rows (delta method,
 * equal to the usual formula for the four proportions).
 */
export function ratioSpread(name: RatioName, cells: Confusion): number {
  const { of, over } = RATIOS[name];
  const value = ratio(name, cells);
  const n = cells.tp + cells.fp + cells.fn + cells.tn;
  const mean = dot(over, cells) / n;
  let squares = 0;
  [cells.tp, cells.fp, cells.fn, cells.tn].forEach((count, k) => {
    squares += (count / n) * ((of[k]! - value * over[k]!) / mean) ** 2;
  });
  return Math.sqrt(squares);
}

/** Cells of rows with labels. */
export function countConfusion(predictions: ArrayLike<number>, labels: ArrayLike<number>): Confusion {
  const cells = [0, 0, 0, 0];
  for (let i = 0; i < labels.length; i++) cells[(predictions[i] === 1 ? 0 : 2) + (labels[i] === 1 ? 0 : 1)]!++;
  return { tp: cells[0]!, fp: cells[1]!, fn: cells[2]!, tn: cells[3]! };
}

/** Expected cells of rows whose chance to be positive is known. */
export function expectConfusion(predictions: ArrayLike<number>, chances: Float64Array): Confusion {
  let [tp, positive, answered] = [0, 0, 0];
  for (let i = 0; i < chances.length; i++) {
    positive += chances[i]!;
    if (predictions[i] !== 1) continue;
    tp += chances[i]!;
    answered++;
  }
  const fn = positive - tp;
  return { tp, fp: answered - tp, fn, tn: chances.length - answered - fn };
}

/**
 * Expected area under the ROC curve when row i is positive with chance p_i: over all pairs of different rows, ties of
 * the score count one half. Equal scores are one group, so the order of the rows does not matter. NaN without a pair.
 */
export function expectedAuc(scores: Float64Array, order: Uint32Array, chances: Float64Array): number {
  let [won, below, positive, self] = [0, 0, 0, 0];
  for (let start = 0; start < order.length; ) {
    const score = scores[order[start]!]!;
    let [tied, count, own] = [0, 0, 0];
    for (; start < order.length && scores[order[start]!] === score; start++, count++) {
      const p = chances[order[start]!]!;
      tied += p;
      own += p * (1 - p);
    }
    const negative = count - tied;
    won += tied * below + (tied * negative - own) / 2;
    below += negative;
    positive += tied;
    self += own;
  }
  const pairs = positive * below - self;
  return pairs > 0 ? won / pairs : Number.NaN;
}

/** AUC of labelled rows and the standard deviation of its influence per row (DeLong). NaN without both classes. */
export function realisedAuc(
  labels: ArrayLike<number>,
  scores: Float64Array,
): { readonly auc: number; readonly spread: number } {
  const result = delong(labels, scores, scores);
  if ('undefinedWhy' in result) return { auc: Number.NaN, spread: Number.NaN };
  return { auc: result.first.auc, spread: Math.sqrt(result.first.variance * scores.length) };
}

function dot(weights: Weights, { tp, fp, fn, tn }: Confusion): number {
  return weights[0] * tp + weights[1] * fp + weights[2] * fn + weights[3] * tn;
}
