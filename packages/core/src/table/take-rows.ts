import { invalidInput } from '../foundation/errors.js';
import { columnView } from './table.js';
import type { BoolChunk, ColumnChunk, ColumnView, Table, Utf8Chunk } from './types.js';
import { countNulls, isValid, validityFrom } from './validity.js';

/** The rows at `rows`, in that order, copied. For splits and shuffles; a range of rows is `sliceTable`. @throws `input/invalid` */
export function takeRows(table: Table, rows: Int32Array | Uint32Array): Table {
  for (const row of rows)
    if (!(row >= 0 && row < table.rowCount)) throw invalidInput('rows', `row numbers below ${table.rowCount}`, row);
  const columns = new Map<string, ColumnView>();
  for (const [name, column] of table.columns) columns.set(name, takeColumn(column, rows));
  return { rowCount: rows.length, columns };
}

/** Runs of rows from one chunk stay one chunk, so that types and dictionaries are kept as they are. */
function takeColumn(column: ColumnView, rows: Int32Array | Uint32Array): ColumnView {
  const starts: number[] = [];
  let length = 0;
  for (const chunk of column.chunks) {
    starts.push(length);
    length += chunk.length;
  }
  const parts: ColumnChunk[] = [];
  for (let from = 0; from < rows.length; ) {
    const at = lastAtMost(starts, rows[from]!);
    const start = starts[at]!;
    const end = starts[at + 1] ?? length;
    let to = from + 1;
    while (to < rows.length && rows[to]! >= start && rows[to]! < end) to++;
    parts.push(
      takeSlots(
        column.chunks[at]!,
        Int32Array.from(rows.subarray(from, to), (row) => row - start),
      ),
    );
    from = to;
  }
  return columnView(column, parts);
}

function lastAtMost(starts: readonly number[], row: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}

function takeSlots(chunk: ColumnChunk, slots: Int32Array): ColumnChunk {
  const length = slots.length;
  const validity = chunk.validity && validityFrom(length, (i) => isValid(chunk.validity, slots[i]!));
  const base = { length, validity, nullCount: countNulls(validity, length) };
  switch (chunk.kind) {
    case 'number':
      return { kind: 'number', ...base, values: gather(chunk.values, slots, 1) };
    case 'big': {
      const values = chunk.values instanceof BigInt64Array ? new BigInt64Array(length) : new BigUint64Array(length);
      for (let i = 0; i < length; i++) values[i] = chunk.values[slots[i]!]!;
      return { kind: 'big', ...base, values };
    }
    case 'bool':
      return { kind: 'bool', ...base, bits: takeBits(chunk, slots), offset: 0 };
    case 'utf8':
      return { kind: 'utf8', ...base, ...takeStrings(chunk, slots) };
    case 'dictionary':
      return { kind: 'dictionary', ...base, dictionary: chunk.dictionary, codes: gather(chunk.codes, slots, 1) };
    case 'list':
      return { kind: 'list', ...base, width: chunk.width, values: gather(chunk.values, slots, chunk.width) };
    case 'opaque':
      return { kind: 'opaque', ...base, read: (i) => chunk.read(slots[i]!) };
  }
}

function gather<A extends { readonly length: number; [index: number]: number }>(
  values: A,
  slots: Int32Array,
  width: number,
): A {
  const out = new (values.constructor as new (length: number) => A)(slots.length * width);
  for (let i = 0; i < slots.length; i++)
    for (let j = 0; j < width; j++) out[i * width + j] = values[slots[i]! * width + j]!;
  return out;
}

function takeBits(chunk: BoolChunk, slots: Int32Array): Uint8Array {
  const source = { bits: chunk.bits, offset: chunk.offset };
  const bits = new Uint8Array((slots.length + 7) >> 3);
  for (let i = 0; i < slots.length; i++) if (isValid(source, slots[i]!)) bits[i >> 3]! |= 1 << (i & 7);
  return bits;
}

function takeStrings(chunk: Utf8Chunk, slots: Int32Array): { offsets: BigInt64Array; bytes: Uint8Array } {
  const offsets = new BigInt64Array(slots.length + 1);
  let size = 0;
  for (let i = 0; i < slots.length; i++) {
    size += Number(chunk.offsets[slots[i]! + 1]) - Number(chunk.offsets[slots[i]!]);
    offsets[i + 1] = BigInt(size);
  }
  const bytes = new Uint8Array(size);
  for (let i = 0; i < slots.length; i++)
    bytes.set(
      chunk.bytes.subarray(Number(chunk.offsets[slots[i]!]), Number(chunk.offsets[slots[i]! + 1])),
      Number(offsets[i]),
    );
  return { offsets, bytes };
}
