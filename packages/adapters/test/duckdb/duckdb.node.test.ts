import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { validateInDuckDB } from '@millwright/adapters/duckdb';
import { profileTable } from '@millwright/core/profile';
import { type Table, tableFrom } from '@millwright/core/table';
import { expect as data, type Expectation, type ValidationContext, validate } from '@millwright/core/validation';
import { distributions } from '@millwright/core/validation/distribution';
import { metrics } from '@millwright/core/validation/metric';
import { rowSchemas } from '@millwright/core/validation/row';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import * as z from 'zod';

const connection = await (await DuckDBInstance.create(':memory:')).connect();
const folder = mkdtempSync(join(tmpdir(), 'millwright-duckdb-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Row {
  readonly i: number | null;
  readonly u: number | null;
  readonly big: bigint | null;
  readonly f: number | null;
  readonly d: number | null;
  readonly e: number | null;
  readonly s: string | null;
  readonly t: string | null;
  readonly flag: boolean | null;
  readonly at: number | null;
}

const TYPES = {
  i: 'INTEGER',
  u: 'UTINYINT',
  big: 'BIGINT',
  f: 'FLOAT',
  d: 'DOUBLE',
  e: 'DOUBLE',
  s: 'VARCHAR',
  t: 'VARCHAR',
  flag: 'BOOLEAN',
  at: 'TIMESTAMP',
} as const;
type Name = keyof typeof TYPES;
const NAMES = Object.keys(TYPES) as Name[];

/** The rows as DuckDB has them, typed and with row numbers in order. */
async function store(rows: readonly Row[]): Promise<void> {
  await connection.run(`CREATE OR REPLACE TABLE t (${NAMES.map((n) => `"${n}" ${TYPES[n]}`).join(', ')})`);
  const literal = (name: Name, value: Row[Name]): string => {
    if (value === null) return 'NULL';
    if (name === 'at') return `make_timestamp(${Number(value) * 1_000}::BIGINT)`;
    if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
    return typeof value === 'number' ? `'${Object.is(value, -0) ? '-0' : value}'::${TYPES[name]}` : String(value);
  };
  const lines = rows.map((row) => `(${NAMES.map((name) => literal(name, row[name])).join(', ')})`);
  if (lines.length > 0) await connection.run(`INSERT INTO t VALUES ${lines.join(', ')}`);
}

/** The same rows in memory, with the types that DuckDB's have. */
function inMemory(rows: readonly Row[]): Table {
  const of = <K extends Name>(name: K) => rows.map((row) => row[name]);
  const typed = (name: Name, type: 'i32' | 'u8' | 'f32', array: Int32Array | Uint8Array | Float32Array) => {
    const [chunk] = tableFrom({ x: [...(of(name) as number[]), 0] }).columns.get('x')!.chunks;
    const nullCount = chunk!.nullCount;
    const { validity } = chunk!;
    const { length } = rows;
    const chunks = length === 0 ? [] : [{ kind: 'number', length, nullCount, validity, values: array } as const];
    return { name, type, length, nullCount, chunks };
  };
  const filled = <T>(name: Name, values: T[]) => {
    const view = tableFrom({ x: [...of(name), ...values] as never[] }).columns.get('x')!;
    const [chunk] = view.chunks;
    const { length } = rows;
    return { ...view, length, chunks: length === 0 ? [] : [{ ...chunk!, length }] } as typeof view;
  };
  return tableFrom({
    i: typed('i', 'i32', Int32Array.from(of('i') as number[])),
    u: typed('u', 'u8', Uint8Array.from(of('u') as number[])),
    big: filled('big', [1n]),
    f: typed('f', 'f32', Float32Array.from(of('f') as number[])),
    d: filled('d', [1]),
    e: filled('e', [1]),
    s: filled('s', ['']),
    t: filled('t', ['']),
    flag: filled('flag', [true]),
    at: { ...filled('at', [1]), type: 'timestamp', unitsPerMs: 1 },
  });
}

const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { freq: 6 });
const float = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(Number.NaN, 1 / 0, -1 / 0, -0, 0.5, 0.1, 1e300),
);
const word = fc.constantFrom('a', 'b', 'ab', "it's", 'é', '👩', '', 'A', 'a\nb', '\u2028', '\ue000');
const row: fc.Arbitrary<Row> = fc.record({
  i: maybe(fc.integer({ min: -3, max: 3 })),
  u: maybe(fc.integer({ min: 0, max: 4 })),
  big: maybe(fc.constantFrom(-1n, 0n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 63n) + 1n)),
  f: maybe(float.map(Math.fround)),
  d: maybe(float),
  e: maybe(float),
  s: maybe(word),
  t: maybe(word),
  flag: maybe(fc.boolean()),
  at: maybe(fc.integer({ min: -5, max: 5 })),
});

