import { invalidInput } from '../../foundation/errors.js';
import { normalQuantile, normalSf } from '../distribution/normal.js';
import { findRoot } from '../distribution/root.js';
import { checkProportion, type Interval, type Proportion, wilsonInterval } from './proportion.js';

/** The four cells of two models that judged the same rows: who was right. */
export interface PairedCounts {
  readonly both: number;
  readonly onlyFirst: number;
  readonly onlySecond: number;
  readonly neither: number;
}

/** Interval of first - second for two independent rates: Newcombe (1998) method 10, from Wilson's limits. @throws `input/invalid` */
export function newcombeDifference(first: Proportion, second: Proportion, level = 0.95): Interval {
  checkProportion(first.count, first.n);
  checkProportion(second.count, second.n);
  if (first.n === 0 || second.n === 0) return { lower: -1, upper: 1 };
  return square(first, second, 0, level);
}

/**
 * Interval of (first - second) rates on the same rows: Newcombe (1998b) method 10, Wilson's limits with the
 * continuity-corrected φ. @throws `input/invalid`
 */
export function newcombePaired(counts: PairedCounts, level = 0.95): Interval {
  const { both, onlyFirst, onlySecond, neither } = checkPaired(counts);
  const n = both + onlyFirst + onlySecond + neither;
  if (n === 0) return { lower: -1, upper: 1 };
  const right = both + onlyFirst;
  const down = both + onlySecond;
  const margins = right * (n - right) * down * (n - down);
  const cross = both * neither - onlyFirst * onlySecond;
  const corrected = cross > n / 2 ? cross - n / 2 : Math.min(0, cross);
  const phi = margins === 0 ? 0 : corrected / Math.sqrt(margins);
  return square({ count: right, n }, { count: down, n }, phi, level);
}

/** Interval of (first - second) rates on the same rows: Agresti & Min (2005), Wald with half a count added to each cell. @throws `input/invalid` */
export function agrestiMin(counts: PairedCounts, level = 0.95): Interval {
  const { both, onlyFirst, onlySecond, neither } = checkPaired(counts);
  const n = both + onlyFirst + onlySecond + neither + 2;
  const b = onlyFirst + 0.5;
  const c = onlySecond + 0.5;
  const difference = (b - c) / n;
  const half = normalQuantile(1 - (1 - level) / 2) * Math.sqrt((b + c - ((b - c) * (b - c)) / n) / (n * n));
  return { lower: Math.max(-1, difference - half), upper: Math.min(1, difference + half) };
}

/**
 * Score interval of first - second for two independent rates (Miettinen & Nurminen 1985), by bisection over [-1, 1] on the
 * closed-form restricted likelihood. @throws `input/invalid`
 */
export function miettinenNurminen(first: Proportion, second: Proportion, level = 0.95): Interval {
  checkProportion(first.count, first.n);
  checkProportion(second.count, second.n);
  if (first.n === 0 || second.n === 0) return { lower: -1, upper: 1 };
  const z = normalQuantile(1 - (1 - level) / 2);
  const difference = first.count / first.n - second.count / second.n;
  const excess = (d: number, sign: number) => difference - d - sign * z * restrictedError(first, second, d);
  return {
    lower: difference === -1 ? -1 : findRoot((d) => excess(d, 1), -1, difference),
    upper: difference === 1 ? 1 : findRoot((d) => excess(d, -1), difference, 1),
  };
}

/**
 * Score test that first - second exceeds `margin` (non-inferiority for a negative margin), independent groups, after
 * Miettinen & Nurminen. `pValue` is one-sided. Without rows, or without variance, z is 0 or ±∞. @throws `input/invalid`
 */
export function miettinenNurminenTest(
  first: Proportion,
  second: Proportion,
  margin: number,
): { readonly z: number; readonly pValue: number } {
  checkProportion(first.count, first.n);
  checkProportion(second.count, second.n);
  if (first.n === 0 || second.n === 0) return { z: 0, pValue: 1 };
  const distance = first.count / first.n - second.count / second.n - margin;
  const error = restrictedError(first, second, margin);
  const z = distance === 0 ? 0 : distance / error;
  return { z, pValue: normalSf(z) };
}

/** Standard error of the difference at the maximum of the likelihood under p1 - p0 = d (closed form of the cubic). */
function restrictedError(first: Proportion, second: Proportion, d: number): number {
  const n1 = first.n;
  const n0 = second.n;
  const x0 = second.count;
  const n = n1 + n0;
  const x = first.count + x0;
  const l2 = (n1 + 2 * n0) * d - n - x;
  const l1 = (n0 * d - n - 2 * x0) * d + x;
  const l0 = x0 * d * (1 - d);
  const third = l2 / (3 * n);
  const q = third ** 3 - (l1 * l2) / (6 * n * n) + l0 / (2 * n);
  const p = Math.sign(q || 1) * Math.sqrt(Math.max(0, third * third - l1 / (3 * n)));
  const cosine = p === 0 ? 1 : Math.min(1, Math.max(-1, q / p ** 3));
  const p0 = Math.min(1, Math.max(0, 2 * p * Math.cos((Math.PI + Math.acos(cosine)) / 3) - third));
  const p1 = Math.min(1, Math.max(0, p0 + d));
  const correction = n > 1 ? n / (n - 1) : 1;
  return Math.sqrt(Math.max(0, ((p1 * (1 - p1)) / n1 + (p0 * (1 - p0)) / n0) * correction));
}

/** Newcombe's square-and-add of two Wilson intervals with correlation φ. */
function square(first: Proportion, second: Proportion, phi: number, level: number): Interval {
  const p1 = first.count / first.n;
  const p2 = second.count / second.n;
  const w1 = wilsonInterval(first, level);
  const w2 = wilsonInterval(second, level);
  const below = p1 - w1.lower;
  const above = w1.upper - p1;
  const below2 = p2 - w2.lower;
  const above2 = w2.upper - p2;
  const lower = p1 - p2 - Math.sqrt(Math.max(0, below * below - 2 * phi * below * above2 + above2 * above2));
  const upper = p1 - p2 + Math.sqrt(Math.max(0, above * above - 2 * phi * above * below2 + below2 * below2));
  return { lower: Math.max(-1, lower), upper: Math.min(1, upper) };
}

function checkPaired(counts: PairedCounts): PairedCounts {
  for (const name of ['both', 'onlyFirst', 'onlySecond', 'neither'] as const)
    if (!(counts[name] >= 0 && counts[name] < Number.POSITIVE_INFINITY))
      throw invalidInput(name, 'a count, 0 or more', counts[name]);
  return counts;
}
