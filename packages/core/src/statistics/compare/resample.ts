import { invalidInput } from '../../foundation/errors.js';
import { defined } from '../../foundation/options.js';
import type { Random } from '../../foundation/random.js';
import { quantileSorted } from '../descriptive/quantile.js';
import { normalCdf, normalQuantile } from '../distribution/normal.js';
import { drawMultinomial } from '../distribution/sample.js';
import type { Interval } from '../interval/proportion.js';

/** How often rows or clusters are drawn again, and how sure the interval is. */
export interface BootstrapOptions {
  /** Draws the rows; a seeded one gives the same interval again. */
  readonly random: Random;
  /** Default 2,000. */
  readonly replicates?: number | undefined;
  /** Default 0.95. */
  readonly level?: number | undefined;
  /**
   * The cluster of each row (user, session, document), 0-based. Whole clusters are then resampled: rows of one unit are
   * not independent.
   */
  readonly clusters?: Uint32Array | undefined;
}

/** Bootstrap of a statistic. Undefined replicates (NaN) are dropped and counted. */
export interface BootstrapResult {
  readonly estimate: number;
  readonly standardError: number;
  readonly bias: number;
  readonly percentile: Interval;
  readonly basic: Interval;
  /** Bias-corrected and accelerated (Efron 1987). Undefined when more than 5 % of replicates are, or all are equal. */
  readonly bca: Interval | undefined;
  readonly z0: number;
  readonly acceleration: number;
  readonly undefinedReplicates: number;
}

/**
 * Paired bootstrap: `statistic` is computed on row indices, so that everything it reads (two models, truth) is resampled
 * together. O(replicates × n) plus the jackknife. @throws `input/invalid` for no rows
 */
export function bootstrap(
  rows: number,
  statistic: (indices: Uint32Array) => number,
  options: BootstrapOptions,
): BootstrapResult {
  const { replicates, level, random, clusters } = { ...DEFAULTS, ...defined(options) };
  if (rows < 1) throw invalidInput('rows', 'at least one row', rows);
  const groups = clusters === undefined ? undefined : groupRows(clusters);
  const values = new Float64Array(replicates);
  if (groups === undefined) {
    const indices = new Uint32Array(rows);
    for (let b = 0; b < replicates; b++) {
      for (let i = 0; i < rows; i++) indices[i] = Math.floor(random.next() * rows);
      values[b] = statistic(indices);
    }
  } else {
    for (let b = 0; b < replicates; b++) {
      const drawn: Uint32Array[] = [];
      for (let i = 0; i < groups.length; i++) drawn.push(groups[Math.floor(random.next() * groups.length)]!);
      values[b] = statistic(join(drawn));
    }
  }
  const everything = Uint32Array.from({ length: rows }, (_, i) => i);
  return summarise(values, statistic(everything), skew(jackknife(everything, statistic, groups)), level);
}

/** The intervals of replicates that were computed elsewhere. `jackknifed` holds the statistic without each row. */
export function bootstrapIntervals(
  replicates: Float64Array,
  estimate: number,
  jackknifed: Float64Array,
  level = 0.95,
): BootstrapResult {
  return summarise(replicates, estimate, skew(jackknifed), level);
}

/**
 * Bootstrap of a function of contingency cells: replicates are multinomial draws of the cells, so that no row is touched
 * again and the cost does not depend on the rows. Equal in law to the bootstrap of rows. @throws `input/invalid`
 */
export function bootstrapCells(
  cells: ArrayLike<number>,
  statistic: (cells: ArrayLike<number>) => number,
  options: Omit<BootstrapOptions, 'clusters'>,
): BootstrapResult {
  const { replicates, level, random } = { ...DEFAULTS, ...defined(options) };
  const counts = Float64Array.from(cells);
  const rows = counts.reduce((sum, count) => sum + count, 0);
  if (!(rows >= 1)) throw invalidInput('cells', 'counts of at least one row', rows);
  const draw = new Float64Array(counts.length);
  const values = new Float64Array(replicates);
  for (let b = 0; b < replicates; b++) {
    drawMultinomial(random, counts, draw);
    values[b] = statistic(draw);
  }
  // The jackknife leaves out one row of each cell in turn; rows of one cell give one value.
  const without = counts.map((count, i) => {
    if (count < 1) return 0;
    draw.set(counts);
    draw[i] = count - 1;
    return statistic(draw);
  });
  return summarise(values, statistic(counts), skew(without, counts), level);
}

/**
 * Sign-flip permutation test of paired differences: under H0 each could have had the other sign. Exact up to 20 rows,
 * else Monte Carlo with p = (1 + hits) / (1 + draws). NaN for no rows.
 */
