import { type ScoredRows, type TieBlocks, tieBlocks } from './scores.js';

/** Points of a ROC curve, the highest threshold first: from (0, 0) at an infinite threshold to (1, 1). */
export interface RocCurve {
  readonly falsePositiveRate: Float64Array;
  readonly truePositiveRate: Float64Array;
  readonly thresholds: Float64Array;
}

/** Points of a precision-recall curve, the lowest threshold first; the last point, recall 0 and precision 1, has no threshold. */
export interface PrecisionRecallCurve {
  readonly precision: Float64Array;
  readonly recall: Float64Array;
  readonly thresholds: Float64Array;
}

/** Points of a detection error trade-off curve, the lowest threshold first. */
export interface DetCurve {
  readonly falsePositiveRate: Float64Array;
  readonly falseNegativeRate: Float64Array;
  readonly thresholds: Float64Array;
}

/** Why a curve does not exist. */
export interface NoCurve {
  readonly undefinedWhy: string;
}

/**
 * The ROC curve as scikit-learn draws it; without `keepAll` points on a straight line between two others are left out.
 * The first threshold is infinite (scikit-learn before 1.3: the highest score plus 1).
 */
export function rocCurve(rows: ScoredRows, options: { readonly keepAll?: boolean } = {}): RocCurve | NoCurve {
  const blocks = tieBlocks(rows);
  if (typeof blocks === 'string') return { undefinedWhy: blocks };
  const { fp, tp } = cumulate(blocks);
  const last = fp.length - 1;
  const kept: number[] = [];
  for (let i = 0; i <= last; i++)
    if (options.keepAll || i === 0 || i === last || bends(fp, i) || bends(tp, i)) kept.push(i);
  const rate = (counts: Float64Array, total: number) => Float64Array.from([0, ...kept.map((i) => counts[i]! / total)]);
  return {
    falsePositiveRate: rate(fp, blocks.totalNegative),
    truePositiveRate: rate(tp, blocks.totalPositive),
    thresholds: Float64Array.from([Number.POSITIVE_INFINITY, ...kept.map((i) => blocks.scores[i]!)]),
  };
}

/** The precision-recall curve as scikit-learn draws it. Undefined without positives. */
export function precisionRecallCurve(rows: ScoredRows): PrecisionRecallCurve | NoCurve {
  const blocks = tieBlocks(rows, false);
  if (typeof blocks === 'string') return { undefinedWhy: blocks };
  const { fp, tp } = cumulate(blocks);
  return {
    precision: Float64Array.from([...tp.map((hits, i) => hits / (hits + fp[i]!)).reverse(), 1]),
    recall: Float64Array.from([...tp.map((hits) => hits / blocks.totalPositive).reverse(), 0]),
    thresholds: blocks.scores.slice().reverse(),
  };
}

/** The detection error trade-off curve as scikit-learn draws it: from the last point without a miss to the first without a false alarm. */
export function detCurve(rows: ScoredRows): DetCurve | NoCurve {
  const blocks = tieBlocks(rows);
  if (typeof blocks === 'string') return { undefinedWhy: blocks };
  const { fp, tp } = cumulate(blocks);
  const all = tp.at(-1)!;
  const start = Math.max(0, fp.findIndex((count) => count > fp[0]!) - 1);
  const end = tp.indexOf(all) + 1;
  return {
    falsePositiveRate: fp
      .slice(start, end)
      .map((count) => count / blocks.totalNegative)
      .reverse(),
    falseNegativeRate: tp
      .slice(start, end)
      .map((count) => (all - count) / blocks.totalPositive)
      .reverse(),
    thresholds: blocks.scores.slice(start, end).reverse(),
  };
}

/** Positives and negatives at or above each distinct score. */
function cumulate({ positives, negatives }: TieBlocks): { readonly tp: Float64Array; readonly fp: Float64Array } {
  let [hits, alarms] = [0, 0];
  const tp = positives.map((count) => (hits += count));
  const fp = negatives.map((count) => (alarms += count));
  return { tp, fp };
}

/** Whether the line through the neighbours misses the point. */
function bends(counts: Float64Array, i: number): boolean {
  return counts[i + 1]! - counts[i]! !== counts[i]! - counts[i - 1]!;
}
