import { addExact, type ExactNumber, exactNumber, multiplyExact, ratio } from './exact-number.js';
import type { NumberProfile } from './types.js';

/**
 * Skewness of the finite values: `m3 / m2^1.5` with moments divided by n, as scipy's `skew`. The central moments are
 * exact before their one rounding, so a large mean costs no digits. Undefined without the sums of `shape: true`, when
 * all values are equal, and when a moment leaves the range of doubles.
 */
export function skewnessOf(profile: NumberProfile): number | undefined {
  const moments = centralMoments(profile);
  return moments && finite(moments.third / moments.second ** 1.5);
}

/** Excess kurtosis of the finite values: `m4 / m2² - 3`, as scipy's `kurtosis`. Undefined when `skewnessOf` is. */
export function kurtosisOf(profile: NumberProfile): number | undefined {
  const moments = centralMoments(profile);
  return moments && finite(moments.fourth / moments.second ** 2 - 3);
}

/** Sums of powers give n·m2, n²·m3 and n³·m4 (times n) as integers times powers of two: no cancellation anywhere. */
function centralMoments({ sum, sumOfSquares, shape, finite: count }: NumberProfile) {
  if (shape === undefined || count === 0) return undefined;
  const n = BigInt(count);
  const square = multiplyExact(sum, sum);
  const second = total([n, sumOfSquares], [-1n, square]);
  const third = total(
    [n * n, shape.cubes],
    [-3n * n, multiplyExact(sumOfSquares, sum)],
    [2n, multiplyExact(square, sum)],
  );
  const fourth = total(
    [n * n * n, shape.fourths],
    [-4n * n * n, multiplyExact(shape.cubes, sum)],
    [6n * n, multiplyExact(sumOfSquares, square)],
    [-3n, multiplyExact(square, square)],
  );
  return { second: ratio(second, n ** 2n), third: ratio(third, n ** 3n), fourth: ratio(fourth, n ** 4n) };
}

function total(...terms: readonly (readonly [bigint, ExactNumber])[]): ExactNumber {
  return terms
    .map(([factor, { mantissa, exponent }]) => exactNumber(factor * mantissa, exponent))
    .reduce((sum, term) => addExact(sum, term));
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
