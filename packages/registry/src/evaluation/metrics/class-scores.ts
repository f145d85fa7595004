import { known, type Measure, unknown } from './measure.js';
import { averagePrecision, logLossOf, rocAuc } from './scores.js';

/** Rows of a task with several classes: class indices, and a score per row and class, row-major: `scores[row * classes + c]`. */
export interface MulticlassRows {
  readonly truth: ArrayLike<number>;
  readonly scores: Float64Array;
  readonly classes: number;
  readonly weights?: ArrayLike<number> | undefined;
}

/** `macro` averages classes, `weighted` by how often they are true, `micro` puts all (row, class) pairs into one ranking. */
export type ScoreAverage = 'macro' | 'weighted' | 'micro';

/**
 * Area under the ROC curve of every class against the rest, averaged (scikit-learn's `multi_class='ovr'`). Undefined as
 * soon as one class has none or all of the rows: an average that leaves it out silently would be another number.
 */
export function rocAucOneVsRest(rows: MulticlassRows, average: ScoreAverage = 'macro'): Measure {
  return averaged(rows, average, rocAuc);
}

/** Average precision of every class against the rest, averaged. Undefined when a class does not occur. */
export function averagePrecisionOneVsRest(rows: MulticlassRows, average: ScoreAverage = 'macro'): Measure {
  return averaged(rows, average, averagePrecision);
}

/**
 * Area under the ROC curve averaged over pairs of classes (Hand & Till 2001, scikit-learn's `multi_class='ovo'`):
 * insensitive to how frequent classes are. `weighted` weighs a pair by its share of rows. Row weights do not count.
 */
export function rocAucOneVsOne(rows: MulticlassRows, average: 'macro' | 'weighted' = 'macro'): Measure {
  const { truth, scores, classes } = rows;
  const n = truth.length;
  if (n === 0) return unknown('there is no row');
  const members = rowsByClass(truth, classes);
  let sum = 0;
  let weight = 0;
  for (let a = 0; a < classes; a++)
    for (let b = a + 1; b < classes; b++) {
      const pair = [...members[a]!, ...members[b]!];
      const one = (c: number) =>
        rocAuc({
          truth: pair.map((row) => Number(truth[row] === c)),
          scores: Float64Array.from(pair, (row) => scores[row * classes + c]!),
        });
      const [first, second] = [one(a), one(b)];
      if (first.value === undefined || second.value === undefined)
        return unknown(`classes ${a} and ${b} do not both occur, or a score is NaN`, n);
      const share = average === 'macro' ? 1 : pair.length;
      sum += (share * (first.value + second.value)) / 2;
      weight += share;
    }
  return weight > 0 ? known(sum / weight, n) : unknown('there are fewer than two classes', n);
}

/** Mean negative log of the true class's probability, in nats, cut to [2^-52, 1 - 2^-52] as scikit-learn. Rows are scaled to a sum of 1. */
export function logLossOfClasses(rows: MulticlassRows): Measure {
  return meanOverRows(rows, (at, y) => logLossOf(1, rows.scores[at + y]! / rowSum(rows, at)));
}

/** Mean over rows of the squared error summed over classes: between 0 and 2. For two classes it is twice the binary score. */
export function brierOfClasses(rows: MulticlassRows): Measure {
  return meanOverRows(rows, (at, y) => {
    let sum = 0;
    for (let c = 0; c < rows.classes; c++) sum += (rows.scores[at + c]! - Number(c === y)) ** 2;
    return sum;
  });
}

/** Share of rows whose true class is among the `k` highest scores. Of equal scores the later class ranks first, as scikit-learn. */
export function topKAccuracy(rows: MulticlassRows, k: number): Measure {
  return meanOverRows(
    rows,
    (at, y) => {
      const own = rows.scores[at + y]!;
      let above = 0;
      for (let c = 0; c < rows.classes; c++) {
        const score = rows.scores[at + c]!;
        if (score > own || (score === own && c > y)) above++;
      }
      return Number(above < k);
    },
    false,
  );
}

/** The class with the highest score of every row, the first of equal ones; NaN for a row with a NaN. */
export function decide({ scores, classes }: Pick<MulticlassRows, 'scores' | 'classes'>): Float64Array {
  const out = new Float64Array(scores.length / classes);
  for (let row = 0; row < out.length; row++) {
    let best = 0;
    for (let c = 0; c < classes; c++) {
      const score = scores[row * classes + c]!;
      if (Number.isNaN(score)) best = Number.NaN;
      else if (score > scores[row * classes + best]!) best = c;
    }
    out[row] = best;
  }
  return out;
}

function averaged(
  rows: MulticlassRows,
  average: ScoreAverage,
  of: (rows: { truth: Uint8Array; scores: Float64Array; weights?: ArrayLike<number> | undefined }) => Measure,
): Measure {
  const { truth, scores, classes, weights } = rows;
  const n = truth.length;
  if (n === 0) return unknown('there is no row');
  if (average === 'micro') {
    const hits = Uint8Array.from(scores, (_, i) => Number(truth[Math.floor(i / classes)] === i % classes));
    const spread = weights && Float64Array.from(scores, (_, i) => weights[Math.floor(i / classes)]!);
    const all = of({ truth: hits, scores, weights: spread });
    return all.value === undefined ? all : known(all.value, n);
  }
  let sum = 0;
  let weight = 0;
  for (let c = 0; c < classes; c++) {
    const hits = new Uint8Array(n);
    const own = new Float64Array(n);
    let share = 0;
    for (let row = 0; row < n; row++) {
      hits[row] = Number(truth[row] === c);
      own[row] = scores[row * classes + c]!;
      if (hits[row] === 1) share += weights?.[row] ?? 1;
    }
    const found = of({ truth: hits, scores: own, weights });
    if (found.value === undefined) return unknown(`class ${c}: ${found.undefinedWhy}`, n);
    const counts = average === 'macro' ? 1 : share;
    sum += counts * found.value;
    weight += counts;
  }
  return weight > 0 ? known(sum / weight, n) : unknown('every weight is 0', n);
}

function meanOverRows(
  { truth, scores, classes, weights }: MulticlassRows,
  of: (at: number, y: number) => number,
  probabilities = true,
): Measure {
  const n = truth.length;
  if (n === 0) return unknown('there is no row');
  if (probabilities) {
    const bad = scores.findIndex((score) => !(score >= 0 && score <= 1));
    if (bad >= 0)
      return unknown(`row ${Math.floor(bad / classes)} has the score ${scores[bad]}, which is no probability`, n);
  } else if (scores.some((score) => Number.isNaN(score))) return unknown('a score is NaN', n);
  let sum = 0;
  let total = 0;
  for (let row = 0; row < n; row++) {
    const weight = weights?.[row] ?? 1;
    sum += weight * of(row * classes, truth[row]!);
    total += weight;
  }
  return total > 0 ? known(sum / total, n) : unknown('every weight is 0', n);
}

function rowSum({ scores, classes }: MulticlassRows, at: number): number {
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += scores[at + c]!;
  return sum;
}

function rowsByClass(truth: ArrayLike<number>, classes: number): number[][] {
  const members = Array.from({ length: classes }, (): number[] => []);
  for (let row = 0; row < truth.length; row++) members[truth[row]!]?.push(row);
  return members;
}
