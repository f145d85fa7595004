import { valueAt } from '@millwright/core/table';
import type { FailureSample, SampleOptions } from '@millwright/core/validation';
import { createKeys, type RowPart, sampleRow } from '@millwright/core/validation/engine';
import type { Test } from './predicate.js';
import type { Source } from './source.js';
import { readTables } from './tables.js';

/** What was found: how many rows there are, and the part of each check that SQL could do. */
export interface Found {
  readonly rows: number;
  readonly parts: readonly (RowPart | undefined)[];
}

/** Counts every test in one scan, then looks at keys and fetches the values of the first failing rows. */
export async function scan(
  source: Source,
  tests: readonly (Test | undefined)[],
  { limit = 20, values = 'shown' }: SampleOptions = {},
): Promise<Found> {
  const selected = ['count(*)'];
  const counted = tests.map((test) => {
    if (test === undefined) return undefined;
    const considered = `${test.where} AND ${test.present}`;
    const failing = `${considered} AND ${test.fails}`;
    const at = selected.length;
    selected.push(
      `count(*) FILTER (NOT ${test.where})`,
      `count(*) FILTER (${test.where} AND NOT (${test.present}))`,
      `count(*) FILTER (${failing})`,
      limit > 0 ? `min(${source.row}, ${Math.min(limit, 1_000_000)}) FILTER (${failing})` : 'NULL',
      test.time === undefined ? 'NULL' : `max(${test.time}) FILTER (${considered} AND NOT ${test.fails})`,
    );
    return { test, at, considered };
  });
  const cells: unknown[] = [];
  for await (const columns of source.stream(`SELECT ${selected.join(', ')} FROM ${source.rows}`))
    for (const values of columns) cells.push(values[0]);

  const parts: (RowPart | undefined)[] = [];
  for (const check of counted) {
    if (check === undefined) {
      parts.push(undefined);
      continue;
    }
    const { test, at, considered } = check;
    const [excluded, missing] = [Number(cells[at]), Number(cells[at + 1])];
    const found = test.keys
      ? await duplicates(source, test.keys, considered, limit)
      : { unexpected: Number(cells[at + 2]), rows: listOf(cells[at + 3]) };
    const samples = await samplesOf(source, test, found.rows, values);
    parts.push({
      tally: { rows: Number(cells[0]), excluded, missing, unexpected: found.unexpected },
      samples,
      ...(test.time !== undefined && { newest: (cells[at + 4] as number | null) ?? Number.NEGATIVE_INFINITY }),
      // Nothing has to be merged with these keys any more.
      ...(test.keys && {
        keys: createKeys().part(),
        seen: new Uint8Array(0),
        firstRows: new Float64Array(0),
        full: false,
      }),
    });
  }
  return { rows: Number(cells[0]), parts };
}

/** A list of DuckDB, as numbers. */
function listOf(list: unknown): number[] {
  return list === null ? [] : (list as { readonly items: readonly (bigint | number)[] }).items.map(Number);
}

/** Every member of a group of equal keys. DuckDB's grouping takes -0 for 0 and every NaN for one, as we do. */
async function duplicates(source: Source, keys: readonly string[], considered: string, limit: number) {
  const from = `FROM ${source.rows} WHERE ${considered}`;
  let unexpected = 0;
  const groups = `SELECT count(*) AS n ${from} GROUP BY ${keys.join(', ')} HAVING count(*) > 1`;
  for await (const [sum] of source.stream(`SELECT coalesce(sum(n), 0) FROM (${groups})`)) unexpected = Number(sum![0]);
  const rows: number[] = [];
  if (unexpected > 0 && limit > 0) {
    const several = `QUALIFY count(*) OVER (PARTITION BY ${keys.join(', ')}) > 1`;
    const query = `SELECT ${source.row} ${from} ${several} ORDER BY ${source.row} LIMIT ${limit}`;
    for await (const [found] of source.stream(query)) rows.push(...found!.map(Number));
  }
  return { unexpected, rows };
}

async function samplesOf(
  source: Source,
  { shown }: Test,
  rows: readonly number[],
  values: 'shown' | 'masked',
): Promise<FailureSample[]> {
  if (values === 'masked') return rows.map((row) => ({ row, value: 'masked' }));
  if (shown.length === 0 || rows.length === 0) return rows.map((row) => ({ row, value: null }));
  const names = [...new Set(shown.map(({ name }) => name))];
  const rest = ` WHERE ${source.row} IN (${rows.join(', ')}) ORDER BY ${source.row}`;
  const samples: FailureSample[] = [];
  for await (const table of readTables(source, names, rest)) {
    for (let i = 0; i < table.rowCount; i++) {
      const value = sampleRow(shown.map(({ name }) => valueAt(table.columns.get(name)!, i)));
      samples.push({ row: rows[samples.length]!, value });
    }
  }
  return samples;
}
