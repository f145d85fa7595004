import { invalidInput, MillwrightError } from '../foundation/errors.js';
import { columnOf } from '../table/table.js';
import type { ColumnChunk, Table } from '../table/types.js';
import { isValid } from '../table/validity.js';

/** How often each combination of present columns occurred: what goes missing together. Adds up in any order. */
export interface PresencePatterns {
  readonly columns: readonly string[];
  /** Slot `pattern`: bit k is set when column k had a value. 2^columns slots. */
  readonly counts: Float64Array;
}

/** More would make tables that no traffic fills. */
const MAX_COLUMNS = 10;

/** No row yet. @throws `input/invalid` for no or more than ten columns */
export function presencePatterns(columns: readonly string[]): PresencePatterns {
  if (columns.length === 0 || columns.length > MAX_COLUMNS)
    throw invalidInput('columns', `1 to ${MAX_COLUMNS} names`, columns.length);
  return { columns, counts: new Float64Array(2 ** columns.length) };
}

/** Adds one row in place: what is undefined or null was missing. */
export function countPresence({ columns, counts }: PresencePatterns, row: Readonly<Record<string, unknown>>): void {
  let pattern = 0;
  for (let k = 0; k < columns.length; k++) {
    const name = columns[k]!;
    if (Object.hasOwn(row, name) && row[name] !== undefined && row[name] !== null) pattern |= 1 << k;
  }
  counts[pattern]!++;
}

/** The patterns of a table's columns; null is missing, NaN and empty text are not. @throws `table/column`, `input/invalid` */
export function presenceOf(table: Table, columns: readonly string[]): PresencePatterns {
  const { counts } = presencePatterns(columns);
  const patterns = new Uint16Array(table.rowCount);
  columns.forEach((name, k) => {
    let row = 0;
    for (const chunk of columnOf(table, name).chunks) {
      const nullEntries = chunk.kind === 'dictionary' && chunk.dictionary.includes(null);
      for (let i = 0; i < chunk.length; i++, row++)
        if (isValid(chunk.validity, i) && !(nullEntries && isNullEntry(chunk, i))) patterns[row]! |= 1 << k;
    }
  });
  for (const pattern of patterns) counts[pattern]!++;
  return { columns, counts };
}

function isNullEntry(chunk: ColumnChunk, i: number): boolean {
  return chunk.kind === 'dictionary' && chunk.dictionary[chunk.codes[i]!] === null;
}

/** Both together. @throws `profile/unmergeable` for other columns */
export function mergePresence(a: PresencePatterns, b: PresencePatterns): PresencePatterns {
  const different = a.columns.length !== b.columns.length || a.columns.some((name, k) => name !== b.columns[k]);
  if (different)
    throw new MillwrightError(
      'profile/unmergeable',
      `Expected patterns of the columns ${a.columns.join(', ')}, got those of ${b.columns.join(', ')}.`,
      { details: { column: b.columns.join(', '), reason: 'other columns' } },
    );
  return { columns: a.columns, counts: a.counts.map((count, k) => count + b.counts[k]!) };
}
