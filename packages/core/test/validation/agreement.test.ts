import { sliceTable, type Table, tableFrom, valueAt } from '@millwright/core/table';
import { expect as data, type Expectation, validate } from '@millwright/core/validation';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { utf8Column } from '../support/utf8-column.js';

/** Rows that fail, by the report. */
function failing(table: Table, expectation: Expectation): readonly number[] {
  const [outcome] = validate(table, [expectation], { samples: { limit: 10_000 } }).outcomes;
  const rows = outcome!.samples.map((s) => s.row);
  expect(rows).toHaveLength(outcome!.counts.unexpected);
  return rows;
}

const size = { minLength: 0, maxLength: 70 };
const cut = fc.tuple(fc.nat(20), fc.nat(20));

function sliced(table: Table, [start, end]: readonly [number, number]): Table {
  return sliceTable(table, Math.min(start, table.rowCount), Math.max(start, table.rowCount - end));
}

/** Row numbers whose value is there and fails. */
function byHand(table: Table, column: string, keeps: (value: never) => boolean): number[] {
  const view = table.columns.get(column)!;
  const rows: number[] = [];
  for (let row = 0; row < table.rowCount; row++) {
    const value = valueAt(view, row);
    if (value !== null && !keeps(value as never)) rows.push(row);
  }
  return rows;
}

describe('the same verdict as zod, row by row', () => {
  const number = fc.oneof(
    fc.integer({ min: -5, max: 5 }),
    fc.double({ min: -6, max: 6 }),
    fc.constantFrom(Number.NaN, -0, 0, 2 ** 53, 1e300, Number.MIN_VALUE),
    fc.constant(null),
  );
  const range = fc
    .tuple(fc.integer({ min: -5, max: 5 }), fc.integer({ min: -5, max: 5 }))
    .map((r) => r.sort((a, b) => a - b));
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'b', '1', 'é', '👩', '\n'), maxLength: 8 }),
    fc.constant(null),
  );

  test('numbers', () => {
    fc.assert(
      fc.property(fc.array(number, size), range, cut, (values, [min, max], bounds) => {
        const table = sliced(tableFrom({ x: [...values, 0] }), bounds);
        const zod = z.number().min(min!).max(max!);
        expect(failing(table, data.column('x').between(min, max))).toEqual(
          byHand(table, 'x', (v) => zod.safeParse(v).success),
        );
        const finite = z.number();
        expect(failing(table, data.column('x').finite())).toEqual(
          byHand(table, 'x', (v) => finite.safeParse(v).success),
        );
        expect(failing(table, data.column('x').type('integer'))).toEqual(
          byHand(table, 'x', (v) => Number.isInteger(v)),
        );
      }),
      { numRuns: 100 },
    );
  });

  test('text', () => {
    const pattern = fc.constantFrom('^[a-z]+$', 'a+b', '^.{2,3}$', '[^a]', '1$', '^(ab|é)*$');
    fc.assert(
      fc.property(fc.array(text, size), range, pattern, cut, (values, [a, b], source, bounds) => {
        const min = Math.abs(a!);
        const max = min + Math.abs(b!);
        for (const table of [
          sliced(tableFrom({ x: [...values, 'a'] }), bounds),
          sliced(tableFrom({ x: utf8Column([...values, 'a']) }), bounds),
        ]) {
          const agree = (expectation: Expectation, zod: z.ZodType) =>
            expect(failing(table, expectation)).toEqual(byHand(table, 'x', (v) => zod.safeParse(v).success));
          agree(data.column('x').length({ min, max }), z.string().min(min).max(max));
          agree(data.column('x').matches(source), z.string().regex(new RegExp(source, 'u')));
          agree(data.column('x').in(['a', 'ab', 'é']), z.enum(['a', 'ab', 'é']));
          agree(
            data.column('x').notIn(['a', '', '👩']),
            z.string().refine((v) => !['a', '', '👩'].includes(v)),
          );
          expect(failing(table, data.column('x').length({ min, max, unit: 'utf16' }))).toEqual(
            byHand(table, 'x', (v: string) => v.length >= min && v.length <= max),
          );
          expect(failing(table, data.column('x').length({ min, max, unit: 'bytes' }))).toEqual(
            byHand(table, 'x', (v: string) => utf8.encode(v).length >= min && utf8.encode(v).length <= max),
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  test('booleans and sets of numbers', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.boolean()), size), fc.array(number, size), cut, (flags, numbers, bounds) => {
        const b = sliced(tableFrom({ x: [...flags, true] }), bounds);
        expect(failing(b, data.column('x').in([true]))).toEqual(
          byHand(b, 'x', (v) => z.literal(true).safeParse(v).success),
        );
        const n = sliced(tableFrom({ x: [...numbers, 1] }), bounds);
        expect(failing(n, data.column('x').in([0, 1, 2]))).toEqual(
          byHand(n, 'x', (v) => z.literal([0, 1, 2]).safeParse(v === 0 ? 0 : v).success),
        );
      }),
      { numRuns: 80 },
    );
  });
});

