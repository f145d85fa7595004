import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/foundation/random.js';
import { type BucketedSamples, bucketedQuantileHarmLogE, quantileHarmLogE } from '../../src/statistics/index.js';

/** Both samples in buckets [k w, (k + 1) w), or one degenerate bucket per value for w = 0. */
function bucketed(champion: readonly number[], challenger: readonly number[], width: number): BucketedSamples {
  const keyOf = (value: number) => (width === 0 ? value : Math.floor(value / width));
  const keys = [...new Set([...champion, ...challenger].map(keyOf))].sort((x, y) => x - y);
  const counts = (values: readonly number[]) =>
    keys.map((key) => values.filter((value) => keyOf(value) === key).length);
  return {
    lower: keys.map((key) => (width === 0 ? key : key * width)),
    upper: keys.map((key) => (width === 0 ? key : (key + 1) * width)),
    champion: counts(champion),
    challenger: counts(challenger),
  };
}

describe('quantiles from histograms', () => {
  const values = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 60 });

  test('with a bucket per value it is the exact test; in wider ones never more', () => {
    fc.assert(
      fc.property(values, values, fc.constantFrom(0.5, 0.9, 0.99), fc.constantFrom(0, 0.1, 0.5), (a, b, p, margin) => {
        const exact = quantileHarmLogE(a, b, { p, margin });
        if (margin === 0) expect(bucketedQuantileHarmLogE(bucketed(a, b, 0), { p })).toBeCloseTo(exact, 9);
        for (const width of [1, 7])
          expect(bucketedQuantileHarmLogE(bucketed(a, b, width), { p, margin })).toBeLessThanOrEqual(exact + 1e-9);
      }),
      { numRuns: 200 },
    );
  });

  test('finds a slower tail, and proves one that is within its margin', () => {
    const random = seededRandom(3);
    const draw = (n: number, scale: number) => Array.from({ length: n }, () => -scale * Math.log(1 - random.next()));
    const slower = bucketed(draw(4_000, 100), draw(4_000, 150), 2);
    expect(bucketedQuantileHarmLogE(slower, { p: 0.95 })).toBeGreaterThan(Math.log(1_000));
    const [a, b] = [draw(4_000, 100), draw(4_000, 100)];
    expect(bucketedQuantileHarmLogE(bucketed(a, b, 2), { p: 0.95 })).toBeLessThan(Math.log(20));
    // "Slower by half or more" is refuted by taking the challenger for the champion, whose time is then worth two thirds.
    const turned = { ...bucketed(b, a, 2) };
    expect(bucketedQuantileHarmLogE(turned, { p: 0.95, margin: 1 / 1.5 - 1 })).toBeGreaterThan(Math.log(20));
  });

  test('nothing seen says nothing; impossible counts and quantiles are refused', () => {
    const empty = { lower: [1], upper: [2], champion: [0], challenger: [3] };
    expect(bucketedQuantileHarmLogE(empty, { p: 0.5 })).toBe(0);
    expect(() => bucketedQuantileHarmLogE({ ...empty, champion: [-1] }, { p: 0.5 })).toThrow(/count/);
    expect(() => bucketedQuantileHarmLogE(empty, { p: 1 })).toThrow(/quantile/);
    expect(() => bucketedQuantileHarmLogE(empty, { p: 0.5, margin: -1 })).toThrow(/margin/);
  });
});
