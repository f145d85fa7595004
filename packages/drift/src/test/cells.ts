import { MillwrightError } from '@millwright/core';
import type { CategoryProfile, ColumnProfile, NumberProfile } from '@millwright/core/profile';
import { total } from '../sums.js';

/** Counts of the same cells in two samples: the 2×K table. */
export interface TwoSampleCells {
  readonly reference: Float64Array;
  readonly current: Float64Array;
  /** Whether neighbouring cells belong together: bins of a number do, categories do not. */
  readonly ordered: boolean;
  /** Names a cell, or a run of ordered cells up to and with `last`. */
  label(cell: number, last?: number): string;
}

/**
 * The 2×K table of a column. Numbers: the cells of the reference's histogram. Categories: those of the reference, and
 * one cell for all others.
 *
 * @throws `profile/unmergeable` when the current profile was not counted against the reference, or kinds differ
 */
export function cellsOf(reference: ColumnProfile, current: ColumnProfile): TwoSampleCells {
  if (reference.kind === 'number' && current.kind === 'number') return numberCells(reference, current);
  if (reference.kind === 'category' && current.kind === 'category') return categoryCells(reference, current);
  throw mismatch(`the reference holds ${reference.type}, the current profile ${current.type}`);
}

/** Row totals of a table. */
export function totalsOf(cells: TwoSampleCells): { readonly reference: number; readonly current: number } {
  return { reference: total(cells.reference), current: total(cells.current) };
}

/** No cell beyond this many for numbers: more cells dilute what the test can see. */
const MAX_ORDERED_CELLS = 32;
/** The chi-square law holds where every cell expects this many rows (Cochran 1954). */
const MIN_EXPECTED = 5;

/**
 * Joins cells until each expects five rows on both sides, so that the test stays valid: categories by their totals in
 * both samples, given which the null hypothesis shuffles rows between them; cells of a number, whose cuts are rows of
 * the reference, by its counts alone. (Totals would end a group where many current rows happen to lie between two cuts.)
 */
export function poolCells(cells: TwoSampleCells): TwoSampleCells {
  const { reference, current } = totalsOf(cells);
  const smaller = Math.min(reference, current);
  if (!cells.ordered) return poolRare(cells, (MIN_EXPECTED * (reference + current)) / smaller);
  return poolNeighbours(cells, reference * Math.max(MIN_EXPECTED / smaller, 1 / MAX_ORDERED_CELLS));
}

/** How many cells pooling leaves at most, however many rows there are. */
export function mostCells(cells: TwoSampleCells): number {
  let filled = 0;
  for (let k = 0; k < cells.reference.length; k++) if (cells.reference[k]! + cells.current[k]! > 0) filled++;
  return Math.max(1, cells.ordered ? Math.min(MAX_ORDERED_CELLS, filled) : filled);
}

/** Expected size of the total variation distance of two samples of one distribution: it is never 0. */
export function nullDistance(cells: TwoSampleCells): number {
  const { reference: n, current: m } = totalsOf(cells);
  const spread = 1 / n + 1 / m;
  let expected = 0;
  for (let k = 0; k < cells.reference.length; k++) {
    const p = (cells.reference[k]! + cells.current[k]!) / (n + m);
    expected += Math.sqrt((2 / Math.PI) * p * (1 - p) * spread);
  }
  return expected / 2;
}

function numberCells(reference: NumberProfile, current: NumberProfile): TwoSampleCells {
  const { edges } = reference.histogram;
  const others = current.histogram.edges;
  if (others !== edges && (others.length !== edges.length || others.some((edge, i) => edge !== edges[i])))
    throw mismatch('their histograms have different edges');
  const filled = (cell: number) => reference.histogram.counts[cell]! + current.histogram.counts[cell]! > 0;
  return {
    reference: reference.histogram.counts,
    current: current.histogram.counts,
    ordered: true,
    label(first, last = first) {
      // Empty cells at the ends of a run say nothing about where its rows are.
      let from = first;
      let to = last;
      while (from < to && !filled(from)) from++;
      while (to > from && !filled(to)) to--;
      return nameRange(edges[from - 1], edges[to], edges[to - 1]);
    },
  };
}

