import { type Abortable, decodeUtf8, invalidInput, MillwrightError } from '@millwright/core';
import type {
  BigChunk,
  BoolChunk,
  ColumnChunk,
  ColumnView,
  DictionaryChunk,
  NumberChunk,
  Table,
  Validity,
} from '@millwright/core/table';
import type { AsyncBuffer, FileMetaData, SchemaElement } from 'hyparquet';
import { peer } from '../shared/peer.js';

/** What a column is read as. Integers that do not fit are refused, never wrapped. */
export type ParquetColumnType = 'f64' | 'i32' | 'i16' | 'i64' | 'bool' | 'dictionary' | 'timestamp';

/** Which columns of a Parquet file are read, and as what. */
export interface ReadParquetOptions extends Abortable {
  /** The columns to read and what as. Default: all, integers of 64 bits as `i64`, text as `dictionary`. */
  readonly columns?: Readonly<Record<string, ParquetColumnType>> | undefined;
  /** Called after each row group. */
  readonly onProgress?:
    | ((progress: { readonly done: number; readonly total: number; readonly unit: 'rows' }) => void)
    | undefined;
}

/**
 * Reads a Parquet file into typed columns, one chunk per row group, never as row objects. Timestamps become milliseconds
 * since 1970 (`f64`), text becomes codes into one dictionary per column. Needs the optional peers `hyparquet` and
 * `hyparquet-compressors`.
 *
 * @throws `peer/missing`, `input/invalid` for a file that is not Parquet or a value that does not fit its type,
 *   `table/column` for a column that the file does not have
 */
export async function readParquet(source: ArrayBuffer | AsyncBuffer, options: ReadParquetOptions = {}): Promise<Table> {
  const { parquetMetadataAsync, parquetRead } = await peer('hyparquet', () => import('hyparquet'));
  const { compressors } = await peer('hyparquet-compressors', () => import('hyparquet-compressors'));
  const file: AsyncBuffer = source instanceof ArrayBuffer ? fromArrayBuffer(source) : source;
  let metadata: FileMetaData;
  try {
    metadata = await parquetMetadataAsync(file);
  } catch (cause) {
    throw invalidInput(
      'source',
      'a Parquet file',
      `${file.byteLength} bytes (${cause instanceof Error ? cause.message : String(cause)})`,
    );
  }
  const builders = buildersFor(metadata, options.columns);
  const byName = new Map(builders.map((builder) => [builder.name, builder]));
  const total = Number(metadata.num_rows);
  let failure: unknown;
  // hyparquet does not wait for its callback: what it throws is kept and thrown when the row group has been read.
  const collect = (column: string, values: ArrayLike<unknown>, at: number) => {
    try {
      if (failure === undefined) byName.get(column)?.add(values, at);
    } catch (error) {
      failure = error;
    }
  };
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    options.signal?.throwIfAborted();
    const rows = Number(group.num_rows);
    for (const builder of builders) builder.begin(rows);
    await parquetRead({
      file,
      metadata,
      compressors,
      columns: builders.map((builder) => builder.name),
      rowStart,
      rowEnd: rowStart + rows,
      parsers: NUMERIC_TIMES,
      onChunk: ({ columnName, columnData, rowStart: at }) => collect(columnName, columnData, at - rowStart),
    });
    if (failure !== undefined) throw failure;
    for (const builder of builders) builder.end();
    rowStart += rows;
    options.onProgress?.({ done: rowStart, total, unit: 'rows' });
  }
  return { rowCount: total, columns: new Map(builders.map((builder) => [builder.name, builder.finish()])) };
}

/** Milliseconds as numbers instead of a `Date` per row. */
const NUMERIC_TIMES = {
  timestampFromMilliseconds: (value: bigint) => Number(value),
  timestampFromMicroseconds: (value: bigint) => Number(value) / 1_000,
  timestampFromNanoseconds: (value: bigint) => Number(value) / 1_000_000,
  dateFromDays: (value: number) => value * 86_400_000,
};

