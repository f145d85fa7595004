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
  | {
      readonly by: 'session';
      /** A window ends when this long no row has come (in event time). */
      readonly gapMs: number;
      /** A longer one is closed there, and what follows is the next. Default one day. */
      readonly maxMs?: number | undefined;
      /** Default 0. */
      readonly latenessMs?: number | undefined;
    }
  | { readonly by: 'rows'; readonly rows: number };

/** Rows of one window. */
export interface WindowPart {
  readonly index: number;
  readonly table: Table;
  readonly earliestMs: number;
  readonly latestMs: number;
}

/** @throws `input/invalid` */
export function checkWindow(spec: WindowSpec): WindowSpec {
  if (spec.by === 'rows') {
    if (!(Number.isInteger(spec.rows) && spec.rows > 0))
      throw invalidInput('window.rows', 'an integer above 0', spec.rows);
    return spec;
  }
  const [name, length] = spec.by === 'time' ? (['everyMs', spec.everyMs] as const) : (['gapMs', spec.gapMs] as const);
  if (!(length > 0)) throw invalidInput(`window.${name}`, 'milliseconds above 0', length);
  if (spec.by === 'session' && !((spec.maxMs ?? length) >= length))
    throw invalidInput('window.maxMs', 'at least `gapMs`', spec.maxMs);
  if (!((spec.latenessMs ?? 0) >= 0))
    throw invalidInput('window.latenessMs', 'milliseconds of 0 or more', spec.latenessMs);
  return spec;
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
  return split(table, time, (at) => Math.floor((at - origin) / spec.everyMs));
}

/** Cuts a table where its times leave a gap, in order of time. @throws as `splitByTime` */
export function splitBySession(
  table: Table,
  spec: WindowSpec & { readonly by: 'session' },
  time: number | string,
): WindowPart[] {
  if (typeof time === 'number') return split(table, time, () => 0);
  const sorted = timesOf(table, time).slice().sort();
  const starts = sorted.filter((at, i) => i > 0 && at - sorted[i - 1]! >= spec.gapMs);
  return split(table, time, (at) => {
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (starts[middle]! <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}

function split(table: Table, time: number | string, indexOf: (at: number) => number): WindowPart[] {
  if (typeof time === 'number') {
    if (!Number.isFinite(time)) throw invalidInput('time', 'milliseconds since 1970', time);
    return table.rowCount === 0 ? [] : [{ index: indexOf(time), table, earliestMs: time, latestMs: time }];
  }
  const times = timesOf(table, time);
  const runs: Run[] = [];
  for (let row = 0; row < times.length; row++) {
    const at = times[row]!;
    if (!Number.isFinite(at)) throw invalidInput(`${time}[${row}]`, 'an event time', at);
    const last = runs[runs.length - 1];
    const index = indexOf(at);
    if (last !== undefined && last.index === index) {
      last.end = row + 1;
      if (at > last.latestMs) last.latestMs = at;
      if (at < last.earliestMs) last.earliestMs = at;
    } else runs.push({ index, start: row, end: row + 1, earliestMs: at, latestMs: at });
  }
  const byWindow = new Map<number, Run[]>();
  for (const run of runs) {
    const own = byWindow.get(run.index);
    if (own === undefined) byWindow.set(run.index, [run]);
    else own.push(run);
  }
  return [...byWindow]
    .sort(([a], [b]) => a - b)
    .map(([index, own]) => ({
      index,
      table: own.length === 1 ? sliceTable(table, own[0]!.start, own[0]!.end) : gather(table, own),
      earliestMs: own.reduce((least, run) => Math.min(least, run.earliestMs), Number.POSITIVE_INFINITY),
      latestMs: own.reduce((most, run) => Math.max(most, run.latestMs), Number.NEGATIVE_INFINITY),
    }));
}

/** Rows of one window that lie together. */
interface Run {
  readonly index: number;
  readonly start: number;
  end: number;
  earliestMs: number;
  latestMs: number;
}

function gather(table: Table, runs: readonly Run[]): Table {
  const rows = new Int32Array(runs.reduce((sum, run) => sum + run.end - run.start, 0));
  let at = 0;
  for (const run of runs) for (let row = run.start; row < run.end; row++) rows[at++] = row;
  return takeRows(table, rows);
}

/** Event times in milliseconds. @throws `table/column` */
function timesOf(table: Table, name: string): Float64Array {
  const column = columnOf(table, name);
  const values = readNumbers(column);
  const perMs = column.unitsPerMs ?? 1;
  return perMs === 1 ? values : values.map((value) => value / perMs);
}
