import { invalidInput } from '../../foundation/errors.js';
import { defined } from '../../foundation/options.js';
import { findRoot } from '../distribution/root.js';
import type { Interval } from '../interval/proportion.js';
import { logSumExp } from './log-sum.js';

/**
 * Events of one kind (errors, conversions, exposures, received labels) of one epoch: a period with a constant policy.
 * `share` is the challenger's share of the traffic in it, `challenger` how many of the `total` events came from there.
 */
export interface EpochEvents {
  readonly share: number;
  readonly challenger: number;
  readonly total: number;
}

/** The alternatives that an e-process bets on: risk ratios challenger / champion and the weights of the bets. */
export interface Alternatives {
  readonly ratios: Float64Array;
  readonly logWeights: Float64Array;
}

/** A log-spaced grid of ratios, as multiples of the null ratio. */
export interface GridOptions {
  /** Number of alternatives. Default 32. */
  readonly points?: number | undefined;
  /** The nearest alternative, a factor above 1. Default 1.1 for harm, 1.05 otherwise. */
  readonly from?: number | undefined;
  /** The farthest alternative. Default 20 for harm, 10 for non-inferiority, 5 for imbalance. */
  readonly to?: number | undefined;
}

/**
 * ln of the conditional-odds e-process against H0 "risk ratio = nullRatio". Given its total, each event is the
 * challenger's with probability p(θ) = πθ / (1 - π + πθ) whatever the base rate and its drift, so that epochs with
 * different shares multiply. E ≥ 1/α at any time rejects H0 with error ≤ α (Ville). With all alternatives on one side the
 * likelihood ratio is monotone and the null is composite (≤ or ≥ nullRatio).
 *
 * Costs one pass over epochs × alternatives. @throws `input/invalid` for a share outside (0, 1) or impossible counts
 */
export function conditionalOddsLogE(
  epochs: readonly EpochEvents[],
  nullRatio: number,
  alternatives: Alternatives,
): number {
  return conditionalOdds(nullRatio, alternatives)(epochs);
}

/**
 * `conditionalOddsLogE` for many looks with one grid: the logarithms of each share are taken once, at its first look, and
 * a look costs a multiplication per epoch and alternative. The same bits as without.
 */
export function conditionalOdds(
  nullRatio: number,
  { ratios, logWeights }: Alternatives,
): (epochs: readonly EpochEvents[]) => number {
  const gains = Float64Array.from(ratios, (ratio) => Math.log(ratio / nullRatio));
  const costs = new Map<number, Float64Array>();
  const costsAt = (share: number) => {
    const known = costs.get(share);
    if (known !== undefined) return known;
    if (costs.size >= MAX_SHARES) costs.clear();
    const fresh = Float64Array.from(ratios, (ratio) => costOf(share, ratio, nullRatio));
    costs.set(share, fresh);
    return fresh;
  };
  const logs = new Float64Array(ratios.length);
  return (epochs) => {
    checkEpochs(epochs);
    logs.fill(0);
    for (let i = 0; i < epochs.length; i++) {
      const { share, challenger, total } = epochs[i]!;
      const cost = costsAt(share);
      for (let k = 0; k < logs.length; k++) logs[k] = logs[k]! + (challenger * gains[k]! - total * cost[k]!);
    }
    for (let k = 0; k < logs.length; k++) logs[k] = logs[k]! + logWeights[k]!;
    return logSumExp(logs);
  };
}

/** ln likelihood ratio of risk ratio `ratio` against `nullRatio`, summed over epochs. */
export function oddsLogLikelihood(epochs: readonly EpochEvents[], ratio: number, nullRatio: number): number {
  let sum = 0;
  for (let i = 0; i < epochs.length; i++) {
    const { share, challenger, total } = epochs[i]!;
    sum += challenger * Math.log(ratio / nullRatio) - total * costOf(share, ratio, nullRatio);
  }
  return sum;
}

