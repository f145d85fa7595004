import { fromFloat16, type Tensor, type TensorMap } from '../tensor/index.js';
import type { GoldenRun } from './types.js';

/**
 * The largest difference between what was expected and what came, relative to `max(1, |expected|)`. A missing output,
 * another shape, or a NaN where a number was expected is infinitely wrong.
 */
export function largestDifference(expected: TensorMap, actual: TensorMap): number {
  let largest = 0;
  for (const [name, wanted] of expected) {
    const got = actual.get(name);
    if (got === undefined || got.dtype !== wanted.dtype || got.dims.join() !== wanted.dims.join())
      return Number.POSITIVE_INFINITY;
    for (let i = 0; i < wanted.data.length; i++) {
      const difference = distance(wanted, got, i);
      if (difference > largest) largest = difference;
    }
  }
  return largest;
}

/** Runs every golden row and returns the largest difference; undefined when there are none. */
export async function goldenParity(
  runs: readonly GoldenRun[] | undefined,
  run: (feeds: TensorMap) => Promise<TensorMap>,
): Promise<number | undefined> {
  if (runs === undefined || runs.length === 0) return undefined;
  let largest = 0;
  for (const { feeds, outputs } of runs) largest = Math.max(largest, largestDifference(outputs, await run(feeds)));
  return largest;
}

function distance(wanted: Tensor, got: Tensor, i: number): number {
  const [a, b] = [valueAt(wanted, i), valueAt(got, i)];
  if (typeof a === 'string' || typeof b === 'string' || Object.is(a, b))
    return a === b || Object.is(a, b) ? 0 : Number.POSITIVE_INFINITY;
  const difference = Math.abs(a - b) / Math.max(1, Math.abs(a));
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
}

function valueAt(t: Tensor, i: number): number | string {
  const value = t.data[i]!;
  if (t.dtype === 'float16') return fromFloat16(value as number);
  return typeof value === 'bigint' ? Number(value) : value;
}
