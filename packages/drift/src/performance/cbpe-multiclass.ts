import { invalidInput, type Random, seededRandom } from '@millwright/core';
import { type IsotonicFit, isotonicAt, isotonicFit, sortOrder } from '@millwright/core/statistics';
import { meanOf } from '../sums.js';
import type { CbpeOptions } from './cbpe.js';
import {
  type Confusion,
  expectConfusion,
  expectedAuc,
  type RatioName,
  ratio,
  ratioSpread,
  realisedAuc,
} from './figures.js';
import { checkEstimator, judgeFigure } from './judge-figure.js';
import { worstSentence } from './sentence.js';
import type { EstimatedFigure, PerformanceEstimate } from './types.js';

/** Each metric but accuracy is the mean over the classes, each against the others. */
export type MulticlassMetric = 'accuracy' | 'precision' | 'recall' | 'f1' | 'rocAuc';

/** Scores of a classifier with three classes or more. */
export interface ClassScores {
  /** One array per class, in the order of the classes: how likely each row is of it. */
  readonly scores: readonly Float64Array[];
  /** Index of the class that the model answered. Default: the one with the largest score. */
  readonly predictions?: ArrayLike<number> | undefined;
}

/** The same with labels: the reference that the estimator learns from. */
export interface LabelledClassScores extends ClassScores {
  /** Index of the class that turned out to be true. */
  readonly labels: ArrayLike<number>;
}

/** Estimates a classifier's metrics on rows whose labels have not come yet. */
export interface MulticlassCbpeEstimator {
  /** Whether scores are calibrated, each class against the others. */
  readonly calibrated: boolean;
  /** The realised figures of the reference. */
  readonly reference: Readonly<Record<MulticlassMetric, number>>;
  /** @throws `input/invalid` for scores that are no numbers, of unequal lengths, or of another number of classes */
  estimate(rows: ClassScores): PerformanceEstimate<MulticlassMetric>;
}

/**
 * `cbpe` for three classes or more, as NannyML: each class is calibrated against the others, the chances of a row are
 * divided by their sum (equal chances where it is 0), and the expected confusion of each class follows. Errors of means
 * over classes are the means of the classes' errors, which is at most too much: they are correlated as badly as can be.
 *
 * @throws `input/invalid` as `estimate`, and for a reference with fewer than two rows of a class
 */
export function cbpeMulticlass(reference: LabelledClassScores, options: CbpeOptions = {}): MulticlassCbpeEstimator {
  const limits = checkEstimator(options);
  const classes = reference.scores.length;
  const labels = checkLabels(reference, checkClassScores(reference, classes));
  const random = seededRandom(limits.seed);
  const mode = options.calibrate ?? 'auto';
  const calibrated = mode === 'always' || (mode === 'auto' && calibrationHelps(reference.scores, labels, random));
  const fits = calibrated ? fitAll(reference.scores, labels) : undefined;
  const refits = Array.from({ length: limits.refits }, () =>
    fitAll(reference.scores, labels, drawn(labels.length, random)),
  );
  const known = realised(reference, labels);

  return {
    calibrated,
    reference: known.values,
    estimate(rows) {
      const n = checkClassScores(rows, classes);
      const predictions = answersOf(rows);
      const orders = rows.scores.map(sortOrder);
      const under = (of: readonly IsotonicFit[] | undefined) => {
        const chances = chancesOf(rows.scores, of);
        const cells = chances.map((chance, k) => expectConfusion(areOf(predictions, k), chance));
        const areas = chances.map((chance, k) => expectedAuc(rows.scores[k]!, orders[k]!, chance));
        return figuresOf(cells, areas);
      };
      const value = under(fits);
      const others = refits.map(under);
      const figures = Object.fromEntries(
        METRICS.map((name): [string, EstimatedFigure] => [
          name,
          judgeFigure(
            {
              value: value[name],
              reference: known.values[name],
              samplingError: known.spreads[name] / Math.sqrt(n),
              modelError: Math.sqrt(meanOf(others.map((other) => (other[name] - value[name]) ** 2))),
              referenceError: known.spreads[name] / Math.sqrt(labels.length),
              rows: n,
              better: 1,
              range: [0, 1],
            },
            limits,
          ),
        ]),
      ) as Record<MulticlassMetric, EstimatedFigure>;
      return { method: 'cbpe', rows: n, figures, assumes: ASSUMES, sentence: worstSentence(figures, n) };
    },
  };
}

const METRICS: readonly MulticlassMetric[] = ['accuracy', 'precision', 'recall', 'f1', 'rocAuc'];
const MACRO = ['precision', 'recall', 'f1'] as const satisfies readonly RatioName[];
const ASSUMES = 'The chance of each class at given scores is what it was on the reference.';
const FOLDS = 5;

type Figures = Readonly<Record<MulticlassMetric, number>>;

function figuresOf(cells: readonly Confusion[], areas: readonly number[]): Figures {
  const rows = cells[0]!.tp + cells[0]!.fp + cells[0]!.fn + cells[0]!.tn;
  const macro = (name: RatioName) => meanOf(cells.map((cell) => ratio(name, cell)));
  return {
    accuracy: cells.reduce((sum, { tp }) => sum + tp, 0) / rows,
    precision: macro('precision'),
    recall: macro('recall'),
    f1: macro('f1'),
    rocAuc: meanOf(areas),
  };
}

