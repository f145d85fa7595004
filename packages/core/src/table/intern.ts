import type { Utf8Chunk } from './types.js';
import { decodeUtf8Slot } from './utf8.js';
import { isValid } from './validity.js';

/** Slots that may be passed over per row, on average, before hashing counts as attacked; honest strings pass over one or two. */
const PASSED_PER_ROW = 8;
/** Passed over for nothing while the table is small. */
const FREE = 4_096;

/**
 * A UTF-8 chunk as codes into its distinct strings, in order of first appearance; null slots keep code -1. Rows are
 * compared as bytes in an open-addressing table, and each distinct string is decoded once: about 15 ns per short string.
 * Strings that were made to fall into the same slot are looked up in a Map instead, whose hash nobody can foresee.
 */
export function internStrings(chunk: Utf8Chunk): { readonly codes: Int32Array; readonly dictionary: string[] } {
  const { length, bytes } = chunk;
  const offsets = chunk.offsets instanceof Int32Array ? chunk.offsets : Float64Array.from(chunk.offsets, Number);
  const codes = new Int32Array(length).fill(-1);
  const dictionary: string[] = [];
  let slots = new Int32Array(1024).fill(-1);
  let hashes = new Int32Array(1024);
  const firstRow: number[] = [];
  let passed = 0;
  for (let row = 0; row < length; row++) {
    if (!isValid(chunk.validity, row)) continue;
    if (passed > PASSED_PER_ROW * row + FREE) return internByMap(chunk, row, codes, dictionary);
    const start = offsets[row]!;
    const end = offsets[row + 1]!;
    const hash = hashBytes(bytes, start, end);
    let at = hash & (slots.length - 1);
    let code = slots[at]!;
    while (code >= 0 && !(hashes[at] === hash && sameBytes(bytes, start, end, offsets, firstRow[code]!))) {
      at = (at + 1) & (slots.length - 1);
      code = slots[at]!;
      passed++;
    }
    if (code < 0) {
      code = dictionary.length;
      dictionary.push(decodeUtf8Slot(chunk, row));
      firstRow.push(row);
      slots[at] = code;
      hashes[at] = hash;
      if (dictionary.length * 2 > slots.length) [slots, hashes] = grow(slots, hashes);
    }
    codes[row] = code;
  }
  return { codes, dictionary };
}

/** The rest of the chunk, from `start` on. */
function internByMap(chunk: Utf8Chunk, start: number, codes: Int32Array, dictionary: string[]) {
  const codeOf = new Map(dictionary.map((text, code) => [text, code]));
  for (let row = start; row < chunk.length; row++) {
    if (!isValid(chunk.validity, row)) continue;
    const text = decodeUtf8Slot(chunk, row);
    let code = codeOf.get(text);
    if (code === undefined) {
      code = dictionary.length;
      dictionary.push(text);
      codeOf.set(text, code);
    }
    codes[row] = code;
  }
  return { codes, dictionary };
}

/** FNV-1a with a final mix; four bytes at a time are not worth it for the short strings that categories are. */
function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash ^ (hash >>> 15);
}

function sameBytes(
  bytes: Uint8Array,
  start: number,
  end: number,
  offsets: Int32Array | Float64Array,
  row: number,
): boolean {
  const other = offsets[row]!;
  if (offsets[row + 1]! - other !== end - start) return false;
  for (let i = start, j = other; i < end; i++, j++) if (bytes[i] !== bytes[j]) return false;
  return true;
}

function grow(slots: Int32Array, hashes: Int32Array): [Int32Array<ArrayBuffer>, Int32Array<ArrayBuffer>] {
  const mask = slots.length * 2 - 1;
  const wider = new Int32Array(slots.length * 2).fill(-1);
  const widerHashes = new Int32Array(slots.length * 2);
  for (let i = 0; i < slots.length; i++) {
    if (slots[i]! < 0) continue;
    let at = hashes[i]! & mask;
    while (wider[at]! >= 0) at = (at + 1) & mask;
    wider[at] = slots[i]!;
    widerHashes[at] = hashes[i]!;
  }
  return [wider, widerHashes];
}
