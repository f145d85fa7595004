import { type Random, systemRandom } from '../../foundation/random.js';
import { SketchReader } from './bytes.js';
import { KllSketch } from './kll.js';
import { MAX_LEVELS, MIN_LEVEL_WIDTH, totalCapacity } from './kll-capacity.js';
import { EMPTY, FAMILY, ORDERED, SERIAL_COMPACT, SERIAL_UPDATABLE, SINGLE } from './kll-encode.js';
import { kllRankError } from './kll-error.js';
import type { KllKind, KllState } from './kll-state.js';
import { quantileIn, rankIn, sortedView } from './sorted-view.js';

/**
 * The sketch in Apache DataSketches bytes. The format does not say what its items are, so the caller does.
 * @throws `sketch/corrupt`
 */
export function decodeKll(bytes: Uint8Array, kind: KllKind, random: Random = systemRandom): KllSketch {
  const state = readState(new SketchReader(bytes, `KLL ${kind}`), kind === 'float' ? FLOAT : DOUBLE);
  return new KllSketch(kind, random, { ...state, items: Float64Array.from(state.items) });
}

/**
 * Reads a sketch of 64-bit integers or of strings that another system wrote. It answers; it cannot be updated. Strings
 * are taken to be in the order of their code points (as UTF-8 bytes are) unless `compare` says how the writer ordered them.
 * @throws `sketch/corrupt`
 */
export function readKll(bytes: Uint8Array, kind: 'long'): KllReading<bigint>;
export function readKll(bytes: Uint8Array, kind: 'string', options?: KllTextOptions): KllReading<string>;
export function readKll(
  bytes: Uint8Array,
  kind: 'long' | 'string',
  options: KllTextOptions = {},
): KllReading<bigint> | KllReading<string> {
  const reader = new SketchReader(bytes, `KLL ${kind}`);
  if (kind === 'long') return reading(readState(reader, LONG), LONG);
  const text = { ...TEXT, compare: options.compare ?? compareCodePoints };
  return reading(readState(reader, text), text);
}

/** How the writer of a sketch ordered strings. */
export interface KllTextOptions {
  /** The order in which the writer sorted its strings. Default: by code point. */
  readonly compare?: ((a: string, b: string) => number) | undefined;
}

/** A KLL sketch that is only read. */
export interface KllReading<T> {
  readonly k: number;
  readonly n: number;
  readonly retained: number;
  /** Exact extremes; `undefined` while empty. */
  readonly min: T | undefined;
  readonly max: T | undefined;
  rankError(pmf?: boolean): number;
  /** The share of items at or below `value`, or below it; NaN while empty. */
  rank(value: T, inclusive?: boolean): number;
  /** An item of about this rank; `undefined` while empty. */
  quantile(rank: number, inclusive?: boolean): T | undefined;
}

interface Items<T> {
  /** Bytes that one item takes at least. */
  readonly size: number;
  /** What an empty sketch starts from. */
  readonly lowest: T;
  readonly highest: T;
  read(reader: SketchReader): T;
  compare(a: T, b: T): number;
}

const FLOAT: Items<number> = {
  size: 4,
  lowest: Number.NEGATIVE_INFINITY,
  highest: Number.POSITIVE_INFINITY,
  read: (reader) => reader.f32(),
  compare: order,
};
const DOUBLE: Items<number> = { ...FLOAT, size: 8, read: (reader) => reader.f64() };
const LONG: Items<bigint> = { size: 8, lowest: 0n, highest: 0n, read: (reader) => reader.i64(), compare: order };
const TEXT: Items<string> = {
  size: 4,
  lowest: '',
  highest: '',
  read: (reader) => reader.text(reader.u32()),
  compare: compareCodePoints,
};

