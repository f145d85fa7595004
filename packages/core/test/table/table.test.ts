import { isMillwrightError } from '@millwright/core';
import {
  columnOf,
  concatTables,
  readCodes,
  readNumbers,
  readStrings,
  rowOf,
  selectColumns,
  sliceTable,
  type Table,
  tableFrom,
  tableFromRows,
  takeRows,
} from '@millwright/core/table';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const flights = () =>
  tableFrom({
    delay: Float64Array.of(5, -3, 120, 0),
    origin: ['MCI', 'LAX', null, 'MCI'],
    late: [false, false, true, null],
    id: [1n, 2n, 9_007_199_254_740_993n, null],
    at: [new Date(0), new Date(1_000), null, new Date(86_400_000)],
  });

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return isMillwrightError(error) ? error.code : String(error);
  }
  return 'nothing thrown';
};

describe('tableFrom', () => {
  test('takes typed arrays as they are and encodes strings, booleans, bigints and dates', () => {
    const table = flights();
    expect([...table.columns.values()].map((c) => `${c.name}:${c.type}:${c.nullCount}`)).toEqual([
      'delay:f64:0',
      'origin:dictionary:1',
      'late:bool:1',
      'id:i64:1',
      'at:timestamp:1',
    ]);
    expect(rowOf(table, 2)).toEqual({ delay: 120, origin: null, late: true, id: 9_007_199_254_740_993n, at: null });
    expect(rowOf(table, 3)).toEqual({ delay: 0, origin: 'MCI', late: null, id: null, at: 86_400_000 });
  });

  test('does not copy a typed array', () => {
    const delay = Float64Array.of(1, 2, 3);
    expect(readNumbers(columnOf(tableFrom({ delay }), 'delay')).buffer).toBe(delay.buffer);
  });

  test('keeps columns whose names are those of Object.prototype', () => {
    const table = tableFrom(JSON.parse('{"__proto__":[1,2],"constructor":["a","b"]}'));
    expect(Object.entries(rowOf(table, 1))).toEqual([
      ['__proto__', 2],
      ['constructor', 'b'],
    ]);
  });

  test.each([
    ['columns of different length', () => tableFrom({ a: [1, 2], b: [1] })],
    ['a column that mixes kinds', () => tableFrom({ a: [1, 'x'] })],
    ['integers beyond 64 bits', () => tableFrom({ a: [2n ** 64n] })],
    ['an object as a value', () => tableFrom({ a: [{}] as never })],
    ['a row outside the table', () => rowOf(flights(), 4)],
  ])('refuses %s', (_, run) => expect(codeOf(run)).toBe('input/invalid'));

  test('names the columns there are when one is missing', () => {
    expect(() => columnOf(flights(), 'carrier')).toThrow(/delay, origin, late, id, at/);
    expect(codeOf(() => columnOf(flights(), 'carrier'))).toBe('table/column');
  });

  test('unsigned 64-bit integers where signed ones do not fit', () => {
    const { type } = columnOf(tableFrom({ a: [2n ** 64n - 1n, 0n] }), 'a');
    expect(type).toBe('u64');
  });

  test('empty tables and columns without a value', () => {
    expect(tableFrom({}).rowCount).toBe(0);
    expect(columnOf(tableFrom({ a: [null, undefined] }), 'a')).toMatchObject({ type: 'f64', nullCount: 2 });
  });
});

describe('tableFromRows', () => {
  test('takes all keys in order of appearance; a missing key is null', () => {
    const table = tableFromRows([{ a: 1 }, { b: 'x', a: 2 }]);
    expect([...table.columns.keys()]).toEqual(['a', 'b']);
    expect(rowOf(table, 0)).toEqual({ a: 1, b: null });
  });
});

