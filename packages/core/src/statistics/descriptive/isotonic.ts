import { invalidInput } from '../../foundation/errors.js';
import { sortOrder } from './order.js';

/** A non-decreasing step-and-line function: `y` at `x`, straight lines between, constant outside. */
export interface IsotonicFit {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/**
 * Isotonic regression by pooling adjacent violators, as scikit-learn: equal x are averaged first, knots inside a flat
 * stretch are dropped. O(n log n). @throws `input/invalid` for no rows, unequal lengths, NaN or weights that are not positive
 */
export function isotonicFit(x: Float64Array, y: ArrayLike<number>, weights?: ArrayLike<number>): IsotonicFit {
  const n = x.length;
  if (n === 0) throw invalidInput('x', 'at least one row', x);
  if (y.length !== n || (weights !== undefined && weights.length !== n))
    throw invalidInput('y', `as many values as x (${n})`, y.length);
  const order = sortOrder(x);
  const at = new Float64Array(n);
  const level = new Float64Array(n);
  const weight = new Float64Array(n);
  let unique = 0;
  for (let i = 0; i < n; ) {
    const value = x[order[i]!]!;
    let sum = 0;
    let total = 0;
    for (; i < n && x[order[i]!] === value; i++) {
      const w = weights?.[order[i]!] ?? 1;
      if (!(w >= 0)) throw invalidInput('weights', 'weights of 0 or more', w);
      sum += w * y[order[i]!]!;
      total += w;
    }
    if (Number.isNaN(sum) || Number.isNaN(value)) throw invalidInput('y', 'numbers without NaN', Number.NaN);
    if (total === 0) continue;
    at[unique] = value;
    level[unique] = sum / total;
    weight[unique++] = total;
  }
  pool(level, weight, unique);
  return knots(at.subarray(0, unique), level.subarray(0, unique));
}

/** The fit at a query, by straight lines between knots; clipped outside. NaN for NaN. */
export function isotonicAt({ x, y }: IsotonicFit, query: number): number {
  if (Number.isNaN(query)) return Number.NaN;
  const last = x.length - 1;
  if (query <= x[0]!) return y[0]!;
  if (query >= x[last]!) return y[last]!;
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (x[middle]! <= query) low = middle;
    else high = middle;
  }
  const share = (query - x[low]!) / (x[high]! - x[low]!);
  return y[low]! + (y[high]! - y[low]!) * share;
}

/** Pools violators in place: blocks are kept as (mean, weight, end) on a stack, then written back. */
function pool(level: Float64Array, weight: Float64Array, n: number): void {
  const mean = new Float64Array(n);
  const mass = new Float64Array(n);
  const end = new Uint32Array(n);
  let top = -1;
  for (let i = 0; i < n; i++) {
    mean[++top] = level[i]!;
    mass[top] = weight[i]!;
    end[top] = i;
    while (top > 0 && mean[top - 1]! >= mean[top]!) {
      const total = mass[top - 1]! + mass[top]!;
      mean[top - 1] = (mean[top - 1]! * mass[top - 1]! + mean[top]! * mass[top]!) / total;
      mass[top - 1] = total;
      end[--top] = i;
    }
  }
  for (let block = 0, i = 0; block <= top; block++) for (; i <= end[block]!; i++) level[i] = mean[block]!;
}

/** Keeps the first and last knot and those that are not inside a flat stretch. */
function knots(x: Float64Array, y: Float64Array): IsotonicFit {
  const keep: number[] = [];
  for (let i = 0; i < x.length; i++)
    if (i === 0 || i === x.length - 1 || y[i] !== y[i - 1] || y[i] !== y[i + 1]) keep.push(i);
  return { x: Float64Array.from(keep, (i) => x[i]!), y: Float64Array.from(keep, (i) => y[i]!) };
}
