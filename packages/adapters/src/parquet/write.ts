import { type Abortable, MillwrightError } from '@millwright/core';
import { type ColumnView, readStrings, sliceTable, type Table, type Value, valueAt } from '@millwright/core/table';
import type { DecodedArray, SchemaElement } from 'hyparquet';
import { microseconds } from '../shared/microseconds.js';
import { peer } from '../shared/peer.js';

/** How a Parquet file is laid out. */
export interface WriteParquetOptions extends Abortable {
  /** Rows of a row group, which readers take as a whole. Default 100,000. */
  readonly rowsPerGroup?: number | undefined;
  /** Default `snappy`. */
  readonly compression?: 'snappy' | 'none' | undefined;
  /** Called after each row group. */
  readonly onProgress?:
    | ((progress: { readonly done: number; readonly total: number; readonly unit: 'rows' }) => void)
    | undefined;
}

/**
 * A table as a Parquet file. Integers up to 32 bits become INT32, others INT64; text of either kind becomes strings, and
 * timestamps microseconds since 1970. What `readParquet` makes of the file has the same values. Needs the optional peer
 * `hyparquet-writer`.
 *
 * @throws `peer/missing`, `table/column` for lists, decimals, and integers above 2^63 - 1, `input/invalid` for a NaN among times
 * @example
 * await writeFile('curated.parquet', await writeParquet(table));
 */
export async function writeParquet(table: Table, options: WriteParquetOptions = {}): Promise<Uint8Array> {
  const { rowsPerGroup = 100_000, compression = 'snappy', onProgress, signal } = options;
  const { ByteWriter, ParquetWriter } = await peer('hyparquet-writer', () => import('hyparquet-writer'));
  const columns = [...table.columns.values()];
  const kinds = columns.map(kindOf);
  const root: SchemaElement = { name: 'root', num_children: columns.length };
  const fields = columns.map((column, i): SchemaElement => {
    const repetition_type = column.nullCount > 0 ? 'OPTIONAL' : 'REQUIRED';
    return { name: column.name, ...kinds[i]!.schema, repetition_type };
  });
  const bytes = new ByteWriter();
  const codec = compression === 'none' ? 'UNCOMPRESSED' : 'SNAPPY';
  const writer = new ParquetWriter({ writer: bytes, schema: [root, ...fields], codec });
  for (let start = 0; start < table.rowCount; start += rowsPerGroup) {
    signal?.throwIfAborted();
    const end = Math.min(start + rowsPerGroup, table.rowCount);
    const rows = sliceTable(table, start, end);
    const columnData = columns.map(({ name }, i) => ({ name, data: kinds[i]!.values(rows.columns.get(name)!) }));
    await writer.write({ columnData, rowGroupSize: rowsPerGroup });
    onProgress?.({ done: end, total: table.rowCount, unit: 'rows' });
  }
  await writer.finish();
  return bytes.getBytes();
}

/** How a column stands in the file, and its values as the writer takes them. */
interface Kind {
  readonly schema: Omit<SchemaElement, 'name'>;
  values(column: ColumnView): DecodedArray;
}

function kindOf(column: ColumnView): Kind {
  switch (column.type) {
    case 'f64':
      return { schema: { type: 'DOUBLE' }, values: plain };
    case 'f32':
      return { schema: { type: 'FLOAT' }, values: plain };
    case 'i8':
    case 'i16':
    case 'i32':
    case 'u8':
    case 'u16':
      return { schema: { type: 'INT32' }, values: plain };
    case 'u32':
      return { schema: { type: 'INT64' }, values: (rows) => slots(rows, (value) => BigInt(Number(value))) };
    case 'i64':
      return { schema: { type: 'INT64' }, values: plain };
    case 'u64':
      return { schema: { type: 'INT64' }, values: (rows) => slots(rows, (value) => signed(rows.name, value)) };
    case 'bool':
      return { schema: { type: 'BOOLEAN' }, values: plain };
    case 'utf8':
    case 'dictionary':
      return { schema: { type: 'BYTE_ARRAY', converted_type: 'UTF8' }, values: readStrings };
    case 'timestamp':
      return { schema: MICROSECONDS, values: (rows) => slots(rows, (ms) => microseconds(rows.name, Number(ms))) };
    case 'date':
      return { schema: DAYS, values: (rows) => slots(rows, (ms) => Math.floor(Number(ms) / 86_400_000)) };
    default:
      throw unwritable(column.name, 'numbers, booleans, text or times', column.type);
  }
}

const MICROSECONDS: Kind['schema'] = {
  type: 'INT64',
  converted_type: 'TIMESTAMP_MICROS',
  logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
};
const DAYS: Kind['schema'] = { type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } };

/** Slots as they are; without a copy where the writer takes the memory of the column. */
function plain(column: ColumnView): DecodedArray {
  const [chunk] = column.chunks;
  if (column.chunks.length === 1 && column.nullCount === 0 && chunk?.kind === 'number') {
    const { values, length } = chunk;
    if (values instanceof Float64Array || values instanceof Float32Array || values instanceof Int32Array)
      return values.subarray(0, length);
  }
  return slots(column, (value) => value);
}

function slots<T>(column: ColumnView, convert: (value: NonNullable<Value>) => T): (T | undefined)[] {
  return Array.from({ length: column.length }, (_, i) => {
    const value = valueAt(column, i);
    return value === null ? undefined : convert(value);
  });
}

function signed(name: string, value: Value): bigint {
  if (typeof value === 'bigint' && value < 2n ** 63n) return value;
  throw unwritable(name, 'integers below 2^63', String(value));
}

function unwritable(column: string, expected: string, received: string): MillwrightError<'table/column'> {
  return new MillwrightError('table/column', `Parquet is written of ${expected}; \`${column}\` has ${received}.`, {
    details: { column, expected, received },
  });
}
