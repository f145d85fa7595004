import { MillwrightError } from '@millwright/core';
import {
  type BigChunk,
  type ColumnView,
  isValid,
  type NumberChunk,
  readCodes,
  type Table,
  type Validity,
  validityFrom,
  valueAt,
} from '@millwright/core/table';
import type { Data, DataType, Vector } from 'apache-arrow';
import { microseconds } from '../shared/microseconds.js';
import { peer } from '../shared/peer.js';

/** Which of the two forms of Arrow IPC is written. */
export interface WriteArrowOptions {
  /** `file` (`.arrow`, Feather 2) can be read from any place in it, `stream` (`.arrows`) while it comes. Default `file`. */
  readonly format?: 'file' | 'stream' | undefined;
}

/**
 * A table as Arrow IPC, for DuckDB, Polars, pandas, or `readArrow`, which gives the same values. Columns keep their types;
 * coded text becomes a dictionary, and timestamps that are doubles become whole microseconds. Numbers are not copied before
 * they are written. Needs the optional peer `apache-arrow`.
 *
 * @throws `peer/missing`, `table/column` for decimals and types without kernels, `input/invalid` for a NaN among times
 * @example
 * await writeFile('curated.arrow', await writeArrow(table));
 */
export async function writeArrow(table: Table, { format = 'file' }: WriteArrowOptions = {}): Promise<Uint8Array> {
  const arrow = await peer('apache-arrow', () => import('apache-arrow'));
  const columns: Record<string, Vector> = Object.create(null);
  for (const column of table.columns.values()) columns[column.name] = vectorOf(arrow, column);
  return arrow.tableToIPC(new arrow.Table(columns), format);
}

type Library = typeof import('apache-arrow');

function vectorOf(arrow: Library, column: ColumnView): Vector {
  if (column.type === 'dictionary') return codedVector(arrow, column);
  const numeric = column.chunks.filter((chunk) => chunk.kind === 'number' || chunk.kind === 'big');
  if (numeric.length === column.chunks.length && numeric.length > 0)
    return new arrow.Vector(numeric.map((chunk) => numericData(arrow, column, chunk)));
  const values = Array.from({ length: column.length }, (_, i) => valueAt(column, i));
  return arrow.vectorFromArray(values, plainType(arrow, column));
}

/** One dictionary for all chunks: a file of Arrow cannot replace one. */
function codedVector(arrow: Library, column: ColumnView): Vector {
  const { codes, dictionary } = readCodes(column);
  const validity = validityFrom(codes.length, (i) => codes[i]! >= 0);
  const nullCount = codes.reduce((nulls, code) => nulls + (code < 0 ? 1 : 0), 0);
  const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32());
  const words = arrow.vectorFromArray([...dictionary], new arrow.Utf8());
  const data = codes.map((code) => Math.max(code, 0));
  return new arrow.Vector([
    arrow.makeData({ type, data, dictionary: words, ...base(codes.length, validity, nullCount) }),
  ]);
}

/** Numbers as they lie in memory, and times in their unit. */
function numericData(arrow: Library, column: ColumnView, chunk: NumberChunk | BigChunk): Data {
  const { type, timezone = null, unitsPerMs = 1 } = column;
  const rows = base(chunk.length, chunk.nullCount === 0 ? undefined : chunk.validity, chunk.nullCount);
  const { values } = chunk;
  if (type === 'timestamp') {
    const unit = TIME_UNITS.indexOf(unitsPerMs);
    if (values instanceof BigInt64Array && unit >= 0)
      return arrow.makeData({ type: new arrow.Timestamp(unit, timezone), data: values, ...rows });
    const data = ticks(column.name, chunk, unitsPerMs);
    return arrow.makeData({ type: new arrow.Timestamp(arrow.TimeUnit.MICROSECOND, timezone), data, ...rows });
  }
  if (type === 'date' && values instanceof BigInt64Array)
    return arrow.makeData({ type: new arrow.DateMillisecond(), data: values, ...rows });
  if (type === 'date')
    return arrow.makeData({ type: new arrow.DateDay(), data: Int32Array.from(values, Number), ...rows });
  if (values instanceof Float64Array) return arrow.makeData({ type: new arrow.Float64(), data: values, ...rows });
  if (values instanceof Float32Array) return arrow.makeData({ type: new arrow.Float32(), data: values, ...rows });
  const [, sign, bits] = /^([iu])(8|16|32|64)$/.exec(type) ?? [];
  if (bits === undefined) throw unwritable(column);
  const width = Number(bits) as 8 | 16 | 32 | 64;
  return arrow.makeData({ type: new arrow.Int(sign === 'i', width), data: values, ...rows });
}

/** Units in a millisecond by Arrow's number of the unit: second, millisecond, microsecond, nanosecond. */
const TIME_UNITS: readonly number[] = [1e-3, 1, 1e3, 1e6];

function ticks(name: string, { values, length, validity }: NumberChunk | BigChunk, unitsPerMs: number): BigInt64Array {
  const out = new BigInt64Array(length);
  for (let i = 0; i < length; i++)
    if (isValid(validity, i)) out[i] = microseconds(name, Number(values[i]) / unitsPerMs);
  return out;
}

/** Length and nulls, the bitmap from its first bit on. */
function base(length: number, validity: Validity | undefined, nullCount: number) {
  if (validity === undefined) return { length };
  const { bits } = validity.offset === 0 ? validity : validityFrom(length, (i) => isValid(validity, i))!;
  return { length, nullBitmap: bits, nullCount };
}

/** What is written value by value. A column without rows has the type that it would have with some. */
function plainType(arrow: Library, column: ColumnView): DataType {
  const [chunk] = column.chunks;
  switch (column.type) {
    case 'bool':
      return new arrow.Bool();
    case 'utf8':
      return new arrow.Utf8();
    case 'list': {
      if (chunk?.kind !== 'list') break;
      const item = arrow.makeVector(chunk.values.subarray(0, 0)).type;
      return new arrow.FixedSizeList(chunk.width, new arrow.Field('item', item));
    }
    case 'decimal':
    case 'other':
      break;
    default:
      return numericData(arrow, column, NO_ROWS).type;
  }
  throw unwritable(column);
}

const NO_ROWS: NumberChunk = {
  kind: 'number',
  values: new Float64Array(),
  length: 0,
  validity: undefined,
  nullCount: 0,
};

function unwritable({ name, type }: ColumnView): MillwrightError<'table/column'> {
  const expected = 'numbers, booleans, text, times or lists of one width';
  return new MillwrightError('table/column', `Arrow is written of ${expected}; \`${name}\` is ${type}.`, {
    details: { column: name, expected, received: type },
  });
}
