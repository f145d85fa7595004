import { type Clock, invalidInput } from '@millwright/core';
import {
  createOutcomeJoin,
  type DeadLetterSink,
  type Disposition,
  type Outcome,
  type OutcomeCounts,
  type OutcomeMetric,
} from '../outcome/index.js';
import type { RolloutDefinition, RolloutMetric } from './definition.js';
import { type Arm, createObservations } from './observations.js';
import type { EpochPlan, RolloutStatistics } from './statistics.js';

/** A decision as a rollout sees it; the endpoint's decision records have this shape. */
export interface ServedDecision {
  readonly decisionId: string;
  readonly unit: string | undefined;
  /** The arm that the policy chose, whoever answered in the end. */
  readonly armAssigned: string;
  readonly epoch: number;
  /** Probability with which the arm was chosen. */
  readonly share: number;
  readonly sticky: boolean;
  readonly shadow: boolean;
  readonly status: 'answered' | 'fellBack' | 'abstained' | 'failed';
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly latencyMs: number;
  readonly output: unknown;
}

/** How an observer reads answers. */
export interface ObserverOptions {
  /** The number that labels are held against (`wrong`, `missed`, …), from what was answered; not called when nothing was. Default: see `scoreOf`. */
  readonly score?: ((output: unknown) => number) | undefined;
  /** For `value` and `event` metrics that are known with the answer: the value, by metric id. */
  readonly values?: Readonly<Record<string, (decision: ServedDecision) => number>> | undefined;
  /**
   * Hears of outcomes that change nothing: too late, or of decisions that this process did not make for the rollout. Such as
   * `(outcome, reason) => quarantined.add(outcome, reason)`. Default: they are only counted.
   */
  readonly deadLetter?: DeadLetterSink | undefined;
}

/** Turns decisions and outcomes of one process into sums. Costs about a microsecond per decision. */
export interface RolloutObserver {
  begin(plan: EpochPlan): void;
  /** From `time` on, units count in the next epoch. */
  end(epoch: number, time: number): void;
  decided(decision: ServedDecision): void;
  /** Notes what became of a decision, whenever that is known. @throws `input/invalid` when the value is not finite */
  record(outcome: Outcome): Disposition;
  /** Rows that have matured by `now` join the sums. */
  advance(now: number): void;
  statistics(): RolloutStatistics;
  readonly counts: OutcomeCounts;
}

/** An observer of one rollout, to be told of every decision. @throws `input/invalid` when a value metric has no function */
export function createObserver(
  definition: RolloutDefinition,
  clock: Clock,
  options: ObserverOptions = {},
): RolloutObserver {
  const { score = scoreOf, values = {}, deadLetter } = options;
  const { metrics, rows } = definition;
  const sums = createObservations(definition);
  const join = createOutcomeJoin({
    metrics: metrics.map(joinMetric),
    rows,
    graceMs: definition.graceMs,
    onRow: (metric, cohort, value) => sums.add(metric, cohort, value),
    deadLetter,
  });
  const known = new Float64Array(metrics.length);
  const fillKnown = metrics.map((metric) => knownOf(metric, values[metric.id]));
  const needsScore = metrics.some(({ measure }) => measure !== 'value');
  return {
    begin: sums.begin,
    end: (epoch, time) => join.endEpoch(epoch, time),
    decided(decision) {
      if (decision.shadow) return;
      const { unit, epoch, time, decisionId, armAssigned, sticky } = decision;
      if (!sticky && (rows !== 'request' || decision.share === 1)) return;
      const arm = ARMS[armAssigned];
      if (arm === undefined) return;
      const cohort = sums.cohort(epoch, arm);
      if (cohort < 0) return;
      for (let i = 0; i < known.length; i++) known[i] = fillKnown[i]!(decision);
      const remembered = needsScore && decision.output !== undefined ? score(decision.output) : Number.NaN;
      if (join.expose({ decisionId, unit, epoch, cohort, time, score: remembered, known })) sums.expose(cohort);
    },
    record: (outcome) => join.record(outcome, clock.now()),
    advance: (now) => join.advance(now),
    statistics: () => sums.statistics(),
    get counts() {
      return join.counts;
    },
  };
}

const ARMS: Readonly<Record<string, Arm>> = { champion: 0, challenger: 1 };

/** The answer as one number: itself, or the only number (or the first element of the only array) among its members; else NaN. */
export function scoreOf(output: unknown): number {
  if (typeof output === 'number') return output;
  if (typeof output === 'boolean') return Number(output);
  if (typeof output !== 'object' || output === null) return Number.NaN;
  for (const key in output) {
    const value: unknown = (output as Readonly<Record<string, unknown>>)[key];
    if (typeof value === 'number') return value;
    if (ArrayBuffer.isView(value) || Array.isArray(value)) {
      const first: unknown = (value as ArrayLike<unknown>)[0];
      if (typeof first === 'number') return first;
    }
  }
  return Number.NaN;
}

/** The metric as the join of decisions and outcomes sees it. */
export function joinMetric(metric: RolloutMetric): OutcomeMetric {
  const { id, kind, windowMs, measure, quantile } = metric;
  return {
    id,
    windowMs,
    combine: kind === 'label' || quantile !== undefined ? 'first' : kind === 'value' ? 'sum' : 'any',
    endsWithEpoch: kind !== 'label',
    measure: MEASURES[measure],
  };
}

/** Scores and labels of at least 0.5 mean "yes". An answer without a score cannot be held against its label. */
const MEASURES: Readonly<Record<RolloutMetric['measure'], ((label: number, score: number) => number) | undefined>> = {
  value: undefined,
  wrong: (label, score) => (Number.isNaN(score) ? Number.NaN : Number(label >= 0.5 !== score >= 0.5)),
  missed: (label, score) => (Number.isNaN(score) ? Number.NaN : Number(label >= 0.5 && score < 0.5)),
  falseAlarm: (label, score) => (Number.isNaN(score) ? Number.NaN : Number(label < 0.5 && score >= 0.5)),
  squaredError: (label, score) => (label - score) ** 2,
};

/** What is known of a metric with the answer: errors and slow answers, unless the value is given or comes later. */
export function knownOf(
  metric: RolloutMetric,
  given: ((decision: ServedDecision) => number) | undefined,
): (decision: ServedDecision) => number {
  const { id, kind, windowMs, sloMs } = metric;
  if (given !== undefined) return given;
  if (metric.quantile !== undefined) return ({ latencyMs }) => latencyMs;
  if (kind === 'latency') return ({ latencyMs }) => Number(latencyMs > sloMs);
  if (kind === 'event' && windowMs === 0) return ({ status }) => Number(status === 'failed' || status === 'fellBack');
  if (kind === 'value' && windowMs === 0)
    throw invalidInput(`values.${id}`, 'a function that takes the value from a decision', given);
  return NOT_YET;
}

const NOT_YET = () => Number.NaN;
