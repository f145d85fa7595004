import type { ColumnView } from '../table/types.js';
import { edgeSampler } from './edge-sampler.js';
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
import { BLOCK, forEachPart } from './number-parts.js';
import type { Histogram, NumberProfile } from './types.js';

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
