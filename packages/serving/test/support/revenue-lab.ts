import type { Random } from '@millwright/core';
import { asymptoticHalfWidth } from '@millwright/core/statistics';
import { createObservations, defineRollout } from '../../src/rollout/index.js';
import { weigh } from '../../src/rollout/judge.js';

/** Who buys: how many, how unequal, and how many of them see the challenger. */
export interface Market {
  readonly share: number;
  /** Of the units that pay anything. */
  readonly pays: number;
  /** Of the lognormal amounts. */
  readonly sigma: number;
}

/** One in twenty pays, and a tenth of them sees the challenger. */
export const FEW_BUYERS: Market = { share: 0.1, pays: 0.05, sigma: 1.5 };
/** Nothing was chosen on this one: more buyers with much longer tails, and a larger share. */
export const MANY_BUYERS: Market = { share: 0.25, pays: 0.1, sigma: 2.2 };

export interface RevenueOptions {
  /** Default: few buyers. */
  readonly market?: Market;
  /** Plays no further once rank betting has rolled back. */
  readonly untilFound?: boolean;
}

/** Who would roll back at some look. */
export interface RevenueResult {
  readonly ours: boolean;
  readonly asymptotic: boolean;
}

const REVENUE = defineRollout({
  challenger: 'm@2',
  stages: ['10%'],
  metrics: [{ id: 'revenue', kind: 'value', better: 'higher', margin: { relative: 0.1 }, cap: 2_000 }],
  alpha: { rollback: 0.05 },
});

const LOOKS = 240;
const UNITS = 20_000;

/**
 * Revenue of units, looked at from the first unit on, 240 times over 20,000 units: some pay (times `conversion` with the
 * challenger), lognormal amounts. What came before, 5,000 units of the champion, is the reference. `asymptotic` is the
 * confidence sequence of the difference of means.
 */
export function playRevenue(conversion: number, random: Random, options: RevenueOptions = {}): RevenueResult {
  const { market = FEW_BUYERS, untilFound = false } = options;
  const { share, pays, sigma } = market;
  const amount = (rate: number) => (random.next() < rate ? lognormal(sigma, random) : 0);
  const observations = createObservations(REVENUE);
  const before = Array.from({ length: 5_000 }, () => amount(pays)).sort((a, b) => a - b);
  const quantiles = Array.from({ length: 128 }, (_, i) => before[Math.floor(((i + 0.5) / 128) * before.length)]!);
  const mean = before.reduce((a, b) => a + b, 0) / before.length;
  observations.begin({ epoch: 1, share, references: { revenue: { mean, quantiles } } });
  const sums = { n: [0, 0], s: [0, 0], q: [0, 0] };
  let asymptotic = false;
  let ours = false;
  for (let unit = 1; unit <= UNITS && !(ours && untilFound); unit++) {
    const arm = random.next() < share ? 1 : 0;
    const value = amount(arm === 1 ? pays * conversion : pays);
    observations.add(0, observations.cohort(1, arm), value);
    sums.n[arm]!++;
    sums.s[arm]! += value;
    sums.q[arm]! += value * value;
    if (unit % Math.floor(UNITS / LOOKS) !== 0) continue;
    ours ||= weigh(REVENUE, observations.statistics(), NO_SITUATION).harm.logE >= -Math.log(0.05);
    asymptotic ||= asymptoticHarm(sums, unit, share);
  }
  return { ours, asymptotic };
}

const NO_SITUATION = { stage: 0, epoch: 1, dwellMs: Infinity };

function lognormal(sigma: number, random: Random): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return Math.exp(1 + sigma * normal);
}

function asymptoticHarm(
  { n, s, q }: Readonly<Record<'n' | 's' | 'q', readonly number[]>>,
  units: number,
  share: number,
): boolean {
  const [a, b] = [s[0]! / n[0]!, s[1]! / n[1]!];
  const variance = (q[0]! / n[0]! - a * a) / (1 - share) + (q[1]! / n[1]! - b * b) / share;
  if (!(n[1]! >= 10 && variance > 0)) return false;
  return a - b > asymptoticHalfWidth(units, variance, { alpha: 0.05, expectedUnits: UNITS, sides: 'one' });
}
