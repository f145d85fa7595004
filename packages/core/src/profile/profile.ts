import { invalidInput, MillwrightError } from '../foundation/errors.js';
import { columnOf } from '../table/table.js';
import type { ColumnView, Table } from '../table/types.js';
import { mergeSamples, profileCategories } from './categories.js';
import { sealProfile } from './codec.js';
import { addExact } from './exact-number.js';
import { profileNumbers } from './numbers.js';
import { mergePresence, presenceOf } from './presence.js';
import type { CategoryProfile, ColumnProfile, ColumnSketcher, NumberProfile, TableProfile } from './types.js';

/** What is counted of a table, and in whose cells. */
export interface ProfileOptions {
  /** Count against this profile's edges and categories, so that both can be compared and merged. Default: the table's own. */
  readonly reference?: TableProfile | undefined;
  /** Default: every column. */
  readonly columns?: readonly string[] | undefined;
  /** About how many histogram cells a numeric column gets. Default 128. Used only without a reference. */
  readonly bins?: number | undefined;
  /** About how many bytes the list of categories of one column may take. Default 6_000. Used only without a reference. */
  readonly maxCategoryBytes?: number | undefined;
  /** Keep the sums that skewness and kurtosis need: some 100 ns per fractional value. Default: as the reference, else false. */
  readonly shape?: boolean | undefined;
  /** Count which of these columns (ten at most) have values together. Default: those of the reference. */
  readonly presence?: readonly string[] | undefined;
  /** Add sketches to every column: `columnSketches()` of `@millwright/core/sketch`. */
  readonly sketcher?: ColumnSketcher | undefined;
}

/**
 * What is in a table, column by column: counts of null, NaN, infinities and empty strings, exact moments, a histogram
 * or category counts. Counting against a reference takes 5-25 ns per cell. A column that is numeric here and
 * categorical in the reference (or the reverse) is profiled by itself; comparing the kinds shows it.
 *
 * @throws `table/column` when a named column is missing; `input/invalid`
 */
export function profileTable(table: Table, options: ProfileOptions = {}): TableProfile {
  const { reference, columns: names = [...table.columns.keys()], bins = 128 } = options;
  const { presence = reference?.presence?.columns } = options;
  if (!Number.isInteger(bins) || bins < 2 || bins > 16_384)
    throw invalidInput('bins', 'an integer from 2 to 16384', bins);
  const columns = new Map<string, ColumnProfile>();
  for (const name of names) {
    const column = columnOf(table, name);
    const profile = profileColumn(column, reference?.columns.get(name), options);
    const sketches = options.sketcher?.sketch(column);
    columns.set(name, sketches === undefined ? profile : { ...profile, sketches });
  }
  const patterns = presence && presenceOf(table, presence);
  return sealProfile(table.rowCount, columns, patterns);
}

/**
 * The profile of the rows of both. Exact, associative and commutative: any order and any split gives the same bits.
 * Sketches are left out; `mergeProfilesWith` keeps them.
 *
 * @throws `profile/unmergeable` when the two were not counted against the same reference
 */
export function mergeProfiles(a: TableProfile, b: TableProfile): TableProfile {
  return merge(a, b, undefined);
}

/**
 * `mergeProfiles` that merges sketches too, for columns that have them in both. Distinct values are as exact as all
 * else; quantiles, and frequent items that had to give up counters, are the same under the same order only.
 *
 * @example
 * const whole = parts.reduce(mergeProfilesWith(columnSketches()));
 */
export function mergeProfilesWith(sketcher: ColumnSketcher): typeof mergeProfiles {
  return (a, b) => merge(a, b, sketcher);
}

function merge(a: TableProfile, b: TableProfile, sketcher: ColumnSketcher | undefined): TableProfile {
  const columns = new Map<string, ColumnProfile>();
  for (const [name, first] of a.columns) {
    const second = b.columns.get(name);
    if (second === undefined) throw unmergeable(name, 'only one of the profiles has it');
    const merged = mergeColumns(name, first, second);
    const sketches =
      sketcher && first.sketches && second.sketches ? sketcher.merge(name, first.sketches, second.sketches) : undefined;
    columns.set(name, sketches === undefined ? merged : { ...merged, sketches });
  }
  for (const name of b.columns.keys())
    if (!a.columns.has(name)) throw unmergeable(name, 'only one of the profiles has it');
  if ((a.presence === undefined) !== (b.presence === undefined))
    throw unmergeable('presence', 'only one of the profiles counts which columns have values together');
  const patterns = a.presence && b.presence && mergePresence(a.presence, b.presence);
  return sealProfile(a.rowCount + b.rowCount, columns, patterns);
}

