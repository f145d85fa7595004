import { invalidInput } from '../../foundation/errors.js';
import { logMeanExp } from './log-sum.js';

/**
 * Bets on single observations whose log wealth is a sum: one number per bet size. Sums of replicas, epochs and chunks add
 * up in any order, so a `Float64Array` of `bets` zeros is the whole mergeable state.
 */
export interface BettingRule {
  /** How many bet sizes, the length of the state. */
  readonly bets: number;
  /** Adds one outcome to the state. Costs `bets` logarithms, allocates nothing. A value that is not finite is ignored by contract of the caller: it throws. */
  observe(logWealth: Float64Array, challenger: boolean, value: number): void;
}

/** ln E of a betting state: the equally weighted mixture of its bets. 0 for a state of zeros. */
export function bettingLogE(logWealth: Float64Array): number {
  return logMeanExp(logWealth);
}

/** What is known before an epoch begins, for bets on the ranks of outcomes. */
export interface RankBettingOptions {
  /** The challenger's share in this epoch. */
  readonly share: number;
  /** Outcomes of earlier epochs, both arms, in any order. Frozen before the epoch begins. */
  readonly reference: ArrayLike<number>;
  /** Which outcome values are good. */
  readonly better: 'larger' | 'smaller';
  /** Bet sizes, each between 0 and 2. Default 0.1, 0.3, 0.6, 1, 1.5, 1.9. */
  readonly fractions?: readonly number[] | undefined;
}

/**
 * Rank betting: an e-process against "the challenger's outcomes are stochastically no worse", for any distribution,
 * skew, drift and ramp. g(y) = midrank of y in the reference / size - ½; each outcome bets on (A - π) · ∓g.
 * A margin is given by dividing challenger outcomes by (1 - margin) first (positive metrics).
 *
 * @throws `input/invalid`
 */
export function rankBetting(options: RankBettingOptions): BettingRule {
  const { share, better } = options;
  const fractions = checkFractions(options.fractions ?? RANK_FRACTIONS, 2);
  checkShare(share);
  const reference = Float64Array.from(options.reference).sort();
  if (reference.length === 0)
    throw invalidInput(
      'reference',
      'outcomes of an earlier epoch',
      options.reference,
      'The first epoch only fills the reference.',
    );
  if (Number.isNaN(reference[reference.length - 1])) throw invalidInput('reference', 'numbers without NaN', Number.NaN);
  const sign = better === 'larger' ? -1 : 1;
  const size = reference.length;
  return {
    bets: fractions.length,
    observe(logWealth, challenger, value) {
      checkValue(value);
      const g = (lowerBound(reference, value) + upperBound(reference, value)) / (2 * size) - 0.5;
      const d = (challenger ? 1 - share : -share) * sign * g;
      for (let k = 0; k < fractions.length; k++) logWealth[k] = logWealth[k]! + Math.log1p(fractions[k]! * d);
    },
  };
}

/** What is known before an epoch begins, for bets on the average treatment effect. */
export interface AteBettingOptions {
  /** The challenger's share in this epoch. */
  readonly share: number;
  /** The centre m of outcomes, frozen before the epoch (e.g. the pooled mean of earlier ones). */
  readonly centre: number;
  /** δ ≥ 0 on the scale of outcomes. */
  readonly margin: number;
  /** `promote` bets against "effect ≤ -margin", `harm` against "effect ≥ -margin". */
  readonly direction: 'promote' | 'harm';
  /** Outcomes lie in [0, cap]; declared in advance. Default 1. */
  readonly cap?: number | undefined;
  /** Bet sizes as shares of the largest allowed, each between 0 and 1. Default 0.05, 0.1, 0.2, 0.4, 0.8. */
  readonly fractions?: readonly number[] | undefined;
}

/**
 * Average-treatment-effect betting for bounded outcomes (larger is better): ξ = (A/π - (1-A)/(1-π)) (y - m) has the
 * unit's effect as its mean whatever the drift. Wealth ∏ (1 + f (ξ + δ) / c), c the largest possible loss.
 * Loss bounds grow with 1/π: decide promotion at equal shares.
 *
 * @throws `input/invalid`, also for an outcome outside [0, cap]
 */
export function ateBetting(options: AteBettingOptions): BettingRule {
  const { share, direction } = options;
  const cap = options.cap ?? 1;
  const fractions = checkFractions(options.fractions ?? ATE_FRACTIONS, 1);
  checkShare(share);
  if (!(cap > 0 && cap < Number.POSITIVE_INFINITY)) throw invalidInput('cap', 'a positive bound of outcomes', cap);
  const m = options.centre / cap;
  const delta = options.margin / cap;
  if (!(m >= 0 && m <= 1)) throw invalidInput('centre', `a value between 0 and the cap ${cap}`, options.centre);
  const sign = direction === 'promote' ? 1 : -1;
  const worst =
    direction === 'promote'
      ? Math.max(m / share, (1 - m) / (1 - share)) - delta
      : Math.max((1 - m) / share, m / (1 - share)) + delta;
  if (!(delta >= 0 && worst > 0))
    throw invalidInput('margin', 'a margin of 0 or more, below the largest loss', options.margin);
  return {
    bets: fractions.length,
    observe(logWealth, challenger, value) {
      if (!(value >= 0 && value <= cap))
        throw invalidInput('value', `an outcome between 0 and the declared cap ${cap}`, value);
      const xi = (value / cap - m) * (challenger ? 1 / share : -1 / (1 - share));
      const gain = (sign * (xi + delta)) / worst;
      for (let k = 0; k < fractions.length; k++) logWealth[k] = logWealth[k]! + Math.log1p(fractions[k]! * gain);
    },
  };
}

const RANK_FRACTIONS: readonly number[] = [0.1, 0.3, 0.6, 1, 1.5, 1.9];
const ATE_FRACTIONS: readonly number[] = [0.05, 0.1, 0.2, 0.4, 0.8];

function checkFractions(fractions: readonly number[], limit: number): Float64Array {
  if (fractions.length === 0 || !fractions.every((f) => f > 0 && f < limit))
    throw invalidInput('fractions', `bet sizes between 0 and ${limit}`, fractions.join(', '));
  return Float64Array.from(fractions);
}

function checkShare(share: number): void {
  if (!(share > 0 && share < 1)) throw invalidInput('share', 'a share strictly between 0 and 1', share);
}

function checkValue(value: number): void {
  if (Number.isNaN(value))
    throw invalidInput('value', 'a number', value, 'Decide about missing outcomes before betting on them.');
}

/** How many sorted values are below `x`. */
function lowerBound(sorted: Float64Array, x: number): number {
  let a = 0;
  let b = sorted.length;
  while (a < b) {
    const middle = (a + b) >>> 1;
    if (sorted[middle]! < x) a = middle + 1;
    else b = middle;
  }
  return a;
}

/** How many sorted values are at most `x`. */
function upperBound(sorted: Float64Array, x: number): number {
  let a = 0;
  let b = sorted.length;
  while (a < b) {
    const middle = (a + b) >>> 1;
    if (sorted[middle]! <= x) a = middle + 1;
    else b = middle;
  }
  return a;
}
