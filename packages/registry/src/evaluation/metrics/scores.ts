import { mannWhitneyU, sortOrder } from '@millwright/core/statistics';
import { known, type Measure, unknown } from './measure.js';

/** Rows of a binary task as metrics on scores take them: truth 1 or else, one score per row, optional weights. */
export interface ScoredRows {
  readonly truth: ArrayLike<number>;
  readonly scores: Float64Array;
  readonly weights?: ArrayLike<number> | undefined;
}

/** Area under the ROC curve, exact, ties count one half. About 70 ms for 1e6 rows. Undefined for one class or a NaN score. */
export function rocAuc(rows: ScoredRows): Measure {
  if (rows.weights === undefined) return unweightedAuc(rows);
  const blocks = tieBlocks(rows);
  if (typeof blocks === 'string') return unknown(blocks, rows.scores.length);
  const { positives, negatives, totalPositive, totalNegative } = blocks;
  let sum = 0;
  let below = 0;
  for (let i = positives.length - 1; i >= 0; i--) {
    sum += positives[i]! * (below + negatives[i]! / 2);
    below += negatives[i]!;
  }
  return known(sum / totalPositive / totalNegative, rows.scores.length);
}

function unweightedAuc({ truth, scores }: ScoredRows): Measure {
  const n = scores.length;
  const positive = new Uint8Array(n);
  for (let i = 0; i < n; i++) positive[i] = truth[i] === 1 ? 1 : 0;
  const { u, positives, negatives, hasNaN } = mannWhitneyU(scores, positive);
  if (n === 0) return unknown('there is no row');
  if (hasNaN) return unknown('a score is NaN', n);
  if (positives === 0) return unknown('no row is positive', n);
  return negatives === 0 ? unknown('no row is negative', n) : known(u / positives / negatives, n);
}

/** McClish-standardised area up to a false positive rate, as scikit-learn's `max_fpr`. */
export function partialRocAuc(rows: ScoredRows, maxFpr: number): Measure {
  const blocks = tieBlocks(rows);
  if (typeof blocks === 'string') return unknown(blocks, rows.scores.length);
  let area = 0;
  let fpr = 0;
  let tpr = 0;
  for (let i = 0; i < blocks.positives.length && fpr < maxFpr; i++) {
    const nextFpr = fpr + blocks.negatives[i]! / blocks.totalNegative;
    const nextTpr = tpr + blocks.positives[i]! / blocks.totalPositive;
    const end = Math.min(nextFpr, maxFpr);
    const at = nextFpr > fpr ? tpr + ((nextTpr - tpr) * (end - fpr)) / (nextFpr - fpr) : nextTpr;
    area += ((end - fpr) * (tpr + at)) / 2;
    fpr = nextFpr;
    tpr = nextTpr;
  }
  const least = (maxFpr * maxFpr) / 2;
  return known(0.5 * (1 + (area - least) / (maxFpr - least)), rows.scores.length);
}

/** Average precision Σ (R_n - R_{n-1}) P_n over tie blocks, no interpolation. Undefined without positives. */
export function averagePrecision(rows: ScoredRows): Measure {
  const blocks = tieBlocks(rows, false);
  if (typeof blocks === 'string') return unknown(blocks, rows.scores.length);
  let tp = 0;
  let fp = 0;
  let sum = 0;
  for (let i = 0; i < blocks.positives.length; i++) {
    tp += blocks.positives[i]!;
    fp += blocks.negatives[i]!;
    if (blocks.positives[i]! > 0) sum += (blocks.positives[i]! / blocks.totalPositive) * (tp / (tp + fp));
  }
  return known(sum, rows.scores.length);
}

/** Mean negative log-likelihood in nats, probabilities cut to [2^-52, 1 - 2^-52] as scikit-learn for doubles. */
export function logLoss(rows: ScoredRows): Measure {
  return meanLoss(rows, logLossOf);
}

/** Mean squared error of probabilities. */
export function brier(rows: ScoredRows): Measure {
  return meanLoss(rows, brierOf);
}

/** One row's log loss. */
export function logLossOf(truth: number, score: number): number {
  const p = Math.min(1 - CLIP, Math.max(CLIP, score));
  return truth === 1 ? -Math.log(p) : -Math.log1p(-p);
}

/** One row's squared error. */
export function brierOf(truth: number, score: number): number {
  const error = score - (truth === 1 ? 1 : 0);
  return error * error;
}

/** scikit-learn's clip for float64: the machine epsilon. */
const CLIP = 2 ** -52;

function meanLoss({ truth, scores, weights }: ScoredRows, loss: (truth: number, score: number) => number): Measure {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!;
    if (!(score >= 0 && score <= 1))
      return unknown(`row ${i} has the score ${score}, which is no probability`, scores.length);
    const weight = weights?.[i] ?? 1;
    sum += weight * loss(truth[i]!, score);
    total += weight;
  }
  return total > 0 ? known(sum / total, scores.length) : unknown('there is no row');
}

/** What a ranking is for curves and areas. */
export interface TieBlocks {
  /** Distinct scores, the highest first. */
  readonly scores: Float64Array;
  /** Weight of positives and negatives per distinct score, highest score first. */
  readonly positives: Float64Array;
  readonly negatives: Float64Array;
  readonly totalPositive: number;
  readonly totalNegative: number;
}

/** Weights per distinct score; a sentence when a class is missing or a score is NaN. */
export function tieBlocks({ truth, scores, weights }: ScoredRows, needsNegatives = true): TieBlocks | string {
  const n = scores.length;
  if (n === 0) return 'there is no row';
  const order = sortOrder(scores);
  if (Number.isNaN(scores[order[n - 1]!])) return 'a score is NaN';
  const positives = new Float64Array(n);
  const negatives = new Float64Array(n);
  const distinct = new Float64Array(n);
  let block = -1;
  let last = Number.NaN;
  let totalPositive = 0;
  let totalNegative = 0;
  for (let i = n - 1; i >= 0; i--) {
    const row = order[i]!;
    const score = scores[row]!;
    if (score !== last) {
      distinct[++block] = score;
      last = score;
    }
    const weight = weights === undefined ? 1 : weights[row]!;
    if (truth[row] === 1) {
      positives[block]! += weight;
      totalPositive += weight;
    } else {
      negatives[block]! += weight;
      totalNegative += weight;
    }
  }
  if (totalPositive === 0) return 'no row is positive';
  if (needsNegatives && totalNegative === 0) return 'no row is negative';
  return {
    scores: distinct.subarray(0, block + 1),
    positives: positives.subarray(0, block + 1),
    negatives: negatives.subarray(0, block + 1),
    totalPositive,
    totalNegative,
  };
}
