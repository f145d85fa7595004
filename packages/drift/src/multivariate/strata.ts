import { invalidInput } from '@millwright/core';
import { profileTable } from '@millwright/core/profile';
import { chiSquareLogSf } from '@millwright/core/statistics';
import { type ColumnView, tableFrom, takeRows } from '@millwright/core/table';
import { cellsOf, mostCells, nullDistance, poolCells, type TwoSampleCells, totalsOf } from '../test/cells.js';
import { chiSquareOfCells } from '../test/chi-square.js';
import { totalVariation } from '../test/distances.js';
import { rowsNeeded } from '../test/distribution.js';
import { checkOptions, judge } from '../test/judge.js';
import type { TestOptions, TestResult } from '../test/types.js';

/** A column and, per row, the context it belongs to: `weekday`, `shop`, `device`. */
export interface ContextColumn {
  readonly column: ColumnView;
  readonly context: readonly string[];
}

/**
 * Has a column changed beyond what a changed mix of contexts explains? Each context is compared with itself (2×K table on
 * the cells of the whole reference) and the chi-squares are added, so that more Sundays than before are no drift. The
 * effect is the share of rows moved inside contexts, weighted by current rows. Contexts with under 20 rows on a side
 * cannot be compared and are left out.
 *
 * @throws `input/invalid` for unequal lengths
 */
export function withinContexts(
  reference: ContextColumn,
  current: ContextColumn,
  options: TestOptions = {},
): TestResult {
  const anchor = profileTable(tableFrom({ column: reference.column }));
  const profile = (column: ColumnView) =>
    profileTable(tableFrom({ column }), { reference: anchor }).columns.get('column')!;
  const before = membersOf('reference', reference);
  const now = membersOf('current', current);
  const strata: Stratum[] = [];
  for (const [name, rows] of now) {
    const then = before.get(name);
    if (then === undefined || then.length < FEWEST_ROWS || rows.length < FEWEST_ROWS) continue;
    const cells = cellsOf(profile(pick(reference.column, then)), profile(pick(current.column, rows)));
    strata.push({ name, cells });
  }
  return compareStrata(strata, options);
}

/** The cells of one context. */
export interface Stratum {
  readonly name: string;
  readonly cells: TwoSampleCells;
}

/** The same from counts. Without any stratum the verdict is `insufficient`. */
export function compareStrata(strata: readonly Stratum[], options: TestOptions = {}): TestResult {
  const checked = checkOptions(options, DEFAULT_MARGIN);
  const rows = { reference: 0, current: 0 };
  let [statistic, df, most, moved] = [0, 0, 1, 0];
  const effects: { label: string; moved: number; rows: number }[] = [];
  for (const { name, cells } of strata) {
    const pooled = poolCells(cells);
    const total = totalsOf(pooled);
    const test = chiSquareOfCells(pooled);
    if (total.reference === 0 || total.current === 0) continue;
    statistic += test.statistic;
    df += test.df;
    most += mostCells(cells) - 1;
    rows.reference += total.reference;
    rows.current += total.current;
    const distance = totalVariation(pooled.reference, pooled.current);
    const effect = Math.sqrt(Math.max(0, distance ** 2 - nullDistance(pooled) ** 2));
    effects.push({ label: name, moved: effect, rows: total.current });
    moved += effect * total.current;
  }
  const logP = rows.current === 0 ? undefined : df === 0 ? 0 : chiSquareLogSf(statistic, df);
  return judge(
    {
      test: 'within-contexts',
      method: 'chi-square',
      statistic,
      pValue: logP === undefined ? undefined : Math.exp(logP),
      logPValue: logP,
      effect: moved / rows.current,
      measure: 'share of rows moved inside contexts',
      rows,
      needed: rowsNeeded(rows, most, checked),
      parts: effects
        .sort((a, b) => b.moved * b.rows - a.moved * a.rows)
        .slice(0, MAX_PARTS)
        .map(({ label, moved }) => ({ label: `\`${label}\` moved`, reference: 0, current: moved })),
    },
    checked,
  );
}

const DEFAULT_MARGIN = 0.1;
const FEWEST_ROWS = 20;
const MAX_PARTS = 8;

function membersOf(name: string, { column, context }: ContextColumn): Map<string, number[]> {
  if (context.length !== column.length)
    throw invalidInput(`${name}.context`, `one context per row (${column.length})`, context.length);
  const members = new Map<string, number[]>();
  for (let i = 0; i < context.length; i++) {
    const rows = members.get(context[i]!);
    if (rows === undefined) members.set(context[i]!, [i]);
    else rows.push(i);
  }
  return members;
}

function pick(column: ColumnView, rows: readonly number[]): ColumnView {
  return takeRows(tableFrom({ column }), Uint32Array.from(rows)).columns.get('column')!;
}
