import { invalidInput } from '../foundation/errors.js';
import { allOf, type Verdict } from '../foundation/verdict.js';
import { columnOf } from '../table/table.js';
import type { ColumnView, Table } from '../table/types.js';
import { isValid } from '../table/validity.js';
import { blocksOf } from './blocks.js';
import { readerOf, type SlotValue } from './slots.js';

export interface SkewOptions {
  /** The column that names a row on both sides. */
  readonly key: string;
  /** Default: every other column of the first table. */
  readonly features?: readonly string[] | undefined;
  /** Numbers match when `|a - b| <= absolute + relative * |b|`, with `b` the second table's. Defaults 0. */
  readonly absolute?: number | undefined;
  readonly relative?: number | undefined;
  /** The share of pairs that has to match. Default 1. */
  readonly minRate?: number | undefined;
  /** How many mismatching keys and confused values each feature lists. Default 20. */
  readonly limit?: number | undefined;
}

/** Two tables of the same rows, feature by feature. */
export interface SkewReport {
  readonly verdict: Verdict;
  readonly matchedRows: number;
  /** Keys of one table that the other lacks: how many, and the first of them. */
  readonly missingInSecond: Missing;
  readonly missingInFirst: Missing;
  readonly features: Readonly<Record<string, FeatureSkew>>;
}

export interface Missing {
  readonly count: number;
  readonly keys: readonly (string | number)[];
}

/** `match + mismatch + firstOnly + secondOnly + bothNull` is the number of matched rows. */
export interface FeatureSkew {
  readonly verdict: Verdict;
  readonly match: number;
  readonly mismatch: number;
  /** A value in the first table where the second has null, and the reverse. */
  readonly firstOnly: number;
  readonly secondOnly: number;
  readonly bothNull: number;
  /** Matches among the rows where both have a value; undefined when there is none. */
  readonly rate: number | undefined;
  /** Between numbers; undefined for other features. */
  readonly maxDifference: number | undefined;
  readonly mismatchedKeys: readonly (string | number)[];
  /** How often which text stands for which: `x -> y`. */
  readonly confusion: readonly { readonly first: string; readonly second: string; readonly count: number }[];
}

/**
 * Training-serving skew: the features that were computed offline beside those that were served, row by row. NaN matches
 * NaN. A value on one side only counts against the verdict but not in the rate, and rows that only one table has are
 * reported and judge nothing: they may simply not have been served yet.
 *
 * @throws `table/column` when a column is missing; `input/invalid` when a key occurs twice or is null
 */
export function featureSkew(first: Table, second: Table, options: SkewOptions): SkewReport {
  const { key, limit = 20 } = options;
  const features = options.features ?? [...first.columns.keys()].filter((name) => name !== key);
  const rowsOfFirst = keyRows(first, key);
  const rowsOfSecond = keyRows(second, key);
  const pairs: (readonly [number, number, string | number])[] = [];
  const missingInSecond: (string | number)[] = [];
  for (const [value, row] of rowsOfFirst) {
    const other = rowsOfSecond.get(value);
    if (other === undefined) missingInSecond.push(value);
    else pairs.push([row, other, value]);
  }
  const missingInFirst = [...rowsOfSecond.keys()].filter((value) => !rowsOfFirst.has(value));
  const compared: Record<string, FeatureSkew> = Object.create(null);
  for (const name of features)
    compared[name] = compareFeature(columnOf(first, name), columnOf(second, name), pairs, options);
  return {
    verdict: allOf(Object.values(compared).map((feature) => feature.verdict)),
    matchedRows: pairs.length,
    missingInSecond: { count: missingInSecond.length, keys: missingInSecond.slice(0, limit) },
    missingInFirst: { count: missingInFirst.length, keys: missingInFirst.slice(0, limit) },
    features: compared,
  };
}

function compareFeature(
  a: ColumnView,
  b: ColumnView,
  pairs: readonly (readonly [number, number, string | number])[],
  { absolute = 0, relative = 0, minRate = 1, limit = 20 }: SkewOptions,
): FeatureSkew {
  const readA = valuesOf(a);
  const readB = valuesOf(b);
  let match = 0;
  let firstOnly = 0;
  let secondOnly = 0;
  let bothNull = 0;
  let mismatch = 0;
  let maxDifference: number | undefined;
  const mismatchedKeys: (string | number)[] = [];
  const confusion = new Map<string, { first: string; second: string; count: number }>();
  for (const [rowA, rowB, key] of pairs) {
    const x = readA[rowA]!;
    const y = readB[rowB]!;
    if (x === null || y === null) {
      if (x !== null) firstOnly++;
      else if (y !== null) secondOnly++;
      else bothNull++;
      continue;
    }
    if (typeof x === 'number' && typeof y === 'number') {
      const difference = Object.is(x, y) || x === y ? 0 : Math.abs(x - y);
      if (!Number.isNaN(difference)) maxDifference = Math.max(maxDifference ?? 0, difference);
      // An infinite difference is within no tolerance, however large the values.
      if (difference === 0 || (Number.isFinite(difference) && difference <= absolute + relative * Math.abs(y))) {
        match++;
        continue;
      }
    } else if (x === y) {
      match++;
      continue;
    } else confuse(confusion, String(x), String(y));
    mismatch++;
    if (mismatchedKeys.length < limit) mismatchedKeys.push(key);
  }
  const present = match + mismatch;
  const rate = present === 0 ? undefined : match / present;
  const oneSided = firstOnly + secondOnly;
  const verdict = rate === undefined ? 'insufficient' : match >= minRate * (present + oneSided) ? 'pass' : 'fail';
  const confused = [...confusion.values()].sort((p, q) => q.count - p.count || (p.first < q.first ? -1 : 1));
  return {
    verdict,
    match,
    mismatch,
    firstOnly,
    secondOnly,
    bothNull,
    rate,
    maxDifference,
    mismatchedKeys,
    confusion: confused.slice(0, limit),
  };
}

/** Distinct confusions are few where features agree; where they do not, those that come first are enough. */
const MAX_CONFUSIONS = 1_000;

function confuse(
  confusion: Map<string, { first: string; second: string; count: number }>,
  first: string,
  second: string,
): void {
  const id = `${first.length}:${first}${second}`;
  const known = confusion.get(id);
  if (known !== undefined) known.count++;
  else if (confusion.size < MAX_CONFUSIONS) confusion.set(id, { first, second, count: 1 });
}

function valuesOf(column: ColumnView): readonly (SlotValue | null)[] {
  const out: (SlotValue | null)[] = new Array(column.length);
  const table: Table = { rowCount: column.length, columns: new Map([[column.name, column]]) };
  for (const block of blocksOf(table, [column.name], 0)) {
    const { chunk, from } = block.slots.get(column.name)!;
    const read = readerOf(column, chunk);
    for (let k = 0; k < block.length; k++)
      out[block.row + k] = isValid(chunk.validity, from + k) ? read(from + k) : null;
  }
  return out;
}

function keyRows(table: Table, key: string): ReadonlyMap<string | number, number> {
  const rows = new Map<string | number, number>();
  for (const [row, value] of valuesOf(columnOf(table, key)).entries()) {
    if (value === null || (typeof value !== 'string' && typeof value !== 'number'))
      throw invalidInput(`${key}[${row}]`, 'a string or a number that names the row', value);
    if (rows.has(value))
      throw invalidInput(`${key}[${row}]`, 'a key that occurs once', value, 'Deduplicate the table first.');
    rows.set(value, row);
  }
  return rows;
}
