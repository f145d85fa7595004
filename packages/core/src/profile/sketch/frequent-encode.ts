import { setCount64, sketchBytes } from './bytes.js';

/** Writes the preamble, the counts, and the items in the same order. */
export function encodeFrequent(
  lgMax: number,
  weight: number,
  offset: number,
  counts: readonly (readonly [item: string | bigint, count: number])[],
): Uint8Array {
  if (weight === 0) return Uint8Array.of(1, FREQUENT_SERIAL, FREQUENT_FAMILY, lgMax, FIRST_LG, EMPTY_FLAGS, 0, 0);
  const encoder = new TextEncoder();
  const items = counts.map(([item]) => (typeof item === 'string' ? encoder.encode(item) : item));
  const size = items.reduce<number>((sum, item) => sum + (typeof item === 'bigint' ? 8 : 4 + item.length), 0);
  const start = PREAMBLE_BYTES + 8 * counts.length;
  const { bytes, view } = sketchBytes(start + size);
  bytes[0] = 4;
  bytes[1] = FREQUENT_SERIAL;
  bytes[2] = FREQUENT_FAMILY;
  bytes[3] = lgMax;
  bytes[4] = Math.min(lgMax, lgLength(counts.length));
  view.setUint32(8, counts.length, true);
  setCount64(view, 16, weight);
  setCount64(view, 24, offset);
  counts.forEach(([, count], i) => void setCount64(view, PREAMBLE_BYTES + 8 * i, count));
  let at = start;
  for (const item of items) {
    if (typeof item === 'bigint') {
      view.setBigInt64(at, item, true);
      at += 8;
    } else {
      view.setUint32(at, item.length, true);
      bytes.set(item, at + 4);
      at += 4 + item.length;
    }
  }
  return bytes;
}

export const FREQUENT_FAMILY = 10;
export const FREQUENT_SERIAL = 1;
/** Java and C++ mark an empty sketch by different bits: both are set, either is read. */
export const EMPTY_FLAGS = 5;
const PREAMBLE_BYTES = 32;
const FIRST_LG = 3;

/** Log2 of the table that holds so many items at three quarters. */
function lgLength(items: number): number {
  let lg = FIRST_LG;
  while (items > 0.75 * 2 ** lg) lg++;
  return lg;
}
