import { numbersOf, readerOf, type Slots, type SlotValue } from '../slots.js';

/** Distinct keys of one or several columns, numbered from 0 in order of first appearance. -0 is 0 and NaN equals NaN. */
export interface Keys {
  /** The numbers of the keys in those rows of a block; -1 for a new key that there is no room for. */
  idsOf(columns: readonly Slots[], rows: Int32Array, length: number): Int32Array;
  size(): number;
  valueOf(id: number): readonly SlotValue[];
  /** The keys as plain data, and the numbers here of the keys of such a part. */
  part(): KeysPart;
  absorb(part: KeysPart): Int32Array;
}

export interface KeysPart {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly hashes: Int32Array;
}

/** Beyond these the answer is open, and memory stays as it is. */
export const MAX_KEYS = 16_000_000;
const MAX_BYTES = 2 ** 29;
/** Data whose keys fall on one place on purpose would take forever; keys that fall there by chance need a few steps. */
const MAX_STEPS = 2_000;

/** What a value is written as: a tag and its bytes, with the length before those of text (UTF-8, or the units of a string). */
const TAG = { number: 0, negative: 1, big: 2, false: 3, true: 4, text: 5, units: 6 } as const;
const FIXED = 9;

/** Open addressing over the bytes of the keys, one after the other in one array. */
export function createKeys(): Keys {
  let bytes = new Uint8Array(1 << 14);
  let starts = new Int32Array(1 << 10);
  let hashes = new Int32Array(1 << 10);
  let table = new Int32Array(1 << 11).fill(-1);
  let size = 0;
  // The key that is being written: from `starts[size]` to `at`.
  let at = 0;
  let hash = 0;
  const word = new Float64Array(1);
  const halves = new Uint32Array(word.buffer);
  const big = new BigInt64Array(word.buffer);

  const reserve = (more: number) => {
    if (at + more > bytes.length) bytes = grown(bytes, new Uint8Array(2 * bytes.length + more));
  };

  const writeWord = (tag: number) => {
    reserve(FIXED);
    bytes[at++] = tag;
    for (let shift = 0; shift < 32; shift += 8) bytes[at++] = halves[0]! >>> shift;
    for (let shift = 0; shift < 32; shift += 8) bytes[at++] = halves[1]! >>> shift;
    hash = Math.imul(Math.imul(hash ^ halves[0]!, 0x9e3779b1) ^ halves[1]!, 0x85ebca6b);
    hash ^= hash >>> 13;
  };

  const writeNumber = (value: number) => {
    // One NaN, one zero.
    word[0] = value === 0 ? 0 : Number.isNaN(value) ? Number.NaN : value;
    writeWord(TAG.number);
  };

  const writeText = (tag: number, length: number, byteAt: (i: number) => number) => {
    reserve(5 + length);
    bytes[at++] = tag;
    for (let shift = 0; shift < 32; shift += 8) bytes[at++] = length >>> shift;
    hash = Math.imul(hash ^ length, 0x01000193);
    for (let i = 0; i < length; i++) {
      const byte = byteAt(i) & 255;
      bytes[at++] = byte;
      hash = Math.imul(hash ^ byte, 0x01000193);
    }
  };

  const write = (value: SlotValue) => {
    if (typeof value === 'number') writeNumber(value);
    else if (typeof value === 'bigint') {
      big[0] = value;
      writeWord(value < 0n ? TAG.negative : TAG.big);
    } else if (typeof value === 'boolean') {
      word[0] = 0;
      writeWord(value ? TAG.true : TAG.false);
    } else writeText(TAG.units, 2 * value.length, (i) => value.charCodeAt(i >> 1) >>> (8 * (i & 1)));
  };

  /** How the slots of a column are written. */
  const writerOf = (slots: Slots, length: number): ((k: number) => void) => {
    const { column, chunk, from } = slots;
    const numbers = numbersOf(slots, length);
    if (numbers !== undefined) return (k) => writeNumber(numbers[k]!);
    if (chunk.kind === 'utf8') {
      const { offsets, bytes: text } = chunk;
      return (k) => {
        const start = Number(offsets[from + k]);
        writeText(TAG.text, Number(offsets[from + k + 1]) - start, (i) => text[start + i]!);
      };
    }
    const read = readerOf(column, chunk);
    return (k) => write(read(from + k));
  };

  const isKey = (id: number): boolean => {
    const start = starts[size]!;
    let other = starts[id]!;
    if (starts[id + 1]! - other !== at - start) return false;
    for (let i = start; i < at; i++, other++) if (bytes[i] !== bytes[other]) return false;
    return true;
  };

  /** The number of the key that was written. */
  const settle = (): number => {
    const mask = table.length - 1;
    let place = hash & mask;
    let steps = 0;
    for (let id = table[place]!; id >= 0; id = table[place]!) {
      if (hashes[id] === hash && isKey(id)) return id;
      if (++steps > MAX_STEPS) return -1;
      place = (place + 1) & mask;
    }
    if (size >= MAX_KEYS || at > MAX_BYTES) return -1;
    table[place] = size;
    hashes[size++] = hash;
    if (size + 1 >= starts.length) {
      starts = grown(starts, new Int32Array(2 * starts.length));
      hashes = grown(hashes, new Int32Array(2 * hashes.length));
    }
    starts[size] = at;
    if (2 * size > table.length) rehash();
    return size - 1;
  };

  const rehash = () => {
    table = new Int32Array(2 * table.length).fill(-1);
    const mask = table.length - 1;
    for (let id = 0; id < size; id++) {
      let place = hashes[id]! & mask;
      while (table[place]! >= 0) place = (place + 1) & mask;
      table[place] = id;
    }
  };

  return {
    idsOf(columns, rows, length) {
      const writers = columns.map((slots) => writerOf(slots, length));
      const ids = new Int32Array(rows.length);
      for (let r = 0; r < rows.length; r++) {
        at = starts[size]!;
        hash = 0;
        for (let c = 0; c < writers.length; c++) writers[c]!(rows[r]!);
        // The table uses the low bits, which have to depend on all others (the end of MurmurHash3).
        hash = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35);
        hash ^= hash >>> 16;
        ids[r] = settle();
      }
      return ids;
    },
    size: () => size,
    valueOf: (id) => valuesOf(bytes.subarray(starts[id], starts[id + 1])),
    part: () => ({
      bytes: bytes.slice(0, starts[size]),
      starts: starts.slice(0, size + 1),
      hashes: hashes.slice(0, size),
    }),
    absorb: (part) =>
      part.hashes.map((theirs, id) => {
        at = starts[size]!;
        hash = theirs;
        const key = part.bytes.subarray(part.starts[id], part.starts[id + 1]);
        reserve(key.length);
        bytes.set(key, at);
        at += key.length;
        return settle();
      }),
  };
}

/** The values that a key was written from. */
function valuesOf(key: Uint8Array): readonly SlotValue[] {
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  const values: SlotValue[] = [];
  for (let at = 0; at < key.length; ) {
    const tag = key[at]!;
    if (tag >= TAG.text) {
      const end = at + 5 + view.getInt32(at + 1, true);
      values.push(
        new TextDecoder(tag === TAG.text ? 'utf-8' : 'utf-16le', { ignoreBOM: true }).decode(key.subarray(at + 5, end)),
      );
      at = end;
      continue;
    }
    if (tag === TAG.number) values.push(view.getFloat64(at + 1, true));
    else if (tag === TAG.negative) values.push(view.getBigInt64(at + 1, true));
    else values.push(tag === TAG.big ? view.getBigUint64(at + 1, true) : tag === TAG.true);
    at += FIXED;
  }
  return values;
}

function grown<A extends Uint8Array | Int32Array>(old: A, larger: A): A {
  larger.set(old);
  return larger;
}
