import { quantileSorted } from '@millwright/core/statistics';
import { known, type Measure, ratio, unknown } from './measure.js';
import { brier, type ScoredRows } from './scores.js';

/** One bin of a reliability table. Empty bins have no means. */
export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly meanScore: number | undefined;
  readonly positiveShare: number | undefined;
}

/** How well probabilities match frequencies. */
export interface CalibrationReport {
  readonly bins: readonly ReliabilityBin[];
  /** Of equal counts, as far as ties allow. */
  readonly adaptiveBins: readonly ReliabilityBin[];
  /** Σ n_b / N |share - score| over equal-width bins. Biased upward for few rows: read it with `brier`. */
  readonly ece: Measure;
  /** The largest gap of a bin. */
  readonly mce: Measure;
  /** Root of the weighted mean square gap. */
  readonly rms: Measure;
  /** The same sum as `ece` over bins of equal counts; ties collapse bins. */
  readonly adaptiveEce: Measure;
  /** Spiegelhalter's z (1986): standard normal when calibrated. */
  readonly spiegelhalterZ: Measure;
  /** Positives / sum of scores. */
  readonly observedToExpected: Measure;
  readonly brier: Measure;
  /** 1 - brier / the score of always saying the share of positives. */
  readonly brierSkill: Measure;
  /** Murphy's parts of the binned score (1973): reliability - resolution + uncertainty. */
  readonly reliability: Measure;
  readonly resolution: Measure;
  readonly uncertainty: Measure;
}

/**
 * Calibration of binary probabilities. Bin i covers [i × (1 / bins), (i + 1) × (1 / bins)), the last one includes 1; the
 * edges are computed as numpy's linspace does, so that 0.3 with ten bins lies in the third.
 */
export function calibration(rows: ScoredRows, bins = 10): CalibrationReport {
  const { truth, scores } = rows;
  const edges = uniformEdges(bins);
  const bad = scores.findIndex((score) => !(score >= 0 && score <= 1));
  if (bad >= 0 || scores.length === 0) {
    const why = unknown(
      bad < 0 ? 'there is no row' : `row ${bad} has the score ${scores[bad]}, which is no probability`,
      scores.length,
    );
    return {
      bins: [],
      adaptiveBins: [],
      ece: why,
      mce: why,
      rms: why,
      adaptiveEce: why,
      spiegelhalterZ: why,
      observedToExpected: why,
      brier: why,
      brierSkill: why,
      reliability: why,
      resolution: why,
      uncertainty: why,
    };
  }
  const uniform = uniformBins(bins);
  addToBins(uniform, truth, scores);
  const cuts = quantileCuts(scores, bins);
  const adaptive = uniformBins(cuts.length - 1);
  addRows(adaptive, truth, scores, (score) => Math.min(cuts.length - 2, lowerIndex(cuts, score)));
  const n = scores.length;
  let z = 0;
  let variance = 0;
  let positives = 0;
  let expected = 0;
  for (let i = 0; i < n; i++) {
    const p = scores[i]!;
    const y = truth[i] === 1 ? 1 : 0;
    z += (y - p) * (1 - 2 * p);
    variance += (1 - 2 * p) ** 2 * p * (1 - p);
    positives += y;
    expected += p;
  }
  const gaps = summarise(uniform, n);
  const score = brier(rows);
  const base = positives / n;
  const variety = base * (1 - base);
  return {
    bins: table(uniform, edges),
    adaptiveBins: table(adaptive, cuts),
    ece: known(gaps.mean, n),
    mce: known(gaps.largest, n),
    rms: known(gaps.rms, n),
    adaptiveEce: known(summarise(adaptive, n).mean, n),
    spiegelhalterZ: variance > 0 ? known(z / Math.sqrt(variance), n) : unknown('every score is 0, ½ or 1', n),
    observedToExpected: ratio(positives, expected, 'every score is 0'),
    brier: score,
    brierSkill:
      variety > 0 && score.value !== undefined
        ? known(1 - score.value / variety, n)
        : unknown('every row has the same truth', n),
    reliability: known(gaps.rms ** 2, n),
    resolution: known(
      uniform.reduce(
        (sum, { count, positives: own }) => (count > 0 ? sum + (count / n) * (own / count - base) ** 2 : sum),
        0,
      ),
      n,
    ),
    uncertainty: known(variety, n),
  };
}

/** What a bin of a reliability table counts. Bins of parts add up. */
export interface CalibrationBin {
  count: number;
  scores: number;
  positives: number;
}

/** Empty bins. */
export function uniformBins(bins: number): CalibrationBin[] {
  return Array.from({ length: bins }, () => ({ count: 0, scores: 0, positives: 0 }));
}

/** Adds probabilities, all between 0 and 1, to bins of equal width. */
export function addToBins(bins: CalibrationBin[], truth: ArrayLike<number>, scores: Float64Array): void {
  const edges = uniformEdges(bins.length);
  addRows(bins, truth, scores, (score) => Math.min(bins.length - 1, upperIndex(edges, score) - 1));
}

/** Σ n_b / N |share - score| of bins. */
export function calibrationError(bins: readonly CalibrationBin[]): Measure {
  const n = bins.reduce((sum, { count }) => sum + count, 0);
  return n > 0 ? known(summarise(bins, n).mean, n) : unknown('there is no row');
}

/** As numpy's linspace. */
function uniformEdges(bins: number): Float64Array {
  return Float64Array.from({ length: bins + 1 }, (_, i) => (i === bins ? 1 : i * (1 / bins)));
}

function table(bins: readonly CalibrationBin[], edges: Float64Array): ReliabilityBin[] {
  return bins.map(({ count, scores, positives }, i) => ({
    from: edges[i]!,
    to: edges[i + 1]!,
    count,
    meanScore: count > 0 ? scores / count : undefined,
    positiveShare: count > 0 ? positives / count : undefined,
  }));
}

function addRows(
  bins: CalibrationBin[],
  truth: ArrayLike<number>,
  scores: Float64Array,
  binOf: (score: number) => number,
): void {
  for (let i = 0; i < scores.length; i++) {
    const bin = bins[binOf(scores[i]!)]!;
    bin.count++;
    bin.scores += scores[i]!;
    if (truth[i] === 1) bin.positives++;
  }
}

function summarise(bins: readonly CalibrationBin[], n: number): { mean: number; largest: number; rms: number } {
  let mean = 0;
  let largest = 0;
  let squares = 0;
  for (const { count, scores, positives } of bins) {
    if (count === 0) continue;
    const gap = Math.abs(positives - scores) / count;
    mean += (count / n) * gap;
    squares += (count / n) * gap * gap;
    largest = Math.max(largest, gap);
  }
  return { mean, largest, rms: Math.sqrt(squares) };
}

/** Distinct cut points at the linear quantiles; a value belongs to the bin below the first inner cut that is not less. */
function quantileCuts(scores: Float64Array, bins: number): Float64Array {
  const sorted = scores.slice().sort();
  return Float64Array.from({ length: bins + 1 }, (_, i) => quantileSorted(sorted, i / bins));
}

/** How many edges are at most x. */
function upperIndex(edges: Float64Array, x: number): number {
  let i = 0;
  while (i < edges.length && edges[i]! <= x) i++;
  return i;
}

/** How many inner cuts are below x (searchsorted, left). */
function lowerIndex(cuts: Float64Array, x: number): number {
  let i = 0;
  while (i + 1 < cuts.length - 1 && cuts[i + 1]! < x) i++;
  return i;
}
