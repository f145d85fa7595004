import type { BigChunk, ColumnChunk, ColumnView, DictionaryChunk, NumberChunk, Utf8Chunk } from '../table/types.js';
import { decodeUtf8Slot } from '../table/utf8.js';
import * as kernels from './kernels.js';
import type { ByteTable } from './pattern/byte-table.js';
import { inUnits, readerOf, type SlotValue } from './slots.js';

/** What a check of single values needs to know, bound to a column once. */
export interface ValueTest {
  /** A test of numbers by range: `[min, max]`, in milliseconds for points in time. */
  readonly range?: readonly [number, number] | undefined;
  /** A test of floating-point numbers: no fraction, finite. */
  readonly whole?: boolean | undefined;
  /** A test of text by its length. */
  readonly length?: LengthTest | undefined;
  /** A test of text by its bytes. */
  readonly bytes?: ((bytes: Uint8Array, from: number, to: number) => boolean) | undefined;
  /** The faster form of `bytes` for offsets of 32 bits. Undecided texts are left to `bytes`. */
  readonly table?: ByteTable | undefined;
  /** Any value. Agrees with the faster forms above. */
  keeps(value: SlotValue): boolean;
}

export interface LengthTest {
  readonly min: number;
  readonly max: number;
  /** The most bytes that one unit can take in UTF-8: code points 4, UTF-16 units 3, bytes 1. */
  readonly widest: number;
  measure(bytes: Uint8Array, from: number, to: number): number;
}

/** A test bound to one chunk. */
export interface SlotTest {
  /** How many of the slots fail; slots without a value may be counted either way. */
  count(from: number, to: number): number;
  /** Whether a slot that holds a value fails. */
  fails(i: number): boolean;
}

/** Binds a test to a chunk, with the fastest loop there is for the two. `block` is the most slots counted at a time. */
export function slotTest(test: ValueTest, column: ColumnView, chunk: ColumnChunk, block: number): SlotTest {
  switch (chunk.kind) {
    case 'number':
      if (test.whole) return wholeTest(chunk);
      return test.range ? rangeTest(test.range, column, chunk) : anyTest(test, column, chunk);
    case 'big':
      return test.range ? bigRangeTest(test.range, column, chunk) : anyTest(test, column, chunk);
    case 'dictionary':
      return dictionaryTest(test, chunk);
    case 'utf8':
      if (test.length && chunk.offsets instanceof Int32Array)
        return lengthTest(test.length, chunk, chunk.offsets, block);
      if (test.table && chunk.offsets instanceof Int32Array)
        return tableTest(test.table, test, column, chunk, chunk.offsets, block);
      return test.bytes ? bytesTest(test.bytes, chunk) : anyTest(test, column, chunk);
    default:
      return anyTest(test, column, chunk);
  }
}

function rangeTest([low, high]: readonly [number, number], column: ColumnView, chunk: NumberChunk): SlotTest {
  const { values } = chunk;
  const min = inUnits(low, column.unitsPerMs);
  const max = inUnits(high, column.unitsPerMs);
  const fails = (i: number) => !(values[i]! >= min && values[i]! <= max);
  if (values instanceof Float64Array) return counting(kernels.outsideF64, values, min, max, fails);
  if (values instanceof Float32Array) return counting(kernels.outsideF32, values, min, max, fails);
  // Bounds that the type can hold keep the comparison between integers.
  const bits = 8 * values.BYTES_PER_ELEMENT;
  const signed = values instanceof Int32Array || values instanceof Int16Array || values instanceof Int8Array;
  const least = signed ? -(2 ** (bits - 1)) : 0;
  const lowest = Math.max(Math.ceil(min), least);
  const highest = Math.min(Math.floor(max), least + 2 ** bits - 1);
  if (lowest > highest) return { count: (a, b) => b - a, fails };
  if (values instanceof Int32Array) return counting(kernels.outsideI32, values, lowest, highest, fails);
  if (values instanceof Int16Array) return counting(kernels.outsideI16, values, lowest, highest, fails);
  if (values instanceof Int8Array) return counting(kernels.outsideI8, values, lowest, highest, fails);
  if (values instanceof Uint32Array) return counting(kernels.outsideU32, values, lowest, highest, fails);
  if (values instanceof Uint16Array) return counting(kernels.outsideU16, values, lowest, highest, fails);
  return counting(kernels.outsideU8, values, lowest, highest, fails);
}

function counting<V, B>(
  kernel: (values: V, from: number, to: number, min: B, max: B) => number,
  values: V,
  min: B,
  max: B,
  fails: SlotTest['fails'],
): SlotTest {
  return { count: (from, to) => kernel(values, from, to, min, max), fails };
}

/** Bounds are moved inwards to integers that 64 bits hold, so that the loop compares integers exactly. */
function bigRangeTest([low, high]: readonly [number, number], column: ColumnView, chunk: BigChunk): SlotTest {
  const { values } = chunk;
  const [least, most] = values instanceof BigInt64Array ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
  const min = bigBound(low, column.unitsPerMs, Math.ceil, least, most + 1n);
  const max = bigBound(high, column.unitsPerMs, Math.floor, least - 1n, most);
  const fails = (i: number) => !(values[i]! >= min && values[i]! <= max);
  // A range that no integer is in has bounds that do not fit; it fails without being looked at.
  if (min > max) return { count: (a, b) => b - a, fails: () => true };
  if (min > 0n && max < INFINITY_BITS) {
    // Bits of doubles up to infinity are ordered as the integers are; those of negative doubles and NaN are in no range.
    const doubles = new Float64Array(values.buffer, values.byteOffset, values.length);
    const [low, high] = new Float64Array(BigInt64Array.of(min, max).buffer);
    return counting(kernels.outsideF64, doubles, low!, high!, fails);
  }
  if (values instanceof BigInt64Array) return counting(kernels.outsideI64, values, min, max, fails);
  return counting(kernels.outsideU64, values, min, max, fails);
}

