import { invalidInput, seededRandom } from '@millwright/core';
import { normalQuantile, normalSf, quantile } from '@millwright/core/statistics';
import { checkOptions, judge } from '../test/judge.js';
import type { TestOptions, TestResult } from '../test/types.js';
import { type PermutationOptions, type PermutationResult, pairwiseTest } from './pairwise.js';
import { checkPair, randomOrder, squaredDistance, type Vectors } from './vectors.js';

/** The kernel's width, and how often rows are shuffled. */
export interface MmdOptions extends TestOptions, PermutationOptions {
  /** Width of the Gaussian kernel exp(-d² / 2σ²). Default: from the reference alone, σ² = half the median squared distance. */
  readonly bandwidth?: number | undefined;
}

/**
 * Maximum mean discrepancy (Gretton et al. 2012), unbiased, with a Gaussian kernel and a permutation p-value: any
 * difference of two samples of points. The effect is the square root of MMD² where that is positive (the kernel has range
 * 0 to 1); margin 0.05. 2,000 + 2,000 points need 32 MB.
 *
 * @throws `input/invalid` for points that are not finite or of another width, and beyond 12,000 points together
 */
export function mmd(reference: Vectors, current: Vectors, options: MmdOptions = {}): TestResult {
  checkPair(reference, current);
  const sigma = checkBandwidth(options.bandwidth ?? bandwidthOf(reference));
  const scale = -1 / (2 * sigma * sigma);
  const [n, m] = [reference.rows, current.rows];
  const found = pairwiseTest(
    reference,
    current,
    (row) => {
      for (let k = 0; k < row.length; k++) row[k] = Math.exp(scale * row[k]!);
    },
    ({ inReference, inCurrent, between }) =>
      (2 * inReference) / (n * (n - 1)) + (2 * inCurrent) / (m * (m - 1)) - (2 * between) / (n * m),
    options,
  );
  const effect = Math.sqrt(Math.max(0, found.statistic));
  return finish('mmd', 'maximum mean discrepancy', effect, 1, found, [n, m], options, MMD_MARGIN);
}

/**
 * Energy distance of points (Székely and Rizzo 2004), 2E|X-Y| - E|X-X'| - E|Y-Y'| as a V-statistic, with a permutation
 * p-value. No bandwidth to choose. The effect is the square root of the part of
 * the statistic that chance does not explain over 2E|X-Y| (0 to 1); margin 0.05.
 *
 * @throws `input/invalid` as `mmd`
 */
export function energy(
  reference: Vectors,
  current: Vectors,
  options: TestOptions & PermutationOptions = {},
): TestResult {
  checkPair(reference, current);
  const [n, m] = [reference.rows, current.rows];
  let apart = 0;
  const found = pairwiseTest(
    reference,
    current,
    (row) => {
      for (let k = 0; k < row.length; k++) row[k] = Math.sqrt(row[k]!);
    },
    ({ inReference, inCurrent, between }) => {
      apart ||= (2 * between) / (n * m);
      return (2 * between) / (n * m) - (2 * inReference) / n ** 2 - (2 * inCurrent) / m ** 2;
    },
    options,
  );
  const excess = Math.max(0, found.statistic - found.null.mean);
  const effect = apart === 0 ? 0 : Math.sqrt(excess / apart);
  return finish('energy', 'energy coefficient', effect, apart, found, [n, m], options, ENERGY_MARGIN);
}

/**
 * MMD² in linear time and memory: the mean of one kernel difference per pair of rows, with a normal p-value. Weak on small
 * samples, cheap on large ones. Rows are paired at random. @throws `input/invalid` as `mmd`
 */
export function mmdLinear(
  reference: Vectors,
  current: Vectors,
  options: TestOptions & Pick<MmdOptions, 'bandwidth' | 'seed'> = {},
): TestResult {
  checkPair(reference, current);
  const checked = checkOptions(options, MMD_MARGIN);
  const sigma = checkBandwidth(options.bandwidth ?? bandwidthOf(reference));
  const random = seededRandom(options.seed ?? 1);
  const [x, y] = [randomOrder(reference.rows, random), randomOrder(current.rows, random)];
  const pairs = Math.min(x.length, y.length) >> 1;
  const { width } = reference;
  const kernel = (a: Vectors, i: number, b: Vectors, j: number) =>
    Math.exp(-squaredDistance(a.values, i * width, b.values, j * width, width) / (2 * sigma * sigma));
  let [mean, squares] = [0, 0];
  for (let k = 0; k < pairs; k++) {
    const [i, j, p, q] = [x[2 * k]!, x[2 * k + 1]!, y[2 * k]!, y[2 * k + 1]!];
    const h =
      kernel(reference, i, reference, j) +
      kernel(current, p, current, q) -
      kernel(reference, i, current, q) -
      kernel(reference, j, current, p);
    const step = h - mean;
    mean += step / (k + 1);
    squares += step * (h - mean);
  }
  const spread = Math.sqrt(squares / (pairs - 1));
  const known = pairs >= FEWEST_PAIRS && spread > 0;
  const z = normalQuantile(1 - checked.alpha) + normalQuantile(checked.power);
  return judge(
    {
      test: 'mmd.linear',
      method: 'asymptotic',
      statistic: mean,
      pValue: known ? normalSf((mean * Math.sqrt(pairs)) / spread) : undefined,
      effect: known ? Math.sqrt(Math.max(0, mean)) : Number.NaN,
      measure: 'maximum mean discrepancy',
      rows: { reference: reference.rows, current: current.rows },
      needed: known && checked.margin > 0 ? 2 * ((z * spread) / checked.margin ** 2) ** 2 : 2 * FEWEST_PAIRS,
    },
    checked,
  );
}

const MMD_MARGIN = 0.05;
const ENERGY_MARGIN = 0.05;
/** The mean of this many kernel differences is near enough to normal. */
const FEWEST_PAIRS = 50;
/** Points of the reference that the median distance is taken over. */
const BANDWIDTH_POINTS = 500;

/** Square root of half the median squared distance of the reference, over at most 500 of its points. */
function bandwidthOf(reference: Vectors): number {
  const step = Math.max(1, Math.floor(reference.rows / BANDWIDTH_POINTS));
  const rows = Math.min(BANDWIDTH_POINTS, reference.rows);
  const { values, width } = reference;
  const squared = new Float64Array((rows * (rows - 1)) / 2);
  let at = 0;
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < i; j++)
      squared[at++] = squaredDistance(values, i * step * width, values, j * step * width, width);
  return Math.sqrt(quantile(squared, 0.5) / 2) || 1;
}

function checkBandwidth(bandwidth: number): number {
  if (!(bandwidth > 0 && Number.isFinite(bandwidth))) throw invalidInput('bandwidth', 'a number above 0', bandwidth);
  return bandwidth;
}

/** `needed` follows from the spread of the relabelled statistics, which shrinks about as 1/n; `unit` is the statistic at effect 1. */
function finish(
  test: string,
  measure: string,
  effect: number,
  unit: number,
  found: PermutationResult,
  [n, m]: readonly [number, number],
  options: TestOptions,
  margin: number,
): TestResult {
  const checked = checkOptions(options, margin);
  const z = normalQuantile(1 - checked.alpha) + normalQuantile(checked.power);
  const target = unit * checked.margin ** 2;
  const needed = target === 0 ? 2 : (Math.min(n, m) * z * found.null.spread) / target;
  return judge(
    {
      test,
      method: `permutation of ${found.permutations}`,
      statistic: found.statistic,
      pValue: found.pValue,
      effect,
      measure,
      rows: { reference: n, current: m },
      needed,
    },
    checked,
  );
}
