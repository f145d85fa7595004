import type { ColumnChunk, ColumnView, Table } from '../table/types.js';
import { type Slots, withDictionaryNulls } from './slots.js';

/** Rows at a time: what every check of a column reads is still in the cache when the next check reads it. */
export const BLOCK_ROWS = 8_192;

/** Consecutive rows that lie in one chunk of every column that is read. */
export interface Block {
  /** Number of the first row, counted over everything that was observed. */
  readonly row: number;
  readonly length: number;
  /** By column. */
  readonly slots: ReadonlyMap<string, Slots>;
}

/** Walks a table in blocks. `firstRow` is the number of its first row. */
export function* blocksOf(table: Table, columns: readonly string[], firstRow: number): Generator<Block> {
  const cursors = columns.map((name) => cursor(table.columns.get(name)!));
  for (let row = 0; row < table.rowCount; ) {
    let length = Math.min(BLOCK_ROWS, table.rowCount - row);
    const slots = new Map<string, Slots>();
    for (const c of cursors) {
      while (c.at === c.chunks[c.index]!.length) {
        c.index++;
        c.at = 0;
      }
      const chunk = c.chunks[c.index]!;
      length = Math.min(length, chunk.length - c.at);
      slots.set(c.column.name, { column: c.column, chunk, from: c.at });
    }
    yield { row: firstRow + row, length, slots };
    row += length;
    for (const c of cursors) c.at += length;
  }
}

function cursor(column: ColumnView) {
  return { column, chunks: column.chunks.map(withDictionaryNulls), index: 0, at: 0 };
}

/** Writes the slots `from` to `to` that hold no value to `out`, and returns how many. Eight at a time where all hold one. */
export function nullSlots(chunk: ColumnChunk, from: number, to: number, out: Int32Array): number {
  const { validity } = chunk;
  if (validity === undefined || chunk.nullCount === 0) return 0;
  const { bits, offset } = validity;
  let size = 0;
  for (let i = from; i < to; ) {
    const bit = offset + i;
    if ((bit & 7) === 0 && i + 8 <= to) {
      // The lowest set bit first; none where all eight slots hold a value.
      for (let rest = ~bits[bit >> 3]! & 0xff; rest !== 0; rest &= rest - 1)
        out[size++] = i + 31 - Math.clz32(rest & -rest);
      i += 8;
      continue;
    }
    if (((bits[bit >> 3]! >> (bit & 7)) & 1) === 0) out[size++] = i;
    i++;
  }
  return size;
}
