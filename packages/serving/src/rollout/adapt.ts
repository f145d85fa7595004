import { guardedShares, probabilityBest } from '../routing/index.js';
import type { RolloutDefinition } from './definition.js';
import type { RolloutStatistics } from './statistics.js';

/** The share with which a stage begins: its own, or where the stage before ended when it adapts. */
export function openingShare({ stages }: RolloutDefinition, stage: number, before: number): number {
  const { share, adapt } = stages[stage]!;
  return adapt === undefined ? share : Math.min(share, Math.max(adapt.floor, before));
}

/**
 * The challenger's share in the next epoch of a stage that adapts, undefined when it is not time or nothing changes:
 * Thompson sampling's probability that it is the better arm, between the floor and the stage's own share, in steps. Chosen
 * before the epoch from what has matured, so that every epoch has one known propensity and guardrails stay valid. Pure.
 */
export function adaptedShare(
  { stages, metrics }: RolloutDefinition,
  statistics: RolloutStatistics,
  now: { readonly stage: number; readonly share: number; readonly lastedMs: number },
): number | undefined {
  const { share: most, adapt } = stages[now.stage]!;
  const metric = metrics.find(({ id }) => id === adapt?.metric);
  if (adapt === undefined || metric === undefined || now.lastedMs < adapt.everyMs) return undefined;
  const champion = armOf(metric.id, statistics, 0);
  const challenger = armOf(metric.id, statistics, 1);
  if (champion === undefined || challenger === undefined) return undefined;
  const shares = guardedShares(probabilityBest([champion, challenger], metric.better), {
    floor: adapt.floor,
    championFloor: Math.max(1 - most, adapt.floor),
    challengerCap: most,
    previous: [1 - now.share, now.share],
    maxStep: adapt.maxStep,
  });
  const next = Number(shares[1]!.toFixed(4));
  return Math.abs(next - now.share) < LEAST_STEP ? undefined : next;
}

/** Smaller changes are not worth an epoch. */
const LEAST_STEP = 0.005;

interface Gaussian {
  readonly kind: 'gaussian';
  readonly mean: number;
  readonly sd: number;
}

/**
 * What is believed of an arm's rate: its rates within the epochs, each weighted by the rows of both arms. Means over all
 * rows would be wrong, for a share that follows the outcomes, or the time of day, mixes good and bad times unequally.
 */
function armOf(id: string, statistics: RolloutStatistics, arm: 0 | 1): Gaussian | undefined {
  const epochs = statistics.flatMap(({ metrics }) => metrics[id] ?? []).filter(({ rows }) => Math.min(...rows) > 0);
  const total = epochs.reduce((sum, { rows }) => sum + rows[0] + rows[1], 0);
  if (total === 0) return undefined;
  let mean = 0;
  let variance = 0;
  for (const { rows, sum } of epochs) {
    const weight = (rows[0] + rows[1]) / total;
    const n = rows[arm];
    // Laplace's rule: an arm without an event yet is not believed to have none.
    const rate = (sum[arm] + 1) / (n + 2);
    mean += weight * rate;
    variance += (weight * weight * rate * (1 - rate)) / n;
  }
  return { kind: 'gaussian', mean, sd: Math.sqrt(variance) };
}
