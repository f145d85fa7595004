import { isMillwrightError, seededRandom } from '@millwright/core';
import { decodeKll, type KllSketch, kllRankError, kllSketch } from '@millwright/core/sketch';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { levelCapacity, totalCapacity } from '../../../src/profile/sketch/kll-capacity.js';
import vectors from '../../vectors/sketches.json' with { type: 'json' };

const seeded = (seed: number, k = 200) => kllSketch({ k, random: seededRandom(seed) });

function counting(n: number, seed = 1, k = 200): KllSketch {
  const sketch = seeded(seed, k);
  for (let i = 1; i <= n; i++) sketch.update((i * 7919) % n);
  return sketch;
}

/** The weight of all levels: what a reader checks against n. */
function weightOf(sketch: KllSketch): number {
  const { starts } = sketch.state();
  return starts.slice(1).reduce((sum, end, level) => sum + (end - starts[level]!) * 2 ** level, 0);
}

describe('KLL', () => {
  test('while it is small, ranks and quantiles are exact', () => {
    const sketch = seeded(1);
    sketch.updateAll([5, 1, 4, 2, 3]);
    expect([sketch.n, sketch.min, sketch.max, sketch.retained]).toEqual([5, 1, 5, 5]);
    expect(sketch.quantile(0.5)).toBe(3);
    expect(sketch.rank(3)).toBe(0.6);
    expect(sketch.rank(3, { inclusive: false })).toBe(0.4);
  });

  test('a million values: ranks within the stated error, extremes exact', () => {
    const n = 1_000_003;
    const sketch = counting(n);
    expect([sketch.n, sketch.min, sketch.max]).toEqual([n, 0, n - 1]);
    expect(weightOf(sketch)).toBe(n);
    expect(sketch.retained).toBeLessThan(700);
    for (let i = 0; i <= 100; i++) {
      expect(Math.abs(sketch.quantile(i / 100) / n - i / 100)).toBeLessThan(sketch.rankError(true));
    }
  });

  test('empty and NaN', () => {
    const sketch = seeded(1);
    sketch.update(Number.NaN);
    expect([sketch.n, sketch.min, sketch.quantile(0.5), sketch.rank(0)]).toEqual([
      0,
      undefined,
      Number.NaN,
      Number.NaN,
    ]);
    sketch.updateAll([Number.NEGATIVE_INFINITY, 0, Number.POSITIVE_INFINITY]);
    expect([sketch.quantile(0), sketch.quantile(0.5), sketch.quantile(1)]).toEqual([-Infinity, 0, Infinity]);
    expect(() => sketch.quantile(1.5)).toThrow('`rank`');
    expect(() => kllSketch({ k: 7 })).toThrow('`k`');
  });

  test('vectors: capacities and rank errors', () => {
    for (const { k, num_levels, capacities, total } of vectors.kll_level_capacity) {
      expect(capacities.map((_, level) => levelCapacity(k, num_levels, level))).toEqual(capacities);
      expect(totalCapacity(k, num_levels)).toBe(total);
    }
    expect(kllRankError(200)).toBeCloseTo(0.013294757464848584, 15);
    expect(kllRankError(200, true)).toBeCloseTo(0.01651561908528982, 15);
  });

  test('merging keeps n, extremes, weights and the error; the parts are not changed', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3_000), { maxLength: 12 }), fc.integer({ min: 8, max: 300 }), (sizes, k) => {
        const merged = seeded(9, k);
        let next = 0;
        for (const size of sizes) {
          const part = seeded(next, k);
          for (let i = 0; i < size; i++) part.update(next++);
          const before = part.encode();
          merged.merge(part);
          expect(part.encode()).toEqual(before);
        }
        expect([merged.n, weightOf(merged)]).toEqual([next, next]);
        if (next === 0) return;
        expect([merged.min, merged.max]).toEqual([0, next - 1]);
        const off = Math.abs(merged.rank(next / 2) - 0.5);
        expect(off).toBeLessThan(3 * merged.rankError(true) + 1 / next);
        expect(decodeKll(merged.encode(), 'double').encode()).toEqual(merged.encode());
      }),
      { numRuns: 60 },
    );
  });

  test('the spread of ranks over coins stays below the stated variance, in one sketch and in merged ones', () => {
    const n = 20_000;
    const whole = (seed: number) => counting(n, seed, 32);
    const merged = (seed: number) => {
      const sketch = seeded(seed, 32);
      for (let part = 0; part < 8; part++) {
        const own = seeded(1_000 * seed + part, 32);
        for (let i = part; i < n; i += 8) own.update(i);
        sketch.merge(own);
      }
      return sketch;
    };
    for (const build of [whole, merged]) {
      const sketches = Array.from({ length: 60 }, (_, seed) => build(seed + 1));
      for (const share of [0.1, 0.5, 0.8]) {
        const errors = sketches.map((sketch) => sketch.rank(share * n, { inclusive: false }) - share);
        const spread = errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length;
        const bound = Math.max(...sketches.map((sketch) => sketch.rankVariance()));
        expect(spread).toBeLessThan(bound);
        // Not every compaction moves every rank: the bound is some times too large, not many.
        expect(spread).toBeGreaterThan(bound / 25);
      }
    }
    expect(counting(150).rankVariance()).toBe(0);
    expect(seeded(1).rankVariance()).toBe(0);
  });

  test('the same order and seed give the same bytes', () => {
    const build = () => {
      const sketch = counting(20_000, 3);
      sketch.merge(counting(30_000, 4));
      return sketch.encode();
    };
    expect(build()).toEqual(build());
  });

  test('a narrower sketch that is merged in widens the error for good', () => {
    const sketch = counting(1_000);
    sketch.merge(counting(5_000, 2, 20));
    expect(sketch.rankError()).toBe(kllRankError(20));
    expect(decodeKll(sketch.encode(), 'double').rankError()).toBe(kllRankError(20));
  });

  test('bytes are read back; a decoded sketch goes on counting', () => {
    for (const kind of ['float', 'double'] as const) {
      for (const n of [0, 1, 2, 100, 10_000]) {
        const sketch = kllSketch({ kind, random: seededRandom(n) });
        for (let i = 0; i < n; i++) sketch.update(i + 0.1);
        const again = decodeKll(sketch.encode(), kind, seededRandom(0));
        expect(again.encode()).toEqual(sketch.encode());
        again.update(-1);
        expect([again.n, again.min]).toEqual([n + 1, -1]);
      }
    }
  });

  test('damaged bytes are refused with a typed error, never by a crash or a large allocation', () => {
    const images = [0, 1, 50, 5_000].map((n) => counting(n).encode());
    fc.assert(
      fc.property(
        fc.constantFrom(...images),
        fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 4 }),
        fc.nat(6_000),
        (image, writes, length) => {
          const bytes = image.slice(0, length);
          for (const [at, value] of writes) if (at < bytes.length) bytes[at] = value;
          try {
            const sketch = decodeKll(bytes, 'double');
            expect(weightOf(sketch)).toBe(sketch.n);
          } catch (error) {
            expect(isMillwrightError(error, 'sketch/corrupt')).toBe(true);
          }
        },
      ),
      { numRuns: 500 },
    );
    const lying = images[3]!.slice();
    lying[18] = 255;
    expect(() => decodeKll(lying, 'double')).toThrow('255 levels');
    expect(() => decodeKll(images[3]!.subarray(0, 100), 'double')).toThrow('bytes early');
    expect(() => decodeKll(images[3]!, 'float')).toThrow('KLL float');
  });
});
