import { addExact, exactMean, exactSum, exactVariance } from '@millwright/core/profile';
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

describe('exact sums', () => {
  test('what rounding loses is kept', () => {
    expect(exactMean(sumOf([1e308, 1, -1e308, 1e-320]), 1)).toBe(1);
    expect(sumOf([0.1, 0.2, -0.1, -0.2])).toEqual({ mantissa: 0n, exponent: 0 });
    expect(exactMean(sumOf([]), 0)).toBeUndefined();
  });

  test('equal the sum of the doubles as rational numbers, from the smallest to the largest', () => {
    fc.assert(
      fc.property(fc.array(finite), (values) => {
        const { mantissa, exponent } = sumOf(values);
        const expected = values.reduce((sum, value) => sum + units(value), 0n);
        expect(mantissa << BigInt(exponent === 0 && mantissa === 0n ? 0 : exponent + 1074)).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  test('squares too, beyond the range of doubles', () => {
    fc.assert(
      fc.property(fc.array(finite), (values) => {
        const { mantissa, exponent } = squaresOf(values);
        const expected = values.reduce((sum, value) => sum + units(value) ** 2n, 0n);
        expect(mantissa << BigInt(mantissa === 0n ? 0 : exponent + 2148)).toBe(expected);
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
        const { mantissa, exponent } = powersOf(values, add);
        const expected = values.reduce((sum, value) => sum + units(value) ** BigInt(power), 0n);
        expect(mantissa << BigInt(mantissa === 0n ? 0 : exponent + 1074 * power)).toBe(expected);
      }),
      { numRuns: 500 },
    );
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
