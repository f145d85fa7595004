import { readTDigest } from '@millwright/core/sketch';
import { describe, expect, test } from 'vitest';
import { settlesOrIsCorrupt } from './support.js';

/** Two centroids, (2, weight 3) and (10, weight 1), and the value 4 still buffered, from 1 to 10, k 100. */
function image(): Uint8Array {
  const bytes = new Uint8Array(72);
  const view = new DataView(bytes.buffer);
  bytes.set([2, 1, 20, 100, 0, 0]);
  view.setUint32(8, 2, true);
  view.setUint32(12, 1, true);
  [1, 10, 2].forEach((value, i) => void view.setFloat64(16 + 8 * i, value, true));
  view.setUint32(40, 3, true);
  view.setFloat64(48, 10, true);
  view.setUint32(56, 1, true);
  view.setFloat64(64, 4, true);
  return bytes;
}

describe('t-digest', () => {
  test('centroids and buffered values are read in order', () => {
    const digest = readTDigest(image(), 'double');
    expect([digest.k, digest.weight, digest.min, digest.max]).toEqual([100, 5, 1, 10]);
    expect(digest.centroids.map(({ mean }) => mean)).toEqual([2, 4, 10]);
    expect([0, 0.3, 0.7, 0.9, 1].map((rank) => digest.quantile(rank))).toEqual([1, 2, 4, 10, 10]);
  });

  test('empty', () => {
    const empty = readTDigest(Uint8Array.of(1, 1, 20, 100, 0, 1, 0, 0), 'double');
    expect([empty.weight, empty.min, empty.quantile(0.5)]).toEqual([0, undefined, Number.NaN]);
  });

  test('damaged bytes are refused with a typed error', () => {
    settlesOrIsCorrupt([image()], (bytes) => readTDigest(bytes, 'double').quantile(0.5));
    const lying = image();
    lying.set([255, 255, 255, 255], 8);
    expect(() => readTDigest(lying, 'double')).toThrow('bytes early');
  });
});
