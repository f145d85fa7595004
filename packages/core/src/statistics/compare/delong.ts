import { invalidInput } from '../../foundation/errors.js';
import { sortOrder } from '../descriptive/order.js';
import { normalQuantile, normalSf } from '../distribution/normal.js';
import type { Interval } from '../interval/proportion.js';

/** Two ROC AUCs on the same rows and the test of their difference. */
export interface DeLongResult {
  readonly first: AucEstimate;
  readonly second: AucEstimate;
  readonly covariance: number;
  /** first - second */
  readonly difference: number;
  readonly standardError: number;
  readonly interval: Interval;
  /** 0 when the scores rank all rows alike (variance 0 and difference 0). */
  readonly z: number;
  readonly pValue: number;
  /** One-sided p that the first is better. */
  readonly firstBetter: number;
}

/** The area under a ROC curve with DeLong's variance. */
export interface AucEstimate {
  readonly auc: number;
  readonly variance: number;
  /** Cut to [0, 1] as pROC does. Degenerate when the AUC is 0 or 1. */
  readonly interval: Interval;
}

/**
 * DeLong, DeLong & Clarke-Pearson (1988) by midranks, O(n log n) (Sun & Xu 2014). Undefined, with the reason, when a
 * class is missing or has a single row, or a score is NaN. `truth` is 1 for positive, anything else negative.
 *
 * @throws `input/invalid` for unequal lengths
 */
export function delong(
  truth: ArrayLike<number>,
  first: Float64Array,
  second: Float64Array,
  level = 0.95,
): DeLongResult | { readonly undefinedWhy: string } {
  const n = truth.length;
  if (first.length !== n || second.length !== n)
    throw invalidInput('scores', `as many scores as rows (${n})`, `${first.length} and ${second.length}`);
  let positives = 0;
  for (let i = 0; i < n; i++) if (truth[i] === 1) positives++;
  const negatives = n - positives;
  if (positives < 2 || negatives < 2)
    return { undefinedWhy: `needs two rows of each class, has ${positives} positive and ${negatives} negative` };
  const a = placements(truth, first, positives);
  const b = placements(truth, second, positives);
  if (a === undefined || b === undefined) return { undefinedWhy: 'a score is NaN' };
  const z = normalQuantile(1 - (1 - level) / 2);
  const varianceA = covariance(a, a);
  const varianceB = covariance(b, b);
  const covarianceAB = covariance(a, b);
  const difference = a.auc - b.auc;
  const standardError = Math.sqrt(Math.max(0, varianceA + varianceB - 2 * covarianceAB));
  const statistic = difference === 0 ? 0 : difference / standardError;
  return {
    first: estimate(a.auc, varianceA, z),
    second: estimate(b.auc, varianceB, z),
    covariance: covarianceAB,
    difference,
    standardError,
    interval: { lower: difference - z * standardError, upper: difference + z * standardError },
    z: statistic,
    pValue: Math.min(1, 2 * normalSf(Math.abs(statistic))),
    firstBetter: normalSf(statistic),
  };
}

interface Placements {
  readonly auc: number;
  /** For each positive: the share of negatives below it (ties one half). */
  readonly ofPositives: Float64Array;
  /** For each negative: the share of positives above it. */
  readonly ofNegatives: Float64Array;
}

function placements(truth: ArrayLike<number>, scores: Float64Array, positives: number): Placements | undefined {
  const n = scores.length;
  const negatives = n - positives;
  const order = sortOrder(scores);
  if (Number.isNaN(scores[order[n - 1]!])) return undefined;
  const slot = new Uint32Array(n);
  for (let i = 0, p = 0, q = 0; i < n; i++) slot[i] = truth[i] === 1 ? p++ : q++;
  const ofPositives = new Float64Array(positives);
  const ofNegatives = new Float64Array(negatives);
  let sum = 0;
  let negativesBelow = 0;
  let positivesBelow = 0;
  for (let start = 0; start < n; ) {
    const value = scores[order[start]!];
    let end = start;
    let tiedPositives = 0;
    while (end < n && scores[order[end]!] === value) if (truth[order[end++]!] === 1) tiedPositives++;
    const tiedNegatives = end - start - tiedPositives;
    const below = (negativesBelow + tiedNegatives / 2) / negatives;
    const above = 1 - (positivesBelow + tiedPositives / 2) / positives;
    for (let k = start; k < end; k++) {
      const row = order[k]!;
      if (truth[row] === 1) ofPositives[slot[row]!] = below;
      else ofNegatives[slot[row]!] = above;
    }
    sum += tiedPositives * (negativesBelow + tiedNegatives / 2);
    negativesBelow += tiedNegatives;
    positivesBelow += tiedPositives;
    start = end;
  }
  return { auc: sum / positives / negatives, ofPositives, ofNegatives };
}

function covariance(a: Placements, b: Placements): number {
  return (
    sampleCovariance(a.ofPositives, b.ofPositives, a.auc, b.auc) / a.ofPositives.length +
    sampleCovariance(a.ofNegatives, b.ofNegatives, a.auc, b.auc) / a.ofNegatives.length
  );
}

function sampleCovariance(x: Float64Array, y: Float64Array, meanX: number, meanY: number): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i]! - meanX) * (y[i]! - meanY);
  return sum / (x.length - 1);
}

function estimate(auc: number, variance: number, z: number): AucEstimate {
  const half = z * Math.sqrt(variance);
  return { auc, variance, interval: { lower: Math.max(0, auc - half), upper: Math.min(1, auc + half) } };
}
