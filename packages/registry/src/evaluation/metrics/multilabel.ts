import { type Confusion, fBeta, jaccard, precision, recall } from './confusion.js';
import { known, type Measure, unknown } from './measure.js';
import { averagePrecision, rocAuc } from './scores.js';

/** Rows that carry any number of labels, row-major: `truth[row * labels + label]` is 1 when the row has the label. */
export interface LabelledRows {
  readonly truth: ArrayLike<number>;
  readonly decisions: ArrayLike<number>;
  readonly labels: number;
}

/** The same with a score per row and label. */
export interface ScoredLabels {
  readonly truth: ArrayLike<number>;
  readonly scores: Float64Array;
  readonly labels: number;
}

/** `samples` averages rows, the rest labels. */
export type LabelAverage = 'micro' | 'macro' | 'weighted' | 'samples';

/** How the labels' values become one. */
export interface LabelAverageOptions {
  /** Default `macro`. */
  readonly average?: LabelAverage | undefined;
  /**
   * What a row or a label that has no value counts as in an average, to reproduce scikit-learn's `zero_division`. Without
   * it one such part makes the average undefined.
   */
  readonly undefinedAs?: 0 | 1 | undefined;
}

/** One confusion per label. */
export function labelConfusions({ truth, decisions, labels }: LabelledRows): Confusion[] {
  return parts(truth, labels, 'labels').map((at) => count(truth, decisions, at));
}

/** Precision, recall, F_β or Jaccard index over labels or rows. */
export function labelScore(
  rows: LabelledRows,
  kind: 'precision' | 'recall' | 'f' | 'jaccard',
  options: LabelAverageOptions & { readonly beta?: number | undefined } = {},
): Measure {
  const { truth, decisions, labels } = rows;
  const of = { precision, recall, jaccard, f: (cells: Confusion) => fBeta(cells, options.beta) }[kind];
  return averaged(truth, labels, options, (at) => of(count(truth, decisions, at)));
}

/** Area under the ROC curve over labels or rows; undefined as soon as one of them has one class only. */
export function labelRocAuc(rows: ScoredLabels, options: LabelAverageOptions = {}): Measure {
  return averaged(rows.truth, rows.labels, options, (at) => rocAuc(take(rows, at)));
}

/** Average precision over labels or rows; undefined as soon as one of them has no positive. */
export function labelAveragePrecision(rows: ScoredLabels, options: LabelAverageOptions = {}): Measure {
  return averaged(rows.truth, rows.labels, options, (at) => averagePrecision(take(rows, at)));
}

/** Share of rows with every label right. */
export function subsetAccuracy({ truth, decisions, labels }: LabelledRows): Measure {
  const rows = parts(truth, labels, 'samples');
  const right = rows.filter((at) => at.every((i) => (truth[i] === 1) === (decisions[i] === 1))).length;
  return rows.length > 0 ? known(right / rows.length, rows.length) : unknown('there is no row');
}

/** Share of wrong (row, label) pairs. */
export function hammingLoss({ truth, decisions }: LabelledRows): Measure {
  let wrong = 0;
  for (let i = 0; i < truth.length; i++) if ((truth[i] === 1) !== (decisions[i] === 1)) wrong++;
  return truth.length > 0 ? known(wrong / truth.length, truth.length) : unknown('there is no row');
}

/** Mean over rows of the precision at each true label's rank. A row without labels has none (scikit-learn counts it as 1). */
export function labelRankingPrecision(rows: ScoredLabels, options: LabelAverageOptions = {}): Measure {
  const { truth, scores } = rows;
  return averaged(truth, rows.labels, { ...options, average: 'samples' }, (at) => {
    const relevant = at.filter((i) => truth[i] === 1);
    if (relevant.length === 0) return unknown('a row has no label');
    const ahead = (own: number, among: readonly number[]) => among.filter((i) => scores[i]! >= own).length;
    const sum = relevant.reduce((total, i) => total + ahead(scores[i]!, relevant) / ahead(scores[i]!, at), 0);
    return checked(scores, at, sum / relevant.length);
  });
}

/** Mean over rows of how many labels must be read, from the top, to have seen all true ones; 0 for a row without labels. */
export function coverageError(rows: ScoredLabels): Measure {
  const { truth, scores } = rows;
  return averaged(truth, rows.labels, { average: 'samples' }, (at) => {
    const lowest = Math.min(...at.filter((i) => truth[i] === 1).map((i) => scores[i]!));
    return checked(scores, at, at.filter((i) => scores[i]! >= lowest).length);
  });
}

/** Mean over rows of the share of (true, false) pairs in the wrong order, ties counting as wrong. A row without such a pair has none (scikit-learn counts it as 0). */
export function labelRankingLoss(rows: ScoredLabels, options: LabelAverageOptions = {}): Measure {
  const { truth, scores } = rows;
  return averaged(truth, rows.labels, { ...options, average: 'samples' }, (at) => {
    const relevant = at.filter((i) => truth[i] === 1);
    const others = at.filter((i) => truth[i] !== 1);
    if (relevant.length === 0 || others.length === 0) return unknown('a row has all labels or none');
    let wrong = 0;
    for (const i of relevant) for (const j of others) if (scores[j]! >= scores[i]!) wrong++;
    return checked(scores, at, wrong / (relevant.length * others.length));
  });
}

/** The indices of each row, or of each label. */
function parts(truth: ArrayLike<number>, labels: number, by: 'samples' | 'labels'): number[][] {
  const rows = truth.length / labels;
  return by === 'samples'
    ? Array.from({ length: rows }, (_, row) => Array.from({ length: labels }, (_, label) => row * labels + label))
    : Array.from({ length: labels }, (_, label) => Array.from({ length: rows }, (_, row) => row * labels + label));
}

function averaged(
  truth: ArrayLike<number>,
  labels: number,
  { average = 'macro', undefinedAs }: LabelAverageOptions,
  of: (at: readonly number[]) => Measure,
): Measure {
  const n = truth.length / labels;
  if (truth.length === 0) return unknown('there is no row');
  if (average === 'micro') return of(Array.from({ length: truth.length }, (_, i) => i));
  const by = average === 'samples' ? 'samples' : 'labels';
  let sum = 0;
  let weight = 0;
  for (const [i, at] of parts(truth, labels, by).entries()) {
    const share = average === 'weighted' ? at.filter((j) => truth[j] === 1).length : 1;
    if (share === 0) continue;
    const own = of(at);
    const value = own.value ?? undefinedAs;
    if (value === undefined) return unknown(`${by === 'samples' ? 'row' : 'label'} ${i}: ${own.undefinedWhy}`, n);
    sum += share * value;
    weight += share;
  }
  return weight > 0 ? known(sum / weight, n) : unknown('no row has a label', n);
}

function count(truth: ArrayLike<number>, decisions: ArrayLike<number>, at: readonly number[]): Confusion {
  const cells = [0, 0, 0, 0];
  for (const i of at) cells[(truth[i] === 1 ? 2 : 0) + (decisions[i] === 1 ? 1 : 0)]!++;
  const [tn, fp, fn, tp] = cells as [number, number, number, number];
  return { tp, fp, fn, tn };
}

function take({ truth, scores }: ScoredLabels, at: readonly number[]) {
  return { truth: at.map((i) => truth[i]!), scores: Float64Array.from(at, (i) => scores[i]!) };
}

function checked(scores: Float64Array, at: readonly number[], value: number): Measure {
  return at.some((i) => Number.isNaN(scores[i])) ? unknown('a score is NaN') : known(value, at.length);
}