const context: ValidationContext = {
  now: 3,
  version: 'flights@1',
  tables: { words: tableFrom({ word: ['a', 'ab'] }) },
  reference: profileTable(tableFrom({ d: [0, 1, 2, 3] })),
  metrics,
  distributions,
  rows: rowSchemas({ row: z.object({ i: z.int().nullable() }) }),
};

const wheres = fc.constantFrom(
  { column: 'd', op: '>', value: 0 },
  { column: 'd', op: '!=', value: 1 },
  { not: { column: 'f', op: '<=', value: 0.1 } },
  { column: 's', op: 'in', value: ['a', "it's", '👩'] },
  { column: 's', op: '<', value: 'b' },
  {
    all: [
      { column: 'i', op: 'notNull' },
      {
        any: [
          { column: 'flag', op: '==', value: true },
          { column: 'at', op: '>=', value: 1 },
        ],
      },
    ],
  },
  { column: 'big', op: '>=', value: 1 },
  { column: 'u', op: '==', value: 0.5 },
  { any: [] },
) as fc.Arbitrary<NonNullable<Expectation['where']>>;

const PATTERNS = ['^[a-z]+$', '.', '^.$', '\\s', '^(ab|é)*$', '[^a]', '^(?!a)', "'", '\\W', 'B', '(a|b){2}', '$', '👩'];
const OPS = ['==', '!=', '<', '<=', '>', '>='] as const;
const PAIRS = [
  ['i', 'u'],
  ['i', 'big'],
  ['d', 'e'],
  ['f', 'd'],
  ['big', 'd'],
  ['s', 't'],
  ['i', 'd'],
] as const;
const column = (...names: Name[]) => fc.constantFrom(...names);
const small = fc.option(fc.constantFrom(-2, 0, 1, 2, 0.5, 0.1, 2 ** 53 - 1), { nil: undefined });
const ordered = fc.tuple(small, small).map(([a, b]) => (a !== undefined && b !== undefined && a > b ? [b, a] : [a, b]));
const checks: fc.Arbitrary<Expectation> = fc.oneof(
  column(...NAMES).map((c) => data.column(c).notNull()),
  column(...NAMES).map((c) => data.column(c).unique()),
  fc.subarray(NAMES, { minLength: 2, maxLength: 3 }).map((cs) => data.unique(cs)),
  column('i', 'big', 'f', 'd').map((c) => data.column(c).notNaN()),
  column('i', 'big', 'f', 'd').map((c) => data.column(c).finite()),
  fc.tuple(column('i', 'u', 'big', 'f', 'd'), ordered).map(([c, [min, max]]) => data.column(c).between(min, max)),
  fc
    .tuple(fc.integer({ min: -4, max: 0 }), fc.integer({ min: 0, max: 4 }))
    .map(([a, b]) => data.column('at').between(a, new Date(b))),
  fc
    .tuple(column('i', 'u', 'big', 'f', 'd'), fc.boolean())
    .map(([c, yes]) => (yes ? data.column(c).in([0, 1, 0.5]) : data.column(c).notIn([0, 2]))),
  fc
    .tuple(column('s', 't'), fc.boolean())
    .map(([c, yes]) => (yes ? data.column(c).in(['a', "it's", '']) : data.column(c).notIn(['👩', 'A']))),
  fc.constantFrom(
    data.column('flag').in([true]),
    data.column('at').in([1, 2]),
    data.column('at').notIn(['1970-01-01T00:00:00.001Z']),
  ),
  fc
    .tuple(column('s', 't'), fc.constantFrom(...PATTERNS), fc.constantFrom('', 'i'))
    .map(([c, p, flags]) => data.column(c).matches(new RegExp(p, `${flags}u`))),
  fc
    .tuple(column('s', 't'), fc.constantFrom('codePoints', 'utf16', 'bytes' as const), fc.nat(2), fc.nat(3))
    .map(([c, unit, min, more]) => data.column(c).length({ min, max: min + more, unit })),
  fc
    .tuple(column(...NAMES), fc.constantFrom('number', 'integer', 'string', 'boolean', 'timestamp', 'list' as const))
    .map(([c, type]) => data.column(c).type(type)),
  fc.tuple(fc.constantFrom(...PAIRS), fc.constantFrom(...OPS)).map(([[a, b], op]) => data.compare(a, op, b)),
  fc
    .tuple(column('i', 'd', 's', 'at', 'big'), fc.boolean())
    .map(([c, strict]) => data.column(c).increasing({ strict })),
  fc
    .tuple(fc.nat(6), fc.option(fc.nat(2), { nil: undefined }))
    .map(([maxAgeMs, maxAheadMs]) => data.fresh('at', { maxAgeMs, ...(maxAheadMs !== undefined && { maxAheadMs }) })),
  fc.nat(20).map((max) => data.rowCount({ max })),
  fc.constantFrom(
    data.columns(['i', 'gate']),
    data.columns(NAMES, { exact: true }),
    data.version(['flights@2']),
    data.column('gate').notNull({ ifPresent: true }),
    data.references('s', { table: 'words', key: 'word' }),
    data.distribution('d', { max: 0.2, minRows: 3 }),
    data.metric('big', 'distinct', { max: 3 }),
    data.metric('i', 'mean', { min: 0 }),
    data.row('row', { columns: ['i'] }),
  ),
);
const WHOLE = ['distribution', 'columns', 'type', 'version'];
const suites = fc
  .array(fc.tuple(checks, fc.option(wheres, { nil: undefined, freq: 2 })), { minLength: 1, maxLength: 8 })
  .map((list) =>
    list.map(([check, where], i) => ({
      ...check,
      id: `c${i}`,
      ...(where && !WHOLE.includes(check.kind) && { where }),
    })),
  );

