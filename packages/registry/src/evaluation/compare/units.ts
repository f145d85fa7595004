import { invalidInput } from '@millwright/core';
import { studentTQuantile } from '@millwright/core/statistics';
import type { Difference } from './paired.js';

/** Rows grouped by the unit that they belong to: rows `order[starts[u]]` to `order[starts[u + 1] - 1]` are unit u's. */
export interface Units {
  readonly count: number;
  readonly order: Uint32Array;
  readonly starts: Uint32Array;
}

/** Groups rows by unit (user, session, document, aircraft). @throws `input/invalid` for another number of rows */
export function unitsOf(ids: ArrayLike<string | number>, rows: number): Units {
  if (ids.length !== rows) throw invalidInput('units', `${rows} units, one per row`, ids.length);
  const index = new Map<string | number, number>();
  const codes = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) {
    let code = index.get(ids[i]!);
    if (code === undefined) {
      code = index.size;
      index.set(ids[i]!, code);
    }
    codes[i] = code;
  }
  const starts = new Uint32Array(index.size + 1);
  for (let i = 0; i < rows; i++) starts[codes[i]! + 1]!++;
  for (let u = 0; u < index.size; u++) starts[u + 1]! += starts[u]!;
  const at = starts.slice();
  const order = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) order[at[codes[i]!]!++] = i;
  return { count: index.size, order, starts };
}

/** Per group: the sum over units of the squared sum of its rows' influences, and how many units it has. */
export interface UnitSpread {
  readonly squares: Float64Array;
  readonly units: Uint32Array;
}

/** One pass over rows by unit. `groupOf` gives -1 for rows that do not count. */
export function unitSpread(
  { count, order, starts }: Units,
  groups: number,
  groupOf: (row: number) => number,
  influence: (row: number, group: number) => number,
): UnitSpread {
  const squares = new Float64Array(groups);
  const units = new Uint32Array(groups);
  const sums = new Float64Array(groups);
  const seen = new Uint8Array(groups);
  const touched: number[] = [];
  for (let u = 0; u < count; u++) {
    for (let i = starts[u]!; i < starts[u + 1]!; i++) {
      const row = order[i]!;
      const group = groupOf(row);
      if (group < 0) continue;
      if (seen[group] === 0) {
        seen[group] = 1;
        touched.push(group);
      }
      sums[group]! += influence(row, group);
    }
    for (const group of touched) {
      squares[group]! += sums[group]! ** 2;
      units[group]!++;
      sums[group] = 0;
      seen[group] = 0;
    }
    touched.length = 0;
  }
  return { squares, units };
}

/**
 * The same difference with a standard error that allows any dependence inside a unit: √(G / (G - 1) Σ u²) / n, and t with
 * G - 1 degrees of freedom. Undefined for fewer than two units.
 */
export function clustered(
  difference: Difference,
  { squares, units }: UnitSpread,
  group: number,
): Difference | undefined {
  const count = units[group]!;
  if (count < 2) return undefined;
  const { value, n } = difference;
  const standardError = Math.sqrt((count / (count - 1)) * squares[group]!) / n;
  const half = studentTQuantile(0.975, count - 1) * standardError;
  return { value, standardError, lower: value - half, upper: value + half, method: 'clustered@1', n, units: count };
}
