import { isMillwrightError } from '@millwright/core';
import { columnOf, rowOf, type Table } from '@millwright/core/table';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { readParquet } from '../../src/parquet.js';

const file = (rowGroupSize = 3): ArrayBuffer =>
  parquetWriteBuffer({
    rowGroupSize,
    columnData: [
      { name: 'id', data: [1n, 2n, 3n, 4n, 2n ** 60n], type: 'INT64' },
      { name: 'small', data: [1, -2, 3, 4, 5], type: 'INT32' },
      { name: 'score', data: [0.5, null, Number.NaN, 1, 2], type: 'DOUBLE', nullable: true },
      { name: 'ok', data: [true, false, true, true, false], type: 'BOOLEAN' },
      { name: 'place', data: ['MCI', 'LAX', null, 'MCI', 'ñ'], type: 'STRING', nullable: true },
      { name: 'at', data: [0, 1, 2, 3, 4].map((day) => new Date(day * 86_400_000)), type: 'TIMESTAMP' },
    ],
  });

const values = (table: Table, name: string) => Array.from({ length: table.rowCount }, (_, i) => rowOf(table, i)[name]);

describe('readParquet', () => {
  it('reads each type into its own column, over several row groups', async () => {
    const table = await readParquet(file(2));
    expect(table.rowCount).toBe(5);
    expect(columnOf(table, 'id').chunks).toHaveLength(3);
    expect(values(table, 'id')).toEqual([1n, 2n, 3n, 4n, 2n ** 60n]);
    expect(values(table, 'small')).toEqual([1, -2, 3, 4, 5]);
    expect(values(table, 'score')).toEqual([0.5, null, Number.NaN, 1, 2]);
    expect(values(table, 'ok')).toEqual([true, false, true, true, false]);
    expect(values(table, 'place')).toEqual(['MCI', 'LAX', null, 'MCI', 'ñ']);
    expect(columnOf(table, 'place').nullCount).toBe(1);
  });

  it('gives timestamps in milliseconds', async () => {
    const at = columnOf(await readParquet(file()), 'at');
    expect(at).toMatchObject({ type: 'timestamp', unitsPerMs: 1 });
    expect(at.chunks[0]).toMatchObject({ kind: 'number', values: Float64Array.of(0, 86_400_000, 172_800_000) });
  });

  it('reads only the columns that were asked for, narrowed as asked', async () => {
    const table = await readParquet(file(), { columns: { small: 'i16' } });
    expect([...table.columns.keys()]).toEqual(['small']);
    expect(columnOf(table, 'small').type).toBe('i16');
  });

  it('refuses an integer that does not fit instead of wrapping it', async () => {
    await expect(readParquet(file(), { columns: { id: 'i32' } })).rejects.toSatisfy((error) =>
      isMillwrightError(error, 'input/invalid'),
    );
  });

  it('names a column that is not there', async () => {
    await expect(readParquet(file(), { columns: { nope: 'f64' } })).rejects.toMatchObject({
      code: 'table/column',
      details: { column: 'nope' },
    });
  });

  it('refuses what is not a Parquet file', async () => {
    await expect(readParquet(new ArrayBuffer(100))).rejects.toMatchObject({ code: 'input/invalid' });
    await expect(readParquet(file().slice(0, 200))).rejects.toMatchObject({ code: 'input/invalid' });
  });

  it('stops when it is aborted, and reports progress until then', async () => {
    const abort = new AbortController();
    const seen: number[] = [];
    const reading = readParquet(file(2), {
      signal: abort.signal,
      onProgress: ({ done }) => {
        seen.push(done);
        abort.abort(new Error('enough'));
      },
    });
    await expect(reading).rejects.toThrow('enough');
    expect(seen).toEqual([2]);
  });
});
