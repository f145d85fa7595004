import { invalidInput, type Random, seededRandom } from '@millwright/core';
import { checkPair, shuffle, squaredDistance, type Vectors } from './vectors.js';

/** What permutation tests of two samples of points take. */
export interface PermutationOptions {
  /** Random relabellings. The smallest possible p-value is 1 / (permutations + 1). Default 200. */
  readonly permutations?: number | undefined;
  /**
   * Stop when this many relabellings reach the observed statistic: p is then large, and valid (Besag and Clifford 1991).
   * Default 20.
   */
  readonly stopAfter?: number | undefined;
  /** Default 1. */
  readonly seed?: number | undefined;
}

/** An observed statistic and its place among relabelled samples. */
export interface PermutationResult {
  readonly statistic: number;
  /** (1 + reached) / (1 + done), or reached / done when stopped early: never 0. */
  readonly pValue: number;
  readonly permutations: number;
  /** The mean of the relabelled statistics and their standard deviation. */
  readonly null: { readonly mean: number; readonly spread: number };
}

/** Turns squared distances into kernels, in place. */
export type Kernel = (squaredDistances: Float64Array) => void;

/** Sums of a symmetric kernel over the pairs inside and between two samples, each unordered pair once. */
export interface PairSums {
  readonly inReference: number;
  readonly inCurrent: number;
  readonly between: number;
}

const MAX_POINTS = 12_000;
/** Relabellings per pass over the kernels: one bit of a byte each. */
const BATCH = 8;

/**
 * Two-sample permutation test of any statistic that is a function of the three sums of a kernel over pairs. Memory is
 * 2 (n + m)² bytes, time one kernel per pair and one addition per pair and eight relabellings.
 *
 * @throws `input/invalid`, `input/too-large` beyond 12,000 points together
 */
export function pairwiseTest(
  reference: Vectors,
  current: Vectors,
  kernel: Kernel,
  statistic: (sums: PairSums) => number,
  options: PermutationOptions = {},
): PermutationResult {
  const { permutations = 200, stopAfter = 20, seed = 1 } = options;
  if (!(Number.isInteger(permutations) && permutations >= 1))
    throw invalidInput('permutations', 'a whole number of 1 or more', permutations);
  checkPair(reference, current);
  const n = reference.rows;
  const total = n + current.rows;
  if (total > MAX_POINTS)
    throw invalidInput('rows', `${MAX_POINTS} points or fewer together`, total, 'Take a sample, or count cells.');
  const { triangle, rowSums, observed } = kernelTriangle(reference, current, kernel);
  const all = rowSums.reduce((sum, value) => sum + value, 0) / 2;
  const sumsOf = (inReference: number, ofReference: number): PairSums => {
    const between = ofReference - 2 * inReference;
    return { inReference, between, inCurrent: all - inReference - between };
  };

  const value = statistic(observed);
  const random = seededRandom(seed);
  const order = Uint32Array.from({ length: total }, (_, i) => i);
  // The observed samples as they are summed below, from 32-bit kernels: what is compared is computed alike.
  const [inReference, ofReference] = sumsUnder(
    triangle,
    rowSums,
    Uint8Array.from(order, (i) => Number(i < n)),
  );
  const alike = statistic(sumsOf(inReference!, ofReference!));
  let [done, reached, mean, squares] = [0, 0, 0, 0];
  while (done < permutations && reached < stopAfter) {
    const sums = sumsUnder(triangle, rowSums, drawSamples(order, n, random));
    for (let c = 0; c < BATCH && done < permutations && reached < stopAfter; c++) {
      const relabelled = statistic(sumsOf(sums[2 * c]!, sums[2 * c + 1]!));
      done++;
      const step = relabelled - mean;
      mean += step / done;
      squares += step * (relabelled - mean);
      if (relabelled >= alike) reached++;
    }
  }
  const stopped = reached === stopAfter && done < permutations;
  return {
    statistic: value,
    pValue: stopped ? reached / done : (1 + reached) / (1 + done),
    permutations: done,
    null: { mean, spread: Math.sqrt(squares / Math.max(1, done - 1)) },
  };
}