/** ln p(θ)/p(θ0) = ln θ/θ0 - ln((1-π+πθ)/(1-π+πθ0)), and the same last term, which this is, for 1 - p. */
function costOf(share: number, ratio: number, nullRatio: number): number {
  const rest = 1 - share;
  return Math.log((rest + share * ratio) / (rest + share * nullRatio));
}

/** Shares whose logarithms are kept; a bandit has new ones every epoch. */
const MAX_SHARES = 64;

/** Harm: evidence that events are more frequent in the challenger than `nullRatio` (default 1) times the champion's. Rollback when ≥ ln(1/α). */
export function harmLogE(epochs: readonly EpochEvents[], nullRatio = 1, grid?: GridOptions): number {
  return harmOdds(nullRatio, grid)(epochs);
}

/** `harmLogE` for many looks; see `conditionalOdds`. */
export function harmOdds(nullRatio = 1, grid?: GridOptions): (epochs: readonly EpochEvents[]) => number {
  return conditionalOdds(nullRatio, higherAlternatives(nullRatio, { from: 1.1, to: 20, ...defined(grid) }));
}

/**
 * Non-inferiority: evidence that events are less frequent in the challenger than `nullRatio` = 1 + margin times the
 * champion's. For events that are good, swap the arms of `EpochEvents` (share, counts) instead. Promote when ≥ ln(1/α).
 */
export function nonInferiorityLogE(epochs: readonly EpochEvents[], nullRatio: number, grid?: GridOptions): number {
  return nonInferiorityOdds(nullRatio, grid)(epochs);
}

/** `nonInferiorityLogE` for many looks; see `conditionalOdds`. */
export function nonInferiorityOdds(nullRatio: number, grid?: GridOptions): (epochs: readonly EpochEvents[]) => number {
  return conditionalOdds(nullRatio, lowerAlternatives(nullRatio, { from: 1.05, to: 10, ...defined(grid) }));
}

/** Imbalance, both sides: evidence that events do not split by the shares. With exposures as events: a sample ratio mismatch. */
export function imbalanceLogE(epochs: readonly EpochEvents[], grid?: GridOptions): number {
  return imbalanceOdds(grid)(epochs);
}

/** `imbalanceLogE` for many looks; see `conditionalOdds`. */
export function imbalanceOdds(grid?: GridOptions): (epochs: readonly EpochEvents[]) => number {
  return conditionalOdds(1, twoSidedAlternatives(1, { from: 1.05, to: 5, ...defined(grid) }));
}

/** Ratios nullRatio × from … nullRatio × to, equal weights. */
export function higherAlternatives(nullRatio: number, grid: GridOptions = {}): Alternatives {
  return equalWeights(logSpaced(nullRatio, { ...GRID, ...defined(grid) }, 1));
}

/** Ratios nullRatio / from … nullRatio / to, equal weights. */
export function lowerAlternatives(nullRatio: number, grid: GridOptions = {}): Alternatives {
  return equalWeights(logSpaced(nullRatio, { ...GRID, ...defined(grid) }, -1));
}

/** Half of the points above and half below. */
export function twoSidedAlternatives(nullRatio: number, grid: GridOptions = {}): Alternatives {
  const { points, from, to } = { ...GRID, ...defined(grid) };
  const half = { points: Math.ceil(points / 2), from, to };
  return equalWeights(new Float64Array([...logSpaced(nullRatio, half, 1), ...logSpaced(nullRatio, half, -1)]));
}

/** The error of the sequence and the alternatives that it bets on. */
export interface RiskRatioOptions extends GridOptions {
  /** Error of the whole sequence, half per side. Default 0.05. */
  readonly alpha?: number | undefined;
}

/**
 * A confidence sequence of the risk ratio challenger / champion: the ratios that neither one-sided e-process rejects at
 * α/2. Valid at all times at once. [0, ∞] before there is evidence. @throws `input/invalid`
 */
