import { invalidInput } from '@millwright/core';
import { columnOf, readNumbers, sliceTable, type Table, takeRows } from '@millwright/core/table';

/** How rows become windows. */
export type WindowSpec =
  | {
      readonly by: 'time';
      /** Length of a window. Windows begin at multiples of it after `originMs`. */
      readonly everyMs: number;
      /** Default 0: 1970-01-01T00:00Z. */
      readonly originMs?: number | undefined;
      /** A window closes when event time has passed its end by this much. Default 0. */
      readonly latenessMs?: number | undefined;
    }
  | { readonly by: 'rows'; readonly rows: number };

/** Rows of one window. */
export interface WindowPart {
  readonly index: number;
  readonly table: Table;
  /** Largest event time of the part. */
  readonly latestMs: number | undefined;
}

/** @throws `input/invalid` */
export function checkWindow(spec: WindowSpec): WindowSpec {
  if (spec.by === 'rows') {
    if (!(Number.isInteger(spec.rows) && spec.rows > 0))
      throw invalidInput('window.rows', 'an integer above 0', spec.rows);
    return spec;
  }
  if (!(spec.everyMs > 0)) throw invalidInput('window.everyMs', 'milliseconds above 0', spec.everyMs);
  if (!((spec.latenessMs ?? 0) >= 0))
    throw invalidInput('window.latenessMs', 'milliseconds of 0 or more', spec.latenessMs);
  return spec;
}

/** Start and end of a window in event time; undefined for windows of rows. */
export function boundsOf(
  spec: WindowSpec,
  index: number,
): { readonly startMs: number | undefined; readonly endMs: number | undefined } {
  if (spec.by === 'rows') return { startMs: undefined, endMs: undefined };
  const startMs = (spec.originMs ?? 0) + index * spec.everyMs;
  return { startMs, endMs: startMs + spec.everyMs };
}

/**
 * Cuts a table at window boundaries, in order of windows. Rows of one window that lie together are not copied.
 *
 * @param time event time of all rows, or the name of the column that holds each row's
 * @throws `table/column`; `input/invalid` for a time that is missing
 */
export function splitByTime(
  table: Table,
  spec: WindowSpec & { readonly by: 'time' },
  time: number | string,
): WindowPart[] {
  const origin = spec.originMs ?? 0;
  const indexOf = (at: number) => Math.floor((at - origin) / spec.everyMs);
  if (typeof time === 'number') {
    if (!Number.isFinite(time)) throw invalidInput('time', 'milliseconds since 1970', time);
    return table.rowCount === 0 ? [] : [{ index: indexOf(time), table, latestMs: time }];
  }
  const times = timesOf(table, time);
  const runs: { readonly index: number; readonly start: number; end: number; latestMs: number }[] = [];
  for (let row = 0; row < times.length; row++) {
    const at = times[row]!;
    if (!Number.isFinite(at)) throw invalidInput(`${time}[${row}]`, 'an event time', at);
    const last = runs[runs.length - 1];
    const index = indexOf(at);
    if (last !== undefined && last.index === index) {
      last.end = row + 1;
      if (at > last.latestMs) last.latestMs = at;
    } else runs.push({ index, start: row, end: row + 1, latestMs: at });
  }
  const byWindow = new Map<number, (typeof runs)[number][]>();
  for (const run of runs) byWindow.set(run.index, [...(byWindow.get(run.index) ?? []), run]);
  return [...byWindow.keys()]
    .sort((a, b) => a - b)
    .map((index) => {
      const own = byWindow.get(index)!;
      const latestMs = Math.max(...own.map((run) => run.latestMs));
      return {
        index,
        table: own.length === 1 ? sliceTable(table, own[0]!.start, own[0]!.end) : gather(table, own),
        latestMs,
      };
    });
}

function gather(table: Table, runs: readonly { readonly start: number; readonly end: number }[]): Table {
  const rows = new Int32Array(runs.reduce((sum, run) => sum + run.end - run.start, 0));
  let at = 0;
  for (const run of runs) for (let row = run.start; row < run.end; row++) rows[at++] = row;
  return takeRows(table, rows);
}

function timesOf(table: Table, name: string): Float64Array {
  const column = columnOf(table, name);
  const values = readNumbers(column);
  const perMs = column.unitsPerMs ?? 1;
  return perMs === 1 ? values : values.map((value) => value / perMs);
}
