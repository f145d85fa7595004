import { invalidInput, MillwrightError } from '../foundation/errors.js';
import type { ColumnChunk, ColumnView, Table, Value } from './types.js';
import { decodeUtf8Slot } from './utf8.js';
import { countNulls, isValid } from './validity.js';

/** The column of that name. @throws `table/column` that lists the columns there are */
export function columnOf(table: Table, name: string): ColumnView {
  const column = table.columns.get(name);
  if (column !== undefined) return column;
  const names = [...table.columns.keys()].slice(0, 20).join(', ');
  throw new MillwrightError(
    'table/column',
    `There is no column \`${name}\`. The table has: ${names || 'no columns'}.`,
    {
      details: { column: name, expected: 'a column of the table', received: 'nothing' },
    },
  );
}

/** The columns of those names, in that order; nothing is copied. @throws `table/column` */
export function selectColumns(table: Table, names: readonly string[]): Table {
  return { rowCount: table.rowCount, columns: new Map(names.map((name) => [name, columnOf(table, name)])) };
}

/** Rows `start` (inclusive) to `end` (exclusive) as views on the same buffers. Bounds beyond the table are clipped. */
export function sliceTable(table: Table, start: number, end: number = table.rowCount): Table {
  const from = Math.min(Math.max(0, Math.trunc(start)), table.rowCount);
  const to = Math.min(Math.max(from, Math.trunc(end)), table.rowCount);
  const columns = new Map<string, ColumnView>();
  for (const [name, column] of table.columns) columns.set(name, sliceColumn(column, from, to));
  return { rowCount: to - from, columns };
}

/**
 * Tables under each other: the chunks of all, nothing is copied.
 *
 * @throws `table/column` when names or types differ; `input/invalid` when there is no table
 */
export function concatTables(tables: readonly Table[]): Table {
  const [first] = tables;
  if (first === undefined) throw invalidInput('tables', 'at least one table', tables);
  const columns = new Map<string, ColumnView>();
  for (const [name, head] of first.columns) {
    const parts = tables.map((table) => columnOf(table, name));
    for (const part of parts) requireSameType(head, part);
    columns.set(
      name,
      columnView(
        head,
        parts.flatMap((part) => part.chunks),
      ),
    );
  }
  const surplus = tables.find((table) => table.columns.size !== first.columns.size);
  if (surplus !== undefined)
    throw invalidInput(
      'tables',
      `tables of the same ${first.columns.size} columns`,
      [...surplus.columns.keys()].join(', '),
    );
  return { rowCount: tables.reduce((sum, table) => sum + table.rowCount, 0), columns };
}

/** One row as a record. For samples and single predictions; loops over rows belong on columns. @throws `input/invalid` */
export function rowOf(table: Table, row: number): Record<string, Value> {
  if (!Number.isInteger(row) || row < 0 || row >= table.rowCount)
    throw invalidInput('row', `an integer from 0 to ${table.rowCount - 1}`, row);
  const cells: [string, Value][] = [];
  for (const [name, column] of table.columns) cells.push([name, valueAt(column, row)]);
  return Object.fromEntries(cells);
}

/** The value in slot `row` of a column: timestamps and dates in milliseconds, 64-bit integers as bigint. */
export function valueAt(column: ColumnView, row: number): Value {
  let at = row;
  for (const chunk of column.chunks) {
    if (at < chunk.length) return slotValue(column, chunk, at);
    at -= chunk.length;
  }
  return null;
}

/** A column like `head` over other chunks. */
export function columnView(
  head: Pick<ColumnView, 'name' | 'type' | 'unitsPerMs' | 'timezone'>,
  chunks: readonly ColumnChunk[],
): ColumnView {
  let length = 0;
  let nullCount = 0;
  for (const chunk of chunks) {
    length += chunk.length;
    nullCount += chunk.nullCount;
  }
  const { name, type, unitsPerMs, timezone } = head;
  return { name, type, length, nullCount, chunks, unitsPerMs, timezone };
}

function requireSameType(head: ColumnView, part: ColumnView): void {
  if (part.type === head.type && part.unitsPerMs === head.unitsPerMs) return;
  throw new MillwrightError(
    'table/column',
    `Column \`${head.name}\` is ${head.type} in one table and ${part.type} in another.`,
    {
      details: { column: head.name, expected: head.type, received: part.type },
    },
  );
}

function sliceColumn(column: ColumnView, start: number, end: number): ColumnView {
  const chunks: ColumnChunk[] = [];
  let at = 0;
  for (const chunk of column.chunks) {
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, chunk.length);
    if (from < to) chunks.push(sliceChunk(chunk, from, to));
    at += chunk.length;
  }
  return columnView(column, chunks);
}

function sliceChunk(chunk: ColumnChunk, start: number, end: number): ColumnChunk {
  if (start === 0 && end === chunk.length) return chunk;
  const length = end - start;
  const shifted = chunk.validity && { bits: chunk.validity.bits, offset: chunk.validity.offset + start };
  const nullCount = countNulls(shifted, length);
  const base = { length, nullCount, validity: nullCount === 0 ? undefined : shifted };
  switch (chunk.kind) {
    case 'number':
      return { kind: 'number', ...base, values: chunk.values.subarray(start, end) };
    case 'big':
      return { kind: 'big', ...base, values: chunk.values.subarray(start, end) };
    case 'bool':
      return { kind: 'bool', ...base, bits: chunk.bits, offset: chunk.offset + start };
    case 'utf8':
      return { kind: 'utf8', ...base, bytes: chunk.bytes, offsets: chunk.offsets.subarray(start, end + 1) };
    case 'dictionary':
      return { kind: 'dictionary', ...base, dictionary: chunk.dictionary, codes: chunk.codes.subarray(start, end) };
    case 'list':
      return {
        kind: 'list',
        ...base,
        width: chunk.width,
        values: chunk.values.subarray(start * chunk.width, end * chunk.width),
      };
    case 'opaque':
      return { kind: 'opaque', ...base, read: (i) => chunk.read(start + i) };
  }
}

function slotValue(column: ColumnView, chunk: ColumnChunk, i: number): Value {
  if (!isValid(chunk.validity, i)) return null;
  const { unitsPerMs } = column;
  switch (chunk.kind) {
    case 'number':
      return unitsPerMs === undefined ? chunk.values[i]! : chunk.values[i]! / unitsPerMs;
    case 'big':
      return unitsPerMs === undefined ? chunk.values[i]! : Number(chunk.values[i]!) / unitsPerMs;
    case 'bool':
      return isValid({ bits: chunk.bits, offset: chunk.offset }, i);
    case 'utf8':
      return decodeUtf8Slot(chunk, i);
    case 'dictionary':
      return chunk.dictionary[chunk.codes[i]!] ?? null;
    case 'list':
      return Array.from(chunk.values.subarray(i * chunk.width, (i + 1) * chunk.width));
    case 'opaque': {
      const value = chunk.read(i);
      return typeof value === 'number' || typeof value === 'bigint' ? value : value == null ? null : String(value);
    }
  }
}
