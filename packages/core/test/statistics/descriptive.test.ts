import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isotonicAt,
  isotonicFit,
  type QuantileMethod,
  quantile,
  quantileSorted,
  sortOrder,
} from '../../src/statistics/index.js';
import isotonic from '../vectors/isotonic.json' with { type: 'json' };
import quantiles from '../vectors/quantiles.json' with { type: 'json' };
import { expectNear } from './near.js';

describe('quantiles', () => {
  test('13 methods equal numpy', () => {
    for (const { id, input, expected } of quantiles.cases)
      for (const [method, row] of Object.entries(expected))
        for (const [p, value] of Object.entries(row))
          expectNear(quantile(input.values, Number(p), method as QuantileMethod), value, `${id} ${method} ${p}`);
  });

  test('empty is NaN, one value is itself, NaN and impossible p are refused', () => {
    expect(quantileSorted([], 0.5)).toBeNaN();
    expect(quantile([7], 0.99)).toBe(7);
    expect(() => quantile([1], 1.5)).toThrow('between 0 and 1');
    expect(() => quantile([1, Number.NaN], 0.5)).toThrow('NaN');
  });
});

describe('isotonic regression', () => {
  test('knots and predictions equal scikit-learn', () => {
    for (const { x, y, weights, x_thresholds, y_thresholds, query, predicted } of isotonic.cases) {
      const fit = isotonicFit(Float64Array.from(x), y, weights ?? undefined);
      expect([...fit.x]).toEqual(x_thresholds);
      fit.y.forEach((value, i) => {
        expectNear(value, y_thresholds[i]!, `knot ${i}`);
      });
      query.forEach((q, i) => {
        expectNear(isotonicAt(fit, q), predicted[i]!, `at ${q}`);
      });
    }
  });

  test('refuses what it cannot fit', () => {
    expect(() => isotonicFit(new Float64Array(0), [])).toThrow('at least one row');
    expect(() => isotonicFit(Float64Array.of(1, 2), [1])).toThrow('as many values');
    expect(() => isotonicFit(Float64Array.of(1), [Number.NaN])).toThrow('NaN');
    expect(isotonicAt(isotonicFit(Float64Array.of(1), [0.5]), Number.NaN)).toBeNaN();
  });
});

describe('sort order', () => {
  test('is the stable order of a comparison sort, NaN last', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.double(), fc.constantFrom(0, -0, 1, 1 + 2 ** -40, Number.NaN)), { maxLength: 200 }),
        (list) => {
          const values = Float64Array.from(list);
          const expected = list
            .map((_, i) => i)
            .sort((a, b) => {
              const [x, y] = [values[a]!, values[b]!];
              if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
              return x < y ? -1 : x > y ? 1 : a - b;
            });
          expect([...sortOrder(values)]).toEqual(expected);
        },
      ),
      { numRuns: 300, seed: 6 },
    );
  });
});
