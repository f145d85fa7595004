import { describe, invalidInput } from '../foundation/errors.js';
import { checkChunk } from './check.js';
import { columnView } from './table.js';
import type { BigArray, ColumnChunk, ColumnView, NumberArray, PhysicalType, Table } from './types.js';
import { validityFrom } from './validity.js';

/** What a plain array may hold. One column holds one kind; null and undefined are null. */
export type PlainValue = number | string | boolean | bigint | Date | null | undefined;

/** A column as typed array (not copied), plain array (copied once), or a column that is there already. */
export type ColumnInput = NumberArray | BigArray | readonly PlainValue[] | ColumnView;

/**
 * A table from named columns of equal length. Strings become a dictionary column, numbers f64, booleans bits, bigints
 * i64 (u64 where only that fits), dates timestamps in milliseconds. An array without any value becomes an f64 column of nulls.
 *
 * @throws `input/invalid` when lengths differ, an array mixes kinds or an integer needs more than 64 bits; `table/corrupt`
 */
export function tableFrom(columns: Readonly<Record<string, ColumnInput>>): Table {
  const views = new Map<string, ColumnView>();
  let rowCount: number | undefined;
  for (const [name, input] of Object.entries(columns)) {
    const view = columnFrom(name, input);
    rowCount ??= view.length;
    if (view.length !== rowCount)
      throw invalidInput(name, `a column of ${rowCount} rows like the others`, `${view.length} rows`);
    views.set(name, view);
  }
  return { rowCount: rowCount ?? 0, columns: views };
}

/**
 * A table from records: the columns are all keys in order of appearance, a missing key is null. For small inputs;
 * large ones come as columns.
 *
 * @throws `input/invalid` as `tableFrom`
 */
export function tableFromRows(rows: readonly Readonly<Record<string, PlainValue>>[]): Table {
  const columns = new Map<string, PlainValue[]>();
  for (const [i, row] of rows.entries()) {
    for (const [name, value] of Object.entries(row)) {
      let column = columns.get(name);
      if (column === undefined) {
        column = new Array<PlainValue>(rows.length).fill(null);
        columns.set(name, column);
      }
      column[i] = value;
    }
  }
  const views = new Map<string, ColumnView>();
  for (const [name, values] of columns) views.set(name, columnFrom(name, values));
  return { rowCount: rows.length, columns: views };
}

function columnFrom(name: string, input: ColumnInput): ColumnView {
  if (isView(input)) return checkedView(name, input);
  if (ArrayBuffer.isView(input)) return fromTyped(name, input);
  if (!Array.isArray(input)) throw invalidInput(name, 'a typed array, an array or a column', input);
  return fromArray(name, input);
}

function isView(input: ColumnInput): input is ColumnView {
  return typeof input === 'object' && input !== null && 'chunks' in input;
}

function checkedView(name: string, view: ColumnView): ColumnView {
  for (const chunk of view.chunks) checkChunk(name, chunk);
  return columnView({ ...view, name }, view.chunks);
}

function fromTyped(name: string, values: NumberArray | BigArray): ColumnView {
  const type = physicalTypeOf(values);
  if (type === undefined) throw invalidInput(name, 'a typed array of numbers', values);
  const base = { length: values.length, validity: undefined, nullCount: 0 };
  const chunk: ColumnChunk =
    values instanceof BigInt64Array || values instanceof BigUint64Array
      ? { kind: 'big', ...base, values }
      : { kind: 'number', ...base, values };
  return columnView({ name, type }, [chunk]);
}

/** The column type of a typed array; undefined for a view that is none (DataView, clamped bytes, half floats). */
export function physicalTypeOf(values: ArrayBufferView): PhysicalType | undefined {
  if (values instanceof Float64Array) return 'f64';
  if (values instanceof Float32Array) return 'f32';
  if (values instanceof Int32Array) return 'i32';
  if (values instanceof Int16Array) return 'i16';
  if (values instanceof Int8Array) return 'i8';
  if (values instanceof Uint32Array) return 'u32';
  if (values instanceof Uint16Array) return 'u16';
  if (values instanceof Uint8Array) return 'u8';
  if (values instanceof BigInt64Array) return 'i64';
  if (values instanceof BigUint64Array) return 'u64';
  return undefined;
}

function fromArray(name: string, values: readonly PlainValue[]): ColumnView {
  const first = values.find((value) => value !== null && value !== undefined);
  const kind = kindOf(first);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value !== null && value !== undefined && kindOf(value) !== kind)
      throw invalidInput(
        `${name}[${i}]`,
        `a ${kind} like the values before`,
        value,
        'A column holds one kind of value.',
      );
  }
  const length = values.length;
  const validity = validityFrom(length, (i) => values[i] !== null && values[i] !== undefined);
  const nullCount =
    validity === undefined ? 0 : values.reduce<number>((n, v) => n + (v === null || v === undefined ? 1 : 0), 0);
  const base = { length, validity, nullCount };
  const column = (type: PhysicalType, chunk: ColumnChunk, unitsPerMs?: number) =>
    columnView({ name, type, unitsPerMs }, [chunk]);
  switch (kind) {
    case 'string':
      return column('dictionary', { kind: 'dictionary', ...base, ...encodeStrings(values as readonly string[]) });
    case 'boolean': {
      const bits = new Uint8Array((length + 7) >> 3);
      for (let i = 0; i < length; i++) if (values[i] === true) bits[i >> 3]! |= 1 << (i & 7);
      return column('bool', { kind: 'bool', ...base, bits, offset: 0 });
    }
    case 'bigint': {
      const packed = packBigints(name, values as readonly bigint[]);
      return column(packed instanceof BigInt64Array ? 'i64' : 'u64', { kind: 'big', ...base, values: packed });
    }
    case 'date':
      return column('timestamp', { kind: 'number', ...base, values: Float64Array.from(values, asNumber) }, 1);
    default:
      return column('f64', { kind: 'number', ...base, values: Float64Array.from(values, asNumber) });
  }
}

function kindOf(value: PlainValue): 'number' | 'string' | 'boolean' | 'bigint' | 'date' {
  switch (typeof value) {
    case 'undefined':
    case 'number':
      return 'number';
    case 'string':
    case 'boolean':
    case 'bigint':
      return typeof value as 'string' | 'boolean' | 'bigint';
    default:
      if (value === null) return 'number';
      if (value instanceof Date) return 'date';
      throw invalidInput('value', 'a number, string, boolean, bigint, Date or null', describe(value));
  }
}

/** A slot without a value holds NaN, so that a kernel that forgot the bitmap shows it. */
function asNumber(value: PlainValue): number {
  return value === null || value === undefined ? Number.NaN : Number(value);
}

function encodeStrings(values: readonly (string | null | undefined)[]): { codes: Int32Array; dictionary: string[] } {
  const codes = new Int32Array(values.length);
  const index = new Map<string, number>();
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === null || value === undefined) continue;
    let code = index.get(value);
    if (code === undefined) {
      code = index.size;
      index.set(value, code);
    }
    codes[i] = code;
  }
  return { codes, dictionary: [...index.keys()] };
}

function packBigints(name: string, values: readonly (bigint | null | undefined)[]): BigArray {
  let low = 0n;
  let high = 0n;
  for (const value of values) {
    if (value === null || value === undefined) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low >= -(2n ** 63n) && high < 2n ** 63n) return BigInt64Array.from(values, (value) => value ?? 0n);
  if (low >= 0n && high < 2n ** 64n) return BigUint64Array.from(values, (value) => value ?? 0n);
  throw invalidInput(name, 'integers of at most 64 bits', low < 0n ? low : high);
}
