import { decodeUtf8, encodeUtf8 } from '@millwright/core';
import type { ExpectedPiece } from './device-store.js';

/** A piece inside a pack. */
export interface Slot {
  /** First byte of the piece, and its length. */
  readonly at: number;
  readonly size: number;
  /** The byte that says whether the piece was written. */
  readonly mark: number;
}

/**
 * A pack is one file for the pieces of a download: how many they are (uint32), a line of the table for each (name, size as
 * uint32, whether it was written), then their bytes, in the same order. Little-endian.
 */
export function layOut(pieces: readonly ExpectedPiece[]): {
  readonly table: Uint8Array<ArrayBuffer>;
  readonly slots: ReadonlyMap<string, Slot>;
  /** Of the whole file. */
  readonly size: number;
} {
  const sizes = new Map(pieces.map(({ name, size }) => [name, size]));
  const table = new Uint8Array(tableBytes(sizes.size));
  const view = new DataView(table.buffer);
  const slots = new Map<string, Slot>();
  view.setUint32(0, sizes.size, true);
  let line = COUNT;
  let at = table.length;
  for (const [name, size] of sizes) {
    table.set(encodeUtf8(name), line);
    view.setUint32(line + PACKED_NAME, size, true);
    slots.set(name, { at, size, mark: line + LINE - 1 });
    line += LINE;
    at += size;
  }
  return { table, slots, size: at };
}

/** How long the table is that begins like this; undefined when it is none. */
export function tableLength(head: Uint8Array<ArrayBuffer>): number | undefined {
  return head.length < COUNT ? undefined : tableBytes(new DataView(head.buffer).getUint32(0, true));
}

/** The pieces that were written. Whoever reads them checks what comes. */
export function writtenSlots(table: Uint8Array<ArrayBuffer>): Map<string, Slot> {
  const view = new DataView(table.buffer);
  const slots = new Map<string, Slot>();
  let at = table.length;
  for (let line = COUNT; line + LINE <= table.length; line += LINE) {
    const size = view.getUint32(line + PACKED_NAME, true);
    const mark = line + LINE - 1;
    if (table[mark] === 1) slots.set(decodeUtf8(table.subarray(line, line + PACKED_NAME)), { at, size, mark });
    at += size;
  }
  return slots;
}

/** Length of the names of pieces: a SHA-256 in hexadecimal. */
export const PACKED_NAME = 64;
const COUNT = 4;
const LINE = PACKED_NAME + 4 + 1;

function tableBytes(count: number): number {
  return COUNT + count * LINE;
}
