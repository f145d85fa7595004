import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { columnOf, concatTables, tableFrom } from '@millwright/core/table';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { writeArrow } from '../../src/arrow.js';
import { readParquet, writeParquet } from '../../src/parquet.js';
import { anyTable, valuesOf } from '../support/tables.js';

const folder = mkdtempSync(join(tmpdir(), 'millwright-parquet-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = async (bytes: Uint8Array) => readParquet(bytes.slice().buffer);

describe('writeParquet', () => {
  it('writes what readParquet reads as the same values, whatever the types, nulls, chunks and row groups', async () => {
    await fc.assert(
      fc.asyncProperty(anyTable, fc.integer({ min: 1, max: 50 }), async (table, rowsPerGroup) => {
        const back = await read(await writeParquet(table, { rowsPerGroup }));
        const { unsigned, ...rest } = valuesOf(table);
        // Parquet's 32-bit integers are signed: those without a sign become 64-bit ones.
        const wide = unsigned!.map((value) => (value === null ? null : BigInt(Number(value))));
        expect(valuesOf(back)).toEqual({ ...rest, unsigned: wide });
      }),
      { numRuns: 60 },
    );
  });

  it('writes what DuckDB reads, with its types', async () => {
    const table = tableFrom({
      id: BigInt64Array.of(1n, 2n, -(2n ** 63n)),
      hour: Int16Array.of(0, 12, 23),
      score: [0.5, null, Number.NaN],
      place: ['MCI', null, 'ñ'],
      late: [true, false, null],
      at: [new Date('2026-01-01T00:00:00.123Z'), null, new Date(0)],
    });
    const file = join(folder, 'table.parquet');
    writeFileSync(file, await writeParquet(table));
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const types = await connection.runAndReadAll(`DESCRIBE SELECT * FROM '${file}'`);
    expect(types.getRowsJson().map(([name, type]) => `${name} ${type}`)).toEqual([
      'id BIGINT',
      'hour INTEGER',
      'score DOUBLE',
      'place VARCHAR',
      'late BOOLEAN',
      'at TIMESTAMP WITH TIME ZONE',
    ]);
    const rows = await connection.runAndReadAll(
      `SELECT id::VARCHAR, hour, score::VARCHAR, place, late, epoch_us("at")::VARCHAR FROM '${file}'`,
    );
    expect(rows.getRowsJson()).toEqual([
      ['1', 0, '0.5', 'MCI', true, '1767225600123000'],
      ['2', 12, null, null, false, null],
      ['-9223372036854775808', 23, 'nan', 'ñ', null, '0'],
    ]);
  });

  it('keeps microseconds, and dates as days', async () => {
    const micros = {
      kind: 'big',
      values: BigInt64Array.of(1_767_225_600_123_457n),
      length: 1,
      validity: undefined,
      nullCount: 0,
    } as const;
    const days = {
      kind: 'number',
      values: Int32Array.of(20_454),
      length: 1,
      validity: undefined,
      nullCount: 0,
    } as const;
    const table = tableFrom({
      at: { name: 'at', type: 'timestamp', unitsPerMs: 1_000, length: 1, nullCount: 0, chunks: [micros] },
      day: { name: 'day', type: 'date', unitsPerMs: 1 / 86_400_000, length: 1, nullCount: 0, chunks: [days] },
    });
    expect(valuesOf(await read(await writeParquet(table)))).toEqual({
      at: [1_767_225_600_123.457],
      day: [20_454 * 86_400_000],
    });
  });

  it('writes tables without rows, and without compression', async () => {
    const table = tableFrom({ x: new Float64Array(0), place: ['a'].slice(1) });
    expect((await read(await writeParquet(table))).rowCount).toBe(0);
    const wide = concatTables(
      Array.from({ length: 50 }, () =>
        tableFrom({ x: ['a text that compresses', 'and another', 'a text that compresses'] }),
      ),
    );
    const [snappy, none] = [await writeParquet(wide), await writeParquet(wide, { compression: 'none' })];
    expect(valuesOf(await read(none))).toEqual(valuesOf(wide));
    expect(snappy).not.toEqual(none);
  });

  it('refuses what Parquet has no place for here, by the column', async () => {
    const big = tableFrom({ x: BigUint64Array.of(2n ** 63n) });
    await expect(writeParquet(big)).rejects.toMatchObject({ code: 'table/column', details: { column: 'x' } });
    const list = {
      kind: 'list',
      width: 2,
      values: new Float32Array(2),
      length: 1,
      validity: undefined,
      nullCount: 0,
    } as const;
    const lists = tableFrom({
      embedding: { name: 'embedding', type: 'list', length: 1, nullCount: 0, chunks: [list] },
    });
    await expect(writeParquet(lists)).rejects.toMatchObject({ code: 'table/column', details: { received: 'list' } });
  });

  it('refuses a time that is none, and so does Arrow', async () => {
    const chunk = {
      kind: 'number',
      values: Float64Array.of(Number.NaN),
      length: 1,
      validity: undefined,
      nullCount: 0,
    } as const;
    const table = tableFrom({ at: { name: 'at', type: 'timestamp', length: 1, nullCount: 0, chunks: [chunk] } });
    await expect(writeParquet(table)).rejects.toMatchObject({ code: 'input/invalid', details: { name: 'at' } });
    await expect(writeArrow(table)).rejects.toMatchObject({ code: 'input/invalid', details: { name: 'at' } });
  });

  it('an integer of DuckDB that does not fit is refused when it is read, not wrapped', async () => {
    const file = join(folder, 'unsigned.parquet');
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    await connection.run(`COPY (SELECT 18446744073709551615::UBIGINT AS u) TO '${file}'`);
    await expect(read(readFileSync(file))).rejects.toMatchObject({ code: 'input/invalid' });
  });

  it('stops when it is aborted, and reports progress until then', async () => {
    const abort = new AbortController();
    const seen: number[] = [];
    const writing = writeParquet(tableFrom({ x: new Float64Array(10) }), {
      rowsPerGroup: 4,
      signal: abort.signal,
      onProgress({ done }) {
        seen.push(done);
        if (done === 8) abort.abort(new Error('enough'));
      },
    });
    await expect(writing).rejects.toThrow('enough');
    expect(seen).toEqual([4, 8]);
  });

  it('reads back integers as they were, narrowed on request', async () => {
    const bytes = await writeParquet(tableFrom({ hour: Int8Array.of(-1, 5) }));
    const table = await readParquet(bytes.slice().buffer, { columns: { hour: 'i16' } });
    expect(columnOf(table, 'hour')).toMatchObject({ type: 'i16', chunks: [{ values: Int16Array.of(-1, 5) }] });
  });
});
