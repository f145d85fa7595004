import { countValues } from '../../profile/categories.js';
import { cellLookup, countCells } from '../../profile/edges.js';
import { BLOCK, fillBlock } from '../../profile/number-parts.js';
import type { CategoryProfile, NumberProfile } from '../../profile/types.js';
import type { ColumnView } from '../../table/types.js';
import { withDictionaryNulls } from '../slots.js';

/** A profile whose cells a column can be counted in. */
export type Anchor = NumberProfile | CategoryProfile;

/** A column counted in the cells of an anchor. */
export interface CellCounts {
  readonly rows: number;
  readonly nulls: number;
  /** In the order of `cellsOf`; undefined when the column holds another kind of values than the anchor. */
  readonly cells: Float64Array | undefined;
}

/** The anchor's own counts: NaN, both infinities and the histogram, or other categories and each of the known ones. */
export function cellsOf(anchor: Anchor): Float64Array {
  if (anchor.kind === 'category') return Float64Array.of(anchor.other, ...anchor.counts.values());
  const { nan, positiveInfinity, negativeInfinity, histogram } = anchor;
  return Float64Array.of(nan, positiveInfinity, negativeInfinity, ...histogram.counts);
}

/** Counts a column as `profileTable` does, without the sums and samples that a distance does not read. */
export function countInCells(column: ColumnView, anchor: Anchor): CellCounts {
  const { length: rows, nullCount: nulls, chunks, type } = column;
  if (anchor.kind === 'category' && (type === 'utf8' || type === 'dictionary' || type === 'bool'))
    return { rows, ...countCategories(column, anchor) };
  if (anchor.kind === 'number' && chunks.every(({ kind }) => kind === 'number' || kind === 'big'))
    return { rows, nulls, cells: countNumbers(column, anchor) };
  return { rows, nulls: chunks.reduce((sum, c) => sum + withDictionaryNulls(c).nullCount, 0), cells: undefined };
}

/** The counts of two parts. */
export function addCells(a: CellCounts, b: CellCounts): CellCounts {
  const cells = a.cells?.map((count, cell) => count + (b.cells?.[cell] ?? 0));
  return { rows: a.rows + b.rows, nulls: a.nulls + b.nulls, cells };
}

function countCategories(column: ColumnView, { counts }: CategoryProfile) {
  const { counts: found, nulls } = countValues(column);
  const cells = Float64Array.of(0, ...Array.from(counts.keys(), (category) => found.get(category) ?? 0));
  for (const [category, count] of found) if (!counts.has(category)) cells[0]! += count;
  return { nulls, cells };
}

function countNumbers(column: ColumnView, { histogram: { edges } }: NumberProfile): Float64Array {
  const cells = new Float64Array(edges.length + 4);
  const counts = cells.subarray(3);
  const lookup = cellLookup(edges);
  const block = new Float64Array(BLOCK);
  const perMs = column.unitsPerMs ?? 1;
  for (const chunk of column.chunks) {
    if (chunk.kind !== 'number' && chunk.kind !== 'big') continue;
    for (let start = 0; start < chunk.length; start += BLOCK) {
      const length = fillBlock(chunk, start, Math.min(BLOCK, chunk.length - start), block);
      let finite = 0;
      for (let i = 0; i < length; i++) {
        const value = block[i]! / perMs;
        if (value - value === 0) block[finite++] = value + 0;
        else cells[value > 0 ? 1 : value < 0 ? 2 : 0]!++;
      }
      countCells(lookup, block, finite, counts);
    }
  }
  return cells;
}
