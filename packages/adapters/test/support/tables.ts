import {
  type ColumnView,
  concatTables,
  type NumberArray,
  type PhysicalType,
  sliceTable,
  type Table,
  tableFrom,
  type Value,
  validityFrom,
  valueAt,
} from '@millwright/core/table';
import fc from 'fast-check';

type Rows = Readonly<Record<string, readonly (Value | Date)[]>>;

/** What the columns of `anyTable` hold, row by row. */
const ROW = {
  double: fc.option(fc.oneof(fc.double(), fc.constantFrom(-0, Number.NaN))),
  small: fc.option(fc.integer({ min: -128, max: 127 })),
  whole: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  unsigned: fc.option(fc.integer({ min: 0, max: 2 ** 32 - 1 })),
  big: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  flag: fc.option(fc.boolean()),
  word: fc.option(fc.oneof(fc.constantFrom('MCI', 'LAX', ''), fc.string({ unit: 'grapheme' }))),
  at: fc.option(fc.date({ min: new Date(-1e12), max: new Date(4e12), noInvalidDate: true })),
};

/** Tables with nulls and several types, in two chunks that begin somewhere inside of their buffers. */
export const anyTable: fc.Arbitrary<Table> = fc
  .tuple(fc.array(fc.record(ROW), { maxLength: 40 }), fc.nat(40), fc.nat(12))
  .map(([rows, cut, skip]) => {
    const columns = Object.fromEntries(Object.keys(ROW).map((key) => [key, rows.map((row) => row[key as 'at'])]));
    const table = typed(columns);
    return concatTables([sliceTable(table, skip, Math.max(cut, skip)), sliceTable(table, Math.max(cut, skip))]);
  });

function typed({ small, whole, unsigned, ...others }: Rows): Table {
  const plain = tableFrom(others as Parameters<typeof tableFrom>[0]);
  const numbers = [
    numeric('small', 'i8', small!, Int8Array.from(small!, Number)),
    numeric('whole', 'i32', whole!, Int32Array.from(whole!, Number)),
    numeric('unsigned', 'u32', unsigned!, Uint32Array.from(unsigned!, Number)),
  ];
  const named = numbers.map((column) => [column.name, column] as const);
  return { rowCount: plain.rowCount, columns: new Map<string, ColumnView>([...plain.columns, ...named]) };
}

function numeric(name: string, type: PhysicalType, slots: Rows[string], values: NumberArray): ColumnView {
  const { length } = slots;
  const validity = validityFrom(length, (i) => slots[i] !== null);
  const nullCount = slots.filter((slot) => slot === null).length;
  return { name, type, length, nullCount, chunks: [{ kind: 'number', values, length, validity, nullCount }] };
}

/** The values of a table, column by column; bigints as they are, so that a type that changed shows. */
export function valuesOf(table: Table): Readonly<Record<string, readonly Value[]>> {
  return Object.fromEntries(
    [...table.columns].map(([name, column]) => [
      name,
      Array.from({ length: table.rowCount }, (_, i) => valueAt(column, i)),
    ]),
  );
}
