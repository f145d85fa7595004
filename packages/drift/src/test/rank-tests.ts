import { chiSquareSf, cramerVonMisesSf, normalLogSf, normalQuantile } from '@millwright/core/statistics';
import { checkOptions, judge } from './judge.js';
import { mergeSorted, sortedColumn, sortedSample } from './samples.js';
import type { TestOptions, TestResult, TwoSampleTest } from './types.js';

/** How far from a half the chance is that a current value exceeds a reference value. */
const SHIFT_MARGIN = 0.05;

/**
 * Mann-Whitney U test (normal approximation with tie and continuity correction): does one sample tend to larger values?
 * The effect is |P(current > reference) + ½P(equal) - ½|. Margin 0.05 by default.
 *
 * @throws `input/invalid` for values that are not finite
 */
export function mannWhitney(reference: Float64Array, current: Float64Array, options: TestOptions = {}): TestResult {
  const ranks = rankFigures(sortedSample('reference', reference), sortedSample('current', current));
  const { n, m, rankSum, ties } = ranks;
  const u = rankSum - (n * (n + 1)) / 2;
  const mean = (n * m) / 2;
  const variance = ((n * m) / 12) * (n + m + 1 - ties / ((n + m) * (n + m - 1)));
  const z = variance > 0 ? Math.max(0, Math.abs(u - mean) - 0.5) / Math.sqrt(variance) : 0;
  return finishRanks(
    'mann-whitney',
    u,
    Math.min(0, Math.LN2 + normalLogSf(z)),
    Math.abs(u / (n * m) - 0.5),
    ranks,
    options,
  );
}

/**
 * Two-sample Cramér-von Mises test (Anderson 1962, limit law at the normalised statistic as scipy): all differences of
 * the distribution functions count. The effect is that of `mannWhitney`.
 *
 * @throws `input/invalid` for values that are not finite
 */
export function cramerVonMises(reference: Float64Array, current: Float64Array, options: TestOptions = {}): TestResult {
  const ranks = rankFigures(sortedSample('reference', reference), sortedSample('current', current));
  const { n, m, rankSum } = ranks;
  const u = n * ranks.squares + m * ranks.currentSquares;
  const [k, N] = [n * m, n + m];
  const t = u / (k * N) - (4 * k - 1) / (6 * N);
  const expected = (1 + 1 / N) / 6;
  const variance = ((N + 1) * (4 * k * N - 3 * (n * n + m * m) - 2 * k)) / (45 * N * N * 4 * k);
  const normalised = 1 / 6 + (t - expected) / Math.sqrt(45 * variance);
  const shift = Math.abs((rankSum - (n * (n + 1)) / 2) / k - 0.5);
  const pValue = normalised < 0.003 ? 1 : cramerVonMisesSf(normalised);
  return finishRanks('cramer-von-mises', t, Math.log(pValue), shift, ranks, options);
}

/**
 * Two-sample Anderson-Darling test, midrank version (Scholz and Stephens 1987): weighs the tails. The p-value is
 * interpolated in their table and lies between 0.001 and 0.25, so α should too. Their law is that of samples without
 * ties; ties spread the statistic more, and so the law here.
 *
 * @throws `input/invalid` for values that are not finite
 */
export function andersonDarling(
  reference: Float64Array,
  current: Float64Array,
  options: AndersonDarlingOptions = {},
): TestResult {
  const first = sortedSample('reference', reference);
  const second = sortedSample('current', current);
  const ranks = rankFigures(first, second);
  const { n, m, rankSum } = ranks;
  const N = n + m;
  let [below, belowFirst, sumFirst, sumSecond] = [0, 0, 0, 0];
  mergeSorted(first, second, (_, inFirst, inSecond) => {
    const ties = inFirst + inSecond;
    const middle = below + ties / 2;
    const weight = ties / N / (middle * (N - middle) - (N * ties) / 4);
    const middleFirst = belowFirst + inFirst / 2;
    if (Number.isFinite(weight)) {
      sumFirst += weight * (N * middleFirst - middle * n) ** 2;
      sumSecond += weight * (N * (middle - middleFirst) - middle * m) ** 2;
    }
    below += ties;
    belowFirst += inFirst;
  });
  const a2 = ((sumFirst / n + sumSecond / m) * (N - 1)) / N;
  const deviation = Math.sqrt(andersonVariance(n, m));
  const shift = Math.abs((rankSum - (n * (n + 1)) / 2) / (n * m) - 0.5);
  const spread = ranks.ties === 0 || options.as === 'scipy' ? 1 : tiedSpread(first, second);
  const logP = spread === 1 ? andersonLogP((a2 - 1) / deviation) : tiedLogP(a2, deviation, spread);
  return finishRanks('anderson-darling', (a2 - 1) / deviation, logP, shift, ranks, options);
}