/** Kernels of all pairs i < j, row after row, as 32-bit numbers; their sums per point; the observed sums in double precision. */
function kernelTriangle(
  reference: Vectors,
  current: Vectors,
  kernel: Kernel,
): { readonly triangle: Float32Array; readonly rowSums: Float64Array; readonly observed: PairSums } {
  const n = reference.rows;
  const { width } = reference;
  const total = n + current.rows;
  const points = new Float64Array(total * width);
  points.set(reference.values);
  points.set(current.values, n * width);
  const triangle = new Float32Array((total * (total - 1)) / 2);
  const rowSums = new Float64Array(total);
  const row = new Float64Array(total);
  let [at, inReference, inCurrent, between] = [0, 0, 0, 0];
  for (let i = 0; i < total; i++) {
    const others = row.subarray(0, total - 1 - i);
    distancesToLater(points, width, i, others);
    kernel(others);
    const split = Math.max(0, n - 1 - i);
    const [early, late] = [sum(others, 0, split), sum(others, split, others.length)];
    if (i < n) {
      inReference += early;
      between += late;
    } else inCurrent += late;
    triangle.set(others, at);
    rowSums[i]! += addRounded(triangle.subarray(at, at + others.length), rowSums.subarray(i + 1));
    at += others.length;
  }
  return { triangle, rowSums, observed: { inReference, inCurrent, between } };
}

/** Squared distances of point i to points i + 1, i + 2, …; four at a time, so that the additions do not wait for each other. */
function distancesToLater(points: Float64Array, width: number, i: number, out: Float64Array): void {
  const from = i * width;
  let j = 0;
  for (; j + 3 < out.length; j += 4) {
    const p = from + (j + 1) * width;
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let k = 0; k < width; k++) {
      const x = points[from + k]!;
      a += (x - points[p + k]!) ** 2;
      b += (x - points[p + width + k]!) ** 2;
      c += (x - points[p + 2 * width + k]!) ** 2;
      d += (x - points[p + 3 * width + k]!) ** 2;
    }
    out[j] = a;
    out[j + 1] = b;
    out[j + 2] = c;
    out[j + 3] = d;
  }
  for (; j < out.length; j++) out[j] = squaredDistance(points, from, points, from + (j + 1) * width, width);
}

/** Adds a row of kernels to the sums of its points and returns the row's own sum. */
function addRounded(kernels: Float32Array, sums: Float64Array): number {
  let own = 0;
  for (let j = 0; j < kernels.length; j++) {
    own += kernels[j]!;
    sums[j]! += kernels[j]!;
  }
  return own;
}

function sum(values: Float64Array, from: number, to: number): number {
  let total = 0;
  for (let k = from; k < to; k++) total += values[k]!;
  return total;
}

/**
 * For each of eight samples: [kernel sum over the pairs of its members, sum of its members' rows]. Bit c of `samples[j]`
 * says whether point j is in sample c. A row's kernels are added up by that byte, one addition per pair for all eight.
 */
function sumsUnder(triangle: Float32Array, rowSums: Float64Array, samples: Uint8Array): Float64Array {
  const sums = new Float64Array(2 * BATCH);
  const byMembers = new Float64Array(1 << BATCH);
  const others = new Float64Array(1 << BATCH);
  const total = samples.length;
  for (let i = 0, at = 0; i < total; i++) {
    byMembers.fill(0);
    others.fill(0);
    let j = i + 1;
    // Two sums, so that equal bytes in a row do not wait for each other.
    for (; j + 1 < total; j += 2, at += 2) {
      byMembers[samples[j]!]! += triangle[at]!;
      others[samples[j + 1]!]! += triangle[at + 1]!;
    }
    if (j < total) byMembers[samples[j]!]! += triangle[at++]!;
    for (let k = 0; k < others.length; k++) byMembers[k]! += others[k]!;
    const member = samples[i]!;
    for (let c = BATCH - 1; c >= 0; c--) {
      const half = 1 << c;
      const inSample = (member >> c) & 1;
      sums[2 * c + 1]! += inSample * rowSums[i]!;
      // The upper half are the points in sample c; folded onto the lower half, the next bit is the highest.
      let upper = 0;
      for (let k = 0; k < half; k++) {
        const value = byMembers[half + k]!;
        upper += value;
        byMembers[k]! += value;
      }
      sums[2 * c]! += inSample * upper;
    }
  }
  return sums;
}

/** Eight random samples of n of all points, one per bit. */
function drawSamples(order: Uint32Array, n: number, random: Random): Uint8Array {
  const samples = new Uint8Array(order.length);
  for (let c = 0; c < BATCH; c++) {
    shuffle(order, random);
    for (let k = 0; k < n; k++) samples[order[k]!]! |= 1 << c;
  }
  return samples;
}