/** The bits of the double infinity. */
const INFINITY_BITS = 0x7ff0n << 48n;

function bigBound(
  bound: number,
  unitsPerMs: number | undefined,
  inwards: (value: number) => number,
  least: bigint,
  most: bigint,
): bigint {
  if (bound === Number.NEGATIVE_INFINITY) return least;
  if (bound === Number.POSITIVE_INFINITY) return most;
  // Nanoseconds since 1970 are beyond 2^53: whole milliseconds are multiplied as integers.
  const exact =
    unitsPerMs !== undefined && unitsPerMs >= 1 && Number.isInteger(bound)
      ? BigInt(bound) * BigInt(unitsPerMs)
      : BigInt(inwards(inUnits(bound, unitsPerMs)));
  return exact < least ? least : exact > most ? most : exact;
}

function wholeTest({ values }: NumberChunk): SlotTest {
  const fails = (i: number) => !Number.isInteger(values[i]!);
  if (values instanceof Float64Array) return { count: (a, b) => kernels.fractionsF64(values, a, b), fails };
  return { count: (a, b) => countOneByOne(fails, a, b), fails };
}

/** Judges each entry of the dictionary; rows then only look up their code. */
function dictionaryTest(test: ValueTest, chunk: DictionaryChunk): SlotTest {
  const { codes } = chunk;
  const bad = failingEntries(test, chunk.dictionary);
  const fails = (i: number) => bad[codes[i]!] === 1;
  if (codes instanceof Int32Array) return { count: (a, b) => kernels.failingCodesI32(codes, a, b, bad), fails };
  return { count: (a, b) => kernels.failingCodesOther(codes, a, b, bad), fails };
}

/** The entries that failed a test in the chunk before: chunks of one column often share a dictionary, which may be large. */
const judged = new WeakMap<ValueTest, { readonly dictionary: object; readonly bad: Uint8Array }>();

function failingEntries(test: ValueTest, dictionary: DictionaryChunk['dictionary']): Uint8Array {
  const known = judged.get(test);
  // A dictionary may have grown since.
  if (known?.dictionary === dictionary && known.bad.length === dictionary.length) return known.bad;
  const bad = Uint8Array.from(dictionary, (value) => (value === null || test.keeps(value) ? 0 : 1));
  judged.set(test, { dictionary, bad });
  return bad;
}

function lengthTest(test: LengthTest, chunk: Utf8Chunk, offsets: Int32Array, block: number): SlotTest {
  const { min, max, widest, measure } = test;
  const { bytes } = chunk;
  const unsure = new Int32Array(block + 1);
  const fails = (i: number) => {
    const length = measure(bytes, offsets[i]!, offsets[i + 1]!);
    return length < min || length > max;
  };
  const count = (from: number, to: number) => {
    let bad = kernels.outsideBytes(offsets, from, to, min, max, widest, unsure);
    for (let k = 0; k < unsure[block]!; k++) if (fails(unsure[k]!)) bad++;
    return bad;
  };
  return { count, fails };
}

function tableTest(
  table: ByteTable,
  test: ValueTest,
  column: ColumnView,
  chunk: Utf8Chunk,
  offsets: Int32Array,
  block: number,
): SlotTest {
  const { fails } = test.bytes ? bytesTest(test.bytes, chunk) : anyTest(test, column, chunk);
  const unsure = new Int32Array(block + 1);
  const count = (from: number, to: number) => {
    let bad = kernels.rejectedTexts(table, chunk.bytes, offsets, from, to, unsure);
    for (let k = 0; k < unsure[block]!; k++) if (fails(unsure[k]!)) bad++;
    return bad;
  };
  return { count, fails };
}

function bytesTest(test: NonNullable<ValueTest['bytes']>, chunk: Utf8Chunk): SlotTest {
  const { bytes, offsets } = chunk;
  if (!(offsets instanceof Int32Array)) {
    const fails = (i: number) => !test(bytes, Number(offsets[i]), Number(offsets[i + 1]));
    return { count: (a, b) => countOneByOne(fails, a, b), fails };
  }
  const count = (from: number, to: number) => {
    let bad = 0;
    for (let i = from; i < to; i++) if (!test(bytes, offsets[i]!, offsets[i + 1]!)) bad++;
    return bad;
  };
  return { count, fails: (i) => !test(bytes, offsets[i]!, offsets[i + 1]!) };
}

function anyTest(test: ValueTest, column: ColumnView, chunk: ColumnChunk): SlotTest {
  const read = chunk.kind === 'utf8' ? (i: number) => decodeUtf8Slot(chunk, i) : readerOf(column, chunk);
  const fails = (i: number) => !test.keeps(read(i));
  return { count: (a, b) => countOneByOne(fails, a, b), fails };
}

function countOneByOne(fails: (i: number) => boolean, from: number, to: number): number {
  let bad = 0;
  for (let i = from; i < to; i++) if (fails(i)) bad++;
  return bad;
}