describe('slices, concatenation and selection', () => {
  test('a slice shares the buffers', () => {
    const delay = Float64Array.of(1, 2, 3, 4);
    expect(readNumbers(columnOf(sliceTable(tableFrom({ delay }), 1, 3), 'delay'))).toEqual(Float64Array.of(2, 3));
    const [chunk] = columnOf(sliceTable(tableFrom({ delay }), 1, 3), 'delay').chunks;
    expect(chunk?.kind === 'number' && chunk.values.buffer).toBe(delay.buffer);
  });

  test('bounds are clipped; a slice of nothing is empty', () => {
    expect(sliceTable(flights(), 2, 99).rowCount).toBe(2);
    expect(sliceTable(flights(), -5, 1).rowCount).toBe(1);
    expect(sliceTable(flights(), 3, 1).rowCount).toBe(0);
  });

  test('chunks may have different dictionaries', () => {
    const table = concatTables([tableFrom({ o: ['a', 'b'] }), tableFrom({ o: ['b', 'c', null] })]);
    expect(readStrings(columnOf(table, 'o'))).toEqual(['a', 'b', 'b', 'c', null]);
    expect(readCodes(columnOf(table, 'o'))).toEqual({
      codes: Int32Array.of(0, 1, 1, 2, -1),
      dictionary: ['a', 'b', 'c'],
    });
  });

  test.each([
    ['another type', () => concatTables([tableFrom({ a: [1] }), tableFrom({ a: ['x'] })]), 'table/column'],
    ['a missing column', () => concatTables([tableFrom({ a: [1], b: [1] }), tableFrom({ a: [1] })]), 'table/column'],
    ['a surplus column', () => concatTables([tableFrom({ a: [1] }), tableFrom({ a: [1], b: [2] })]), 'input/invalid'],
    ['no table', () => concatTables([]), 'input/invalid'],
  ])('concatenation refuses %s', (_, run, code) => expect(codeOf(run)).toBe(code));

  test('selects columns in the order asked for', () => {
    expect([...selectColumns(flights(), ['late', 'delay']).columns.keys()]).toEqual(['late', 'delay']);
  });

  test('slices of slices, concatenations and takes hold the rows that arrays would hold', () => {
    const cell = {
      n: fc.option(fc.double()),
      s: fc.option(fc.string({ maxLength: 3 })),
      b: fc.option(fc.boolean()),
      i: fc.option(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)),
    };
    fc.assert(
      fc.property(fc.array(fc.record(cell), { maxLength: 40 }), fc.nat(40), fc.nat(40), (rows, x, y) => {
        const table = tableFrom({
          n: rows.map((r) => r.n),
          s: rows.map((r) => r.s),
          b: rows.map((r) => r.b),
          i: rows.map((r) => r.i),
        });
        const [start, end] = [Math.min(x, y, rows.length), Math.min(Math.max(x, y), rows.length)];
        const middle = sliceTable(sliceTable(table, start), 0, end - start);
        expect(rowsOf(middle)).toEqual(rows.slice(start, end));
        const back = concatTables([sliceTable(table, 0, start), middle, sliceTable(table, end)]);
        expect(rowsOf(back)).toEqual(rows);
        const order = Int32Array.from(rows, (_, i) => rows.length - 1 - i);
        expect(rowsOf(takeRows(back, order))).toEqual([...rows].reverse());
      }),
      { numRuns: 200 },
    );
  });
});

describe('hostile columns', () => {
  const base = { length: 3, nullCount: 0, validity: undefined };
  const utf8 = (offsets: Int32Array | BigInt64Array) =>
    ({ kind: 'utf8', ...base, offsets, bytes: new Uint8Array(4) }) as const;
  test.each([
    ['offsets that go back', utf8(Int32Array.of(0, 3, 2, 4))],
    ['offsets beyond the bytes', utf8(BigInt64Array.of(0n, 1n, 2n, 9n))],
    ['a negative first offset', utf8(Int32Array.of(-1, 1, 2, 3))],
    ['too few offsets', utf8(Int32Array.of(0, 1))],
    ['too few values', { kind: 'number', ...base, values: new Float64Array(2) } as const],
    [
      'a length that is no number',
      { kind: 'number', ...base, length: Number.NaN, values: new Float64Array(2) } as const,
    ],
    [
      'a short bitmap',
      {
        kind: 'number',
        ...base,
        validity: { bits: new Uint8Array(1), offset: 7 },
        values: new Float64Array(3),
      } as const,
    ],
    [
      'codes outside the dictionary',
      { kind: 'dictionary', ...base, codes: Int32Array.of(0, 1, 2), dictionary: ['a', 'b'] } as const,
    ],
    ['negative codes', { kind: 'dictionary', ...base, codes: Int8Array.of(0, -1, 0), dictionary: ['a'] } as const],
  ])('%s are `table/corrupt`', (_, chunk) => {
    const view = { name: 'x', type: 'f64', length: 3, nullCount: 0, chunks: [chunk] } as const;
    expect(codeOf(() => tableFrom({ x: view }))).toBe('table/corrupt');
  });

  test('a null slot may hold any code', () => {
    const chunk = {
      kind: 'dictionary',
      length: 2,
      nullCount: 1,
      validity: { bits: Uint8Array.of(1), offset: 0 },
      codes: Int32Array.of(0, 77),
      dictionary: ['a'],
    } as const;
    const view = { name: 'x', type: 'dictionary', length: 2, nullCount: 1, chunks: [chunk] } as const;
    expect(readStrings(columnOf(tableFrom({ x: view }), 'x'))).toEqual(['a', null]);
  });
});

test('64-bit integers become the nearest double', () => {
  const edges = [0n, -1n, 1n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)];
  fc.assert(
    fc.property(fc.array(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), { minLength: 1 }), (some) => {
      const values = [...edges, ...some];
      expect(readNumbers(columnOf(tableFrom({ v: values }), 'v'))).toEqual(Float64Array.from(values, Number));
    }),
    { numRuns: 100 },
  );
});

function rowsOf(table: Table): Record<string, unknown>[] {
  return Array.from({ length: table.rowCount }, (_, i) => rowOf(table, i));
}