/** Whose law the statistic is held against. */
export interface AndersonDarlingOptions extends TestOptions {
  /** `scipy` takes the law of samples without ties for all samples, which alarms too often where there are many. */
  readonly as?: 'scipy' | undefined;
}

const asTest = (id: string, run: (a: Float64Array, b: Float64Array, o?: TestOptions) => TestResult): TwoSampleTest => ({
  id,
  accepts: 'number',
  fromSamples: (reference, current, options) => run(sortedColumn(reference), sortedColumn(current), options),
});

/** The rank tests as doors. They need values, not profiles. */
export const rankTests = {
  mannWhitney: asTest('mann-whitney', mannWhitney),
  cramerVonMises: asTest('cramer-von-mises', cramerVonMises),
  andersonDarling: asTest('anderson-darling', andersonDarling),
} as const;

interface RankFigures {
  readonly n: number;
  readonly m: number;
  /** Sum of the reference's midranks in both samples together. */
  readonly rankSum: number;
  /** Σ (t³ - t) over groups of t ties. */
  readonly ties: number;
  /** Σ (rank of the i-th smallest - i)² per sample. */
  readonly squares: number;
  readonly currentSquares: number;
}

function rankFigures(reference: Float64Array, current: Float64Array): RankFigures {
  let [below, i, j, rankSum, ties, squares, currentSquares] = [0, 0, 0, 0, 0, 0, 0];
  mergeSorted(reference, current, (_, inReference, inCurrent) => {
    const group = inReference + inCurrent;
    const rank = below + (group + 1) / 2;
    rankSum += rank * inReference;
    ties += group ** 3 - group;
    for (const end = i + inReference; i < end; i++) squares += (rank - i - 1) ** 2;
    for (const end = j + inCurrent; j < end; j++) currentSquares += (rank - j - 1) ** 2;
    below += group;
  });
  return { n: reference.length, m: current.length, rankSum, ties, squares, currentSquares };
}

function finishRanks(
  test: string,
  statistic: number,
  logP: number,
  shift: number,
  ranks: RankFigures,
  options: TestOptions,
): TestResult {
  const checked = checkOptions(options, SHIFT_MARGIN);
  const { n, m } = ranks;
  const known = n > 0 && m > 0 && !Number.isNaN(logP);
  const z = normalQuantile(1 - checked.alpha / 2) + normalQuantile(checked.power);
  return judge(
    {
      test,
      method: 'asymptotic',
      statistic,
      pValue: known ? Math.exp(logP) : undefined,
      logPValue: known ? logP : undefined,
      effect: known ? shift : Number.NaN,
      measure: 'chance of a larger value beyond one half',
      rows: { reference: n, current: m },
      // Noether (1987): N = z² / (12 · ¼ · shift²) for two equal samples.
      needed: checked.margin === 0 ? 1 : (z / checked.margin) ** 2 / 6,
    },
    checked,
  );
}

/** Variance of A² for two samples, Scholz and Stephens (1987), equation 4. */
function andersonVariance(n: number, m: number): number {
  const N = n + m;
  const H = 1 / n + 1 / m;
  let h = 0;
  let g = 0;
  for (let i = N - 1; i >= 2; i--) {
    h += 1 / i;
    g += h / (N + 1 - i);
  }
  h += 1;
  const a = 4 * g - 6 + (10 - 6 * g) * H;
  const b = (2 * g - 4) * 4 + 16 * h + (2 * g - 14 * h - 4) * H - 8 * h + 4 * g - 6;
  const c = (6 * h + 2 * g - 2) * 4 + (4 * h - 4 * g + 6) * 2 + (2 * h - 6) * H + 4 * h;
  const d = (2 * h + 6) * 4 - 8 * h;
  return (a * N ** 3 + b * N ** 2 + c * N + d) / ((N - 1) * (N - 2) * (N - 3));
}

