import type { Confusion } from './confusion.js';
import { known, type Measure, unknown } from './measure.js';

/** Counts (or weights) of truth × prediction, row-major: `counts[truth * classes + predicted]`. */
export interface ConfusionMatrix {
  readonly classes: number;
  readonly counts: Float64Array;
}

/** One pass over class indices 0 … classes - 1. */
export function confusionMatrix(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: number,
  weights?: ArrayLike<number>,
): ConfusionMatrix {
  const counts = new Float64Array(classes * classes);
  for (let i = 0; i < truth.length; i++) counts[truth[i]! * classes + predicted[i]!]! += weights?.[i] ?? 1;
  return { classes, counts };
}

/** How per-class values are put together. `macro` averages the classes that occur in truth or prediction. */
export type Average = 'micro' | 'macro' | 'weighted';

/** Share of right answers. */
export function matrixAccuracy(matrix: ConfusionMatrix): Measure {
  const { total, right } = sums(matrix);
  return total > 0 ? known(right / total, total) : unknown('there is no row');
}

/** Mean recall of the classes that occur in the truth. */
export function matrixBalancedAccuracy(matrix: ConfusionMatrix): Measure {
  const { truth, diagonal, total } = sums(matrix);
  let sum = 0;
  let present = 0;
  for (let c = 0; c < matrix.classes; c++)
    if (truth[c]! > 0) {
      sum += diagonal[c]! / truth[c]!;
      present++;
    }
  return present > 0 ? known(sum / present, total) : unknown('there is no row');
}

/** Balanced accuracy scaled so that chance is 0 and perfect is 1; undefined when the truth has one class only. */
export function matrixAdjustedAccuracy(matrix: ConfusionMatrix): Measure {
  const balanced = matrixBalancedAccuracy(matrix);
  const present = sums(matrix).truth.filter((count) => count > 0).length;
  if (balanced.value === undefined) return balanced;
  if (present < 2) return unknown('the truth has one class only', balanced.n);
  return known((balanced.value - 1 / present) / (1 - 1 / present), balanced.n);
}

/** One class against all others, as a binary confusion. */
export function oneAgainstRest(matrix: ConfusionMatrix, c: number): Confusion {
  const { truth, predicted, diagonal, total } = sums(matrix);
  const tp = diagonal[c]!;
  return { tp, fn: truth[c]! - tp, fp: predicted[c]! - tp, tn: total - truth[c]! - predicted[c]! + tp };
}

/** Jaccard index tp / (tp + fp + fn), averaged over the classes that occur in truth or prediction. */
export function matrixJaccard(matrix: ConfusionMatrix, average: Average): Measure {
  const { truth, predicted, diagonal, total, right } = sums(matrix);
  if (total === 0) return unknown('there is no row');
  if (average === 'micro') return known(right / (2 * total - right), total);
  let sum = 0;
  let weight = 0;
  for (let c = 0; c < matrix.classes; c++) {
    const union = truth[c]! + predicted[c]! - diagonal[c]!;
    const share = union > 0 ? (average === 'macro' ? 1 : truth[c]!) : 0;
    if (share === 0) continue;
    sum += (share * diagonal[c]!) / union;
    weight += share;
  }
  return known(sum / weight, total);
}

/**
 * Precision, recall or F_β. A class whose value is 0/0 makes the macro average undefined for precision and recall: name
 * the classes to leave out instead. F comes from counts and counts such a class as 0.
 */
export function matrixScore(
  matrix: ConfusionMatrix,
  kind: 'precision' | 'recall' | 'f',
  average: Average,
  beta = 1,
): Measure {
  const { truth, predicted, diagonal, total, right } = sums(matrix);
  if (total === 0) return unknown('there is no row');
  if (average === 'micro') return known(right / total, total);
  let sum = 0;
  let weight = 0;
  for (let c = 0; c < matrix.classes; c++) {
    if (truth[c] === 0 && predicted[c] === 0) continue;
    const share = average === 'macro' ? 1 : truth[c]!;
    if (share === 0) continue;
    const b2 = beta * beta;
    const base = kind === 'precision' ? predicted[c]! : kind === 'recall' ? truth[c]! : b2 * truth[c]! + predicted[c]!;
    if (base === 0)
      return unknown(
        `class ${c} has no ${kind}: it ${kind === 'precision' ? 'is never predicted' : 'does not occur'}`,
        total,
      );
    sum += (share * (kind === 'f' ? (1 + b2) * diagonal[c]! : diagonal[c]!)) / base;
    weight += share;
  }
  return known(sum / weight, total);
}

/** Matthews' correlation for several classes (Gorodkin 2004); undefined when truth or predictions have one class only. */
export function matrixMatthews(matrix: ConfusionMatrix): Measure {
  const { truth, predicted, total, right } = sums(matrix);
  let cross = 0;
  let p2 = 0;
  let t2 = 0;
  for (let c = 0; c < matrix.classes; c++) {
    cross += predicted[c]! * truth[c]!;
    p2 += predicted[c]! ** 2;
    t2 += truth[c]! ** 2;
  }
  const room = (total * total - p2) * (total * total - t2);
  return room > 0
    ? known((right * total - cross) / Math.sqrt(room), total)
    : unknown('truth or predictions have one class only', total);
}

/** Cohen's κ with no, linear or quadratic weights by class index; undefined when agreement by chance is certain. */
export function matrixKappa(matrix: ConfusionMatrix, weights: 'none' | 'linear' | 'quadratic' = 'none'): Measure {
  const { truth, predicted, total } = sums(matrix);
  let observed = 0;
  let expected = 0;
  for (let i = 0; i < matrix.classes; i++)
    for (let j = 0; j < matrix.classes; j++) {
      const w = weights === 'none' ? Number(i !== j) : weights === 'linear' ? Math.abs(i - j) : (i - j) ** 2;
      observed += w * matrix.counts[i * matrix.classes + j]!;
      expected += (w * truth[i]! * predicted[j]!) / total;
    }
  return expected > 0
    ? known(1 - observed / expected, total)
    : unknown('truth and predictions have one common class only', total);
}

function sums({ classes, counts }: ConfusionMatrix) {
  const truth = new Float64Array(classes);
  const predicted = new Float64Array(classes);
  const diagonal = new Float64Array(classes);
  let total = 0;
  let right = 0;
  for (let i = 0; i < classes; i++)
    for (let j = 0; j < classes; j++) {
      const count = counts[i * classes + j]!;
      truth[i]! += count;
      predicted[j]! += count;
      total += count;
      if (i === j) {
        diagonal[i] = count;
        right += count;
      }
    }
  return { truth, predicted, diagonal, total, right };
}
