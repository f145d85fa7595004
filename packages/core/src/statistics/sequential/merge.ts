import { invalidInput } from '../../foundation/errors.js';
import { betaLogSf } from '../distribution/beta.js';
import { logBeta } from '../distribution/gamma-function.js';
import type { Alternatives, EpochEvents } from './conditional-odds.js';
import { oddsLogLikelihood } from './conditional-odds.js';
import { logAddExp, logSumExp } from './log-sum.js';

/** ln of the weighted mean of e-values and the one that weighs most in it. */
export interface MergedE {
  readonly logE: number;
  /** Index of the largest weighted e-value: the cause to report. -1 for none. */
  readonly cause: number;
}

/**
 * Merges e-values (as logs) of any dependence into one by a weighted mean: rejecting it at 1/α keeps α over all of them
 * and is uniformly better than Bonferroni. Equal weights by default; weights are divided by their sum.
 * A NaN counts as an e-value of 0: no evidence.
 *
 * @throws `input/invalid` for negative weights or another number of them
 */
export function mergedLogE(logEs: ArrayLike<number>, weights?: ArrayLike<number>): MergedE {
  const n = logEs.length;
  if (weights !== undefined && weights.length !== n) throw invalidInput('weights', `${n} weights`, weights.length);
  let total = 0;
  for (let i = 0; i < n; i++) {
    const weight = weights?.[i] ?? 1;
    if (!(weight >= 0)) throw invalidInput(`weights[${i}]`, 'a weight of 0 or more', weight);
    total += weight;
  }
  const logs = new Float64Array(n);
  let cause = -1;
  for (let i = 0; i < n; i++) {
    const logE = logEs[i]!;
    logs[i] = Number.isNaN(logE) ? Number.NEGATIVE_INFINITY : logE + Math.log((weights?.[i] ?? 1) / total);
    if (cause < 0 || logs[i]! > logs[cause]!) cause = i;
  }
  return { logE: logSumExp(logs), cause };
}

/** The always-valid p-value of an e-value: min(1, 1/E). */
export function eToP(logE: number): number {
  return Number.isNaN(logE) ? 1 : Math.min(1, Math.exp(-logE));
}

/**
 * An e-process that recovers when harm begins late: E_t = Σ_{j ≤ t} E_{j..t} / (j (j + 1)) + 1 / (t + 1), a mixture over
 * the step at which the bet starts. `state` holds one number per alternative (see `restartState`); each call takes the
 * events of one step (an epoch or a part of one), updates the state and returns ln E_t. `step` counts from 1.
 */
export function restartMixture(
  state: Float64Array,
  step: number,
  events: EpochEvents,
  nullRatio: number,
  alternatives: Alternatives,
): number {
  const start = -Math.log(step * (step + 1));
  const one = [events];
  let logE = -Math.log(step + 1);
  for (let k = 0; k < state.length; k++) {
    const wealth = logAddExp(state[k]!, start) + oddsLogLikelihood(one, alternatives.ratios[k]!, nullRatio);
    state[k] = wealth;
    logE = logAddExp(logE, alternatives.logWeights[k]! + wealth);
  }
  return logE;
}

/**
 * The same over e-values (as logs) of consecutive steps whose data are separate: ln of Σ_{j ≤ t} ∏_{i ≥ j} E_i / (j (j + 1))
 * + 1 / (t + 1). Early steps that say nothing, or the opposite, do not hide what late ones say.
 */
export function restartedLogE(logEs: readonly number[]): number {
  let logE = Number.NEGATIVE_INFINITY;
  logEs.forEach((one, i) => {
    logE = logAddExp(logE, -Math.log((i + 1) * (i + 2))) + one;
  });
  return logAddExp(logE, -Math.log(logEs.length + 1));
}

/** The state of a restart mixture before its first step. */
export function restartState(alternatives: Alternatives): Float64Array {
  return new Float64Array(alternatives.ratios.length).fill(Number.NEGATIVE_INFINITY);
}

/** Rows on which exactly one of two models was right. */
export interface DiscordantPairs {
  readonly challengerOnly: number;
  readonly championOnly: number;
}

/** Paired shadow evidence, two sides: ln E against "a discordant row is as likely to favour either", uniform prior. */
export function pairedLogE({ challengerOnly, championOnly }: DiscordantPairs): number {
  return logBeta(1 + challengerOnly, 1 + championOnly) + (challengerOnly + championOnly) * Math.LN2;
}

/** Paired shadow evidence that the challenger is worse: prior uniform on P(the champion is the right one) in (½, 1]. */
export function pairedWorseLogE({ challengerOnly, championOnly }: DiscordantPairs): number {
  return pairedLogE({ challengerOnly, championOnly }) + Math.LN2 + betaLogSf(0.5, 1 + championOnly, 1 + challengerOnly);
}