function buildersFor(metadata: FileMetaData, wanted: ReadParquetOptions['columns']): Builder[] {
  const leaves = metadata.schema.filter((element) => element.type !== undefined);
  const names = wanted === undefined ? leaves.map((leaf) => leaf.name) : Object.keys(wanted);
  return names.map((name) => {
    const leaf = leaves.find((element) => element.name === name);
    if (leaf === undefined) {
      throw new MillwrightError(
        'table/column',
        `The file has no column \`${name}\`. It has ${leaves.map((l) => `\`${l.name}\``).join(', ')}.`,
        {
          details: { column: name, expected: 'a column of the file', received: 'none' },
        },
      );
    }
    return BUILDERS[wanted?.[name] ?? defaultType(leaf)](name);
  });
}

function defaultType(leaf: SchemaElement): ParquetColumnType {
  if (isTime(leaf)) return 'timestamp';
  if (leaf.converted_type === 'DECIMAL' || leaf.logical_type?.type === 'DECIMAL') return 'f64';
  switch (leaf.type) {
    case 'BOOLEAN':
      return 'bool';
    case 'INT32':
      return 'i32';
    case 'INT64':
      return 'i64';
    case 'FLOAT':
    case 'DOUBLE':
      return 'f64';
    default:
      return 'dictionary';
  }
}

/** New files say it in the logical type, old ones in the converted type, the oldest with 96-bit integers. */
function isTime(leaf: SchemaElement): boolean {
  if (leaf.logical_type?.type === 'TIMESTAMP' || leaf.logical_type?.type === 'DATE' || leaf.type === 'INT96')
    return true;
  return ['TIMESTAMP_MILLIS', 'TIMESTAMP_MICROS', 'DATE'].includes(leaf.converted_type ?? '');
}

/** Collects one column, row group by row group. Missing values are undefined or null in what hyparquet hands over. */
interface Builder {
  readonly name: string;
  begin(rows: number): void;
  add(values: ArrayLike<unknown>, at: number): void;
  end(): void;
  finish(): ColumnView;
}

/** What the types differ in: their memory, how a value is written, and the chunk that results. */
interface Store<V> {
  readonly type: ParquetColumnType;
  allocate(rows: number): V;
  write(values: V, slot: number, value: unknown): void;
  chunk(values: V, base: { length: number; validity: Validity | undefined; nullCount: number }): ColumnChunk;
}

function columnBuilder<V>(name: string, store: Store<V>): Builder {
  const chunks: ColumnChunk[] = [];
  let values = store.allocate(0);
  let bits = new Uint8Array(0);
  let length = 0;
  let nulls = 0;
  return {
    name,
    begin(rows) {
      values = store.allocate(rows);
      bits = new Uint8Array((rows + 7) >> 3).fill(255);
      length = rows;
      nulls = 0;
    },
    add(input, at) {
      for (let i = 0; i < input.length; i++) {
        const value = input[i];
        if (value !== undefined && value !== null) store.write(values, at + i, value);
        else {
          bits[(at + i) >> 3]! &= ~(1 << ((at + i) & 7));
          nulls++;
        }
      }
    },
    end() {
      chunks.push(
        store.chunk(values, { length, validity: nulls === 0 ? undefined : { bits, offset: 0 }, nullCount: nulls }),
      );
    },
    finish: () => ({
      name,
      type: store.type,
      length: chunks.reduce((sum, chunk) => sum + chunk.length, 0),
      nullCount: chunks.reduce((sum, chunk) => sum + chunk.nullCount, 0),
      chunks,
      ...(store.type === 'timestamp' ? { unitsPerMs: 1 } : {}),
    }),
  };
}

const float = (name: string, type: 'f64' | 'timestamp') =>
  columnBuilder<Float64Array>(name, {
    type,
    allocate: (rows) => new Float64Array(rows),
    write: (values, slot, value) => {
      values[slot] = Number(value);
    },
    chunk: (values, base): NumberChunk => ({ kind: 'number', values, ...base }),
  });

const integer = (name: string, type: 'i32' | 'i16', limit: number) =>
  columnBuilder<Int32Array | Int16Array>(name, {
    type,
    allocate: (rows) => (type === 'i32' ? new Int32Array(rows) : new Int16Array(rows)),
    write: (values, slot, value) => {
      const number = Number(value);
      if (!(number >= -limit && number < limit))
        throw invalidInput(
          `${name}[${slot}]`,
          `an integer that fits ${type}`,
          number,
          'Read the column as a wider type.',
        );
      values[slot] = number;
    },
    chunk: (values, base): NumberChunk => ({ kind: 'number', values, ...base }),
  });

const BUILDERS: Record<ParquetColumnType, (name: string) => Builder> = {
  f64: (name) => float(name, 'f64'),
  timestamp: (name) => float(name, 'timestamp'),
  i16: (name) => integer(name, 'i16', 2 ** 15),
  i32: (name) => integer(name, 'i32', 2 ** 31),
  i64: (name) =>
    columnBuilder<BigInt64Array>(name, {
      type: 'i64',
      allocate: (rows) => new BigInt64Array(rows),
      write: (values, slot, value) => {
        const big = typeof value === 'bigint' ? value : BigInt(Number(value));
        if (big >= 2n ** 63n) throw invalidInput(`${name}[${slot}]`, 'an integer that fits i64', String(big));
        values[slot] = big;
      },
      chunk: (values, base): BigChunk => ({ kind: 'big', values, ...base }),
    }),
  bool: (name) =>
    columnBuilder<Uint8Array>(name, {
      type: 'bool',
      allocate: (rows) => new Uint8Array((rows + 7) >> 3),
      write: (values, slot, value) => {
        if (value === true) values[slot >> 3]! |= 1 << (slot & 7);
      },
      chunk: (bits, base): BoolChunk => ({ kind: 'bool', bits, offset: 0, ...base }),
    }),
  dictionary: (name) => {
    const codes = new Map<string, number>();
    const dictionary: string[] = [];
    return columnBuilder<Int32Array>(name, {
      type: 'dictionary',
      allocate: (rows) => new Int32Array(rows),
      write: (values, slot, value) => {
        const key = value instanceof Uint8Array ? decodeUtf8(value) : String(value);
        let code = codes.get(key);
        if (code === undefined) {
          code = dictionary.length;
          codes.set(key, code);
          dictionary.push(key);
        }
        values[slot] = code;
      },
      // One growing dictionary for all chunks: earlier codes keep their meaning.
      chunk: (values, base): DictionaryChunk => ({ kind: 'dictionary', codes: values, dictionary, ...base }),
    });
  },
};

function fromArrayBuffer(buffer: ArrayBuffer): AsyncBuffer {
  return { byteLength: buffer.byteLength, slice: (start, end) => Promise.resolve(buffer.slice(start, end)) };
}
