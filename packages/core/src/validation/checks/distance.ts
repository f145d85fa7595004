import type { DistanceMeasure } from '../types.js';
import { type Anchor, cellsOf } from './cell-counts.js';

/** Counts of the same cells on both sides. */
export interface Cells {
  readonly reference: readonly number[];
  readonly current: readonly number[];
}

/** Cells that hold less of the reference than this are put together, so that the distance is not made of noise. */
const LEAST_SHARE = 0.02;

/**
 * Cells of an anchor and of what was counted in them, small ones together. What is new keeps cells of its own: NaN,
 * infinities and values outside the reference's range, or categories that it does not have.
 */
export function groupCells(anchor: Anchor, counted: Float64Array): Cells {
  const own = cellsOf(anchor);
  const ordered = anchor.kind === 'number';
  const least = LEAST_SHARE * (ordered ? anchor.finite : anchor.rows - anchor.nulls);
  const first = ordered ? 4 : 1;
  const last = ordered && own.length > first ? own.length - 1 : own.length;
  const reference = [...own.subarray(0, first), ...own.subarray(last)];
  const current = [...counted.subarray(0, first), ...counted.subarray(last)];
  let held = 0;
  let heldNow = 0;
  const push = (expected: number, found: number) => {
    reference.push(expected);
    current.push(found);
  };
  for (let cell = first; cell < last; cell++) {
    // Neighbours on a scale are joined until they hold enough; rare categories are one cell.
    if (!ordered && own[cell]! >= least) {
      push(own[cell]!, counted[cell]!);
      continue;
    }
    held += own[cell]!;
    heldNow += counted[cell]!;
    if (!ordered || held < least) continue;
    push(held, heldNow);
    held = 0;
    heldNow = 0;
  }
  push(held, heldNow);
  return { reference, current };
}

/** Zero shares are taken for this in the population stability index, whose logarithm has no answer for them. */
const PSI_FLOOR = 1e-4;

/**
 * Total variation (half the sum of differences), the largest difference (L-infinity), the Jensen-Shannon distance (square
 * root of the divergence in bits, 0 to 1), or the population stability index.
 */
export function distance(measure: DistanceMeasure, { reference, current }: Cells): number {
  const p = shares(reference);
  const q = shares(current);
  let sum = 0;
  for (let i = 0; i < p.length; i++) {
    const a = p[i]!;
    const b = q[i]!;
    switch (measure) {
      case 'totalVariation':
        sum += Math.abs(a - b) / 2;
        break;
      case 'linf':
        sum = Math.max(sum, Math.abs(a - b));
        break;
      case 'jensenShannon': {
        const middle = (a + b) / 2;
        sum += (term(a, middle) + term(b, middle)) / 2;
        break;
      }
      case 'psi': {
        const x = Math.max(a, PSI_FLOOR);
        const y = Math.max(b, PSI_FLOOR);
        sum += (y - x) * Math.log(y / x);
        break;
      }
      default:
        return measure satisfies never;
    }
  }
  return measure === 'jensenShannon' ? Math.sqrt(Math.max(0, sum)) : sum;
}

/**
 * About the distance that two samples of one distribution show: mean absolute deviations of the normal approximation for
 * total variation, two standard deviations for the largest difference, and the mean of chi-square / n for the others.
 */
export function noiseOf(measure: DistanceMeasure, { reference, current }: Cells): number {
  const p = shares(reference);
  const scale = 1 / total(reference) + 1 / total(current);
  const spread = (share: number) => Math.sqrt(share * (1 - share) * scale);
  const cells = p.filter((share) => share > 0).length;
  switch (measure) {
    case 'totalVariation':
      return p.reduce((sum, share) => sum + Math.sqrt(2 / Math.PI) * spread(share), 0) / 2;
    case 'linf':
      return 2 * Math.max(...p.map(spread));
    case 'jensenShannon':
      return Math.sqrt(((cells - 1) * scale) / (8 * Math.LN2));
    case 'psi':
      return (cells - 1) * scale;
    default:
      return measure satisfies never;
  }
}

function term(share: number, middle: number): number {
  return share === 0 ? 0 : share * Math.log2(share / middle);
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function shares(counts: readonly number[]): readonly number[] {
  const sum = total(counts);
  return counts.map((count) => (sum === 0 ? 0 : count / sum));
}
