import { MillwrightError } from '@millwright/core';
import { type ColumnProfile, mergeProfiles, profileTable, type TableProfile } from '@millwright/core/profile';
import { concatTables, selectColumns, type Table } from '@millwright/core/table';
import type { SegmentedReference } from './types.js';

/** A window that still takes rows. */
export interface OpenWindow {
  readonly rows: number;
  add(table: Table): void;
  /** @throws `profile/unmergeable` when it does not count the presence patterns of the reference */
  addProfile(profile: TableProfile): void;
  /** Takes over all rows of another window. */
  absorb(other: OpenWindow): void;
  /** What was profiled so far. */
  parts(): readonly TableProfile[];
  profile(): TableProfile;
  /** By segment, of the rows that came as rows; empty without segments. */
  segments(): ReadonlyMap<string, TableProfile>;
  /** What single batches lacked, as sentences. A column that is gone from all of them is missing in the profile instead. */
  faults(): readonly string[];
}

/** Rows are profiled when so many have come together: many small batches then cost little more than few large ones. */
const PROFILE_ROWS = 8_192;

/**
 * Collects a window. A batch without a column, or with another kind of it, is a finding and not an error: its rows
 * count as null there.
 */
export function openWindow(
  reference: TableProfile,
  columns: readonly string[],
  segments?: SegmentedReference | undefined,
): OpenWindow {
  let waiting: Table[] = [];
  let waitingRows = 0;
  let parts: TableProfile[] = [];
  let bySegment: ReadonlyMap<string, TableProfile> = new Map();
  const together = reference.presence?.columns ?? [];
  const wanted = [...new Set([...columns, ...together, ...(segments === undefined ? [] : [segments.by])])];
  const flush = () => {
    if (waiting.length === 0) return;
    const table = concatTables(waiting);
    const own = columns.filter((name) => table.columns.has(name));
    parts.push(profileTable(withAbsent(table, together), { reference, columns: own }));
    // A batch that lacks a column is a finding already, and has no segments to compare.
    if (segments !== undefined && table.columns.has(segments.by) && own.length === columns.length)
      bySegment = segments.merge(bySegment, segments.count(table, own));
    waiting = [];
    waitingRows = 0;
    if (parts.length >= 2) parts = mergeAlike(parts);
  };
  return {
    get rows() {
      return parts.reduce((sum, part) => sum + part.rowCount, waitingRows);
    },
    add(table) {
      const own = selectColumns(
        table,
        wanted.filter((name) => table.columns.has(name)),
      );
      if (waiting[0] !== undefined && shapeOfTable(waiting[0]) !== shapeOfTable(own)) flush();
      waiting.push(own);
      waitingRows += own.rowCount;
      if (waitingRows >= PROFILE_ROWS) flush();
    },
    addProfile(profile) {
      if ((profile.presence === undefined) !== (reference.presence === undefined))
        throw new MillwrightError(
          'profile/unmergeable',
          'Only one of the profile and the reference counts which columns have values together. Profile with `{ reference }`.',
          { details: { column: 'presence', reason: 'only one of the profiles counts presence' } },
        );
      flush();
      parts = mergeAlike([...parts, profile]);
    },
    absorb(other) {
      flush();
      parts = mergeAlike([...parts, ...other.parts()]);
      if (segments !== undefined) bySegment = segments.merge(bySegment, other.segments());
    },
    parts() {
      flush();
      return parts;
    },
    profile() {
      flush();
      const [first, ...rest] = alignAll(parts, reference, columns);
      if (first === undefined) return profileTable({ rowCount: 0, columns: new Map() }, { reference });
      return rest.reduce(mergeProfiles, first);
    },
    segments() {
      flush();
      return bySegment;
    },
    faults() {
      return columns.flatMap((name) => {
        const without = parts.filter((part) => part.columns.get(name)?.kind !== reference.columns.get(name)?.kind);
        if (without.length === 0 || without.length === parts.length) return [];
        const rows = without.reduce((sum, part) => sum + part.rowCount, 0);
        return [`column \`${name}\` was missing or of another type in ${rows} rows`];
      });
    },
  };
}

/** Merges what has the same columns of the same types, usually all of them: a window grows with shapes, not with batches. */
function mergeAlike(parts: readonly TableProfile[]): TableProfile[] {
  const merged = new Map<string, TableProfile>();
  for (const part of parts) {
    const shape = shapeOf(part);
    const alike = merged.get(shape);
    merged.set(shape, alike === undefined ? part : mergeProfiles(alike, part));
  }
  return [...merged.values()];
}

function shapeOf(profile: TableProfile): string {
  return JSON.stringify([...profile.columns].map(([name, column]) => [name, column.type]));
}

function shapeOfTable(table: Table): string {
  return JSON.stringify([...table.columns].map(([name, column]) => [name, column.type]));
}

/** Parts of one shape: where a part lacks what others have, its rows are null. */
function alignAll(
  parts: readonly TableProfile[],
  reference: TableProfile,
  columns: readonly string[],
): readonly TableProfile[] {
  if (parts.length < 2) return parts;
  const kept = columns.filter((name) =>
    parts.some((part) => part.columns.get(name)?.kind === reference.columns.get(name)?.kind),
  );
  return parts.map((part) => {
    const aligned = new Map<string, ColumnProfile>();
    for (const name of kept) {
      const was = reference.columns.get(name)!;
      const now = part.columns.get(name);
      aligned.set(name, now?.kind === was.kind ? { ...now, type: was.type } : allNull(was, part.rowCount));
    }
    return { ...part, columns: aligned };
  });
}

/** Columns that a batch does not have at all are missing in all of its rows. */
function withAbsent(table: Table, names: readonly string[]): Table {
  const columns = new Map(table.columns);
  for (const name of names)
    if (!columns.has(name))
      columns.set(name, { name, type: 'other', length: table.rowCount, nullCount: table.rowCount, chunks: [] });
  return { rowCount: table.rowCount, columns };
}

function allNull(was: ColumnProfile, rows: number): ColumnProfile {
  const empty = profileTable(
    { rowCount: 0, columns: new Map([['x', { name: 'x', type: was.type, length: 0, nullCount: 0, chunks: [] }]]) },
    {
      reference: {
        format: 'millwright.profile/1',
        rowCount: was.rows,
        columns: new Map([['x', was]]),
        digest: '' as TableProfile['digest'],
      },
    },
  ).columns.get('x')!;
  return { ...empty, rows, nulls: rows };
}
