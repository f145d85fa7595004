import { invalidInput } from '@millwright/core';
import { normalQuantile, welchTTest } from '@millwright/core/statistics';
import type { Table } from '@millwright/core/table';
import type { Matrix } from '../learner/learner.js';
import { meanOf } from '../sums.js';
import { checkOptions, judge } from '../test/judge.js';
import type { TestOptions, TestResult } from '../test/types.js';
import { symmetricEigen } from './eigen.js';
import { encoderOf } from './encode.js';

/** Which columns are rebuilt, and from how many components. */
export interface ReconstructionOptions {
  /** Default: all. Leave out identifiers and timestamps. */
  readonly columns?: readonly string[] | undefined;
  /** Share of the variance that the kept components explain at least. Default 0.65, as NannyML. */
  readonly variance?: number | undefined;
  /** How many components are kept; overrides `variance`. */
  readonly components?: number | undefined;
}

/** The reference's principal components, and how well they rebuild other rows. */
export interface Reconstruction {
  /** How many are kept. */
  readonly components: number;
  /** Share of the variance of each component, largest first. */
  readonly explained: Float64Array;
  /** Per row: the Euclidean distance between its z-scores and what the components make of them. @throws `table/column` */
  errors(table: Table): Float64Array;
  /**
   * Are rows rebuilt as well as the reference's? Welch's t test of the mean error, two-sided; the effect is the relative
   * change of the mean, margin 0.1 by default. Half of the reference makes components for this, the other half is compared.
   *
   * @throws `table/column`
   */
  test(current: Table, options?: TestOptions): TestResult;
}

/**
 * Drift of the relations between columns, which no test of single columns can see: principal components of the reference
 * (z-scores; missing values at the mean, categories by frequency) rebuild each row, and rows with other relations are
 * rebuilt worse, or better. The method of NannyML's data reconstruction.
 *
 * @throws `input/invalid` for fewer than two columns or rows; `table/column`
 */
export function reconstruction(reference: Table, options: ReconstructionOptions = {}): Reconstruction {
  const encoder = encoderOf(reference, options.columns);
  const { columns } = encoder;
  if (columns.length < 2) throw invalidInput('columns', 'two or more', columns.length);
  if (reference.rowCount < 2) throw invalidInput('reference', 'two rows or more', reference.rowCount);
  const rows = encoder.encode(reference);
  const whole = fit(rows, options);
  // Rows that made the components are rebuilt a little better than others: a test must not compare with those.
  const half = fit(everySecond(rows, 0), { components: whole.kept.length });
  const before = residuals(everySecond(rows, 1), half);

  return {
    components: whole.kept.length,
    explained: whole.explained,
    errors: (table) => residuals(encoder.encode(table), whole).errors,
    test(current, testOptions = {}) {
      const checked = checkOptions(testOptions, DEFAULT_MARGIN);
      const now = residuals(encoder.encode(current), half);
      const { t, pValue, estimate, standardError } = welchTTest(now.errors, before.errors);
      const usual = meanOf(before.errors);
      const known = now.errors.length > 1 && before.errors.length > 1 && standardError > 0;
      const z = normalQuantile(1 - checked.alpha / 2) + normalQuantile(checked.power);
      const target = checked.margin * usual;
      const all = before.perColumn.reduce((sum, value) => sum + value, 0);
      return judge(
        {
          test: 'reconstruction',
          method: `${half.kept.length} principal components, Welch t`,
          statistic: t,
          pValue: known ? pValue : undefined,
          effect: known ? Math.abs(estimate) / usual : Number.NaN,
          measure: 'relative change of the reconstruction error',
          rows: { reference: before.errors.length, current: current.rowCount },
          needed: known && target > 0 ? (z * standardError * Math.sqrt(now.errors.length)) ** 2 / target ** 2 : 2,
          // Of the reference's squared error: what each column had of it, and has now.
          parts: columns
            .map((label, k) => ({ label, reference: before.perColumn[k]! / all, current: now.perColumn[k]! / all }))
            .sort((a, b) => Math.abs(b.current - b.reference) - Math.abs(a.current - a.reference))
            .slice(0, MAX_PARTS),
        },
        checked,
      );
    },
  };
}

