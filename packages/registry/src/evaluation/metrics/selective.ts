import { clopperPearson, sortOrder } from '@millwright/core/statistics';
import { known, type Measure, unknown } from './measure.js';

/** What happens when answers below a confidence go to a person. */
export interface RiskPoint {
  /** Answers with this confidence or more are accepted. */
  readonly threshold: number;
  readonly accepted: number;
  readonly escalated: number;
  /** accepted / all */
  readonly coverage: number;
  readonly errors: number;
  /** errors / accepted */
  readonly risk: number;
  /** One-sided 95 % upper bound of the risk (Clopper-Pearson). */
  readonly riskAtMost: number;
}

/** Risk against coverage, over every distinct confidence. */
export interface RiskCoverage {
  /** From accepting everything to accepting the surest answers only. Empty without rows or with a NaN. */
  readonly points: readonly RiskPoint[];
  /** Area under the curve: mean risk over all coverages; equal confidences enter together. */
  readonly area: Measure;
}

/** The risk-coverage curve (El-Yaniv & Wiener 2010): answers enter from the surest down, equal confidences together. */
export function riskCoverage(confidence: Float64Array, correct: ArrayLike<number | boolean>): RiskCoverage {
  const n = confidence.length;
  const order = sortOrder(confidence);
  if (n === 0 || Number.isNaN(confidence[order[n - 1]!]))
    return { points: [], area: unknown(n === 0 ? 'there is no row' : 'a confidence is NaN', n) };
  const points: RiskPoint[] = [];
  let errors = 0;
  let area = 0;
  for (let i = n - 1; i >= 0; ) {
    const threshold = confidence[order[i]!]!;
    const before = n - 1 - i;
    for (; i >= 0 && confidence[order[i]!] === threshold; i--) if (!correct[order[i]!]) errors++;
    const accepted = n - 1 - i;
    const risk = errors / accepted;
    area += (risk * (accepted - before)) / n;
    points.push({
      threshold,
      accepted,
      escalated: n - accepted,
      coverage: accepted / n,
      errors,
      risk,
      riskAtMost: clopperPearson({ count: errors, n: accepted }, ONE_SIDED_95).upper,
    });
  }
  return { points: points.reverse(), area: known(area, n) };
}

/**
 * The lowest threshold at which the risk of accepted answers is at most `target`: `proved` asks that of the upper bound,
 * `seen` of the plain share. The threshold is chosen on these rows: state its risk on others. Undefined when none is.
 */
export function escalationThreshold(
  { points }: RiskCoverage,
  target: number,
  by: 'proved' | 'seen' = 'proved',
): RiskPoint | undefined {
  return points.find(({ risk, riskAtMost }) => (by === 'proved' ? riskAtMost : risk) <= target);
}

/** Both tails of 5 %, of which the upper one is used. */
const ONE_SIDED_95 = 0.9;