/** `5 to 7`, `below 5`, or `5` where the cell holds that value only. @param before the edge before `high` */
function nameRange(low: number | undefined, high: number | undefined, before: number | undefined): string {
  if (high === undefined) return low === undefined ? 'any value' : `above ${showEdge(low)}`;
  if (low === undefined) return `below ${showEdge(high)}`;
  // A cell of one value ends at the next double.
  const end = before !== undefined && showEdge(before) === showEdge(high) ? before : high;
  return showEdge(low) === showEdge(end) ? showEdge(low) : `${showEdge(low)} to ${showEdge(end)}`;
}

/** Six digits; the double after 0 is shown as 0. */
function showEdge(edge: number): string {
  return edge === Number.MIN_VALUE ? '0' : String(Number(edge.toPrecision(6)));
}

function categoryCells(reference: CategoryProfile, current: CategoryProfile): TwoSampleCells {
  const names = [...reference.counts.keys()];
  for (const name of current.counts.keys())
    if (!reference.counts.has(name)) throw mismatch(`the current profile counts \`${name}\`, the reference does not`);
  return {
    reference: Float64Array.from([...names.map((name) => reference.counts.get(name)!), reference.other]),
    current: Float64Array.from([...names.map((name) => current.counts.get(name) ?? 0), current.other]),
    ordered: false,
    label: (cell) => (cell < names.length ? `\`${names[cell]}\`` : 'other categories'),
  };
}

function poolNeighbours(cells: TwoSampleCells, least: number): TwoSampleCells {
  const starts = [0];
  let held = 0;
  for (let k = 0; k < cells.reference.length; k++) {
    const here = cells.reference[k]!;
    // A new group begins when the last one is full, with the first cell that has rows.
    if (held >= least && here > 0) {
      starts.push(k);
      held = here;
    } else held += here;
  }
  if (held < least && starts.length > 1) starts.pop();
  return join(
    cells,
    (k) => lastAtMost(starts, k),
    starts.length,
    (group) => cells.label(starts[group]!, (starts[group + 1] ?? cells.reference.length) - 1),
  );
}

function poolRare(cells: TwoSampleCells, least: number): TwoSampleCells {
  const rowsIn = (k: number) => cells.reference[k]! + cells.current[k]!;
  const order = Array.from(cells.reference.keys()).sort((a, b) => rowsIn(b) - rowsIn(a) || a - b);
  const kept = order.filter((k) => rowsIn(k) >= least);
  let rare = 0;
  for (const k of order.slice(kept.length)) rare += rowsIn(k);
  // Rare ones that are too few even together join the smallest category that stands alone.
  const alone = rare > 0 && rare < least && kept.length > 1 ? kept.length - 1 : kept.length;
  const groupOf = new Map(kept.slice(0, alone).map((k, group) => [k, group]));
  const groups = alone < cells.reference.length ? alone + 1 : alone;
  return join(
    cells,
    (k) => groupOf.get(k) ?? alone,
    groups,
    (group) => (group < alone ? cells.label(kept[group]!) : 'rare categories'),
  );
}

function join(
  cells: TwoSampleCells,
  groupOf: (cell: number) => number,
  groups: number,
  label: (group: number) => string,
): TwoSampleCells {
  const reference = new Float64Array(groups);
  const current = new Float64Array(groups);
  for (let k = 0; k < cells.reference.length; k++) {
    reference[groupOf(k)]! += cells.reference[k]!;
    current[groupOf(k)]! += cells.current[k]!;
  }
  return { reference, current, ordered: cells.ordered, label };
}

function lastAtMost(starts: readonly number[], cell: number): number {
  let group = 0;
  while (group + 1 < starts.length && starts[group + 1]! <= cell) group++;
  return group;
}

function mismatch(reason: string): MillwrightError<'profile/unmergeable'> {
  return new MillwrightError(
    'profile/unmergeable',
    `The profiles cannot be compared: ${reason}. Profile the current rows with \`profileTable(table, { reference })\`.`,
    { details: { column: '', reason } },
  );
}
