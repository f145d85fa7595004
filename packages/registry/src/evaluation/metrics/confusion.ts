import { known, type Measure, ratio, unknown } from './measure.js';

/** Counts (or sums of weights) of a binary decision against the truth. */
export interface Confusion {
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
  readonly tn: number;
}

/** Counts of decisions; any value but 1 is negative. With weights, sums of them. */
export function confusion(
  truth: ArrayLike<number>,
  decisions: ArrayLike<number>,
  weights?: ArrayLike<number>,
): Confusion {
  const sums = [0, 0, 0, 0];
  for (let i = 0; i < truth.length; i++)
    sums[(truth[i] === 1 ? 2 : 0) + (decisions[i] === 1 ? 1 : 0)]! += weights?.[i] ?? 1;
  const [tn, fp, fn, tp] = sums as [number, number, number, number];
  return { tp, fp, fn, tn };
}

/** Share of right decisions. */
export function accuracy({ tp, fp, fn, tn }: Confusion): Measure {
  return ratio(tp + tn, tp + fp + fn + tn, NO_ROWS);
}

/** Of the rows decided positive, the share that is positive. */
export function precision({ tp, fp }: Confusion): Measure {
  return ratio(tp, tp + fp, 'nothing was decided positive');
}

/** Of the positive rows, the share decided positive: true positive rate, sensitivity. */
export function recall({ tp, fn }: Confusion): Measure {
  return ratio(tp, tp + fn, NO_POSITIVES);
}

/** Of the negative rows, the share decided negative: true negative rate. */
export function specificity({ fp, tn }: Confusion): Measure {
  return ratio(tn, tn + fp, NO_NEGATIVES);
}

/** Of the negative rows, the share decided positive. */
export function falsePositiveRate({ fp, tn }: Confusion): Measure {
  return ratio(fp, tn + fp, NO_NEGATIVES);
}

/** Of the positive rows, the share decided negative. */
export function falseNegativeRate({ tp, fn }: Confusion): Measure {
  return ratio(fn, tp + fn, NO_POSITIVES);
}

/** Of the rows decided negative, the share that is negative. */
export function negativePredictiveValue({ fn, tn }: Confusion): Measure {
  return ratio(tn, tn + fn, 'nothing was decided negative');
}

/** Share of rows decided positive: selection rate, demographic parity's rate. */
export function selectionRate({ tp, fp, fn, tn }: Confusion): Measure {
  return ratio(tp + fp, tp + fp + fn + tn, NO_ROWS);
}

/** F_β from counts: undefined only when there is neither a positive row nor a positive decision. */
export function fBeta(cells: Confusion, beta = 1): Measure {
  const b2 = beta * beta;
  const { tp, fp, fn } = cells;
  const base = (1 + b2) * tp + b2 * fn + fp;
  return base > 0 ? known(((1 + b2) * tp) / base, tp + fp + fn) : unknown('no row is positive and none was decided so');
}

/** tp / (tp + fp + fn) */
export function jaccard({ tp, fp, fn }: Confusion): Measure {
  return ratio(tp, tp + fp + fn, 'no row is positive and none was decided so');
}

/** Mean of recall and specificity; undefined when a class is missing (scikit-learn leaves the missing class out). */
export function balancedAccuracy(cells: Confusion): Measure {
  const positive = recall(cells);
  const negative = specificity(cells);
  if (positive.value === undefined) return positive;
  if (negative.value === undefined) return negative;
  return known((positive.value + negative.value) / 2, positive.n + negative.n);
}

/** Matthews' correlation; undefined when truth or decisions have one class only (scikit-learn says 0). */
export function matthews({ tp, fp, fn, tn }: Confusion): Measure {
  const product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn);
  const n = tp + fp + fn + tn;
  return product > 0
    ? known((tp * tn - fp * fn) / Math.sqrt(product), n)
    : unknown('truth or decisions have one class only', n);
}

/** Cohen's κ of truth and decisions; undefined when agreement by chance is certain. */
export function cohenKappa({ tp, fp, fn, tn }: Confusion): Measure {
  const n = tp + fp + fn + tn;
  const chance = (tp + fp) * (tp + fn) + (tn + fn) * (tn + fp);
  const room = n * n - chance;
  return room > 0
    ? known((n * (tp + tn) - chance) / room, n)
    : unknown('truth and decisions have one common class only', n);
}

/** Positive and negative likelihood ratios: recall / fpr and fnr / specificity. */
export function likelihoodRatios(cells: Confusion): { readonly positive: Measure; readonly negative: Measure } {
  const { tp, fp, fn, tn } = cells;
  if (tp + fn === 0) return { positive: unknown(NO_POSITIVES), negative: unknown(NO_POSITIVES) };
  if (tn + fp === 0) return { positive: unknown(NO_NEGATIVES), negative: unknown(NO_NEGATIVES) };
  const n = tp + fp + fn + tn;
  return {
    positive: fp > 0 ? known((tp / (tp + fn)) * ((tn + fp) / fp), n) : unknown('no false positive', n),
    negative: tn > 0 ? known((fn / (tp + fn)) * ((tn + fp) / tn), n) : unknown('no true negative', n),
  };
}

const NO_ROWS = 'there is no row';
const NO_POSITIVES = 'no row is positive';
const NO_NEGATIVES = 'no row is negative';