/** Critical values of the standardised statistic for two samples and their levels (Scholz and Stephens, table 2). */
// biome-ignore lint/suspicious/noApproximativeNumericConstant: 2.718 is in the table, it is not e.
const CRITICAL = [0.325, 1.226, 1.961, 2.718, 3.752, 4.592, 6.546] as const;
const LEVELS = [0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001] as const;

/** ln p by the quadratic of ln level in the critical value that fits the table best. */
function andersonLogP(statistic: number): number {
  if (Number.isNaN(statistic)) return Number.NaN;
  if (statistic < CRITICAL[0]) return Math.log(LEVELS[0]);
  if (statistic > CRITICAL[6]) return Math.log(LEVELS[6]);
  const [c, b, a] = quadraticFit(CRITICAL, LEVELS.map(Math.log));
  return a * statistic * statistic + b * statistic + c;
}

/**
 * How much further than without ties the statistic spreads, as a ratio of standard deviations of the limit law: a
 * weighted sum of squares of the bridge at the groups' middles (Scholz and Stephens 1987, section 4).
 */
function tiedSpread(first: Float64Array, second: Float64Array): number {
  const groups: number[] = [];
  mergeSorted(first, second, (_, inFirst, inSecond) => groups.push(inFirst + inSecond));
  const rows = first.length + second.length;
  return Math.max(1, Math.sqrt(limitVariance(groups, rows) / limitVariance(new Uint8Array(rows).fill(1), rows)));
}

/** 2 Σ p_j p_k r_jk², r the bridge's correlation: u_j (1 - u_k) / √(v_j v_k) for j < k, v_j = u_j (1 - u_j) - p_j / 4. */
function limitVariance(groups: ArrayLike<number>, rows: number): number {
  let [below, before, sum] = [0, 0, 0];
  for (let j = 0; j < groups.length; j++) {
    const p = groups[j]! / rows;
    const u = below / rows + p / 2;
    const v = u * (1 - u) - p / 4;
    below += groups[j]!;
    // One group, or the middle of nothing: no variance, no weight.
    if (v <= 0) continue;
    sum += p * p + (2 * p * (1 - u) ** 2 * before) / v;
    before += (p * u * u) / v;
  }
  return 2 * sum;
}

/**
 * ln p with ties: the larger of the table at the wider spread and of the chi-square law with the same mean, 1, and
 * variance (Welch and Satterthwaite), which is exact for two values.
 */
function tiedLogP(a2: number, deviation: number, spread: number): number {
  const wider = deviation * spread;
  const df = 2 / wider ** 2;
  const table = andersonLogP((a2 - 1) / wider);
  return Math.max(table, Math.log(Math.min(LEVELS[0], chiSquareSf(df * a2, df))));
}

function quadraticFit(x: readonly number[], y: readonly number[]): readonly [number, number, number] {
  const power = (k: number) => x.reduce((sum, v) => sum + v ** k, 0);
  const moment = (k: number) => x.reduce((sum, v, i) => sum + v ** k * y[i]!, 0);
  const rows = [0, 1, 2].map((k) => [power(k), power(k + 1), power(k + 2), moment(k)]);
  for (let pivot = 0; pivot < 3; pivot++)
    for (let row = 0; row < 3; row++) {
      if (row === pivot) continue;
      const factor = rows[row]![pivot]! / rows[pivot]![pivot]!;
      for (let k = 0; k < 4; k++) rows[row]![k]! -= factor * rows[pivot]![k]!;
    }
  return [rows[0]![3]! / rows[0]![0]!, rows[1]![3]! / rows[1]![1]!, rows[2]![3]! / rows[2]![2]!];
}