describe('validateInDuckDB', () => {
  test('property: the report is that of the engine in memory', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 25, size: 'max' }),
        suites,
        fc.constantFrom(0, 2, 20),
        async (rows, suite, limit) => {
          await store(rows);
          const given = { ...context, samples: { limit } };
          const expected = validate(inMemory(rows), suite, given);
          const found = await validateInDuckDB(connection, { table: 't' }, suite, given);
          expect(JSON.parse(JSON.stringify(found))).toEqual(JSON.parse(JSON.stringify(expected)));
        },
      ),
      { numRuns: Number(process.env['MILLWRIGHT_DUCKDB_CASES'] ?? 150), seed: 4 },
    );
  });

  test('reads Parquet: one file, many files, a query', async () => {
    const parquet = join(folder, "it's.parquet");
    const [a, b] = [join(folder, 'part-1.parquet'), join(folder, 'part-2.parquet')];
    const rows = (from: number, to: number) =>
      `SELECT i::INTEGER AS hour, i * 1.5 AS "row", 'x' || i AS word FROM range(${from}, ${to}) t(i)`;
    await connection.run(`COPY (${rows(0, 5_000)}) TO '${parquet.replaceAll("'", "''")}'`);
    await connection.run(`COPY (${rows(0, 3_000)}) TO '${a}'`);
    await connection.run(`COPY (${rows(3_000, 5_000)}) TO '${b}'`);
    const suite = [
      data.column('hour').between(0, 4_997),
      data.column('word').unique(),
      data.column('hour').increasing({ strict: true }),
      data.column('row').between(0, 10),
    ];
    const table = tableFrom({
      hour: Int32Array.from({ length: 5_000 }, (_, i) => i),
      row: Float64Array.from({ length: 5_000 }, (_, i) => i * 1.5),
      word: Array.from({ length: 5_000 }, (_, i) => `x${i}`),
    });
    const { digest } = validate(table, suite);
    const sources = [{ parquet }, { parquet: join(folder, 'part-*.parquet') }, { query: rows(0, 5_000) }];
    for (const source of sources) {
      await connection.run('SET threads = 2');
      const query = 'query' in source ? { query: source.query.replace('i * 1.5', '(i * 1.5)::DOUBLE') } : source;
      const report = await validateInDuckDB(connection, query, suite);
      expect(report.failures.map((o) => o.samples.map((s) => s.row))[0]).toEqual([4_998, 4_999]);
      if (query !== source) expect(report.digest).toBe(digest);
    }
  });

  test('types without kernels decide nothing, and every mistake is found before a row is read', async () => {
    await connection.run(`CREATE OR REPLACE TABLE odd AS SELECT 1.5::DECIMAL(10, 2) AS price, [1] AS list, 1 AS n`);
    const report = await validateInDuckDB(connection, { table: 'odd' }, [
      data.column('price').between(0, 1),
      data.column('list').notNull(),
      data.column('price').type('number'),
    ]);
    expect(report.outcomes.map((o) => o.verdict)).toEqual(['insufficient', 'pass', 'pass']);
    const wrong = [data.column('gate').notNull(), data.column('n').between(2, 1), data.column('n').matches('(')];
    await expect(validateInDuckDB(connection, { table: 'odd' }, wrong)).rejects.toMatchObject({
      code: 'validation/plan',
      details: { problems: { length: 3 } },
    });
  });

  test('values can be masked, names quoted, and the wait ended', async () => {
    await connection.run(`CREATE OR REPLACE TABLE "a ""b""" AS SELECT 'x''y' AS "c ""d""", 'it''s' AS row`);
    const suite = [data.column('c "d"').in(["x'z"]), data.column('row').in(["it's"])];
    const report = await validateInDuckDB(connection, { table: 'a "b"' }, suite, { samples: { values: 'masked' } });
    expect(report.outcomes.map((o) => o.samples)).toEqual([[{ row: 0, value: 'masked' }], []]);
    const signal = AbortSignal.abort();
    await expect(validateInDuckDB(connection, { table: 'a "b"' }, suite, {}, { signal })).rejects.toThrow(/abort/i);
  });
});
