import { seededRandom } from '@millwright/core';
import { profileTable } from '@millwright/core/profile';
import { columnSketches, decodeKll, kllSketch } from '@millwright/core/sketch';
import { columnOf, tableFrom } from '@millwright/core/table';
import { compareProfiles } from '@millwright/drift';
import { certifiedKs, kolmogorovSmirnov, ksOfSketches } from '@millwright/drift/test';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const random = seededRandom(31);
const draw = (rows: number, shift = 0) => Float64Array.from({ length: rows }, () => random.next() + shift);

function sketchOf(values: Float64Array, k = 200, seed = 1) {
  const sketch = kllSketch({ k, random: seededRandom(seed) });
  sketch.updateAll(values);
  return sketch;
}

describe('certified Kolmogorov-Smirnov on sketches', () => {
  test('a shift in 100,000 rows is found from two sketches of 600 numbers each', () => {
    const [was, now] = [draw(100_000), draw(100_000, 0.15)];
    const result = certifiedKs(sketchOf(was), sketchOf(now));
    expect(result).toMatchObject({ verdict: 'drift', test: 'ks.certified', rows: { reference: 1e5, current: 1e5 } });
    expect(result.effect).toBeCloseTo(0.15, 1);
    expect(result.pValue).toBeLessThan(1e-6);
    expect(result.sentence).toMatch(
      /^Largest difference of the distribution functions 0\.1\d+ .* mostly values up to 0/,
    );
  });

  test('while the sketches hold every value it is the test on samples', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 200 }),
        fc.array(fc.integer({ min: 5, max: 35 }), { minLength: 1, maxLength: 200 }),
        (a, b) => {
          const [was, now] = [Float64Array.from(a), Float64Array.from(b)];
          const exact = kolmogorovSmirnov(was, now);
          const { statistic, pValue, verdict, parts } = certifiedKs(sketchOf(was), sketchOf(now));
          expect(statistic).toBeCloseTo(exact.statistic, 12);
          expect(pValue).toBeCloseTo(exact.pValue!, 9);
          expect(verdict).toBe(exact.verdict);
          expect(parts.length).toBe(exact.statistic > 0 ? 1 : 0);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('never more sure than the test on the rows themselves: with or without drift, ties, and sketches in parts', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const shift = seed % 2 === 0 ? 0.03 : 0;
      const steps = seed % 3 === 0 ? 10 : 1e9;
      const round = (values: Float64Array) => values.map((value) => Math.floor(value * steps) / steps);
      const [was, now] = [round(draw(6_000)), round(draw(3_000, shift))];
      const whole = sketchOf(was, 32, seed);
      const parts = kllSketch({ k: 32, random: seededRandom(seed) });
      for (let i = 0; i < 3; i++) parts.merge(sketchOf(now.subarray(1_000 * i, 1_000 * (i + 1)), 32, 10 * seed + i));
      const exact = kolmogorovSmirnov(was, now);
      const certified = certifiedKs(whole, parts);
      expect(certified.pValue).toBeGreaterThanOrEqual(exact.pValue!);
      expect(Math.abs(certified.statistic - exact.statistic)).toBeLessThan(
        whole.rankError(true) + parts.rankError(true),
      );
    }
  });

  test('sketches too coarse for the margin cannot tell, and no number of rows is promised to help', () => {
    const coarse = certifiedKs(sketchOf(draw(50_000), 16), sketchOf(draw(50_000), 16), { margin: 0.05 });
    expect([coarse.verdict, coarse.need]).toEqual(['insufficient', { rows: undefined }]);
    const fine = certifiedKs(sketchOf(draw(50_000), 1_024), sketchOf(draw(50_000), 1_024), { margin: 0.05 });
    expect(fine.verdict).toBe('noDrift');
    const few = certifiedKs(sketchOf(draw(300)), sketchOf(draw(50_000)), { margin: 0.1 });
    expect(few.verdict).toBe('insufficient');
    expect(few.need!.rows).toBeGreaterThan(0);
  });

  test('nothing seen is insufficient', () => {
    expect(certifiedKs(sketchOf(draw(100)), sketchOf(draw(0)))).toMatchObject({
      verdict: 'insufficient',
      pValue: undefined,
      parts: [],
    });
  });

  test('the sketches in profiles are compared, whichever engine wrote them', () => {
    const profile = (shift: number) =>
      profileTable(tableFrom({ x: draw(20_000, shift) }), { sketcher: columnSketches({ k: 512 }) });
    // Neither was counted against the other: there was no reference yet.
    const [before, same, moved] = [profile(0), profile(0), profile(0.3)];
    const columns = { x: { test: ksOfSketches, without: ['range'] } } as const;
    expect(compareProfiles(before, same, { columns }).verdict).toBe('noDrift');
    expect(compareProfiles(before, moved, { columns }).verdict).toBe('drift');
    const bytes = before.columns.get('x')!.sketches!.quantiles!;
    const other = decodeKll(sketchOf(draw(20_000), 512).encode(), 'double');
    expect(certifiedKs(decodeKll(bytes, 'double'), other).verdict).toBe('noDrift');
    expect(() =>
      ksOfSketches.fromProfiles!(profileTable(tableFrom({ x: [1] })).columns.get('x')!, before.columns.get('x')!),
    ).toThrow(/columnSketches/);
  });

  test('on samples it is the test on samples', () => {
    const column = (values: Float64Array) => columnOf(tableFrom({ x: values }), 'x');
    const [was, now] = [draw(500), draw(500, 0.4)];
    expect(ksOfSketches.fromSamples(column(was), column(now))).toEqual(kolmogorovSmirnov(was, now));
  });
});
