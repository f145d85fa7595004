import { copyBig, copyNumbers } from '../table/read.js';
import { columnView, valueAt } from '../table/table.js';
import type { ColumnChunk, ColumnView, DictionaryChunk, Validity, Value } from '../table/types.js';
import { decodeUtf8Slot } from '../table/utf8.js';
import { isValid, validityFrom } from '../table/validity.js';
import type { SampleValue } from './types.js';

/** Slots are read as these; points in time are milliseconds. */
export type SlotValue = number | bigint | string | boolean;

/** A column's part of a block: slots `from` to `from + block.length` of one chunk. */
export interface Slots {
  readonly column: ColumnView;
  readonly chunk: ColumnChunk;
  readonly from: number;
}

/** Reads one slot that holds a value. For rare rows and for checks across columns; hot loops are in `kernels.ts`. */
export function readerOf(column: ColumnView, chunk: ColumnChunk): (i: number) => SlotValue {
  const { unitsPerMs } = column;
  switch (chunk.kind) {
    case 'number': {
      const { values } = chunk;
      return unitsPerMs === undefined ? (i) => values[i]! : (i) => inMs(values[i]!, unitsPerMs);
    }
    case 'big': {
      const { values } = chunk;
      return unitsPerMs === undefined ? (i) => narrow(values[i]!) : (i) => inMs(Number(values[i]!), unitsPerMs);
    }
    case 'bool': {
      const bits: Validity = { bits: chunk.bits, offset: chunk.offset };
      return (i) => isValid(bits, i);
    }
    case 'utf8':
      return (i) => decodeUtf8Slot(chunk, i);
    case 'dictionary':
      return (i) => chunk.dictionary[chunk.codes[i]!] ?? '';
    case 'list':
    case 'opaque':
      return () => Number.NaN;
  }
}

/** The slots of a block as doubles, points in time in milliseconds; undefined where doubles cannot hold them exactly. */
export function numbersOf({ column, chunk, from }: Slots, length: number): Float64Array | undefined {
  if (chunk.kind !== 'number' && chunk.kind !== 'big') return undefined;
  const { unitsPerMs } = column;
  const out = new Float64Array(length);
  if (chunk.kind === 'number') copyNumbers(chunk, from, out);
  else {
    copyBig(chunk, from, out);
    if (unitsPerMs === undefined) for (let i = 0; i < length; i++) if (!Number.isSafeInteger(out[i])) return undefined;
  }
  if (unitsPerMs !== undefined && unitsPerMs !== 1) for (let i = 0; i < length; i++) out[i] = inMs(out[i]!, unitsPerMs);
  return out;
}

/** Milliseconds in a column's units. Days are divided by, because 1 / 86_400_000 is not a binary fraction. */
export function inUnits(ms: number, unitsPerMs: number | undefined): number {
  if (unitsPerMs === undefined) return ms;
  return unitsPerMs < 1 ? ms / Math.round(1 / unitsPerMs) : ms * unitsPerMs;
}

function inMs(value: number, unitsPerMs: number): number {
  return unitsPerMs < 1 ? value * Math.round(1 / unitsPerMs) : value / unitsPerMs;
}

/** A 64-bit integer as a number where that is exact, so that equal values of different columns are equal keys. */
function narrow(value: bigint): number | bigint {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

/** A null may also be an entry of a dictionary. Such chunks get a bitmap that says so. */
export function withDictionaryNulls(chunk: ColumnChunk): ColumnChunk {
  if (chunk.kind !== 'dictionary' || !chunk.dictionary.includes(null)) return chunk;
  const { codes, dictionary, validity, length } = chunk;
  const merged = validityFrom(length, (i) => isValid(validity, i) && dictionary[codes[i]!] !== null);
  let nullCount = 0;
  for (let i = 0; i < length; i++) if (!isValid(merged, i)) nullCount++;
  return { ...chunk, validity: merged, nullCount } satisfies DictionaryChunk;
}

const MAX_TEXT = 200;
const MAX_LIST = 16;

/** A slot as it is written in a report. */
export function sampleOf(column: ColumnView, chunk: ColumnChunk, i: number): SampleValue {
  return sampleValue(valueAt(columnView(column, [chunk]), i));
}

/** Values of one row as they are written in a report: together no longer than two texts, so that samples stay small. */
export function sampleRow(values: readonly Value[]): SampleValue {
  if (values.length === 1) return sampleValue(values[0]!);
  const shown = values.slice(0, MAX_LIST);
  return shown.map(
    (value) => sampleValue(value, (2 * MAX_TEXT) / shown.length) as Exclude<SampleValue, readonly unknown[]>,
  );
}

/** Any value as JSON, of bounded size. */
export function sampleValue(value: Value, most = MAX_TEXT): SampleValue {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))
        ? value
        : String(value);
    case 'bigint': {
      const exact = narrow(value);
      return typeof exact === 'number' ? exact : String(exact);
    }
    case 'string': {
      const whole = value.toWellFormed();
      return whole.length <= most ? whole : `${whole.slice(0, most).toWellFormed()}…`;
    }
    case 'boolean':
      return value;
    default:
      if (value === null) return null;
      return value.slice(0, MAX_LIST).map((v) => (Number.isFinite(v) ? v : String(v)));
  }
}
