import type { BettingRule } from '@millwright/core/statistics';
import { effectBets, rankBets } from './bets.js';
import type { RolloutDefinition, RolloutMetric } from './definition.js';
import { latencyBucket } from './quantiles.js';
import { bucketOfValue, type EpochPlan, type EpochStatistics, type MetricSums } from './statistics.js';

/** Adds up matured rows, per epoch, arm and metric, in fixed arrays. */
export interface Observations {
  /** Rows of this epoch are counted from now on. Epochs in which one arm has everything compare nothing and are left out. */
  begin(plan: EpochPlan): void;
  /** The number that stands for (epoch, arm), or -1 when it is not compared. */
  cohort(epoch: number, arm: Arm): number;
  expose(cohort: number): void;
  /** A matured row; NaN when no outcome came. */
  add(metric: number, cohort: number, value: number): void;
  /** The sums so far of every epoch that has begun. */
  statistics(): readonly EpochStatistics[];
}

/** Index of an arm in pairs: champion, challenger. */
export type Arm = 0 | 1;

/** Empty sums for a definition. */
export function createObservations(definition: RolloutDefinition): Observations {
  const { metrics } = definition;
  const epochs: EpochCells[] = [];
  const indexOf = new Map<number, number>();
  return {
    begin(plan) {
      if (indexOf.has(plan.epoch) || !(plan.share > 0 && plan.share < 1)) return;
      indexOf.set(plan.epoch, epochs.length);
      epochs.push({ plan, exposures: [0, 0], cells: metrics.map((metric) => openCell(metric, plan)) });
    },
    cohort(epoch, arm) {
      const index = indexOf.get(epoch);
      return index === undefined ? -1 : index * 2 + arm;
    },
    expose(cohort) {
      epochs[cohort >> 1]!.exposures[(cohort & 1) as Arm]++;
    },
    add(metric, cohort, value) {
      addRow(epochs[cohort >> 1]!.cells[metric]!, metrics[metric]!, (cohort & 1) as Arm, value);
    },
    statistics: () =>
      epochs.map(({ plan, exposures, cells }) => ({
        epoch: plan.epoch,
        share: plan.share,
        exposures: [exposures[0], exposures[1]],
        metrics: Object.fromEntries(cells.map((cell, index) => [metrics[index]!.id, sumsOf(cell)])),
      })),
  };
}

interface EpochCells {
  readonly plan: EpochPlan;
  readonly exposures: [number, number];
  readonly cells: readonly Cell[];
}

interface Cell {
  readonly rows: [number, number];
  readonly missing: [number, number];
  readonly sum: [number, number];
  readonly rank: { readonly rule: BettingRule; readonly logWealth: Float64Array } | undefined;
  readonly effect: { readonly rule: BettingRule; readonly logWealth: Float64Array } | undefined;
  readonly buckets: Map<number, number> | undefined;
  readonly histogram: readonly [Map<number, number>, Map<number, number>] | undefined;
}

function openCell(metric: RolloutMetric, plan: EpochPlan): Cell {
  const quantile = metric.quantile !== undefined;
  const state = (rule: BettingRule | undefined) => rule && { rule, logWealth: new Float64Array(rule.bets) };
  return {
    rows: [0, 0],
    missing: [0, 0],
    sum: [0, 0],
    rank: metric.binary || quantile ? undefined : state(rankBets(metric, plan)),
    effect:
      quantile || (metric.binary && metric.margin.kind === 'relative') ? undefined : state(effectBets(metric, plan)),
    buckets: metric.binary || quantile ? undefined : new Map(),
    histogram: quantile ? [new Map(), new Map()] : undefined,
  };
}

function addRow(cell: Cell, metric: RolloutMetric, arm: Arm, outcome: number): void {
  if (Number.isNaN(outcome) && metric.kind === 'label') {
    cell.missing[arm]++;
    return;
  }
  if (cell.histogram !== undefined) {
    cell.rows[arm]++;
    cell.sum[arm] += outcome;
    count(cell.histogram[arm], latencyBucket(outcome));
    return;
  }
  const value = Number.isNaN(outcome) ? 0 : Math.min(Math.max(outcome, 0), metric.cap);
  cell.rows[arm]++;
  cell.sum[arm] += value;
  cell.effect?.rule.observe(cell.effect.logWealth, arm === 1, metric.better === 'higher' ? value : metric.cap - value);
  if (cell.buckets === undefined) return;
  count(cell.buckets, bucketOfValue(value));
  cell.rank?.rule.observe(cell.rank.logWealth, arm === 1, value);
}

function count(buckets: Map<number, number>, bucket: number): void {
  buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
}

function sumsOf(cell: Cell): MetricSums {
  return {
    rows: [cell.rows[0], cell.rows[1]],
    missing: [cell.missing[0], cell.missing[1]],
    sum: [cell.sum[0], cell.sum[1]],
    ...(cell.rank ? { rank: [...cell.rank.logWealth] } : {}),
    ...(cell.effect ? { effect: [...cell.effect.logWealth] } : {}),
    ...(cell.buckets ? { buckets: Object.fromEntries(cell.buckets) } : {}),
    ...(cell.histogram
      ? { histogram: [Object.fromEntries(cell.histogram[0]), Object.fromEntries(cell.histogram[1])] as const }
      : {}),
  };
}
