import { murmur3x64 } from './murmur3.js';

/** The seed that Apache DataSketches uses unless told otherwise. Sketches of different seeds never merge. */
const HASH_SEED = 9001;

/** What a distinct-count sketch takes. A number is a double, a bigint a 64-bit integer: 1 and 1n are different items. */
export type SketchItem = string | number | bigint | Uint8Array;

/** Hashes items as Apache DataSketches does: integers as 8 bytes, doubles with one zero and one NaN, strings as UTF-8. */
export interface ItemHash {
  /** h1 low, h1 high, h2 low, h2 high of the last item. */
  readonly words: Uint32Array;
  /** False for an item that is not counted: an empty string, empty bytes. */
  hash(item: SketchItem): boolean;
}

/** One hasher with its own scratch space. */
export function itemHash(seed: number = HASH_SEED): ItemHash {
  const words = new Uint32Array(4);
  const encoder = new TextEncoder();
  let scratch = new Uint8Array(256);
  const eight = new DataView(scratch.buffer);
  const first = scratch;

  function hashText(text: string): void {
    if (text.length * 3 > scratch.length) scratch = new Uint8Array(text.length * 3);
    let length = 0;
    for (; length < text.length; length++) {
      const unit = text.charCodeAt(length);
      if (unit > 0x7f) break;
      scratch[length] = unit;
    }
    if (length < text.length) length = encoder.encodeInto(text, scratch).written;
    murmur3x64(scratch, length, seed, words);
  }

  return {
    words,
    hash(item) {
      if (typeof item === 'string') {
        if (item.length === 0) return false;
        hashText(item);
      } else if (typeof item === 'number') {
        eight.setFloat64(0, item === 0 ? 0 : item, true);
        if (Number.isNaN(item)) eight.setBigUint64(0, CANONICAL_NAN, true);
        murmur3x64(first, 8, seed, words);
      } else if (typeof item === 'bigint') {
        eight.setBigInt64(0, item, true);
        murmur3x64(first, 8, seed, words);
      } else {
        if (item.length === 0) return false;
        murmur3x64(item, item.length, seed, words);
      }
      return true;
    },
  };
}

const CANONICAL_NAN = 0x7ff8000000000000n;

/** The 16 bits by which sketches recognise their seed: the low half of the hash of the seed as 8 bytes. */
export function seedHash(seed: number = HASH_SEED): number {
  const words = new Uint32Array(4);
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setUint32(0, seed, true);
  murmur3x64(bytes, 8, 0, words);
  return words[0]! & 0xffff;
}
