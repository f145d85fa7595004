/** The sum of values or counts; 0 without any. */
export function total(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}

/** The mean of values; NaN without any. */
export function meanOf(values: ArrayLike<number>): number {
  return total(values) / values.length;
}