const DEFAULT_MARGIN = 0.1;
const MAX_PARTS = 8;

interface Components {
  readonly scale: Scale;
  readonly explained: Float64Array;
  readonly kept: readonly Float64Array[];
}

interface Scale {
  readonly mean: Float64Array;
  /** 1 for a constant column. */
  readonly deviation: Float64Array;
}

function fit(rows: Matrix, options: ReconstructionOptions): Components {
  const scale = scaleOf(rows);
  const { values, vectors } = symmetricEigen(correlation(standardise(rows, scale)), rows.columns.length);
  const total = values.reduce((sum, value) => sum + value, 0);
  const explained = values.map((value) => value / total);
  const components = options.components ?? fewestExplaining(explained, options.variance ?? 0.65);
  if (!(Number.isInteger(components) && components >= 1 && components < vectors.length))
    throw invalidInput('components', `1 to ${vectors.length - 1}`, components);
  return { scale, explained, kept: vectors.slice(0, components) };
}

/** Rows 0, 2, 4 … or 1, 3, 5 …; all of them when there is only one. */
function everySecond({ rows, columns }: Matrix, first: 0 | 1): Matrix {
  const taken = columns.map((column) => column.filter((_, row) => row % 2 === first));
  return { rows: (rows + 1 - first) >> 1, columns: taken };
}

/** Mean and standard deviation with missing values at the mean, so that they count for the deviation (as NannyML). */
function scaleOf({ rows, columns }: Matrix): Scale {
  const mean = Float64Array.from(columns, (column) => meanOf(column.filter((value) => !Number.isNaN(value))) || 0);
  const deviation = Float64Array.from(columns, (column, k) => {
    let squares = 0;
    for (const value of column) if (!Number.isNaN(value)) squares += (value - mean[k]!) ** 2;
    return Math.sqrt(squares / rows) || 1;
  });
  return { mean, deviation };
}

function standardise({ rows, columns }: Matrix, { mean, deviation }: Scale): Matrix {
  return {
    rows,
    columns: columns.map((column, k) =>
      column.map((value) => (Number.isNaN(value) ? 0 : (value - mean[k]!) / deviation[k]!)),
    ),
  };
}

function correlation({ rows, columns }: Matrix): Float64Array {
  const n = columns.length;
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = i; j < n; j++) {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += columns[i]![row]! * columns[j]![row]!;
      out[i * n + j] = sum / rows;
      out[j * n + i] = sum / rows;
    }
  return out;
}

/** The fewest leading components that explain more than `share`. */
function fewestExplaining(explained: Float64Array, share: number): number {
  if (!(share > 0 && share < 1)) throw invalidInput('variance', 'a share between 0 and 1', share);
  let sum = 0;
  const enough = explained.findIndex((part) => {
    sum += part;
    return sum > share;
  });
  return Math.min(enough + 1, explained.length - 1);
}

/** Per row the distance from its rebuilt self; per column the mean of its squared residuals. */
function residuals(
  matrix: Matrix,
  { scale, kept }: Components,
): { readonly errors: Float64Array; readonly perColumn: Float64Array } {
  const { rows, columns } = standardise(matrix, scale);
  const errors = new Float64Array(rows);
  const perColumn = new Float64Array(columns.length);
  const weights = new Float64Array(kept.length);
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < kept.length; c++) {
      let dot = 0;
      for (let k = 0; k < columns.length; k++) dot += columns[k]![row]! * kept[c]![k]!;
      weights[c] = dot;
    }
    let squares = 0;
    for (let k = 0; k < columns.length; k++) {
      let rebuilt = 0;
      for (let c = 0; c < kept.length; c++) rebuilt += weights[c]! * kept[c]![k]!;
      const square = (columns[k]![row]! - rebuilt) ** 2;
      squares += square;
      perColumn[k]! += square / rows;
    }
    errors[row] = Math.sqrt(squares);
  }
  return { errors, perColumn };
}