export function signFlip(
  differences: ArrayLike<number>,
  options: { readonly random: Random; readonly draws?: number | undefined },
): { readonly mean: number; readonly pValue: number; readonly greater: number; readonly less: number } {
  const n = differences.length;
  let total = 0;
  for (let i = 0; i < n; i++) total += differences[i]!;
  if (n === 0 || Number.isNaN(total))
    return { mean: Number.NaN, pValue: Number.NaN, greater: Number.NaN, less: Number.NaN };
  const exact = n <= EXACT_ROWS;
  const draws = exact ? 2 ** n : (options.draws ?? 10_000);
  const slack = 1e-12 * Math.max(1, Math.abs(total));
  let two = 0;
  let greater = 0;
  let less = 0;
  let sum = total;
  const flipped = new Uint8Array(n);
  for (let draw = 0; draw < draws; draw++) {
    if (exact) {
      // Gray code: one sign changes per step.
      if (draw > 0) {
        const i = 31 - Math.clz32(draw & -draw);
        sum += (flipped[i] ? 2 : -2) * differences[i]!;
        flipped[i] = flipped[i] ? 0 : 1;
      }
    } else {
      sum = 0;
      for (let i = 0; i < n; i++) sum += options.random.next() < 0.5 ? differences[i]! : -differences[i]!;
    }
    if (Math.abs(sum) >= Math.abs(total) - slack) two++;
    if (sum >= total - slack) greater++;
    if (sum <= total + slack) less++;
  }
  const p = (hits: number) => (exact ? hits / draws : (1 + hits) / (1 + draws));
  return { mean: total / n, pValue: p(two), greater: p(greater), less: p(less) };
}

const DEFAULTS = { replicates: 2_000, level: 0.95 } as const;
const EXACT_ROWS = 20;

function summarise(all: Float64Array, estimate: number, acceleration: number, level: number): BootstrapResult {
  const sorted = all.filter((value) => !Number.isNaN(value)).sort();
  const undefinedReplicates = all.length - sorted.length;
  const n = sorted.length;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += sorted[i]! / n;
  let squares = 0;
  let below = 0;
  for (let i = 0; i < n; i++) {
    squares += (sorted[i]! - mean) ** 2;
    if (sorted[i]! < estimate) below += 1;
    else if (sorted[i]! === estimate) below += 0.5;
  }
  const tail = (1 - level) / 2;
  const percentile = { lower: quantileSorted(sorted, tail), upper: quantileSorted(sorted, 1 - tail) };
  const z0 = normalQuantile(below / n);
  const adjusted = (p: number) => {
    const z = normalQuantile(p);
    return normalCdf(z0 + (z0 + z) / (1 - acceleration * (z0 + z)));
  };
  const usable =
    n > 1 &&
    undefinedReplicates <= 0.05 * all.length &&
    sorted[0] !== sorted[n - 1] &&
    Number.isFinite(z0 + acceleration);
  return {
    estimate,
    standardError: Math.sqrt(squares / (n - 1)),
    bias: mean - estimate,
    percentile,
    basic: { lower: 2 * estimate - percentile.upper, upper: 2 * estimate - percentile.lower },
    bca: usable
      ? { lower: quantileSorted(sorted, adjusted(tail)), upper: quantileSorted(sorted, adjusted(1 - tail)) }
      : undefined,
    z0,
    acceleration,
    undefinedReplicates,
  };
}

/** Σ u³ / (6 (Σ u²)^1.5), u = mean of the jackknife minus each; `times` says how often each value occurs. */
function skew(jackknifed: Float64Array, times?: Float64Array): number {
  const n = times === undefined ? jackknifed.length : times.reduce((sum, count) => sum + count, 0);
  let mean = 0;
  for (let i = 0; i < jackknifed.length; i++) mean += ((times?.[i] ?? 1) * jackknifed[i]!) / n;
  let squares = 0;
  let cubes = 0;
  for (let i = 0; i < jackknifed.length; i++) {
    const u = mean - jackknifed[i]!;
    squares += (times?.[i] ?? 1) * u * u;
    cubes += (times?.[i] ?? 1) * u * u * u;
  }
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
}

function jackknife(
  everything: Uint32Array,
  statistic: (indices: Uint32Array) => number,
  groups: readonly Uint32Array[] | undefined,
): Float64Array {
  if (groups !== undefined)
    return Float64Array.from(groups, (_, skip) => statistic(join(groups.filter((_, g) => g !== skip))));
  const n = everything.length;
  const rest = everything.slice(1);
  const out = new Float64Array(n);
  for (let skip = 0; skip < n; skip++) {
    if (skip > 0) rest[skip - 1] = skip - 1;
    out[skip] = statistic(rest);
  }
  return out;
}

function groupRows(clusters: Uint32Array): Uint32Array[] {
  const lists: number[][] = [];
  for (let i = 0; i < clusters.length; i++) {
    const cluster = clusters[i]!;
    while (lists.length <= cluster) lists.push([]);
    lists[cluster]!.push(i);
  }
  return lists.filter((rows) => rows.length > 0).map((rows) => Uint32Array.from(rows));
}

function join(parts: readonly Uint32Array[]): Uint32Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint32Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
