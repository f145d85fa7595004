import type { Hashes } from './hashes.js';

/** Bits of the widest difference between neighbours of a sorted array, the first counted from 0. */
export function widestDelta(hashes: Hashes): number {
  let high = 0;
  let low = 0;
  forEachDelta(hashes, (deltaHigh, deltaLow) => {
    high |= deltaHigh;
    low |= deltaLow;
  });
  return high !== 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(low);
}

/** Writes the differences as a stream of `bits` bits each, highest bit first. */
export function packDeltas(hashes: Hashes, bits: number, bytes: Uint8Array): void {
  let at = 0;
  forEachDelta(hashes, (high, low) => {
    for (let bit = bits - 1; bit >= 0; ) {
      const room = 8 - (at & 7);
      const width = Math.min(room, bit + 1, bit >= 32 ? bit - 31 : bit + 1);
      const word = bit >= 32 ? high : low;
      const shift = (bit & 31) + 1 - width;
      const part = (word >>> shift) & (2 ** width - 1);
      bytes[at >> 3] = bytes[at >> 3]! | (part << (room - width));
      at += width;
      bit -= width;
    }
  });
}

/** Adds such a stream up to hashes again. */
export function unpackDeltas(bytes: Uint8Array, bits: number, count: number): Hashes {
  const hashes = new Uint32Array(2 * count);
  let at = 0;
  let high = 0;
  let low = 0;
  for (let i = 0; i < count; i++) {
    let deltaHigh = 0;
    let deltaLow = 0;
    for (let left = bits; left > 0; ) {
      const room = 8 - (at & 7);
      const width = Math.min(room, left);
      const part = (bytes[at >> 3]! >>> (room - width)) & (2 ** width - 1);
      deltaHigh = (deltaHigh << width) | (deltaLow >>> (32 - width));
      deltaLow = (deltaLow << width) | part;
      at += width;
      left -= width;
    }
    const sum = low + (deltaLow >>> 0);
    low = sum >>> 0;
    high = (high + (deltaHigh >>> 0) + (sum > 0xffffffff ? 1 : 0)) >>> 0;
    hashes[2 * i] = low;
    hashes[2 * i + 1] = high;
  }
  return hashes;
}

function forEachDelta(hashes: Hashes, take: (high: number, low: number) => void): void {
  let high = 0;
  let low = 0;
  for (let i = 0; i < hashes.length; i += 2) {
    const nextLow = hashes[i]!;
    const nextHigh = hashes[i + 1]!;
    take(nextHigh - high - (nextLow < low ? 1 : 0), (nextLow - low) >>> 0);
    low = nextLow;
    high = nextHigh;
  }
}
