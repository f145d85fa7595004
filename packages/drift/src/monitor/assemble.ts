import type { TableProfile } from '@millwright/core/profile';
import { sliceTable, type Table } from '@millwright/core/table';
import { type OpenWindow, openWindow } from './open-window.js';
import type { SegmentedReference } from './types.js';
import { splitBySession, splitByTime, type WindowSpec } from './windows.js';

/** A window with its place in time. */
export interface Span {
  readonly index: number;
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  readonly window: OpenWindow;
}

/** Sorts rows into windows and says which ones are complete. */
export interface Assembler {
  /** @param time event time of all rows, or the column that holds it */
  add(table: Table, time: number | string): void;
  addProfile(profile: TableProfile, time: number): void;
  /** Event time has come this far. */
  advance(timeMs: number): void;
  /** Takes out what is complete, or (`all`) everything, in order. */
  take(all?: boolean): readonly Span[];
}

/** @param late is told of rows whose window was closed before they came */
export function assembler(
  spec: WindowSpec,
  reference: TableProfile,
  columns: readonly string[],
  late: (event: { readonly rows: number; readonly window: number }) => void,
  segments?: SegmentedReference | undefined,
): Assembler {
  const open = () => openWindow(reference, columns, segments);
  switch (spec.by) {
    case 'rows':
      return byRows(spec.rows, open);
    case 'time':
      return byTime(spec, open, late);
    case 'session':
      return bySession(spec, open, late);
  }
}

type Late = Parameters<typeof assembler>[3];

function byRows(rows: number, open: () => OpenWindow): Assembler {
  let spans: { readonly index: number; readonly window: OpenWindow }[] = [];
  let next = 0;
  const current = () => {
    const span = spans.at(-1);
    if (span !== undefined && span.window.rows < rows) return span.window;
    const window = open();
    spans.push({ index: next++, window });
    return window;
  };
  return {
    add(table) {
      for (let start = 0; start < table.rowCount; ) {
        const window = current();
        const end = Math.min(table.rowCount, start + rows - window.rows);
        window.add(sliceTable(table, start, end));
        start = end;
      }
    },
    addProfile: (profile) => current().addProfile(profile),
    advance() {},
    take(all = false) {
      const taken = spans.filter(({ window }) => all || window.rows >= rows);
      spans = spans.filter((span) => !taken.includes(span));
      return taken.map((span) => ({ ...span, startMs: undefined, endMs: undefined }));
    },
  };
}

function byTime(spec: WindowSpec & { readonly by: 'time' }, open: () => OpenWindow, late: Late): Assembler {
  const { everyMs, originMs = 0, latenessMs = 0 } = spec;
  const windows = new Map<number, OpenWindow>();
  let watermark = Number.NEGATIVE_INFINITY;
  let last: number | undefined;
  /** Undefined, and announced, when the window was closed. */
  const at = (index: number, rows: number) => {
    if (last !== undefined && index <= last) {
      late({ rows, window: index });
      return undefined;
    }
    let window = windows.get(index);
    if (window === undefined) {
      window = open();
      windows.set(index, window);
    }
    return window;
  };
  const advance = (timeMs: number) => {
    watermark = Math.max(watermark, timeMs);
  };
  const startOf = (index: number) => originMs + index * everyMs;
  return {
    advance,
    add(table, time) {
      for (const part of splitByTime(table, spec, time)) {
        const window = at(part.index, part.table.rowCount);
        if (window === undefined) continue;
        window.add(part.table);
        advance(part.latestMs);
      }
    },
    addProfile(profile, time) {
      const window = at(Math.floor((time - originMs) / everyMs), profile.rowCount);
      if (window === undefined) return;
      window.addProfile(profile);
      advance(time);
    },
    take(all = false) {
      const due = [...windows.keys()].filter((index) => all || startOf(index + 1) + latenessMs <= watermark);
      return due
        .sort((a, b) => a - b)
        .map((index) => {
          const window = windows.get(index)!;
          windows.delete(index);
          last = index;
          return { index, window, startMs: startOf(index), endMs: startOf(index + 1) };
        });
    },
  };
}

/** A day: traffic that never pauses would otherwise never be judged. */
const MAX_SESSION_MS = 86_400_000;

function bySession(spec: WindowSpec & { readonly by: 'session' }, open: () => OpenWindow, late: Late): Assembler {
  const { gapMs, maxMs = MAX_SESSION_MS, latenessMs = 0 } = spec;
  let sessions: { startMs: number; lastMs: number; readonly window: OpenWindow }[] = [];
  let watermark = Number.NEGATIVE_INFINITY;
  let last: number | undefined;
  const isOver = ({ startMs, lastMs }: { readonly startMs: number; readonly lastMs: number }) =>
    Math.min(lastMs + gapMs, startMs + maxMs) + latenessMs <= watermark;
  /** The session of rows from `startMs` to `lastMs`: what they touch becomes one. Undefined when it would be over. */
  const at = (startMs: number, lastMs: number, rows: number) => {
    const touched = sessions.filter((one) => one.startMs < lastMs + gapMs && startMs < one.lastMs + gapMs);
    const [first, ...others] = touched;
    if (first === undefined) {
      if (isOver({ startMs, lastMs })) {
        late({ rows, window: last ?? 0 });
        return undefined;
      }
      const window = open();
      sessions.push({ startMs, lastMs, window });
      return window;
    }
    for (const other of others) first.window.absorb(other.window);
    first.startMs = Math.min(startMs, ...touched.map((one) => one.startMs));
    first.lastMs = Math.max(lastMs, ...touched.map((one) => one.lastMs));
    sessions = sessions.filter((one) => !others.includes(one));
    return first.window;
  };
  const advance = (timeMs: number) => {
    watermark = Math.max(watermark, timeMs);
  };
  return {
    advance,
    add(table, time) {
      for (const part of splitBySession(table, spec, time)) {
        at(part.earliestMs, part.latestMs, part.table.rowCount)?.add(part.table);
        advance(part.latestMs);
      }
    },
    addProfile(profile, time) {
      at(time, time, profile.rowCount)?.addProfile(profile);
      advance(time);
    },
    take(all = false) {
      const due = sessions.filter((one) => all || isOver(one)).sort((a, b) => a.startMs - b.startMs);
      sessions = sessions.filter((one) => !due.includes(one));
      return due.map(({ startMs, lastMs, window }) => {
        last = (last ?? -1) + 1;
        return { index: last, window, startMs, endMs: lastMs + gapMs };
      });
    },
  };
}
