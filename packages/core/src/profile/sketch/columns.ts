import { MillwrightError } from '../../foundation/errors.js';
import { type Random, seededRandom } from '../../foundation/random.js';
import { readCodes, readNumbers } from '../../table/read.js';
import { columnOf } from '../../table/table.js';
import type { ColumnView, Table } from '../../table/types.js';
import { type FrequentItems, frequentItems } from './frequent-items.js';
import { type HllSketch, hllSketch, mergeHll } from './hll.js';
import { type KllSketch, kllSketch } from './kll.js';

/** What a profile does not keep and other engines do: sketches of one column, in the bytes of Apache DataSketches. */
export interface ColumnSketches {
  /** How many distinct values; null and NaN are not counted. */
  readonly distinct: HllSketch;
  /** Quantiles of the finite values of a numeric column. */
  readonly quantiles?: KllSketch | undefined;
  /** The most frequent values of a column of strings or booleans. */
  readonly frequent?: FrequentItems<string> | undefined;
}

/** Which columns are sketched, and how exactly. */
export interface SketchOptions {
  /** Default: all columns that are numbers, strings or booleans. */
  readonly columns?: readonly string[] | undefined;
  /** Width of the quantile sketches. Default 200: ranks within 1.65 %. */
  readonly k?: number | undefined;
  /** Log2 of the registers that count distinct values. Default 12: within 3.3 % at two standard errors. */
  readonly lgK?: number | undefined;
  /** Seed of the quantile sketches' coins: the same rows in the same order give the same bytes. Default 1. */
  readonly seed?: number | undefined;
}

/**
 * Sketches of a table's columns, to be compared with what Spark, DuckDB or BigQuery has built elsewhere, or where no
 * reference exists yet. With a reference, `profileTable` is exact and cheaper.
 *
 * @throws `table/column` for a missing column, or a named one that holds neither numbers nor strings
 */
export function sketchTable(table: Table, options: SketchOptions = {}): ReadonlyMap<string, ColumnSketches> {
  const { k = 200, lgK = 12, seed = 1 } = options;
  const random = seededRandom(seed);
  const sketches = new Map<string, ColumnSketches>();
  for (const name of options.columns ?? [...table.columns.keys()]) {
    const column = columnOf(table, name);
    const of = sketchColumn(column, { k, lgK, random });
    if (of !== undefined) sketches.set(name, of);
    else if (options.columns !== undefined)
      throw new MillwrightError('table/column', `Expected \`${name}\` to hold numbers, strings or booleans.`, {
        details: { column: name, expected: 'numbers, strings or booleans', received: column.type },
      });
  }
  return sketches;
}

/** The sketches of the rows of both; the inputs stay as they are. @throws `profile/unmergeable` when columns or kinds differ */
export function mergeSketches(
  a: ReadonlyMap<string, ColumnSketches>,
  b: ReadonlyMap<string, ColumnSketches>,
  { seed = 1 }: Pick<SketchOptions, 'seed'> = {},
): ReadonlyMap<string, ColumnSketches> {
  const random = seededRandom(seed);
  for (const name of [...a.keys(), ...b.keys()])
    if (!a.has(name) || !b.has(name)) throw unmergeable(name, 'only one side has it');
  return new Map(Array.from(a, ([name, first]) => [name, mergeColumn(name, first, b.get(name)!, random)]));
}

/** The sketches of one column in both. @throws `profile/unmergeable` for different kinds */
export function mergeColumn(name: string, a: ColumnSketches, b: ColumnSketches, random: Random): ColumnSketches {
  const kinds = (of: ColumnSketches) => (of.quantiles === undefined ? 'strings' : 'numbers');
  if (kinds(a) !== kinds(b)) throw unmergeable(name, `it holds ${kinds(a)} in one and ${kinds(b)} in the other`);
  const distinct = mergeHll(a.distinct, b.distinct);
  if (a.quantiles !== undefined && b.quantiles !== undefined) {
    const quantiles = kllSketch({ k: a.quantiles.state().k, random });
    quantiles.merge(a.quantiles);
    quantiles.merge(b.quantiles);
    return { distinct, quantiles };
  }
  const frequent = frequentItems({ lgMax: a.frequent?.lgMax });
  if (a.frequent !== undefined) frequent.merge(a.frequent);
  if (b.frequent !== undefined) frequent.merge(b.frequent);
  return { distinct, frequent };
}

interface ColumnSizes {
  readonly k: number;
  readonly lgK: number;
  readonly lgMax?: number | undefined;
  /** Longer strings are counted by so many UTF-16 code units of their beginning. */
  readonly maxText?: number | undefined;
  readonly random: Random;
}

/** The sketches of one column; undefined when it holds neither numbers nor strings. */
export function sketchColumn(
  column: ColumnView,
  { k, lgK, lgMax = 10, maxText = Number.POSITIVE_INFINITY, random }: ColumnSizes,
): ColumnSketches | undefined {
  const distinct = hllSketch({ lgK });
  switch (column.type) {
    case 'utf8':
    case 'dictionary':
    case 'bool': {
      const { codes, dictionary } = readCodes(column);
      const counts = new Float64Array(dictionary.length);
      for (const code of codes) if (code >= 0) counts[code]!++;
      const frequent = frequentItems({ lgMax });
      dictionary.forEach((value, code) => {
        if (counts[code] === 0) return;
        distinct.update(value);
        frequent.update(value.length > maxText ? value.slice(0, maxText).toWellFormed() : value, counts[code]);
      });
      return { distinct, frequent };
    }
    case 'list':
    case 'decimal':
    case 'other':
      return undefined;
    default: {
      const values = readNumbers(column).filter(Number.isFinite);
      const quantiles = kllSketch({ k, random });
      quantiles.updateAll(values);
      distinct.updateAll(values);
      return { distinct, quantiles };
    }
  }
}

function unmergeable(column: string, reason: string): MillwrightError<'profile/unmergeable'> {
  return new MillwrightError('profile/unmergeable', `Sketches cannot be merged at column \`${column}\`: ${reason}.`, {
    details: { column, reason },
  });
}
