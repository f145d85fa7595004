import { MillwrightError } from '@millwright/core';
import { fromFloat16, type Tensor, type TensorMap } from '../tensor/index.js';
import type { GoldenRun, LoadPlan, ProviderName } from './types.js';

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

/** Relative error of one float32 run on another provider (fixtures agree within 3e-7; 1e-4 leaves room for deep models). */
const DEFAULT_TOLERANCE = 1e-4;

/** The parity on the plan's golden rows. @throws `serving/no-provider` when it is beyond the plan's tolerance */
export async function checkGolden(
  provider: ProviderName,
  plan: LoadPlan,
  run: (feeds: TensorMap) => Promise<TensorMap>,
): Promise<number | undefined> {
  const parity = await goldenParity(plan.golden, run);
  const tolerance = plan.tolerance ?? DEFAULT_TOLERANCE;
  if (parity === undefined || parity <= tolerance) return parity;
  const reason = `Its answers differ from the golden rows by ${parity}, more than ${tolerance}.`;
  throw new MillwrightError('serving/no-provider', reason, { details: { refused: [{ provider, reason }] } });
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
