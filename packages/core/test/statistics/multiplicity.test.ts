import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  benjaminiHochberg,
  benjaminiYekutieli,
  bonferroni,
  eBenjaminiHochberg,
  hochberg,
  holm,
  holmSidak,
  sidak,
} from '../../src/statistics/index.js';
import eValues from '../vectors/e-values.json' with { type: 'json' };
import vectors from '../vectors/multiple-testing.json' with { type: 'json' };
import { expectNear, toNumber } from './near.js';

const METHODS: Readonly<Record<string, (p: ArrayLike<number>) => Float64Array>> = {
  bonferroni,
  sidak,
  holm,
  'holm-sidak': holmSidak,
  'simes-hochberg': hochberg,
  fdr_bh: benjaminiHochberg,
  fdr_by: benjaminiYekutieli,
};

describe('adjusted p-values', () => {
  test('equal those of statsmodels, and so do the decisions', () => {
    for (const { name, pvalues, method, alpha, adjusted, reject } of vectors.statsmodels) {
      const own = METHODS[method]!(pvalues);
      for (let i = 0; i < own.length; i++) {
        expectNear(own[i]!, adjusted[i]!, `${name} ${method} ${i}`);
        expect(own[i]! <= alpha).toBe(reject[i]);
      }
    }
    for (const { id, input, expected } of vectors.families)
      for (const [method, { adjusted }] of Object.entries(expected)) {
        const own = METHODS[method]?.(input.p);
        if (own) for (let i = 0; i < own.length; i++) expectNear(own[i]!, adjusted[i]!, `${id} ${method} ${i}`);
      }
  });

  test('a test that could not run stays NaN and still counts', () => {
    const adjusted = holm([0.02, Number.NaN, 0.5]);
    expect(adjusted[0]).toBeCloseTo(0.06, 12);
    expect(adjusted[1]).toBeNaN();
    expect(benjaminiHochberg([])).toHaveLength(0);
  });

  test('order of strictness, and no adjusted value below its p', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 }), (p) => {
        const [h, b, bh] = [holm(p), bonferroni(p), benjaminiHochberg(p)];
        for (let i = 0; i < p.length; i++) {
          expect(h[i]!).toBeLessThanOrEqual(b[i]! + 1e-12);
          expect(bh[i]!).toBeLessThanOrEqual(h[i]! + 1e-12);
          expect(bh[i]!).toBeGreaterThanOrEqual(p[i]! - 1e-12);
        }
      }),
      { numRuns: 200, seed: 4 },
    );
  });
});

test('e-BH rejects the vectors’ hypotheses', () => {
  for (const { e, alpha, rejected_indices } of eValues.bh)
    expect(eBenjaminiHochberg(e.map(toNumber), alpha)).toEqual(rejected_indices);
  for (const { e, alpha, rejected } of eValues.merge.e_bh)
    expect(eBenjaminiHochberg(e.map(toNumber), alpha)).toEqual(rejected);
  expect(eBenjaminiHochberg([Number.NaN, 1000], 0.05)).toEqual([1]);
});
