import { invalidInput } from '@millwright/core';
import type { PhysicalType } from '@millwright/core/table';
import type { ColumnSchema, Schema } from '@millwright/core/validation/engine';
import { identifier, text } from './literal.js';

/** The part of a connection of `@duckdb/node-api` that is used. */
export interface DuckDBConnection {
  stream(sql: string): Promise<DuckDBResult>;
}

export interface DuckDBResult {
  readonly columnCount: number;
  fetchChunk(): Promise<DuckDBChunk | null>;
}

export interface DuckDBChunk {
  readonly rowCount: number;
  getColumnValues(column: number): readonly unknown[];
}

/** Parquet files (a path, a URL or a glob), a table or view, or a query. Rows are numbered in the order they come in. */
export type DuckDBSource = { readonly parquet: string } | { readonly table: string } | { readonly query: string };

/** A source that was looked at: its columns, and how to ask for its rows. */
export interface Source {
  readonly schema: Schema;
  /** A table expression: all columns and the number of each row. */
  readonly rows: string;
  /** The name of that number, quoted. */
  readonly row: string;
  /** Columns of values, part by part. */
  stream(sql: string): AsyncGenerator<readonly (readonly unknown[])[]>;
}

/** Looks at the schema of a source. @throws `input/invalid` */
export async function openSource(connection: DuckDBConnection, source: DuckDBSource): Promise<Source> {
  const relation = relationOf(source);
  const schema = new Map<string, ColumnSchema>();
  for await (const [names = [], types = []] of streamOf(connection, `DESCRIBE SELECT * FROM ${relation}`)) {
    for (const [i, name] of names.entries()) {
      const type = physicalTypeOf(String(types[i]));
      const time = type === 'timestamp' || type === 'date';
      schema.set(String(name), { name: String(name), type, ...(time && { unitsPerMs: 1_000 }) });
    }
  }
  let row = 'row';
  while ([...schema.keys()].some((name) => name.toLowerCase() === row)) row = `_${row}`;
  // One file counts its rows itself, on all threads; otherwise a window does, in order.
  const one = 'parquet' in source && !/[*?[{]/.test(source.parquet);
  const rows = one
    ? `(SELECT *, file_row_number AS ${identifier(row)} FROM read_parquet(${text(source.parquet)}, file_row_number = true))`
    : `(SELECT *, row_number() OVER () - 1 AS ${identifier(row)} FROM ${relation})`;
  return { schema, rows, row: identifier(row), stream: (sql) => streamOf(connection, sql) };
}

function relationOf(source: DuckDBSource): string {
  if ('query' in source) return `(${source.query})`;
  const [name, value] = 'parquet' in source ? ['parquet', source.parquet] : ['table', source.table];
  const literal = typeof value === 'string' ? text(value) : undefined;
  if (literal === undefined) throw invalidInput(`source.${name}`, 'a name', value);
  return 'parquet' in source ? `read_parquet(${literal})` : identifier(value);
}

async function* streamOf(connection: DuckDBConnection, sql: string): AsyncGenerator<readonly (readonly unknown[])[]> {
  const result = await connection.stream(sql);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return;
    yield Array.from({ length: result.columnCount }, (_, column) => chunk.getColumnValues(column));
  }
}

const TYPES: Readonly<Record<string, PhysicalType>> = {
  TINYINT: 'i8',
  SMALLINT: 'i16',
  INTEGER: 'i32',
  BIGINT: 'i64',
  UTINYINT: 'u8',
  USMALLINT: 'u16',
  UINTEGER: 'u32',
  UBIGINT: 'u64',
  FLOAT: 'f32',
  DOUBLE: 'f64',
  BOOLEAN: 'bool',
  VARCHAR: 'dictionary',
  DATE: 'date',
  TIMESTAMP: 'timestamp',
  TIMESTAMP_S: 'timestamp',
  TIMESTAMP_MS: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamp',
};

/** Nanoseconds are not read to the microsecond, so they have no kernels either. */
function physicalTypeOf(type: string): PhysicalType {
  if (Object.hasOwn(TYPES, type)) return TYPES[type]!;
  if (/^ENUM\(.*\)$/s.test(type)) return 'dictionary';
  return /^DECIMAL\(\d+,\d+\)$/.test(type) ? 'decimal' : 'other';
}
