/** A sum without rounding: `mantissa · 2^exponent`, mantissa odd, or 0 and 0. Equal values have equal fields. */
export interface ExactNumber {
  readonly mantissa: bigint;
  readonly exponent: number;
}

export const EXACT_ZERO: ExactNumber = { mantissa: 0n, exponent: 0 };

/** The exact sum of two. */
export function addExact(a: ExactNumber, b: ExactNumber): ExactNumber {
  const exponent = Math.min(a.exponent, b.exponent);
  return exactNumber(
    (a.mantissa << BigInt(a.exponent - exponent)) + (b.mantissa << BigInt(b.exponent - exponent)),
    exponent,
  );
}

/** The exact product of two. */
export function multiplyExact(a: ExactNumber, b: ExactNumber): ExactNumber {
  return exactNumber(a.mantissa * b.mantissa, a.exponent + b.exponent);
}

/** `mantissa · 2^exponent` in its one normal form. */
export function exactNumber(mantissa: bigint, exponent: number): ExactNumber {
  if (mantissa === 0n) return EXACT_ZERO;
  let odd = mantissa;
  let shift = exponent;
  for (const step of [1024, 32, 1])
    while ((odd & ((1n << BigInt(step)) - 1n)) === 0n) {
      odd >>= BigInt(step);
      shift += step;
    }
  return { mantissa: odd, exponent: shift };
}

/** `numerator / denominator` to within one unit in the last place, whatever their sizes. */
export function ratio(numerator: ExactNumber, denominator: bigint): number {
  if (numerator.mantissa === 0n) return 0;
  const negative = numerator.mantissa < 0n !== denominator < 0n;
  const top = numerator.mantissa < 0n ? -numerator.mantissa : numerator.mantissa;
  const bottom = denominator < 0n ? -denominator : denominator;
  // 80 bits of quotient are more than a double holds; `Number` rounds them once.
  const shift = Math.max(0, 80 - bitLength(top) + bitLength(bottom));
  const quotient = (top << BigInt(shift)) / bottom;
  const value = scale(quotient, numerator.exponent - shift);
  return negative ? -value : value;
}

/** Mean of `count` values. Undefined without values. */
export function exactMean(sum: ExactNumber, count: number): number | undefined {
  return count > 0 ? ratio(sum, BigInt(count)) : undefined;
}

/** Variance (divided by `count - 1`): `(n·Σx² − (Σx)²) / (n(n−1))` without rounding before the division. Undefined below two values. */
export function exactVariance(sum: ExactNumber, sumOfSquares: ExactNumber, count: number): number | undefined {
  if (count < 2) return undefined;
  const n = BigInt(count);
  const scaled = exactNumber(sumOfSquares.mantissa * n, sumOfSquares.exponent);
  const squared = exactNumber(-sum.mantissa * sum.mantissa, 2 * sum.exponent);
  return ratio(addExact(scaled, squared), n * (n - 1n));
}

function bitLength(value: bigint): number {
  return value.toString(16).length * 4;
}

/** `mantissa · 2^exponent` as double, in two steps because 2^exponent alone may leave the range. */
function scale(mantissa: bigint, exponent: number): number {
  const bits = bitLength(mantissa);
  const drop = Math.max(0, bits - 1000);
  const value = Number(mantissa >> BigInt(drop));
  const power = exponent + drop;
  const half = Math.trunc(power / 2);
  return value * 2 ** half * 2 ** (power - half);
}