function realised(
  reference: LabelledClassScores,
  labels: ArrayLike<number>,
): { readonly values: Figures; readonly spreads: Figures } {
  const predictions = answersOf(reference);
  const truths = reference.scores.map((_, k) => Float64Array.from(areOf(labels, k)));
  const cells = truths.map((truth, k) => expectConfusion(areOf(predictions, k), truth));
  const areas = truths.map((truth, k) => realisedAuc(truth, reference.scores[k]!));
  const values = figuresOf(
    cells,
    areas.map(({ auc }) => auc),
  );
  const [precision, recall, f1] = MACRO.map((name) => meanOf(cells.map((cell) => ratioSpread(name, cell))));
  const spreads = {
    accuracy: Math.sqrt(values.accuracy * (1 - values.accuracy)),
    precision: precision!,
    recall: recall!,
    f1: f1!,
    rocAuc: meanOf(areas.map(({ spread }) => spread)),
  };
  return { values, spreads };
}

/** What the model answered: its own predictions, or the class with the largest score, the first of equal ones. */
function answersOf({ scores, predictions }: ClassScores): ArrayLike<number> {
  if (predictions !== undefined) return predictions;
  return Uint16Array.from(scores[0]!, (_, row) => {
    let best = 0;
    for (let k = 1; k < scores.length; k++) if (scores[k]![row]! > scores[best]![row]!) best = k;
    return best;
  });
}

/** 1 where the class is `k`. */
function areOf(classes: ArrayLike<number>, k: number): Uint8Array {
  return Uint8Array.from(classes, (of) => Number(of === k));
}

/** Each class against the others. */
function fitAll(
  scores: readonly Float64Array[],
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): readonly IsotonicFit[] {
  return scores.map((of, k) => isotonicFit(of, areOf(labels, k), weights));
}

/** Chances per class that add up to 1 in every row. */
function chancesOf(scores: readonly Float64Array[], fits: readonly IsotonicFit[] | undefined): readonly Float64Array[] {
  const chances = scores.map((of, k) => {
    const fit = fits?.[k];
    return fit === undefined ? of.slice() : of.map((score) => isotonicAt(fit, score));
  });
  for (let row = 0; row < chances[0]!.length; row++) {
    let sum = 0;
    for (const of of chances) sum += of[row]!;
    for (const of of chances) of[row] = sum > 0 ? of[row]! / sum : 1 / chances.length;
  }
  return chances;
}

/** Does calibration lower the Brier score over all classes of rows that it has not seen? Scores beyond [0, 1] are no chances. */
function calibrationHelps(scores: readonly Float64Array[], labels: ArrayLike<number>, random: Random): boolean {
  if (scores.some((of) => of.some((score) => score < 0 || score > 1))) return true;
  const fold = Uint8Array.from(scores[0]!, () => Math.floor(random.next() * FOLDS));
  const raw = chancesOf(scores, undefined);
  let gain = 0;
  for (let held = 0; held < FOLDS; held++) {
    const weights = Uint8Array.from(fold, (of) => Number(of !== held));
    if (!weights.includes(1)) continue;
    const chances = chancesOf(scores, fitAll(scores, labels, weights));
    for (let k = 0; k < scores.length; k++)
      for (let row = 0; row < fold.length; row++) {
        if (fold[row] !== held) continue;
        const truth = Number(labels[row] === k);
        gain += (raw[k]![row]! - truth) ** 2 - (chances[k]![row]! - truth) ** 2;
      }
  }
  return gain > 0;
}

/** How often each row is drawn, in as many draws with replacement. */
function drawn(rows: number, random: Random): Float64Array {
  const weights = new Float64Array(rows);
  for (let i = 0; i < rows; i++) weights[Math.floor(random.next() * rows)]!++;
  return weights;
}

/** How many rows there are. */
function checkClassScores({ scores, predictions }: ClassScores, classes: number): number {
  if (scores.length < 2 || scores.length !== classes)
    throw invalidInput('scores', `one array per class, ${Math.max(2, classes)} of them`, scores.length);
  const rows = scores[0]!.length;
  scores.forEach((of, k) => {
    if (of.length !== rows) throw invalidInput(`scores[${k}]`, `${rows} numbers, as the first class has`, of.length);
    const bad = of.findIndex(Number.isNaN);
    if (bad >= 0)
      throw invalidInput(`scores[${k}][${bad}]`, 'a number', Number.NaN, 'Leave out rows that were not scored.');
  });
  if (predictions !== undefined) checkIndices('predictions', predictions, rows, classes);
  return rows;
}

function checkLabels({ labels, scores }: LabelledClassScores, rows: number): ArrayLike<number> {
  checkIndices('labels', labels, rows, scores.length);
  scores.forEach((_, k) => {
    const of = areOf(labels, k).reduce((sum, is) => sum + is, 0);
    if (of < 2 || rows - of < 2) throw invalidInput('labels', 'at least two rows of each class', `${of} of class ${k}`);
  });
  return labels;
}

function checkIndices(name: string, of: ArrayLike<number>, rows: number, classes: number): void {
  if (of.length !== rows) throw invalidInput(name, `as many as scores (${rows})`, of.length);
  for (let i = 0; i < rows; i++)
    if (!(Number.isInteger(of[i]) && of[i]! >= 0 && of[i]! < classes))
      throw invalidInput(`${name}[${i}]`, `the index of a class, 0 to ${classes - 1}`, of[i]);
}
