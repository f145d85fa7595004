import { invalidInput } from '../foundation/errors.js';
import { allOf, type Need, type Verdict } from '../foundation/verdict.js';
import { profileTable } from '../profile/profile.js';
import { columnOf, selectColumns, valueAt } from '../table/table.js';
import type { ColumnView, Table, Value } from '../table/types.js';
import { countInCells } from './checks/cell-counts.js';
import { distance, groupCells, noiseOf } from './checks/distance.js';

/** How rows of two tables find each other, and how alike they must be. */
export interface SkewOptions {
  /** The column that names a row in both tables. */
  readonly id: string;
  /** The columns to compare. Default: every other column that both tables have. */
  readonly features?: readonly string[] | undefined;
  /** Numbers match when `|offline - online| <= absolute + relative * |online|`. Default 0 and 0. */
  readonly absolute?: number | undefined;
  /** Default 0. */
  readonly relative?: number | undefined;
  /** Whether NaN matches NaN. Default true. */
  readonly nanEqual?: boolean | undefined;
  /** The share of pairs that has to match; a value on one side only counts as a pair that does not. Default 1. */
  readonly minRate?: number | undefined;
  /** The largest share of rows that would have to move to turn one distribution into the other. Default: not judged. */
  readonly maxDistance?: number | undefined;
  /** How many ids of rows each list holds at most. Default 20. */
  readonly limit?: number | undefined;
}

/** Whether training and serving compute the same features from the same facts. */
export interface SkewReport {
  /** `insufficient` when no row, or no feature, is in both tables. */
  readonly verdict: Verdict;
  readonly need: Need | undefined;
  /** Rows in both tables. */
  readonly matchedRows: number;
  readonly onlyOffline: Unmatched;
  readonly onlyOnline: Unmatched;
  readonly features: ReadonlyMap<string, FeatureSkew>;
}

/** Rows that one of two tables has alone. */
export interface Unmatched {
  readonly count: number;
  /** The first of them. */
  readonly ids: readonly (string | number)[];
}

/** `match + mismatch + offlineOnly + onlineOnly + bothNull` is the number of matched rows. */
export interface FeatureSkew {
  readonly verdict: Verdict;
  readonly match: number;
  readonly mismatch: number;
  /** Rows with a value in training and none in serving. */
  readonly offlineOnly: number;
  readonly onlineOnly: number;
  readonly bothNull: number;
  /** Matches per row with a value on both sides; undefined when there is none. */
  readonly rate: number | undefined;
  /** The largest difference between two numbers; undefined for other features. */
  readonly maxDifference: number | undefined;
  /** Ids of rows whose values differ. */
  readonly samples: readonly (string | number)[];
  /** How often each pair of different words came: `y->z`. */
  readonly confusion: ReadonlyMap<string, number>;
  /** Between all rows of the two tables, matched or not; undefined for lists and types without kernels. */
  readonly distribution: DistributionSkew | undefined;
}

/** How far apart two distributions are, in cells of the offline table's profile. NaN and infinities are cells of their own. */
export interface DistributionSkew {
  /** The share of rows that would have to move. */
  readonly totalVariation: number;
  /** The largest difference between the shares of a cell. */
  readonly linf: number;
  /** Square root of the divergence in bits, 0 to 1. */
  readonly jensenShannon: number;
  /** About the total variation that two samples of one distribution show. */
  readonly noise: number;
}

/**
 * Training-serving skew: features that were computed offline beside those that were served, row by row and as
 * distributions. Rows that only one table has are reported and judge nothing: they may not have been served yet. A
 * distance that exceeds `maxDistance` by less than noise explains is `insufficient`.
 *
 * @throws `table/column` for a column that is missing; `input/invalid` for an id that comes twice or is null
 */
export function featureSkew(offline: Table, online: Table, options: SkewOptions): SkewReport {
  const { id, limit = 20 } = options;
  const names = options.features ?? [...offline.columns.keys()].filter((n) => n !== id && online.columns.has(n));
  const here = rowsById(offline, id);
  const there = rowsById(online, id);
  const pairs: Pair[] = [];
  for (const [key, row] of here) {
    const other = there.get(key);
    if (other !== undefined) pairs.push([row, other, key]);
  }
  const features = new Map<string, FeatureSkew>();
  for (const name of names) {
    const compared = compareValues(valuesOf(columnOf(offline, name)), valuesOf(columnOf(online, name)), pairs, options);
    const distribution = compareDistributions(offline, online, name);
    const verdict = allOf([judgeRate(compared, options), ...judgeDistance(distribution, options)]);
    features.set(name, { ...compared, distribution, verdict });
  }
  const nothing = pairs.length === 0 || names.length === 0;
  return {
    verdict: allOf([...features.values()].map((feature) => feature.verdict)),
    need: nothing ? { rows: 1, what: 'rows and features that both tables have' } : undefined,
    matchedRows: pairs.length,
    onlyOffline: unmatched(here, there, limit),
    onlyOnline: unmatched(there, here, limit),
    features,
  };
}

type Pair = readonly [row: number, other: number, id: string | number];
type Compared = Omit<FeatureSkew, 'verdict' | 'distribution'>;

