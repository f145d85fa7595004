import type { CategoryProfile, ColumnProfile, NumberProfile } from '../../profile/types.js';
import type { DistanceMeasure } from '../types.js';

/** Counts of the same cells on both sides. */
export interface Cells {
  readonly reference: readonly number[];
  readonly current: readonly number[];
}

/** Cells that hold less of the reference than this are put together, so that the distance is not made of noise. */
const LEAST_SHARE = 0.02;

/** The counts of two profiles in comparable cells; undefined when one is numeric and the other is not. Nulls are left out. */
export function cellsOf(reference: ColumnProfile, current: ColumnProfile): Cells | undefined {
  if (reference.kind === 'number' && current.kind === 'number') return numberCells(reference, current);
  if (reference.kind === 'category' && current.kind === 'category') return categoryCells(reference, current);
  return undefined;
}

/** Values outside the reference's range, NaN and infinities keep cells of their own: they are what is new. */
function numberCells(reference: NumberProfile, current: NumberProfile): Cells | undefined {
  const from = reference.histogram.counts;
  const to = current.histogram.counts;
  if (from.length !== to.length) return undefined;
  const a = [reference.nan, reference.positiveInfinity, reference.negativeInfinity, from[0]!];
  const b = [current.nan, current.positiveInfinity, current.negativeInfinity, to[0]!];
  const least = reference.finite * LEAST_SHARE;
  let heldA = 0;
  let heldB = 0;
  for (let cell = 1; cell < from.length - 1; cell++) {
    heldA += from[cell]!;
    heldB += to[cell]!;
    if (heldA < least && cell < from.length - 2) continue;
    a.push(heldA);
    b.push(heldB);
    heldA = 0;
    heldB = 0;
  }
  if (from.length > 1) {
    a.push(from[from.length - 1]!);
    b.push(to[to.length - 1]!);
  }
  return { reference: a, current: b };
}

function categoryCells(reference: CategoryProfile, current: CategoryProfile): Cells {
  const total = reference.rows - reference.nulls;
  const a = [reference.other];
  const b = [current.other];
  let rareA = 0;
  let rareB = 0;
  for (const [category, count] of reference.counts) {
    const now = current.counts.get(category) ?? 0;
    if (count < total * LEAST_SHARE) {
      rareA += count;
      rareB += now;
    } else {
      a.push(count);
      b.push(now);
    }
  }
  return { reference: [...a, rareA], current: [...b, rareB] };
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
