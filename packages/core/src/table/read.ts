import { MillwrightError } from '../foundation/errors.js';
import { corruptColumn } from './check.js';
import { internStrings } from './intern.js';
import type { BigChunk, BoolChunk, ColumnChunk, ColumnView, NumberChunk } from './types.js';
import { isValid } from './validity.js';

/**
 * A numeric column as one Float64Array, null as NaN; booleans are 0 and 1, 64-bit integers are rounded to the nearest
 * double. Without a copy when the column is one f64 chunk without nulls.
 *
 * @throws `table/column` when the column is not numeric
 */
export function readNumbers(column: ColumnView): Float64Array {
  const [only] = column.chunks;
  if (column.chunks.length === 1 && only!.kind === 'number' && only!.nullCount === 0) {
    if (only!.values instanceof Float64Array) return only!.values.subarray(0, only!.length);
  }
  const out = new Float64Array(column.length);
  let at = 0;
  for (const chunk of column.chunks) {
    numbersInto(column, chunk, out.subarray(at, at + chunk.length));
    at += chunk.length;
  }
  return out;
}

/** Categories as codes into one dictionary; `-1` is null. Codes are in order of first appearance of the dictionaries' entries. */
export interface EncodedColumn {
  readonly codes: Int32Array;
  readonly dictionary: readonly string[];
}

/**
 * A string or boolean column as codes into one dictionary, however many dictionaries its chunks have.
 *
 * @throws `table/column` when the column holds neither strings nor booleans
 */
export function readCodes(column: ColumnView): EncodedColumn {
  const codes = new Int32Array(column.length);
  const index = new Map<string, number>();
  const codeOf = (value: string): number => {
    let code = index.get(value);
    if (code === undefined) {
      code = index.size;
      index.set(value, code);
    }
    return code;
  };
  let at = 0;
  for (const chunk of column.chunks) {
    codesInto(column, chunk, codes.subarray(at, at + chunk.length), codeOf);
    at += chunk.length;
  }
  return { codes, dictionary: [...index.keys()] };
}

/** A string or boolean column as strings; null stays null. @throws `table/column` */
export function readStrings(column: ColumnView): (string | null)[] {
  const { codes, dictionary } = readCodes(column);
  return Array.from(codes, (code) => (code < 0 ? null : dictionary[code]!));
}

function numbersInto(column: ColumnView, chunk: ColumnChunk, out: Float64Array): void {
  switch (chunk.kind) {
    case 'number':
      copyNumbers(chunk, 0, out);
      break;
    case 'big':
      copyBig(chunk, 0, out);
      break;
    case 'bool':
      copyBits(chunk, out);
      break;
    default:
      throw wrongType(column, 'a numeric column');
  }
  if (chunk.nullCount > 0) for (let i = 0; i < out.length; i++) if (!isValid(chunk.validity, i)) out[i] = Number.NaN;
}

/** Slots from `start` on as doubles. The engine's own conversion loop, so that what follows sees one array type only. */
export function copyNumbers(chunk: NumberChunk, start: number, out: Float64Array): void {
  out.set(chunk.values.subarray(start, start + out.length));
}

/** 64-bit integers as doubles, rounded once: high half exact, low half added. Several times faster than `Number(bigint)`. */
export function copyBig(chunk: BigChunk, start: number, out: Float64Array): void {
  const { values } = chunk;
  const words = new Uint32Array(values.buffer, values.byteOffset + start * 8, out.length * 2);
  const signed = values instanceof BigInt64Array;
  for (let i = 0; i < out.length; i++) {
    const high = words[2 * i + 1]!;
    out[i] = (signed ? high | 0 : high) * 0x1_0000_0000 + words[2 * i]!;
  }
}

function copyBits(chunk: BoolChunk, out: Float64Array): void {
  for (let i = 0; i < out.length; i++) out[i] = (chunk.bits[(chunk.offset + i) >> 3]! >> ((chunk.offset + i) & 7)) & 1;
}

function codesInto(column: ColumnView, chunk: ColumnChunk, out: Int32Array, codeOf: (value: string) => number): void {
  switch (chunk.kind) {
    case 'dictionary': {
      const map = Int32Array.from(chunk.dictionary, (value) => (value === null ? -1 : codeOf(value)));
      for (let i = 0; i < out.length; i++) out[i] = isValid(chunk.validity, i) ? map[chunk.codes[i]!]! : -1;
      return;
    }
    case 'utf8': {
      const interned = internStrings(chunk);
      const map = Int32Array.from(interned.dictionary, codeOf);
      for (let i = 0; i < out.length; i++) out[i] = interned.codes[i]! < 0 ? -1 : map[interned.codes[i]!]!;
      return;
    }
    case 'bool': {
      const [no, yes] = [codeOf('false'), codeOf('true')];
      for (let i = 0; i < out.length; i++) {
        const bit = chunk.offset + i;
        const set = ((chunk.bits[bit >> 3]! >> (bit & 7)) & 1) === 1;
        out[i] = isValid(chunk.validity, i) ? (set ? yes : no) : -1;
      }
      return;
    }
    default:
      throw wrongType(column, 'a column of strings or booleans');
  }
}

function wrongType(column: ColumnView, expected: string): MillwrightError {
  if (column.chunks.length === 0) return corruptColumn(column.name, 'it has no chunks');
  return new MillwrightError('table/column', `Expected \`${column.name}\` to be ${expected}, got ${column.type}.`, {
    details: { column: column.name, expected, received: column.type },
  });
}