/** Different confusions are few where features agree; where they do not, those that come first are enough. */
const MAX_CONFUSIONS = 1_000;

function compareValues(
  offline: readonly Value[],
  online: readonly Value[],
  pairs: readonly Pair[],
  { absolute = 0, relative = 0, nanEqual = true, limit = 20 }: SkewOptions,
): Compared {
  const count = { match: 0, mismatch: 0, offlineOnly: 0, onlineOnly: 0, bothNull: 0 };
  const samples: (string | number)[] = [];
  const confusion = new Map<string, number>();
  let maxDifference: number | undefined;
  for (const [row, other, id] of pairs) {
    const kind = judge(offline[row]!, online[other]!);
    count[kind]++;
    if (kind === 'mismatch' && samples.length < limit) samples.push(id);
  }
  const present = count.match + count.mismatch;
  return { ...count, rate: present === 0 ? undefined : count.match / present, maxDifference, samples, confusion };

  function judge(a: Value, b: Value): keyof typeof count {
    if (a === null) return b === null ? 'bothNull' : 'onlineOnly';
    if (b === null) return 'offlineOnly';
    if (isNumeric(a) && isNumeric(b)) return near(a, b) ? 'match' : 'mismatch';
    if (Array.isArray(a) && Array.isArray(b))
      return a.length === b.length && a.every((x, i) => near(x, b[i])) ? 'match' : 'mismatch';
    if (a === b) return 'match';
    const pair = `${a}->${b}`;
    if (confusion.has(pair) || confusion.size < MAX_CONFUSIONS) confusion.set(pair, (confusion.get(pair) ?? 0) + 1);
    return 'mismatch';
  }

  function near(a: number | bigint, b: number | bigint): boolean {
    if (Number.isNaN(a) && Number.isNaN(b)) return nanEqual;
    if (Number.isNaN(a) || Number.isNaN(b)) return false;
    // JavaScript orders a bigint and a number exactly, also where their difference rounds to 0.
    const same = !(a < b || a > b);
    const difference = same ? 0 : Math.abs(Number(a) - Number(b));
    const tolerance = absolute + relative * Math.abs(Number(b));
    maxDifference = Math.max(maxDifference ?? 0, difference);
    // An infinite difference is within no tolerance, however large the values.
    return same || (tolerance > 0 && Number.isFinite(difference) && difference <= tolerance);
  }
}

function isNumeric(value: Value): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function judgeRate({ match, mismatch, offlineOnly, onlineOnly }: Compared, { minRate = 1 }: SkewOptions): Verdict {
  const pairs = match + mismatch + offlineOnly + onlineOnly;
  if (match + mismatch === 0) return 'insufficient';
  return match >= minRate * pairs ? 'pass' : 'fail';
}

function* judgeDistance(found: DistributionSkew | undefined, { maxDistance }: SkewOptions): Generator<Verdict> {
  if (maxDistance === undefined) return;
  if (found === undefined) yield 'insufficient';
  else if (found.totalVariation <= maxDistance) yield 'pass';
  else yield found.totalVariation - found.noise > maxDistance ? 'fail' : 'insufficient';
}

function compareDistributions(offline: Table, online: Table, name: string): DistributionSkew | undefined {
  const anchor = profileTable(selectColumns(offline, [name])).columns.get(name);
  if (anchor === undefined || anchor.kind === 'presence') return undefined;
  const { cells } = countInCells(columnOf(online, name), anchor);
  if (cells === undefined) return undefined;
  const grouped = groupCells(anchor, cells);
  const of = (measure: 'totalVariation' | 'linf' | 'jensenShannon') => distance(measure, grouped);
  return {
    totalVariation: of('totalVariation'),
    linf: of('linf'),
    jensenShannon: of('jensenShannon'),
    noise: noiseOf('totalVariation', grouped),
  };
}

function valuesOf(column: ColumnView): readonly Value[] {
  const values: Value[] = [];
  for (const chunk of column.chunks) {
    const view = { ...column, chunks: [chunk] };
    for (let i = 0; i < chunk.length; i++) values.push(valueAt(view, i));
  }
  return values;
}

function rowsById(table: Table, id: string): ReadonlyMap<string | number, number> {
  const rows = new Map<string | number, number>();
  for (const [row, value] of valuesOf(columnOf(table, id)).entries()) {
    const key = typeof value === 'bigint' ? String(value) : value;
    if (typeof key !== 'string' && typeof key !== 'number')
      throw invalidInput(`${id}[${row}]`, 'a string or a number that names the row', value);
    if (rows.has(key))
      throw invalidInput(`${id}[${row}]`, 'an id that comes once', value, 'Deduplicate the table first.');
    rows.set(key, row);
  }
  return rows;
}

function unmatched(
  here: ReadonlyMap<string | number, number>,
  there: ReadonlyMap<string | number, number>,
  limit: number,
): Unmatched {
  const ids: (string | number)[] = [];
  let count = 0;
  for (const id of here.keys()) {
    if (there.has(id)) continue;
    count++;
    if (ids.length < limit) ids.push(id);
  }
  return { count, ids };
}
