import { ateBetting, type BettingRule, rankBetting } from '@millwright/core/statistics';
import type { RolloutMetric } from './definition.js';
import type { EpochPlan } from './statistics.js';

/** The bets against "the challenger's amounts are stochastically no worse"; none before there is a reference. */
export function rankBets(metric: RolloutMetric, plan: EpochPlan): BettingRule | undefined {
  const reference = plan.references[metric.id]?.quantiles ?? [];
  if (reference.length === 0) return undefined;
  return rankBetting({ share: plan.share, reference, better: metric.better === 'higher' ? 'larger' : 'smaller' });
}

/**
 * The bets against "the challenger's mean is worse by the margin or more", for values turned so that larger is better.
 * Bet sizes are chosen before the epoch around the one that grows fastest when there is no effect, λ = δ / Var ξ, for
 * the largest variance that a mean of `m` allows: m (cap - m) / (π (1 - π)). None where the margin is not yet known.
 */
export function effectBets(metric: RolloutMetric, plan: EpochPlan): BettingRule | undefined {
  const { cap, better, margin } = metric;
  const known = plan.references[metric.id]?.mean;
  if (known === undefined && margin.kind === 'relative') return undefined;
  const mean = known ?? cap / 2;
  const delta = margin.kind === 'absolute' ? margin.size : margin.size * mean;
  const centre = better === 'higher' ? mean : cap - mean;
  const { share } = plan;
  const worst = Math.max(centre / share, (cap - centre) / (1 - share)) - delta;
  if (!(delta > 0 && worst > 0)) return undefined;
  const variance = Math.max(centre * (cap - centre), (cap / 100) ** 2) / (share * (1 - share));
  const best = (delta / variance) * worst;
  const fractions = [0.5, 1, 2, 4, 8].map((times) => Math.min(0.8, best * times));
  return ateBetting({ share, centre, margin: delta, direction: 'promote', cap, fractions });
}