describe('every kernel agrees with comparing value by value', () => {
  const arrays = [Int8Array, Int16Array, Int32Array, Uint8Array, Uint16Array, Uint32Array, Float32Array, Float64Array];

  test.each(arrays.map((array) => [array.name, array] as const))('%s', (_, array) => {
    const bound = fc.oneof(
      fc.integer({ min: -300, max: 70_000 }),
      fc.constantFrom(-(2 ** 31), 2 ** 32, undefined, 0.5),
    );
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -70_000, max: 5_000_000_000 }), size),
        bound,
        bound,
        cut,
        (values, a, b, bounds) => {
          const [min, max] = a !== undefined && b !== undefined && a > b ? [b, a] : [a, b];
          const table = sliced(tableFrom({ x: array.from(values) }), bounds);
          expect(failing(table, data.column('x').between(min, max))).toEqual(
            byHand(table, 'x', (v: number) => v >= (min ?? -Infinity) && v <= (max ?? Infinity)),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  test.each([
    ['BigInt64Array', BigInt64Array, -(2n ** 63n), 2n ** 63n - 1n],
    ['BigUint64Array', BigUint64Array, 0n, 2n ** 64n - 1n],
  ] as const)('%s', (_, array, least, most) => {
    const near = fc.constantFrom(0n, 1n, -1n, 2n ** 32n - 1n, 2n ** 32n, -(2n ** 32n), 2n ** 53n, least, most, 5n);
    const value = fc.oneof(near, fc.bigInt({ min: least, max: most })).filter((v) => v >= least);
    const bound = fc.option(
      fc.constantFrom(0, 1, -1, 2 ** 32, 2 ** 32 - 1, -(2 ** 32), 0.5, -0.5, 1e300, -1e300, Number.MAX_SAFE_INTEGER),
      { nil: undefined },
    );
    fc.assert(
      fc.property(fc.array(value, size), bound, bound, cut, (values, a, b, bounds) => {
        const [min, max] = a !== undefined && b !== undefined && a > b ? [b, a] : [a, b];
        const table = sliced(tableFrom({ x: array.from(values) }), bounds);
        const e = data
          .column('x')
          .between(min === undefined ? undefined : fits(min), max === undefined ? undefined : fits(max));
        const { min: low, max: high } = e as { min?: number; max?: number };
        // JavaScript compares a bigint with a number exactly.
        expect(failing(table, e)).toEqual(
          byHand(table, 'x', (v: bigint) => v >= (low ?? -Infinity) && v <= (high ?? Infinity)),
        );
      }),
      { numRuns: 100 },
    );
  });

  /** Canonical JSON takes no integers beyond 2^53; a bound out there is a fraction that rounds. */
  const fits = (bound: number) => (Math.abs(bound) > 2 ** 53 ? Math.sign(bound) * Number.MAX_SAFE_INTEGER : bound);

  test('comparisons of two columns', () => {
    const cell = {
      text: fc.constantFrom('a', 'b', 'ab', 'é', '👩', '\ue000', '', null),
      number: fc.constantFrom(0, -0, 1, 0.5, Number.NaN, null),
    };
    const relations = {
      '==': (a: never, b: never) => a === b,
      '!=': (a: never, b: never) => a !== b,
      '<': (a: never, b: never) => a < b,
      '<=': (a: never, b: never) => a <= b,
      '>': (a: never, b: never) => a > b,
      '>=': (a: never, b: never) => a >= b,
    } as const;
    const cells = fc.oneof(
      fc.array(fc.tuple(cell.text, cell.text), size),
      fc.array(fc.tuple(cell.number, cell.number), size),
    );
    fc.assert(
      fc.property(
        cells,
        fc.constantFrom(...(Object.keys(relations) as (keyof typeof relations)[])),
        fc.boolean(),
        (rows, op, bytes) => {
          const [left, right] = [rows.map(([a]) => a), rows.map(([, b]) => b)];
          fc.pre([left, right].every((column) => column.some((v) => v !== null)));
          const text = bytes && left.concat(right).every((v) => typeof v !== 'number');
          const table = tableFrom({ x: left, y: text ? { ...utf8Column(right as string[]), name: 'y' } : right });
          const wanted = rows.flatMap(([a, b], row) => {
            if (a === null || b === null) return [];
            const unordered = Number.isNaN(a) || Number.isNaN(b);
            return unordered || !relations[op](a as never, b as never) ? [row] : [];
          });
          expect(failing(table, data.compare('x', op, 'y'))).toEqual(wanted);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('uniqueness', () => {
    const value = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constantFrom(Number.NaN, -0, 0.5), fc.constant(null));
    fc.assert(
      fc.property(
        fc.array(value, size),
        fc.array(fc.constantFrom('a', 'b', 'ab', '', null), { minLength: 80, maxLength: 80 }),
        cut,
        (xs, ss, bounds) => {
          const table = sliced(tableFrom({ x: [...xs, 1], s: ss.slice(0, xs.length + 1) }), bounds);
          const of = (names: readonly string[]) => {
            const keys = Array.from({ length: table.rowCount }, (_, row) => {
              const values = names.map((name) => valueAt(table.columns.get(name)!, row));
              return values.includes(null) ? undefined : JSON.stringify(values.map((v) => (v === 0 ? '0' : String(v))));
            });
            return keys.flatMap((key, row) =>
              key !== undefined && keys.filter((k) => k === key).length > 1 ? [row] : [],
            );
          };
          expect(failing(table, data.column('x').unique())).toEqual(of(['x']));
          expect(failing(table, data.column('s').unique())).toEqual(of(['s']));
          expect(failing(table, data.unique(['x', 's']))).toEqual(of(['x', 's']));
        },
      ),
      { numRuns: 80 },
    );
  });

  test('many distinct keys', () => {
    const x = Float64Array.from({ length: 50_000 }, (_, i) => (i === 49_999 ? 7 : i * 1.1));
    expect(failing(tableFrom({ x }), data.column('x').unique())).toEqual([]);
    x[49_999] = 0;
    expect(failing(tableFrom({ x }), data.column('x').unique())).toEqual([0, 49_999]);
    const id = BigInt64Array.from({ length: 5_000 }, (_, i) => 2n ** 60n + BigInt(i % 4_999));
    expect(failing(tableFrom({ id }), data.column('id').unique())).toEqual([0, 4_999]);
  });
});

const utf8 = new TextEncoder();
