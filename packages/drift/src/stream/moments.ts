import type { Direction } from './types.js';

/** Welford's update of a count, a mean and a sum of squared deviations, which lie at `at`, `at + 1` and `at + 2`. */
export function accumulate(state: Float64Array, at: number, value: number): void {
  const count = state[at]! + 1;
  const gap = value - state[at + 1]!;
  state[at] = count;
  state[at + 1]! += gap / count;
  state[at + 2]! += gap * (value - state[at + 1]!);
}

/** The standard deviation of one error among `count`, when a share `rate` is wrong. */
export function deviationOfRate(rate: number, count: number): number {
  return Math.sqrt((rate * (1 - rate)) / count);
}

/** Whether a rise or a fall is above the limit, where it counts. */
export function exceeds(rise: number, fall: number, limit: number, direction: Direction): boolean {
  return (direction !== 'down' && rise > limit) || (direction !== 'up' && fall > limit);
}
