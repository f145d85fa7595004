/** Physical types a column can have. `dictionary` holds codes into a short list of strings. */
export type PhysicalType =
  | 'f64'
  | 'f32'
  | 'i8'
  | 'i16'
  | 'i32'
  | 'i64'
  | 'u8'
  | 'u16'
  | 'u32'
  | 'u64'
  | 'bool'
  | 'utf8'
  | 'dictionary'
  | 'timestamp'
  | 'date'
  | 'decimal'
  | 'list'
  | 'other';

/** The typed arrays that a column of numbers may be. */
export type NumberArray =
  | Float64Array
  | Float32Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array;
/** The typed arrays that a column of 64-bit integers may be. */
export type BigArray = BigInt64Array | BigUint64Array;

/** Which slots hold a value: bit `offset + i` (least significant first, as Arrow) is 1 for a value, 0 for null. */
export interface Validity {
  readonly bits: Uint8Array;
  readonly offset: number;
}

interface ChunkBase {
  readonly length: number;
  /** Undefined when no slot is null. */
  readonly validity: Validity | undefined;
  readonly nullCount: number;
}

/** Floats, integers of up to 32 bits, and times that fit into them. */
export interface NumberChunk extends ChunkBase {
  readonly kind: 'number';
  readonly values: NumberArray;
}

/** 64-bit integers and times. */
export interface BigChunk extends ChunkBase {
  readonly kind: 'big';
  readonly values: BigArray;
}

/** Bit `offset + i` is the value of slot `i`. */
export interface BoolChunk extends ChunkBase {
  readonly kind: 'bool';
  readonly bits: Uint8Array;
  readonly offset: number;
}

/** Bytes `offsets[i]` to `offsets[i + 1]` of `bytes` are slot `i` in UTF-8. The first offset need not be 0. */
export interface Utf8Chunk extends ChunkBase {
  readonly kind: 'utf8';
  readonly offsets: Int32Array | BigInt64Array;
  readonly bytes: Uint8Array;
}

/** Slot `i` is `dictionary[codes[i]]`. Chunks of one column may carry different dictionaries. */
export interface DictionaryChunk extends ChunkBase {
  readonly kind: 'dictionary';
  readonly codes: Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array;
  readonly dictionary: readonly (string | null)[];
}

/** Slot `i` is the `width` numbers from `values[i * width]` (an embedding, an image descriptor). */
export interface ListChunk extends ChunkBase {
  readonly kind: 'list';
  readonly width: number;
  readonly values: NumberArray;
}

/** A type without kernels (decimal, nested): presence is known, values only one at a time. Checks on values are `insufficient`. */
export interface OpaqueChunk extends ChunkBase {
  readonly kind: 'opaque';
  /** The value of slot `i` as its owner gives it. */
  read(i: number): unknown;
}

/** A piece of a column, as it lies in memory. */
export type ColumnChunk = NumberChunk | BigChunk | BoolChunk | Utf8Chunk | DictionaryChunk | ListChunk | OpaqueChunk;

/** What a slot holds when it is read one by one. Integers of 64 bits are bigint, timestamps and dates are milliseconds. */
export type Value = number | bigint | boolean | string | readonly number[] | null;

/** A named column: chunks of one physical type, read without copying. */
export interface ColumnView {
  readonly name: string;
  readonly type: PhysicalType;
  readonly length: number;
  readonly nullCount: number;
  readonly chunks: readonly ColumnChunk[];
  /** For `timestamp` and `date`: how many units make a millisecond (1 for ms, 1_000 for µs, 1e6 for ns, 1/86_400_000 for days). */
  readonly unitsPerMs?: number | undefined;
  readonly timezone?: string | undefined;
}

/** Columns of equal length. */
export interface Table {
  readonly rowCount: number;
  readonly columns: ReadonlyMap<string, ColumnView>;
}
