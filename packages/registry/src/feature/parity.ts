import { invalidInput, type Need, type Verdict } from '@millwright/core';
import { columnOf, type Table, type Value, valueAt } from '@millwright/core/table';

export interface ParityOptions {
  /** Column that names a row in both tables. */
  readonly id: string;
  /** Columns to compare. Default: all that both tables have. */
  readonly features?: readonly string[] | undefined;
  /** Numbers are the same when `|offline - online| <= absolute + relative * |online|`. Default 0 and 0. */
  readonly absolute?: number | undefined;
  readonly relative?: number | undefined;
  /** Whether NaN on both sides is the same. Default true. */
  readonly nanEqual?: boolean | undefined;
  /** How many ids of rows that differ are listed per feature. Default 20. */
  readonly samples?: number | undefined;
}

/** Whether training and serving compute the same features from the same facts. */
export interface ParityReport {
  /** `pass` when every value on every row agrees; `insufficient` when no row is in both tables. */
  readonly verdict: Verdict;
  readonly need: Need | undefined;
  /** Rows in both tables. */
  readonly matchedRows: number;
  readonly onlyOffline: readonly string[];
  readonly onlyOnline: readonly string[];
  readonly features: ReadonlyMap<string, FeatureParity>;
}

export interface FeatureParity {
  readonly match: number;
  readonly mismatch: number;
  /** Rows with a value in training and none in serving. */
  readonly offlineOnly: number;
  readonly onlineOnly: number;
  readonly bothNull: number;
  /** Largest difference between two numbers. */
  readonly maxAbsoluteDifference: number;
  /** Matches per row with a value on both sides; undefined when there is none. */
  readonly rate: number | undefined;
  /** How often each pair of different words came: `y->z`. */
  readonly confusion: ReadonlyMap<string, number>;
  /** Ids of rows whose values differ. */
  readonly samples: readonly string[];
}

/** Compares features computed offline and online, row by row. @throws `table/column`, `input/invalid` for an id that comes twice */
export function featureParity(offline: Table, online: Table, options: ParityOptions): ParityReport {
  const here = rowsById(offline, options.id);
  const there = rowsById(online, options.id);
  const names =
    options.features ?? [...offline.columns.keys()].filter((n) => n !== options.id && online.columns.has(n));
  const pairs: [string, number, number][] = [];
  for (const [id, row] of here) {
    const other = there.get(id);
    if (other !== undefined) pairs.push([id, row, other]);
  }
  const features = new Map(names.map((name) => [name, compareFeature(offline, online, name, pairs, options)]));
  const differs = [...features.values()].some((f) => f.mismatch + f.offlineOnly + f.onlineOnly > 0);
  const nothing = pairs.length === 0 || names.length === 0;
  return {
    verdict: nothing ? 'insufficient' : differs ? 'fail' : 'pass',
    need: nothing ? { rows: 1, what: 'rows and features that both tables have' } : undefined,
    matchedRows: pairs.length,
    onlyOffline: [...here.keys()].filter((id) => !there.has(id)),
    onlyOnline: [...there.keys()].filter((id) => !here.has(id)),
    features,
  };
}

function rowsById(table: Table, id: string): ReadonlyMap<string, number> {
  const column = columnOf(table, id);
  const rows = new Map<string, number>();
  for (let row = 0; row < table.rowCount; row++) {
    const key = String(valueAt(column, row));
    if (rows.has(key)) throw invalidInput(id, 'an id that comes once', key);
    rows.set(key, row);
  }
  return rows;
}

function compareFeature(
  offline: Table,
  online: Table,
  name: string,
  pairs: readonly [string, number, number][],
  { absolute = 0, relative = 0, nanEqual = true, samples: limit = 20 }: ParityOptions,
): FeatureParity {
  const here = columnOf(offline, name);
  const there = columnOf(online, name);
  const confusion = new Map<string, number>();
  const samples: string[] = [];
  const count = { match: 0, mismatch: 0, offlineOnly: 0, onlineOnly: 0, bothNull: 0 };
  let maxAbsoluteDifference = 0;
  for (const [id, row, other] of pairs) {
    const a = valueAt(here, row);
    const b = valueAt(there, other);
    const kind = judge(a, b);
    count[kind]++;
    if (kind === 'mismatch' && typeof a === 'string') {
      const pair = `${a}->${b}`;
      confusion.set(pair, (confusion.get(pair) ?? 0) + 1);
    }
    if (kind === 'mismatch' && samples.length < limit) samples.push(id);
  }
  const present = count.match + count.mismatch;
  return {
    ...count,
    maxAbsoluteDifference,
    rate: present === 0 ? undefined : count.match / present,
    confusion,
    samples,
  };

  function judge(a: Value, b: Value): keyof typeof count {
    if (a === null) return b === null ? 'bothNull' : 'onlineOnly';
    if (b === null) return 'offlineOnly';
    if (typeof a !== 'number' || typeof b !== 'number') return sameValue(a, b) ? 'match' : 'mismatch';
    if (Number.isNaN(a) || Number.isNaN(b))
      return nanEqual && Number.isNaN(a) && Number.isNaN(b) ? 'match' : 'mismatch';
    if (a === b) return 'match';
    const difference = Math.abs(a - b);
    maxAbsoluteDifference = Math.max(maxAbsoluteDifference, difference);
    return difference <= absolute + relative * Math.abs(b) ? 'match' : 'mismatch';
  }
}

function sameValue(a: Value, b: Value): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => Object.is(item, b[i]));
  return a === b;
}
