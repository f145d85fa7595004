import type { Confusion } from '../metrics/confusion.js';

/**
 * The cells of a paired binary evaluation: eight counts, index = truth × 4 + champion × 2 + challenger. Every threshold
 * metric of both models, McNemar's test and all that follows are functions of them; cells of parts add up.
 */
export type Cells = readonly number[];

/** Eight, or for tasks where only right and wrong matter four: index = champion right × 2 + challenger right. */
export const BINARY_CELLS = 8;
export const PAIRED_CELLS = 4;

/** A row whose truth or prediction is missing. */
export const EXCLUDED = 255;

/**
 * The cell of each row in a binary task: both scores at or above the threshold count as positive. Rows without truth
 * (NaN) or with a NaN score get `EXCLUDED`. One pass, one byte per row.
 */
export function binaryCells(
  truth: Float64Array,
  champion: Float64Array,
  challenger: Float64Array,
  championThreshold: number,
  challengerThreshold: number,
): Uint8Array {
  const n = truth.length;
  const cells = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    const y = truth[i]!;
    const a = champion[i]!;
    const b = challenger[i]!;
    // Arithmetic on comparisons: the outcomes are unpredictable, and branches on them cost three times as much.
    const cell = 4 * +(y === 1) + 2 * +(a >= championThreshold) + +(b >= challengerThreshold);
    cells[i] = Number.isNaN(y + a + b) ? EXCLUDED : cell;
  }
  return cells;
}

/** The cell of each row by right and wrong labels. */
export function pairedCells(truth: Float64Array, champion: Float64Array, challenger: Float64Array): Uint8Array {
  const n = truth.length;
  const cells = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    const y = truth[i]!;
    const a = champion[i]!;
    const b = challenger[i]!;
    cells[i] = Number.isNaN(y + a + b) ? EXCLUDED : (a === y ? 2 : 0) + (b === y ? 1 : 0);
  }
  return cells;
}

/** Counts per slice code and cell: `counts[code * width + cell]`. About 1.5 ns per row. */
export function countCells(cells: Uint8Array, codes: Int32Array, labels: number, width: number): Uint32Array {
  // One line more at each end, so that rows without a value (-1) and excluded rows need no test of their own.
  const line = 256;
  const counts = new Uint32Array((labels + 1) * line);
  for (let i = 0; i < cells.length; i++) counts[(codes[i]! + 1) * line + cells[i]!]!++;
  const out = new Uint32Array(labels * width);
  for (let code = 0; code < labels; code++)
    for (let cell = 0; cell < width; cell++) out[code * width + cell] = counts[(code + 1) * line + cell]!;
  return out;
}

/** Counts per cell over all rows, and how many were excluded. */
export function countAll(cells: Uint8Array, width: number): { readonly counts: number[]; readonly excluded: number } {
  const counts = new Uint32Array(256);
  for (let i = 0; i < cells.length; i++) counts[cells[i]!]!++;
  return { counts: Array.from(counts.subarray(0, width)), excluded: counts[EXCLUDED]! };
}

/** One model's confusion matrix out of eight cells. */
export function confusionOf(cells: Cells, model: 'champion' | 'challenger'): Confusion {
  const c = (i: number) => cells[i]!;
  return model === 'champion'
    ? { tp: c(6) + c(7), fn: c(4) + c(5), fp: c(2) + c(3), tn: c(0) + c(1) }
    : { tp: c(5) + c(7), fn: c(4) + c(6), fp: c(1) + c(3), tn: c(0) + c(2) };
}

/** Who was right, out of eight or four cells. */
export interface PairedRightness {
  readonly both: number;
  readonly onlyChampion: number;
  readonly onlyChallenger: number;
  readonly neither: number;
}

/** Rightness over all rows, or for eight cells over the positive or the negative ones. */
export function rightness(cells: Cells, rows: 'all' | 'positives' | 'negatives' = 'all'): PairedRightness {
  if (cells.length === PAIRED_CELLS)
    return { both: cells[3]!, onlyChampion: cells[2]!, onlyChallenger: cells[1]!, neither: cells[0]! };
  const positive = rows === 'negatives' ? 0 : 1;
  const negative = rows === 'positives' ? 0 : 1;
  return {
    both: positive * cells[7]! + negative * cells[0]!,
    onlyChampion: positive * cells[6]! + negative * cells[1]!,
    onlyChallenger: positive * cells[5]! + negative * cells[2]!,
    neither: positive * cells[4]! + negative * cells[3]!,
  };
}
