import { invalidInput } from '../foundation/errors.js';
import { checkChunk, checkUnbacked, corruptColumn } from './check.js';
import { columnView } from './table.js';
import { physicalTypeOf } from './table-from.js';
import type { ColumnChunk, ColumnView, NumberArray, PhysicalType, Table, Validity } from './types.js';
import { countNulls } from './validity.js';

/** The part of an Arrow JS (`apache-arrow` ≥ 14) table or record batch list that is read. Taken structurally; nothing is imported. */
export interface ArrowTable {
  readonly schema: { readonly fields: readonly { readonly name: string }[] };
  readonly batches: readonly { readonly data: ArrowData }[];
}

/** One array of Arrow JS: `values` starts at the slice's offset already, bitmaps and booleans do not. */
export interface ArrowData {
  readonly type: ArrowType;
  readonly length: number;
  readonly offset: number;
  readonly nullBitmap?: Uint8Array | null | undefined;
  readonly values?: unknown;
  readonly valueOffsets?: unknown;
  readonly children: readonly ArrowData[];
  readonly dictionary?: ArrowVector | undefined;
}

interface ArrowType {
  /** The number of the type in Arrow's flatbuffer schema; dictionaries are -1. */
  readonly typeId: number;
  readonly unit?: number | undefined;
  readonly timezone?: string | null | undefined;
  readonly listSize?: number | undefined;
  readonly scale?: number | undefined;
}

interface ArrowVector {
  readonly length: number;
  get(index: number): unknown;
}

/**
 * An Arrow JS table as views on its buffers, chunk by chunk; only short dictionaries are decoded. Unsupported types
 * (decimals, structs, unions, views) become `opaque` columns whose checks are `insufficient`.
 *
 * @throws `input/invalid` when it is no Arrow table; `table/corrupt` when buffers contradict each other
 */
export function tableFromArrow(arrow: ArrowTable): Table {
  if (!Array.isArray(arrow?.schema?.fields) || !Array.isArray(arrow.batches))
    throw invalidInput('arrow', 'an Arrow JS table with `schema` and `batches`', arrow);
  const dictionaries = new Map<ArrowVector, readonly (string | null)[]>();
  const columns = new Map<string, ColumnView>();
  let rowCount = 0;
  for (const { data } of arrow.batches) rowCount += data.length;
  for (const [at, { name }] of arrow.schema.fields.entries()) {
    const parts = arrow.batches.map(({ data }) => data.children[at]!);
    const first = parts[0];
    const chunks = parts.map((data) => chunkOf(name, data, dictionaries)).filter((chunk) => chunk.length > 0);
    const view = columnView(headOf(name, first, chunks[0]), chunks);
    if (view.length !== rowCount) throw corruptColumn(name, `it has ${view.length} rows in a table of ${rowCount}`);
    columns.set(name, view);
  }
  return { rowCount, columns };
}

/** Numbers of Arrow's flatbuffer schema (Schema.fbs), as Arrow JS's `Type` gives them. */
const TYPE = {
  null: 1,
  int: 2,
  float: 3,
  utf8: 5,
  bool: 6,
  decimal: 7,
  date: 8,
  timestamp: 10,
  fixedSizeList: 16,
  largeUtf8: 20,
} as const;
const DICTIONARY = -1;
/** `TimeUnit` second, millisecond, microsecond, nanosecond. */
const UNITS_PER_MS = [1e-3, 1, 1e3, 1e6] as const;
/** `DateUnit` day, millisecond. */
const DATE_UNITS_PER_MS = [1 / 86_400_000, 1] as const;

function headOf(
  name: string,
  data: ArrowData | undefined,
  chunk: ColumnChunk | undefined,
): Pick<ColumnView, 'name' | 'type' | 'unitsPerMs' | 'timezone'> {
  const type = data?.type;
  const unit = type?.unit ?? 0;
  switch (type?.typeId) {
    case TYPE.timestamp:
      return { name, type: 'timestamp', unitsPerMs: UNITS_PER_MS[unit], timezone: type.timezone ?? undefined };
    case TYPE.date:
      return { name, type: 'date', unitsPerMs: DATE_UNITS_PER_MS[unit] };
    case TYPE.null:
      return { name, type: 'f64' };
    default:
      return { name, type: physicalType(chunk, type) };
  }
}