function profileColumn(column: ColumnView, anchor: ColumnProfile | undefined, options: ProfileOptions): ColumnProfile {
  const { bins = 128, maxCategoryBytes = 6_000, shape } = options;
  switch (column.type) {
    case 'utf8':
    case 'dictionary':
    case 'bool':
      return profileCategories(column, anchor?.kind === 'category' ? anchor : undefined, maxCategoryBytes);
    case 'list':
    case 'decimal':
    case 'other':
      return { kind: 'presence', type: column.type, rows: column.length, nulls: column.nullCount };
    default: {
      const was = anchor?.kind === 'number' ? anchor : undefined;
      return profileNumbers(column, was?.histogram, bins, shape ?? was?.shape !== undefined);
    }
  }
}

function mergeColumns(name: string, a: ColumnProfile, b: ColumnProfile): ColumnProfile {
  const base = { type: a.type, rows: a.rows + b.rows, nulls: a.nulls + b.nulls };
  if (a.type !== b.type) throw unmergeable(name, `it is ${a.type} in one and ${b.type} in the other`);
  if (a.kind === 'number' && b.kind === 'number') return { ...base, ...mergeNumbers(name, a, b) };
  if (a.kind === 'category' && b.kind === 'category') return { ...base, ...mergeCategories(name, a, b) };
  return { ...base, kind: 'presence' };
}

function mergeNumbers(name: string, a: NumberProfile, b: NumberProfile) {
  const { edges } = a.histogram;
  const others = b.histogram.edges;
  if (edges.length !== others.length || edges.some((edge, i) => edge !== others[i]))
    throw unmergeable(name, 'their histograms have different edges');
  if ((a.shape === undefined) !== (b.shape === undefined))
    throw unmergeable(name, 'only one of them has the sums for skewness and kurtosis');
  const shape = a.shape &&
    b.shape && { cubes: addExact(a.shape.cubes, b.shape.cubes), fourths: addExact(a.shape.fourths, b.shape.fourths) };
  return {
    kind: 'number',
    nan: a.nan + b.nan,
    positiveInfinity: a.positiveInfinity + b.positiveInfinity,
    negativeInfinity: a.negativeInfinity + b.negativeInfinity,
    finite: a.finite + b.finite,
    integers: a.integers && b.integers,
    min: extreme(a, b, 'min', Math.min),
    max: extreme(a, b, 'max', Math.max),
    sum: addExact(a.sum, b.sum),
    sumOfSquares: addExact(a.sumOfSquares, b.sumOfSquares),
    ...(shape && { shape }),
    histogram: { edges, counts: a.histogram.counts.map((count, i) => count + b.histogram.counts[i]!) },
  } as const;
}

/** Of both; undefined when one of them withholds it. */
function extreme(a: NumberProfile, b: NumberProfile, side: 'min' | 'max', pick: (x: number, y: number) => number) {
  if (a.finite === 0) return b[side];
  if (b.finite === 0) return a[side];
  const [first, second] = [a[side], b[side]];
  return first === undefined || second === undefined ? undefined : pick(first, second);
}

function mergeCategories(name: string, a: CategoryProfile, b: CategoryProfile) {
  if (!sameKeys(a.counts, b.counts)) throw unmergeable(name, 'they count different categories');
  return {
    kind: 'category',
    empty: a.empty + b.empty,
    counts: addCounts(a.counts, b.counts),
    other: a.other + b.other,
    otherSample: mergeSamples(a.otherSample, b.otherSample),
  } as const;
}

function sameKeys(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  return a.size === b.size && [...a.keys()].every((key) => b.has(key));
}

function addCounts(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  return new Map([...a].map(([key, count]) => [key, count + b.get(key)!]));
}

function unmergeable(column: string, reason: string): MillwrightError<'profile/unmergeable'> {
  return new MillwrightError(
    'profile/unmergeable',
    `Profiles cannot be merged at column \`${column}\`: ${reason}. Profile both against the same reference.`,
    { details: { column, reason } },
  );
}
