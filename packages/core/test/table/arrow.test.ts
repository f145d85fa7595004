import { columnOf, rowOf, sliceTable, type Table, tableFrom, tableFromArrow } from '@millwright/core/table';
import * as arrow from 'apache-arrow';
import { describe, expect, test } from 'vitest';

const ROWS = 200;
const maybe = <T>(i: number, value: T): T | null => (i % 5 === 3 ? null : value);
const rows = Array.from({ length: ROWS }, (_, i) => ({
  f64: maybe(i, i / 3),
  i16: maybe(i + 1, i - 100),
  i64: maybe(i + 2, BigInt(i) * 10_000_000_000n),
  bool: maybe(i, i % 3 === 0),
  utf8: maybe(i + 3, `ü${'x'.repeat(i % 7)}`),
  dict: maybe(i + 4, `k${i % 4}`),
  at: maybe(i, i * 1_000),
}));
const column = <K extends keyof (typeof rows)[0]>(name: K) => rows.map((row) => row[name]);
const dictionary = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8());
const table = () =>
  new arrow.Table({
    f64: arrow.vectorFromArray(column('f64'), new arrow.Float64()),
    i16: arrow.vectorFromArray(column('i16'), new arrow.Int16()),
    i64: arrow.vectorFromArray(column('i64'), new arrow.Int64()),
    bool: arrow.vectorFromArray(column('bool'), new arrow.Bool()),
    utf8: arrow.vectorFromArray(column('utf8'), new arrow.Utf8()),
    dict: arrow.vectorFromArray(column('dict'), dictionary),
    at: arrow.vectorFromArray(column('at'), new arrow.TimestampMillisecond()),
  });
const rowsOf = (t: Table) => Array.from({ length: t.rowCount }, (_, i) => rowOf(t, i));

describe('tableFromArrow', () => {
  test.each([0, 1, 7, 8, 9, 63])('reads a slice at offset %i as Arrow itself does', (offset) => {
    const sliced = tableFromArrow(table().slice(offset));
    expect(rowsOf(sliced)).toEqual(rows.slice(offset));
    for (const view of sliced.columns.values()) {
      const nulls = rows.slice(offset).filter((row) => row[view.name as 'f64'] === null).length;
      expect(`${view.name} ${view.nullCount}`).toBe(`${view.name} ${nulls}`);
    }
    expect(rowsOf(sliceTable(sliced, 9, 77))).toEqual(rows.slice(offset + 9, offset + 77));
  });

  test('reads many batches, each with its own dictionary, after a trip through IPC', () => {
    const parts = [table().slice(0, 70), table().slice(70, 71), table().slice(71)].flatMap((part) => part.batches);
    const bytes = arrow.tableToIPC(new arrow.Table(parts), 'stream');
    expect(rowsOf(tableFromArrow(arrow.tableFromIPC(bytes)))).toEqual(rows);
  });

  test('does not copy numbers', () => {
    const values = Float64Array.of(1, 2, 3);
    const [chunk] = columnOf(tableFromArrow(arrow.tableFromArrays({ values })), 'values').chunks;
    expect(chunk?.kind === 'number' && chunk.values.buffer).toBe(values.buffer);
  });

  test('knows the units of timestamps and dates', () => {
    const us = new arrow.Vector([
      arrow.makeData({ type: new arrow.Timestamp(arrow.TimeUnit.MICROSECOND, 'UTC'), data: BigInt64Array.of(1_500n) }),
    ]);
    const day = arrow.vectorFromArray([new Date(86_400_000 * 3)], new arrow.DateDay());
    const view = tableFromArrow(new arrow.Table({ us, day }));
    expect(rowOf(view, 0)).toEqual({ us: 1.5, day: 86_400_000 * 3 });
    expect(columnOf(view, 'us')).toMatchObject({ type: 'timestamp', timezone: 'UTC', unitsPerMs: 1_000 });
  });

  test.each([0, 1, 2])('reads fixed-size lists at offset %i', (offset) => {
    const type = new arrow.FixedSizeList(2, new arrow.Field('v', new arrow.Float32()));
    const lists = arrow.vectorFromArray(
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      type,
    );
    const view = tableFromArrow(new arrow.Table({ lists }).slice(offset));
    expect(rowsOf(view).map((row) => row['lists'])).toEqual(
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ].slice(offset),
    );
  });

  test('types without kernels are opaque: present or null, never a wrong number', () => {
    const amount = arrow.vectorFromArray([Uint32Array.of(1, 0, 0, 0), null], new arrow.Decimal(2, 10, 128));
    const half = arrow.vectorFromArray([1, 2], new arrow.Float16());
    const view = tableFromArrow(new arrow.Table({ amount, half }));
    expect(columnOf(view, 'amount')).toMatchObject({ type: 'decimal', nullCount: 1, chunks: [{ kind: 'opaque' }] });
    expect(columnOf(view, 'half').chunks[0]?.kind).toBe('opaque');
  });

  test('a column of Arrow nulls is all null', () => {
    expect(columnOf(tableFromArrow(new arrow.Table({ n: arrow.vectorFromArray([null, null]) })), 'n').nullCount).toBe(
      2,
    );
  });

  test('refuses what is no table, and offsets that lie', () => {
    expect(() => tableFromArrow({} as never)).toThrow(/Arrow JS table/);
    const bad = arrow.makeData({
      type: new arrow.Utf8(),
      length: 2,
      data: new Uint8Array(3),
      valueOffsets: Int32Array.of(0, 9, 4),
    });
    expect(() => tableFromArrow(new arrow.Table({ s: new arrow.Vector([bad]) }))).toThrow(/string offsets/);
  });

  test('columns of an Arrow table can be put beside others', () => {
    const view = tableFromArrow(table());
    const both = tableFrom({ f64: columnOf(view, 'f64'), row: Float64Array.from(rows, (_, i) => i) });
    expect(rowOf(both, 4)).toEqual({ f64: 4 / 3, row: 4 });
  });
});
