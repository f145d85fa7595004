import { seededRandom } from '@millwright/core';
import { addExact, type ExactNumber, exactMean, exactSum, exactVariance } from '@millwright/core/profile';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const sumOf = (values: readonly number[]) => {
  const sum = exactSum();
  sum.addAll(Float64Array.from(values), values.length);
  return sum.total();
};
const powersOf = (values: readonly number[], power: 'addCubes' | 'addFourths') => {
  const sum = exactSum();
  sum[power](Float64Array.from(values), values.length);
  return sum.total();
};
const squaresOf = (values: readonly number[]) => {
  const sum = exactSum();
  sum.addSquares(Float64Array.from(values), values.length);
  return sum.total();
};
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });

/** A double as an integer of units of 2^-1074, which every double is a multiple of. */
function units(value: number): bigint {
  const words = new DataView(new ArrayBuffer(8));
  words.setFloat64(0, value);
  const bits = words.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & ((1n << 52n) - 1n);
  const size = biased === 0 ? fraction : (fraction | (1n << 52n)) << BigInt(biased - 1);
  return value < 0 ? -size : size;
}

/** A total in units of 2^-1074, or of their powers. */
function inUnits({ mantissa, exponent }: ExactNumber, power: number): bigint {
  return mantissa === 0n ? 0n : mantissa << BigInt(exponent + 1074 * power);
}

describe('exact sums', () => {
  test('what rounding loses is kept', () => {
    expect(exactMean(sumOf([1e308, 1, -1e308, 1e-320]), 1)).toBe(1);
    expect(sumOf([0.1, 0.2, -0.1, -0.2])).toEqual({ mantissa: 0n, exponent: 0 });
    expect(exactMean(sumOf([]), 0)).toBeUndefined();
  });

  test('equal the sum of the doubles as rational numbers, from the smallest to the largest', () => {
    fc.assert(
      fc.property(fc.array(finite), (values) => {
        expect(inUnits(sumOf(values), 1)).toBe(values.reduce((sum, value) => sum + units(value), 0n));
      }),
      { numRuns: 500 },
    );
  });

  test('squares too, beyond the range of doubles', () => {
    fc.assert(
      fc.property(fc.array(finite), (values) => {
        expect(inUnits(squaresOf(values), 2)).toBe(values.reduce((sum, value) => sum + units(value) ** 2n, 0n));
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    [3, 'addCubes'],
    [4, 'addFourths'],
  ] as const)('powers of %i too', (power, add) => {
    fc.assert(
      fc.property(fc.array(finite, { maxLength: 8 }), (values) => {
        const expected = values.reduce((sum, value) => sum + units(value) ** BigInt(power), 0n);
        expect(inUnits(powersOf(values, add), power)).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  test('blocks of one size, where nearly all bits add up in registers', () => {
    const spread = fc.record({
      exponent: fc.integer({ min: -420, max: 420 }),
      width: fc.constantFrom(0, 3, 20, 60, 200),
    });
    fc.assert(
      fc.property(spread, fc.integer(), fc.nat(300), ({ exponent, width }, seed, length) => {
        const random = seededRandom(seed);
        const value = () => (random.next() * 2 - 1) * 2 ** (exponent - Math.floor(random.next() * (width + 1)));
        const values = Array.from({ length }, value);
        expect(inUnits(sumOf(values), 1)).toBe(values.reduce((sum, v) => sum + units(v), 0n));
        expect(inUnits(squaresOf(values), 2)).toBe(values.reduce((sum, v) => sum + units(v) ** 2n, 0n));
      }),
      { numRuns: 300 },
    );
  });

  test('a register that is as full as it can be loses nothing', () => {
    const largest = 2 - Number.EPSILON;
    const values = Array.from({ length: 2 * 8192 + 5 }, (_, i) => (i % 8192 === 7 ? Number.EPSILON : largest));
    expect(inUnits(sumOf(values), 1)).toBe(values.reduce((sum, v) => sum + units(v), 0n));
    expect(inUnits(squaresOf(values), 2)).toBe(values.reduce((sum, v) => sum + units(v) ** 2n, 0n));
  });

  test('any split and any order give the same fields', () => {
    fc.assert(
      fc.property(fc.array(finite), fc.nat(100), (values, cut) => {
        const parts = addExact(sumOf(values.slice(cut).reverse()), sumOf(values.slice(0, cut)));
        expect(parts).toEqual(sumOf(values));
      }),
      { numRuns: 200 },
    );
  });

  test('variance does not cancel at an offset of 1e15', () => {
    const values = [1e15, 1e15 + 1, 1e15 + 2];
    expect(exactVariance(sumOf(values), squaresOf(values), 3)).toBe(1);
    expect(exactVariance(sumOf([5]), squaresOf([5]), 1)).toBeUndefined();
  });
});