function physicalType(chunk: ColumnChunk | undefined, type: ArrowType | undefined): PhysicalType {
  if (chunk === undefined) return type?.typeId === TYPE.utf8 ? 'utf8' : 'f64';
  switch (chunk.kind) {
    case 'number':
    case 'big':
      return physicalTypeOf(chunk.values) ?? 'other';
    case 'opaque':
      return type?.typeId === TYPE.decimal ? 'decimal' : 'other';
    default:
      return chunk.kind;
  }
}

function chunkOf(
  name: string,
  data: ArrowData,
  dictionaries: Map<ArrowVector, readonly (string | null)[]>,
): ColumnChunk {
  const { length, offset } = data;
  const bits = data.nullBitmap;
  // Arrow JS keeps the whole bitmap on slices: the bit of slot i is `offset + i`. Its null count is not trusted but counted.
  const bitmap: Validity | undefined = bits && bits.length > 0 ? { bits, offset } : undefined;
  if (bitmap !== undefined && bitmap.bits.length * 8 < offset + length)
    throw corruptColumn(name, `the validity bitmap has ${bitmap.bits.length} bytes for ${offset + length} rows`);
  const nullCount = countNulls(bitmap, length);
  const base = { length, nullCount, validity: nullCount === 0 ? undefined : bitmap };
  if (data.type.typeId === TYPE.null) checkUnbacked(name, length, MAX_NULLS);
  const chunk = typedChunk(data, base, dictionaries);
  checkChunk(name, chunk);
  return chunk;
}

/** A chunk of the null type has no buffers, and gets some here. */
const MAX_NULLS = 2 ** 24;

type Base = Pick<ColumnChunk, 'length' | 'nullCount' | 'validity'>;

function typedChunk(
  data: ArrowData,
  base: Base,
  dictionaries: Map<ArrowVector, readonly (string | null)[]>,
): ColumnChunk {
  const { values, valueOffsets, length, type } = data;
  switch (type.typeId) {
    case TYPE.null: {
      const validity = { bits: new Uint8Array((length + 7) >> 3), offset: 0 };
      return { kind: 'number', length, nullCount: length, validity, values: new Float64Array(length).fill(Number.NaN) };
    }
    case TYPE.bool:
      if (!(values instanceof Uint8Array)) break;
      return { kind: 'bool', ...base, bits: values, offset: data.offset };
    case TYPE.utf8:
    case TYPE.largeUtf8:
      if (!(values instanceof Uint8Array)) break;
      if (!(valueOffsets instanceof Int32Array || valueOffsets instanceof BigInt64Array)) break;
      return { kind: 'utf8', ...base, bytes: values, offsets: valueOffsets };
    case TYPE.fixedSizeList: {
      const width = type.listSize ?? 0;
      const child = data.children[0]?.values;
      if (!isNumbers(child) || (data.children[0]?.nullBitmap?.length ?? 0) > 0) break;
      return { kind: 'list', ...base, width, values: child };
    }
    case DICTIONARY:
      if (!(data.dictionary !== undefined && isCodes(values))) break;
      return { kind: 'dictionary', ...base, codes: values, dictionary: entriesOf(data.dictionary, dictionaries) };
    case TYPE.int:
    case TYPE.float:
    case TYPE.date:
    case TYPE.timestamp:
      if (values instanceof BigInt64Array || values instanceof BigUint64Array) return { kind: 'big', ...base, values };
      // Half floats come as Uint16Array of their bits; read as numbers they would be wrong without a sign of it.
      if (isNumbers(values) && !(type.typeId === TYPE.float && values instanceof Uint16Array))
        return { kind: 'number', ...base, values };
      break;
  }
  return { kind: 'opaque', ...base, read: () => undefined };
}

function isNumbers(values: unknown): values is NumberArray {
  if (!ArrayBuffer.isView(values) || values instanceof BigInt64Array || values instanceof BigUint64Array) return false;
  return physicalTypeOf(values) !== undefined;
}

function isCodes(
  values: unknown,
): values is Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array {
  return isNumbers(values) && !(values instanceof Float64Array || values instanceof Float32Array);
}

/** Batches share or extend dictionaries: each dictionary object is decoded once. */
function entriesOf(
  vector: ArrowVector,
  known: Map<ArrowVector, readonly (string | null)[]>,
): readonly (string | null)[] {
  let entries = known.get(vector);
  if (entries === undefined) {
    entries = Array.from({ length: vector.length }, (_, i) => {
      const entry = vector.get(i);
      return entry === null || entry === undefined ? null : String(entry);
    });
    known.set(vector, entries);
  }
  return entries;
}
