import { copyBig, copyNumbers } from '../table/read.js';
import type { BigChunk, ColumnView, NumberChunk } from '../table/types.js';
import { isValid } from '../table/validity.js';
import {
  anchorEdges,
  type CellLookup,
  cellLookup,
  cellOf,
  countCells,
  type Frequencies,
  frequenciesOf,
} from './edges.js';
import { exactSum } from './exact-sum.js';
import { type HigherPowers, higherPowers } from './higher-powers.js';
import type { Histogram, NumberProfile } from './types.js';

/** Rows per block: 64 KiB of doubles, so that every pass over a block finds it in cache. */
export const BLOCK = 8192;
/** Narrow integers are tallied from this many rows on; below, walking the tally costs more than it saves. */
const TALLY_ROWS = 1 << 16;
/** Edges are taken from at most this many values. They need not be exact quantiles; counts are exact. */
const EDGE_SAMPLE = 1 << 16;
/** Integers up to this size square and add up in a block without rounding: 2^40 · 2^13 = 2^53. */
const SMALL_INTEGER = 2 ** 20;

/** Profiles a numeric column against the anchor's edges, or against edges of its own. */
export function profileNumbers(
  column: ColumnView,
  anchor: Histogram | undefined,
  bins: number,
  shape: boolean,
): NumberProfile {
  const figures = newFigures(shape ? higherPowers() : undefined);
  const sampler = anchor === undefined ? edgeSampler(column.length) : undefined;
  const block = new Float64Array(BLOCK);
  let lookup: CellLookup | undefined;
  let counts = new Float64Array(0);
  if (anchor !== undefined) {
    lookup = cellLookup(anchor.edges);
    counts = new Float64Array(anchor.edges.length + 1);
  }
  const tallies: Frequencies[] = [];
  forEachPart(column, block, {
    tally(frequencies) {
      addFrequencies(figures, frequencies);
      tallies.push(frequencies);
      if (anchor !== undefined) countFrequencies(anchor.edges, frequencies, counts);
    },
    values(length) {
      const finite = addBlock(figures, block, length);
      sampler?.take(block, finite);
      if (lookup !== undefined) countCells(lookup, block, finite, counts);
    },
  });
  const histogram =
    anchor !== undefined
      ? { edges: anchor.edges, counts }
      : ownHistogram(column, figures, bins, tallies, sampler!.sample());
  return {
    kind: 'number',
    type: column.type,
    rows: column.length,
    nulls: column.nullCount,
    ...finish(figures),
    histogram,
  };
}

type Figures = ReturnType<typeof newFigures>;

function newFigures(higher?: HigherPowers) {
  return {
    nan: 0,
    positiveInfinity: 0,
    negativeInfinity: 0,
    finite: 0,
    integers: true,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    sum: exactSum(),
    squares: exactSum(),
    higher,
  };
}

function finish(figures: Figures) {
  const { nan, positiveInfinity, negativeInfinity, finite, integers, min, max, sum, squares, higher } = figures;
  return {
    nan,
    positiveInfinity,
    negativeInfinity,
    finite,
    integers,
    min: finite > 0 ? min : undefined,
    max: finite > 0 ? max : undefined,
    sum: sum.total(),
    sumOfSquares: squares.total(),
    ...(higher && { shape: higher.total() }),
  };
}

/** The second pass of a column that has no anchor: its edges are known only now. */
function ownHistogram(
  column: ColumnView,
  figures: Figures,
  bins: number,
  tallies: readonly Frequencies[],
  sample: Float64Array,
): Histogram {
  if (figures.finite === 0) return { edges: new Float64Array(0), counts: Float64Array.of(0) };
  const frequencies = mergeFrequencies([...tallies, frequenciesOf(sample)]);
  const edges = anchorEdges(frequencies, bins, figures.min, figures.max);
  const counts = new Float64Array(edges.length + 1);
  const lookup = cellLookup(edges);
  const block = new Float64Array(BLOCK);
  const scratch = newFigures();
  forEachPart(column, block, {
    tally: (part) => countFrequencies(edges, part, counts),
    values: (length) => countCells(lookup, block, compactFinite(scratch, block, length), counts),
  });
  return { edges, counts };
}

interface PartVisitor {
  /** A whole chunk of 8- or 16-bit integers as value counts. */
  tally(frequencies: Frequencies): void;
  /** The first `length` entries of the block are the next values, nulls left out. */
  values(length: number): void;
}

/**
 * Gives a column in parts. Blocks are converted by the engine to one Float64Array, so every kernel stays monomorphic;
 * narrow integers are counted by value, which is all that any figure needs.
 */