function readState<T>(reader: SketchReader, items: Items<T>): KllState<T, T[]> {
  const preamble = reader.u8();
  const serial = reader.u8();
  const family = reader.u8();
  const flags = reader.u8();
  const k = reader.u16();
  const m = reader.u8();
  reader.u8();
  if (family !== FAMILY) throw reader.corrupt(`the family is ${family}, not ${FAMILY}`);
  if (m !== MIN_LEVEL_WIDTH || k < m) throw reader.corrupt(`k is ${k} and m is ${m}`);
  if (serial < SERIAL_COMPACT || serial > SERIAL_UPDATABLE) throw reader.corrupt(`the serial version is ${serial}`);
  const full = serial === SERIAL_UPDATABLE || (flags & (EMPTY | SINGLE)) === 0;
  if (preamble !== (full ? 5 : 2)) throw reader.corrupt(`the preamble is ${preamble} ints, not ${full ? 5 : 2}`);
  const none = { k, minK: k, n: 0, min: items.highest, max: items.lowest, starts: [0, 0], items: [], ordered: false };
  if ((flags & EMPTY) !== 0) return none;
  if (!full) {
    const item = readItem(reader, items);
    return { ...none, n: 1, min: item, max: item, starts: [0, 1], items: [item], ordered: (flags & ORDERED) !== 0 };
  }
  const n = reader.count64('n');
  const minK = reader.u16();
  const levels = reader.u8();
  reader.u8();
  if (serial === SERIAL_UPDATABLE && n === 0) return none;
  if (n === 0 || minK < m || minK > k) throw reader.corrupt(`n is ${n} and the smallest k ${minK}, with k ${k}`);
  if (levels < 1 || levels > MAX_LEVELS) throw reader.corrupt(`it has ${levels} levels`);
  const starts = readStarts(reader, k, levels, n, serial === SERIAL_UPDATABLE);
  const retained = starts[levels]! - starts[0]!;
  reader.need((retained + 2) * items.size);
  const min = readItem(reader, items);
  const max = readItem(reader, items);
  if (serial === SERIAL_UPDATABLE) for (let i = 0; i < starts[0]!; i++) items.read(reader);
  const held = Array.from({ length: retained }, () => readItem(reader, items));
  const packed = starts.map((start) => start - starts[0]!);
  checkOrder(reader, items, held, packed, min, max);
  return { k, minK, n, min, max, starts: packed, items: held, ordered: (flags & ORDERED) !== 0 };
}

function readStarts(reader: SketchReader, k: number, levels: number, n: number, withEnd: boolean): number[] {
  const capacity = totalCapacity(k, levels);
  const starts = Array.from({ length: levels }, () => reader.u32());
  const end = withEnd ? reader.u32() : capacity;
  if (end !== capacity) throw reader.corrupt(`its items end at ${end}, not at ${capacity}`);
  starts.push(capacity);
  let weight = 0;
  for (let level = 0; level < levels; level++) {
    const held = starts[level + 1]! - starts[level]!;
    if (held < 0) throw reader.corrupt(`level ${level} ends before it begins`);
    weight += held * 2 ** level;
  }
  if (weight !== n) throw reader.corrupt(`its items stand for ${weight} values, not for n = ${n}`);
  return starts;
}

/** Levels from 1 on must be sorted (level 0 may claim to be), and nothing may lie outside the extremes. */
function checkOrder<T>(
  reader: SketchReader,
  items: Items<T>,
  held: readonly T[],
  starts: readonly number[],
  min: T,
  max: T,
): void {
  for (let level = 0; level + 1 < starts.length; level++) {
    for (let i = starts[level]!; i < starts[level + 1]!; i++) {
      const item = held[i]!;
      if (items.compare(item, min) < 0 || items.compare(item, max) > 0) {
        throw reader.corrupt('an item lies outside the extremes, in this order');
      }
      if (level > 0 && i > starts[level]! && items.compare(held[i - 1]!, item) > 0) {
        throw reader.corrupt(`level ${level} is not sorted in this order`);
      }
    }
  }
}

function readItem<T>(reader: SketchReader, items: Items<T>): T {
  const item = items.read(reader);
  if (typeof item === 'number' && Number.isNaN(item)) throw reader.corrupt('an item is NaN');
  return item;
}

function reading<T>(state: KllState<T>, items: Items<T>): KllReading<T> {
  const { k, n, minK, starts } = state;
  const view = sortedView(state.items, starts, items.compare);
  return {
    k,
    n,
    retained: view.items.length,
    min: n === 0 ? undefined : state.min,
    max: n === 0 ? undefined : state.max,
    rankError: (pmf = false) => kllRankError(minK, pmf),
    rank: (value, inclusive = true) => (n === 0 ? Number.NaN : rankIn(view, value, inclusive, items.compare)),
    quantile(rank, inclusive = true) {
      if (n === 0) return undefined;
      if (rank <= 0) return state.min;
      return rank >= 1 ? state.max : quantileIn(view, rank, inclusive);
    },
  };
}

function order<T extends number | bigint>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** UTF-16 order differs from UTF-8 order where surrogates meet U+E000 to U+FFFF; this is the order of the bytes. */
function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return (x >= 0xd800 ? (x + 0x2000) & 0xffff : x) - (y >= 0xd800 ? (y + 0x2000) & 0xffff : y);
  }
  return a.length - b.length;
}
