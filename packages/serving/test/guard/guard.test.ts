import { seededRandom } from '@millwright/core';
import {
  confidenceGuard,
  conformalGuard,
  conformalInterval,
  conformalPValue,
  conformalSet,
  conformalThreshold,
  energyScore,
  finiteGuard,
  mahalanobis,
  nearestNeighbours,
  rangeGuard,
  sortedScores,
} from '@millwright/serving';
import { describe, expect, test } from 'vitest';

describe('finite, range and confidence', () => {
  test('pass what is fine and say what is not', () => {
    const finite = finiteGuard();
    expect(finite.output!({ y: 1, z: [1, 2] }, {})).toBeUndefined();
    expect(finite.output!({ y: 1, z: [1, Number.NaN] }, {})).toContain('z.1');
    expect(finite.output!(Number.POSITIVE_INFINITY, {})).toBeDefined();
    const range = rangeGuard<{ miles?: number }>({ miles: { min: 0, max: 5_000 } });
    expect([0, 5_000].map((miles) => range.input!({ miles }))).toEqual([undefined, undefined]);
    expect(range.input!({})).toBeUndefined();
    for (const miles of [-1, 5_001, Number.NaN]) expect(range.input!({ miles })).toContain('miles');
    const confident = confidenceGuard((y: number) => y, 0.8);
    expect([0.8, 0.79, Number.NaN].map((y) => confident.output!(y, {}) === undefined)).toEqual([true, false, false]);
  });
});

describe('conformal', () => {
  test('threshold and p-value are ranks', () => {
    const scores = [5, 1, 4, 2, 3, 9, 8, 7, 6];
    expect(conformalThreshold(scores, 0.1)).toBe(9);
    expect(conformalThreshold(scores, 0.5)).toBe(5);
    expect(conformalThreshold(scores, 0.05)).toBe(Number.POSITIVE_INFINITY);
    expect(conformalThreshold([], 0.5)).toBe(Number.POSITIVE_INFINITY);
    const sorted = sortedScores(scores);
    expect(conformalPValue(sorted, 10)).toBeCloseTo(0.1, 12);
    expect(conformalPValue(sorted, 9)).toBeCloseTo(0.2, 12);
    expect(conformalPValue(sorted, 0)).toBe(1);
    expect(conformalPValue(sorted, Number.NaN)).toBeCloseTo(0.1, 12);
    expect(() => conformalThreshold([1, Number.NaN], 0.1)).toThrow(/scores/);
    expect(() => conformalThreshold([1], 1)).toThrow(/alpha/);
  });

  test('sets and intervals', () => {
    expect(conformalSet([0.7, 0.25, 0.05], 0.8)).toEqual([0, 1]);
    expect(conformalSet([0.7, 0.25, Number.NaN], 1)).toEqual([0, 1]);
    expect(conformalInterval(10, 2)).toEqual([8, 12]);
  });

  test('a NaN score is held back', () => {
    const guard = conformalGuard<number, unknown>({ scores: [1, 2, 3], alpha: 0.5, ofInput: () => Number.NaN });
    expect(guard.input!(1)).toBeDefined();
  });
});

describe('a conformal guard over answers', () => {
  test('judges an answer beside its request, and requests not at all', () => {
    const guard = conformalGuard<{ truth: number }, number>({
      scores: [1, 2, 3],
      alpha: 0.25,
      ofOutput: (output, { truth }) => Math.abs(output - truth),
    });
    expect(guard.input?.({ truth: 0 })).toBeUndefined();
    expect(guard.output!(13, { truth: 10 })).toBeUndefined();
    expect(guard.output!(13.1, { truth: 10 })).toContain('exceeds 3');
  });
});

describe('out of distribution', () => {
  const random = seededRandom(11);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  const rows = Float64Array.from({ length: 2_000 }, (_, i) => (i % 2 === 0 ? 10 * normal() : normal()));

  test('energy is the negative log-sum-exp, without overflow', () => {
    expect(energyScore([0, 0])).toBeCloseTo(-Math.log(2), 12);
    expect(energyScore([1_000, 0])).toBeCloseTo(-1_000, 9);
    expect(energyScore([2, 2], 2)).toBeCloseTo(-2 * (1 + Math.log(2)), 12);
  });

  test('Mahalanobis knows the scale of each direction', () => {
    const distance = mahalanobis(rows, 2);
    expect(distance([10, 0])).toBeLessThan(2);
    expect(distance([0, 10])).toBeGreaterThan(60);
    expect(mahalanobis([1, 5, 2, 5, 3, 5], 2)([2, 5])).toBeCloseTo(0, 9);
    expect(() => mahalanobis([1, 2], 2)).toThrow(/two rows/);
  });

  test('nearest neighbours give the k-th distance', () => {
    const line = Float64Array.of(0, 1, 2, 3, 4, 5);
    expect(nearestNeighbours(line, 1, 2)([0])).toBe(1);
    expect(nearestNeighbours(line, 1, 6)([0])).toBe(5);
    expect(nearestNeighbours(line, 1, 1)([Number.NaN])).toBeNaN();
    expect(() => nearestNeighbours(line, 1, 7)).toThrow(/at least k/);
  });
});