export function riskRatioSequence(epochs: readonly EpochEvents[], options: RiskRatioOptions = {}): Interval {
  const { alpha, points, from, to } = { ...GRID, alpha: 0.05, ...defined(options) };
  checkEpochs(epochs);
  const threshold = Math.log(2 / alpha);
  const above = higherAlternatives(1, { points, from, to });
  const below = lowerAlternatives(1, { points, from, to });
  const scaled = new Float64Array(above.ratios.length);
  const excess = (unit: Alternatives, logRatio: number) => {
    const ratio = Math.exp(logRatio);
    for (let k = 0; k < scaled.length; k++) scaled[k] = unit.ratios[k]! * ratio;
    return conditionalOddsLogE(epochs, ratio, { ratios: scaled, logWeights: unit.logWeights }) - threshold;
  };
  const rejectsLow = (u: number) => excess(above, u);
  const rejectsHigh = (u: number) => excess(below, u);
  return {
    lower: rejectsLow(-LOG_RATIO_LIMIT) < 0 ? 0 : Math.exp(findRoot(rejectsLow, -LOG_RATIO_LIMIT, LOG_RATIO_LIMIT)),
    upper:
      rejectsHigh(LOG_RATIO_LIMIT) < 0
        ? Number.POSITIVE_INFINITY
        : Math.exp(findRoot(rejectsHigh, -LOG_RATIO_LIMIT, LOG_RATIO_LIMIT)),
  };
}

/**
 * How many events a harm of `ratio` needs at `share` until E reaches 1/α, on average: [ln(1/α) + ln(points/6)] divided
 * by the Kullback-Leibler divergence of the two arm probabilities. Divide by the event rate for requests.
 */
export function eventsToDetect(plan: {
  readonly share: number;
  readonly ratio: number;
  readonly nullRatio?: number | undefined;
  readonly alpha?: number | undefined;
  readonly points?: number | undefined;
}): number {
  const { share, ratio, nullRatio, alpha, points } = { nullRatio: 1, alpha: 0.05, points: 32, ...defined(plan) };
  const p = (share * ratio) / (1 - share + share * ratio);
  const p0 = (share * nullRatio) / (1 - share + share * nullRatio);
  const divergence = p * Math.log(p / p0) + (1 - p) * Math.log((1 - p) / (1 - p0));
  if (!(divergence > 0)) return Number.POSITIVE_INFINITY;
  return (Math.log(1 / alpha) + Math.log(Math.max(1, points / 6))) / divergence;
}

const GRID = { points: 32, from: 1.1, to: 20 } as const satisfies GridOptions;
/** Ratios beyond e^±20 are as good as 0 and ∞. */
const LOG_RATIO_LIMIT = 20;

function logSpaced(
  nullRatio: number,
  { points, from, to }: { readonly points: number; readonly from: number; readonly to: number },
  sign: 1 | -1,
): Float64Array {
  if (!(nullRatio > 0)) throw invalidInput('nullRatio', 'a positive risk ratio', nullRatio);
  if (!(points >= 1 && from > 1 && to >= from)) throw invalidInput('grid', 'points ≥ 1 and 1 < from ≤ to', from);
  const out = new Float64Array(points);
  const a = Math.log(from);
  const b = Math.log(to);
  for (let k = 0; k < points; k++)
    out[k] = nullRatio * Math.exp(sign * (points === 1 ? a : a + ((b - a) * k) / (points - 1)));
  return out;
}

function equalWeights(ratios: Float64Array): Alternatives {
  return { ratios, logWeights: new Float64Array(ratios.length).fill(-Math.log(ratios.length)) };
}

function checkEpochs(epochs: readonly EpochEvents[]): void {
  for (let i = 0; i < epochs.length; i++) {
    const { share, challenger, total } = epochs[i]!;
    if (!(share > 0 && share < 1))
      throw invalidInput(
        `epochs[${i}].share`,
        'a share strictly between 0 and 1',
        share,
        'Leave out epochs with one arm.',
      );
    if (!(challenger >= 0 && challenger <= total && total < Number.POSITIVE_INFINITY))
      throw invalidInput(`epochs[${i}].challenger`, `a count between 0 and total = ${total}`, challenger);
  }
}
