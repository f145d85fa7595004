import { isMillwrightError } from '@millwright/core';
import { decodeHll, type HllBits, type HllSketch, hllSketch, mergeHll } from '@millwright/core/sketch';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { itemHash, seedHash } from '../../../src/profile/sketch/item-hash.js';
import vectors from '../../vectors/sketches.json' with { type: 'json' };
import { fnv1a64, hex, keys, keysOf, settlesOrIsCorrupt } from './support.js';

function counted(from: number, to: number, lgK = 12, bits: HllBits = 4): HllSketch {
  const sketch = hllSketch({ lgK, bits });
  sketch.updateAll(keys(from, to));
  return sketch;
}

describe('MurmurHash3 x64 128', () => {
  test('vectors', () => {
    const hash = itemHash();
    for (const { input, h1, h2 } of vectors.murmur3_x64_128) {
      hash.hash(input.int64_le !== undefined ? BigInt(input.int64_le) : (input.float64_le ?? input.utf8 ?? ''));
      const [a, b, c, d] = Array.from(hash.words, BigInt);
      expect([String((b! << 32n) | a!), String((d! << 32n) | c!)]).toEqual([h1, h2]);
    }
    expect(seedHash()).toBe(vectors.seed_hash_9001);
  });

  test('one zero, one NaN, text by its UTF-8 bytes', () => {
    const words = (item: string | number | Uint8Array) => {
      const hash = itemHash();
      hash.hash(item);
      return [...hash.words];
    };
    expect(words(-0)).toEqual(words(0));
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }), (text) => {
        expect(words(text)).toEqual(words(new TextEncoder().encode(text)));
      }),
    );
    expect(itemHash().hash('')).toBe(false);
  });
});

describe('HLL', () => {
  test('vectors: estimates and bytes of fixed builds', () => {
    for (const build of vectors.hll_build) {
      const sketch = counted(...keysOf(build.input), build.lg_k, build.type as HllBits);
      expect(sketch.estimate()).toBe(build.estimate);
      const bytes = sketch.encode();
      expect(bytes.length).toBe(build.compact_bytes);
      expect(fnv1a64(bytes)).toBe(build.compact_fnv1a64);
      if (build.compact_hex !== undefined) expect(hex(bytes)).toBe(build.compact_hex);
      expect(sketch.encode({ updatable: true }).length).toBe(build.updatable_bytes);
      const { lower, upper } = sketch.bounds(2);
      expect(Math.abs(lower - build.lb2)).toBeLessThanOrEqual(0.04 * (build.estimate - build.lb2) + 1e-9);
      expect(Math.abs(upper - build.ub2)).toBeLessThanOrEqual(0.06 * (build.ub2 - build.estimate) + 1e-9);
    }
  });

  test('vectors: a union of two sketches', () => {
    const [, union] = vectors.set_ops;
    const [a, b] = [counted(0, 20_000), counted(10_000, 40_000)];
    expect(a.estimate()).toBe(union!.a);
    expect(b.estimate()).toBe(union!.b);
    // The bias curve is computed, not read from a table of simulations.
    expect(Math.abs(mergeHll(a, b).estimate() / Number(union!.union) - 1)).toBeLessThan(2e-6);
  });

  test('few items are exact; the same item twice counts once; bounds hold', () => {
    const sketch = hllSketch();
    expect([sketch.empty, sketch.estimate()]).toEqual([true, 0]);
    sketch.updateAll(['a', 'b', 'a', '', 'c']);
    expect(Math.round(sketch.estimate())).toBe(3);
    sketch.updateAll([1, 1n, -0, 0]);
    expect(Math.round(sketch.estimate())).toBe(6);
    for (const lgK of [4, 7, 10, 14]) {
      const { lower, upper } = counted(0, 30_000, lgK).bounds(3);
      expect(lower).toBeLessThan(30_000);
      expect(upper).toBeGreaterThan(30_000);
    }
    expect(() => hllSketch({ lgK: 22 })).toThrow('`lgK`');
  });

  test('merging is associative, commutative and idempotent, to the byte', () => {
    const part = fc
      .record({ from: fc.nat(3_000), length: fc.nat(1_500), lgK: fc.constantFrom(4, 8, 9, 10) })
      .map(({ from, length, lgK }) => counted(from, from + length, lgK));
    fc.assert(
      fc.property(part, part, part, (a, b, c) => {
        const all = mergeHll(mergeHll(a, b), c).encode();
        expect(mergeHll(a, mergeHll(b, c)).encode()).toEqual(all);
        expect(mergeHll(mergeHll(c, b), a).encode()).toEqual(all);
        const twice = mergeHll(a, b);
        expect(mergeHll(twice, a).encode()).toEqual(twice.encode());
      }),
      { numRuns: 60 },
    );
  });

  test('a union with fewer registers than its parts have coupons ends in registers', () => {
    // 96 coupons each, for a table that ends at 32.
    const [a, b] = [counted(0, 96, 10), counted(1_000, 1_020, 8)];
    const union = mergeHll(a, b);
    expect(union.lgK).toBe(8);
    expect(union.state().coupons).toBeUndefined();
    expect(Math.abs(union.estimate() - 116)).toBeLessThan(25);
  });

  test('bytes are read back, in every mode, compact and updatable; a decoded sketch goes on counting', () => {
    for (const bits of [4, 6, 8] as const) {
      for (const [lgK, n] of [
        [4, 3],
        [4, 90],
        [9, 30],
        [12, 300],
        [12, 5_000],
        [11, 90_000],
      ] as const) {
        const sketch = counted(0, n, lgK, bits);
        const more = counted(0, n + 2_000, lgK, bits).encode();
        for (const updatable of [false, true]) {
          const image = sketch.encode({ updatable });
          const again = decodeHll(image);
          expect(again.estimate()).toBe(sketch.estimate());
          // Where coupons collide in a table depends on their order, which a compact image does not keep.
          const inTable = image[0] === 3;
          if (inTable) expect(mergeHll(again, again).encode()).toEqual(mergeHll(sketch, sketch).encode());
          else expect(again.encode({ updatable })).toEqual(image);
          again.updateAll(keys(n, n + 2_000));
          expect(again.encode()).toEqual(more);
        }
      }
    }
  });

  test('damaged bytes are refused with a typed error', () => {
    const images = [
      counted(0, 5).encode(),
      counted(0, 200).encode({ updatable: true }),
      counted(0, 9_000, 8).encode(),
      counted(0, 9_000, 8, 6).encode(),
    ];
    settlesOrIsCorrupt(images, (bytes) => expect(decodeHll(bytes).estimate()).toBeGreaterThanOrEqual(0));
    const lying = images[1]!.slice();
    lying.set([255, 255, 255, 255], 8);
    expect(() => decodeHll(lying)).toThrow('coupons');
    const high = images[2]!.slice();
    high[6] = 63;
    expect(() => decodeHll(high)).toThrow('above 63');
    try {
      decodeHll(images[2]!.subarray(0, 60));
      expect.unreachable();
    } catch (error) {
      expect(isMillwrightError(error, 'sketch/corrupt')).toBe(true);
    }
  });
});
