import { invalidInput, seededRandom } from '@millwright/core';
import { mannWhitneyU, normalLogSf, normalQuantile } from '@millwright/core/statistics';
import type { Table } from '@millwright/core/table';
import { boostedTrees } from '../learner/boosted-trees.js';
import { type Fitted, type Learner, type Matrix, takeMatrixRows } from '../learner/learner.js';
import { show } from '../show.js';
import { checkOptions, judge } from '../test/judge.js';
import type { TestOptions, TestPart, TestResult } from '../test/types.js';
import { encoderOf } from './encode.js';
import { shuffle } from './vectors.js';

/** Which columns a classifier may use to tell two samples apart, and which learner it is. */
export interface DomainClassifierOptions extends TestOptions {
  /** Default: all. Leave out identifiers and timestamps: they tell any two samples apart. */
  readonly columns?: readonly string[] | undefined;
  /** Returns log-odds or any score that orders rows. Default `boostedTrees({ loss: 'logistic' })`. */
  readonly learner?: Learner | undefined;
  /** Sorts rows into folds. Default 1. */
  readonly seed?: number | undefined;
}

/** A judged difference, with the band that the area has under no drift. */
export interface DomainResult extends TestResult {
  /** Where 1 - α of the areas lie when labels are permuted. */
  readonly band: { readonly lower: number; readonly upper: number };
}

/**
 * Can a classifier tell the current rows from the reference's? Trees are fitted on one half of the rows and score the
 * other, and the other way round. Given the scores, permuting the labels of unseen rows gives the law of the area under
 * the ROC curve (Mann-Whitney, ties counted), so p is valid whatever the learner does; twice the smaller of both halves.
 * The effect is the area beyond one half; margin 0.05. Parts: the
 * area before, and when the column's values are shuffled.
 *
 * @throws `input/invalid` for fewer than 40 rows on a side; `table/column`
 */
export function domainClassifier(
  reference: Table,
  current: Table,
  options: DomainClassifierOptions = {},
): DomainResult {
  const checked = checkOptions(options, DEFAULT_MARGIN);
  const { learner = boostedTrees({ loss: 'logistic' }), seed = 1 } = options;
  const [n, m] = [reference.rowCount, current.rowCount];
  if (n < FEWEST_ROWS || m < FEWEST_ROWS)
    throw invalidInput('rows', `${FEWEST_ROWS} or more on each side`, `${n} and ${m}`);
  const encoder = encoderOf(reference, options.columns);
  const features = joined(encoder.encode(reference), encoder.encode(current));
  const random = seededRandom(seed);
  const [before, now] = [halves(0, n, random), halves(n, n + m, random)];
  const folds = [0, 1].map((held): Fold => {
    const seen = concat(before[1 - held]!, now[1 - held]!);
    const unseen = concat(before[held]!, now[held]!);
    const model = learner.fit(
      takeMatrixRows(features, seen),
      Uint8Array.from(seen, (row) => Number(row >= n)),
    );
    const isCurrent = Uint8Array.from(unseen, (row) => Number(row >= n));
    const rows = takeMatrixRows(features, unseen);
    return { model, rows, isCurrent, ...areaOf(model.predict(rows), isCurrent) };
  });
  const area = (folds[0]!.area + folds[1]!.area) / 2;
  const spread = Math.hypot(folds[0]!.spread, folds[1]!.spread) / 2;
  const z = Math.max(...folds.map((fold) => (fold.spread > 0 ? (fold.area - 0.5) / fold.spread : 0)));
  const logPValue = Math.min(0, Math.LN2 + normalLogSf(z));
  const half = normalQuantile(1 - checked.alpha / 2) * spread;
  const power = normalQuantile(1 - checked.alpha / 2) + normalQuantile(checked.power);
  const result = judge(
    {
      test: 'domain-classifier',
      method: 'two-fold, permutation of unseen labels',
      statistic: area,
      pValue: Math.exp(logPValue),
      logPValue,
      effect: Math.max(0, area - 0.5),
      measure: 'area under the ROC curve beyond one half',
      rows: { reference: n, current: m },
      needed: checked.margin === 0 ? FEWEST_ROWS : (power / checked.margin) ** 2 / 3,
      parts: area > 0.5 + half ? attribution(folds, encoder.columns, area, random) : [],
    },
    checked,
  );
  const band = { lower: 0.5 - half, upper: 0.5 + half };
  return { ...result, band, sentence: result.verdict === 'drift' ? tell(result, band) : result.sentence };
}

const DEFAULT_MARGIN = 0.05;
const FEWEST_ROWS = 40;
const MAX_PARTS = 8;

interface Fold {
  readonly model: Fitted;
  readonly rows: Matrix;
  readonly isCurrent: Uint8Array;
  readonly area: number;
  readonly spread: number;
}

/** The area and its standard deviation under permuted labels, with ties (Lehmann 1975). */
function areaOf(scores: Float64Array, isCurrent: Uint8Array): { readonly area: number; readonly spread: number } {
  const { u, positives: m, negatives: n } = mannWhitneyU(scores, isCurrent);
  const sorted = scores.toSorted();
  let ties = 0;
  for (let from = 0, to = 0; from < sorted.length; from = to) {
    while (to < sorted.length && sorted[to] === sorted[from]) to++;
    ties += (to - from) ** 3 - (to - from);
  }
  const all = n + m;
  const variance = ((n * m) / 12) * (all + 1 - ties / (all * (all - 1)));
  return { area: u / (n * m), spread: Math.sqrt(variance) / (n * m) };
}

/** `Current rows can be told from the reference's (area 0.89, 0.49 to 0.51 by chance), mostly by hour.` */
function tell({ statistic, parts }: TestResult, { lower, upper }: DomainResult['band']): string {
  const by = parts[0] === undefined ? '' : `, mostly by ${parts[0].label}`;
  return `Current rows can be told from the reference's (area ${show(statistic)}, ${show(lower)} to ${show(upper)} by chance)${by}.`;
}

/** For each column: the area that is left when its values are shuffled among the unseen rows. */
function attribution(
  folds: readonly Fold[],
  names: readonly string[],
  area: number,
  random: { next(): number },
): TestPart[] {
  const without = names.map((label, k): TestPart => {
    const left = folds.map(({ model, rows, isCurrent }) => {
      const order = shuffle(
        Uint32Array.from({ length: rows.rows }, (_, i) => i),
        random,
      );
      const shuffled = Float64Array.from(order, (row) => rows.columns[k]![row]!);
      return areaOf(model.predict({ rows: rows.rows, columns: rows.columns.with(k, shuffled) }), isCurrent).area;
    });
    return { label, reference: area, current: (left[0]! + left[1]!) / 2 };
  });
  return without.sort((a, b) => a.current - b.current).slice(0, MAX_PARTS);
}

function halves(start: number, end: number, random: { next(): number }): readonly [Uint32Array, Uint32Array] {
  const order = shuffle(
    Uint32Array.from({ length: end - start }, (_, i) => start + i),
    random,
  );
  return [order.subarray(0, order.length >> 1), order.subarray(order.length >> 1)];
}

function concat(a: Uint32Array, b: Uint32Array): Uint32Array {
  const both = new Uint32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function joined(a: Matrix, b: Matrix): Matrix {
  return {
    rows: a.rows + b.rows,
    columns: a.columns.map((column, k) => {
      const both = new Float64Array(a.rows + b.rows);
      both.set(column);
      both.set(b.columns[k]!, a.rows);
      return both;
    }),
  };
}
