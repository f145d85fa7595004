import { copyBig, copyNumbers } from '../table/read.js';
import type { BigChunk, ColumnView, NumberChunk } from '../table/types.js';
import { isValid } from '../table/validity.js';
import type { Frequencies } from './edges.js';

/** Rows per block: 64 KiB of doubles, so that every pass over a block finds it in cache. */
export const BLOCK = 8192;
/** Narrow integers are tallied from this many rows on; below, walking the tally costs more than it saves. */
const TALLY_ROWS = 1 << 16;

/** Takes a column part by part. */
export interface PartVisitor {
  /** A whole chunk of 8- or 16-bit integers as value counts. */
  tally(frequencies: Frequencies): void;
  /** The first `length` entries of the block are the next values, nulls left out. */
  values(length: number): void;
}

/**
 * Gives a column in parts. Blocks are converted by the engine to one Float64Array, so every kernel stays monomorphic;
 * narrow integers are counted by value, which is all that any figure needs.
 */
export function forEachPart(column: ColumnView, block: Float64Array, visitor: PartVisitor): void {
  const perMs = column.unitsPerMs ?? 1;
  for (const chunk of column.chunks) {
    if (chunk.kind !== 'number' && chunk.kind !== 'big') continue;
    if (chunk.kind === 'number' && perMs === 1 && isNarrow(chunk) && chunk.length >= TALLY_ROWS) {
      visitor.tally(tallyNarrow(chunk));
      continue;
    }
    for (let start = 0; start < chunk.length; start += BLOCK) {
      const slots = Math.min(BLOCK, chunk.length - start);
      const length = fillBlock(chunk, start, slots, block);
      if (perMs !== 1) for (let i = 0; i < length; i++) block[i]! /= perMs;
      visitor.values(length);
    }
  }
}

/** Copies the values of `slots` slots from `start` to the front of `block`, nulls left out. Returns how many. */
export function fillBlock(chunk: NumberChunk | BigChunk, start: number, slots: number, block: Float64Array): number {
  const view = block.subarray(0, slots);
  if (chunk.kind === 'number') copyNumbers(chunk, start, view);
  else copyBig(chunk, start, view);
  if (chunk.nullCount === 0) return slots;
  const bits = chunk.validity!.bits;
  const offset = chunk.validity!.offset + start;
  let length = 0;
  // Always write, advance only over values: no branch to mispredict.
  for (let i = 0; i < slots; i++) {
    block[length] = block[i]!;
    length += (bits[(offset + i) >> 3]! >> ((offset + i) & 7)) & 1;
  }
  return length;
}

function isNarrow(chunk: NumberChunk): boolean {
  return chunk.values.BYTES_PER_ELEMENT <= 2;
}

/** How often each 8- or 16-bit value comes: about 1 ns per row. */
function tallyNarrow(chunk: NumberChunk): Frequencies {
  const values = chunk.values.subarray(0, chunk.length);
  const table = new Float64Array(1 << 16);
  // One loop per array type: a shared one would look up the type for every element.
  if (values instanceof Int16Array) for (let i = 0; i < values.length; i++) table[values[i]! & 0xffff]!++;
  else if (values instanceof Uint16Array) for (let i = 0; i < values.length; i++) table[values[i]!]!++;
  else if (values instanceof Int8Array) for (let i = 0; i < values.length; i++) table[values[i]! & 0xffff]!++;
  else for (let i = 0; i < values.length; i++) table[values[i]!]!++;
  if (chunk.nullCount > 0)
    for (let i = 0; i < chunk.length; i++) if (!isValid(chunk.validity, i)) table[values[i]! & 0xffff]!--;
  const signed = values instanceof Int16Array || values instanceof Int8Array;
  const found: number[] = [];
  const counts: number[] = [];
  for (let i = 0; i < 1 << 16; i++) {
    const bits = signed ? (i + 0x8000) & 0xffff : i;
    if (table[bits]! === 0) continue;
    found.push(signed ? i - 0x8000 : i);
    counts.push(table[bits]!);
  }
  return { values: Float64Array.from(found), counts: Float64Array.from(counts) };
}