function forEachPart(column: ColumnView, block: Float64Array, visitor: PartVisitor): void {
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

/** Counts non-finite values, moves finite ones to the front and keeps min, max and whether all are integers. Returns how many are finite. */
function compactFinite(figures: Figures, block: Float64Array, length: number): number {
  let { min, max } = figures;
  // 0 as long as all values are finite, NaN from the first one that is not.
  let check = 0;
  for (let i = 0; i < length; i++) {
    // `+ 0` makes -0 and 0 one value: which came first must not show.
    const value = block[i]! + 0;
    block[i] = value;
    check += value - value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (check !== 0) return compactFinite(figures, block, moveFinite(figures, block, length));
  figures.finite += length;
  figures.min = min;
  figures.max = max;
  if (figures.integers && hasFraction(block, length)) figures.integers = false;
  return length;
}

function moveFinite(figures: Figures, block: Float64Array, length: number): number {
  let finite = 0;
  for (let i = 0; i < length; i++) {
    const value = block[i]!;
    if (value - value === 0) block[finite++] = value;
    else if (value > 0) figures.positiveInfinity++;
    else if (value < 0) figures.negativeInfinity++;
    else figures.nan++;
  }
  return finite;
}

/** Usually the first value tells. */
function hasFraction(values: Float64Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (Math.floor(values[i]!) !== values[i]!) return true;
  return false;
}

function addBlock(figures: Figures, block: Float64Array, length: number): number {
  const integersBefore = figures.integers;
  figures.integers = true;
  const finite = compactFinite(figures, block, length);
  const integersHere = figures.integers;
  figures.integers = integersBefore && integersHere;
  if (integersHere && figures.max <= SMALL_INTEGER && figures.min >= -SMALL_INTEGER) {
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < finite; i++) {
      const value = block[i]!;
      sum += value;
      squares += value * value;
    }
    figures.sum.add(sum);
    figures.squares.add(squares);
  } else {
    figures.sum.addAll(block, finite);
    figures.squares.addSquares(block, finite);
  }
  figures.higher?.addBlock(block, finite);
  return finite;
}

function addFrequencies(figures: Figures, { values, counts }: Frequencies): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const count = counts[i]!;
    figures.finite += count;
    // 16-bit values times 32-bit counts stay below 2^53, squares below 2^64: those are added in two halves.
    figures.sum.add(value * count);
    const square = value * value;
    const high = Math.floor(count / 0x1_0000);
    figures.squares.add(square * high * 0x1_0000);
    figures.squares.add(square * (count - high * 0x1_0000));
  }
  figures.higher?.addFrequencies(values, counts);
  if (values.length === 0) return;
  figures.min = Math.min(figures.min, values[0]!);
  figures.max = Math.max(figures.max, values[values.length - 1]!);
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

function countFrequencies(edges: Float64Array, { values, counts }: Frequencies, cells: Float64Array): void {
  for (let i = 0; i < values.length; i++) cells[cellOf(edges, values[i]!)]! += counts[i]!;
}

function mergeFrequencies(parts: readonly Frequencies[]): Frequencies {
  const [first, ...rest] = parts.filter((part) => part.values.length > 0);
  if (first === undefined || rest.length === 0)
    return first ?? { values: new Float64Array(0), counts: new Float64Array(0) };
  const merged = new Map<number, number>();
  for (const { values, counts } of [first, ...rest])
    for (let i = 0; i < values.length; i++) merged.set(values[i]!, (merged.get(values[i]!) ?? 0) + counts[i]!);
  const values = Float64Array.from(merged.keys()).sort();
  return { values, counts: values.map((value) => merged.get(value)!) };
}

interface EdgeSampler {
  take(block: Float64Array, length: number): void;
  sample(): Float64Array;
}

/** Every value of a short column; of a long one, one value per stride at a hashed place, so that periods in the rows do not show. */
function edgeSampler(rows: number): EdgeSampler {
  const stride = Math.ceil(rows / EDGE_SAMPLE);
  const kept = new Float64Array(Math.ceil(rows / Math.max(1, stride)) + 1);
  let size = 0;
  let seen = 0;
  let next = place(0, stride);
  return {
    take(block, length) {
      while (next < seen + length) {
        kept[size++] = block[next - seen]!;
        next = place(size, stride);
      }
      seen += length;
    },
    sample: () => kept.subarray(0, size),
  };
}

function place(step: number, stride: number): number {
  if (stride <= 1) return step;
  let hash = Math.imul(step + 1, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return step * stride + (((hash ^ (hash >>> 13)) >>> 0) % stride);
}
