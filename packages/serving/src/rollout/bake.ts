import { type Clock, invalidInput } from '@millwright/core';
import { createOutcomeJoin, type Outcome } from '../outcome/index.js';
import type { RolloutDefinition, RolloutMetric } from './definition.js';
import { joinMetric, knownOf, type ObserverOptions, type ServedDecision, scoreOf } from './observe.js';
import { CHALLENGER } from './plan.js';
import type { RolloutState } from './state.js';
import type { RolloutStatistics } from './statistics.js';

/** A change detector over a stream of numbers. Those of `@millwright/drift/stream` are. */
export interface ChangeDetector {
  readonly id: string;
  /** Takes the next value; 2 says that the stream has changed. */
  update(value: number): number;
}

/** What a metric of the challenger came to before its promotion: rows, and the sum of their values (0 or 1 for rates). */
export interface MetricTotal {
  readonly rows: number;
  readonly sum: number;
}

/** Makes the detector of a metric when the challenger has been promoted. */
export type DetectorMaker = (seen: MetricTotal) => ChangeDetector;

/**
 * Watches the promoted challenger while it bakes, with a detector per metric that gets every request's value in order, so
 * that the promise of a detector's run length is about requests. The alarm latches.
 */
export interface BakeWatch {
  /** Makes the detectors when the state has come to baking; later calls do nothing. */
  begin(state: RolloutState, statistics: RolloutStatistics): void;
  decided(decision: ServedDecision): void;
  record(outcome: Outcome): void;
  /** Rows that have matured by `now` are told to their detectors. */
  advance(now: number): void;
  /** What has changed, in words. */
  readonly alarm: string | undefined;
}

/** @throws `input/invalid` for a detector of a metric that the rollout does not have */
export function watchBake(
  definition: RolloutDefinition,
  clock: Clock,
  makers: Readonly<Record<string, DetectorMaker>>,
  { score = scoreOf, values = {} }: ObserverOptions = {},
): BakeWatch {
  const unknown = Object.keys(makers).find((id) => !definition.metrics.some((metric) => metric.id === id));
  if (unknown !== undefined)
    throw invalidInput('detectors', `metrics of the rollout: ${definition.metrics.map(({ id }) => id)}`, unknown);
  const metrics = definition.metrics.filter(({ id }) => Object.hasOwn(makers, id));
  const known = metrics.map((metric) => knownOf(metric, values[metric.id]));
  let watched: readonly Watched[] = [];
  let epoch = -1;
  let alarm: string | undefined;
  const join = createOutcomeJoin({
    metrics: metrics.map(joinMetric),
    rows: 'request',
    graceMs: definition.graceMs,
    onRow: (metric, _cohort, value) => tell(watched[metric]!, value),
  });

  function tell(one: Watched, value: number): void {
    const { metric, detector, seen } = one;
    if (alarm !== undefined || (Number.isNaN(value) && metric.kind === 'label')) return;
    const outcome = Number.isNaN(value) ? 0 : value;
    const counted = metric.kind === 'value' ? Math.min(Math.max(outcome, 0), metric.cap) : outcome;
    one.rows++;
    one.sum += counted;
    if (detector.update(counted) !== 2) return;
    const now = show(one.sum / one.rows);
    const before = seen.rows === 0 ? 'unknown' : show(seen.sum / seen.rows);
    alarm = `${metric.id} has changed since the promotion: it is ${now} over ${one.rows} answers, and was ${before} before (${detector.id}).`;
  }

  return {
    begin(state, statistics) {
      if (epoch >= 0 || state.status !== 'baking') return;
      epoch = state.policy?.epoch ?? 0;
      watched = metrics.map((metric) => {
        const seen = baselineOf(statistics, metric.id);
        return { metric, seen, detector: makers[metric.id]!(seen), rows: 0, sum: 0 };
      });
    },
    decided(decision) {
      const { decisionId, unit, time, output, shadow, armAssigned } = decision;
      if (watched.length === 0 || shadow || armAssigned !== CHALLENGER || decision.epoch !== epoch) return;
      const remembered = output === undefined ? Number.NaN : score(output);
      const exposure = { decisionId, unit, epoch, cohort: 0, time, score: remembered };
      join.expose({ ...exposure, known: known.map((ask) => ask(decision)) });
    },
    record(outcome) {
      if (watched.length > 0) join.record(outcome, clock.now());
    },
    advance: (now) => join.advance(now),
    get alarm() {
      return alarm;
    },
  };
}

interface Watched {
  readonly metric: RolloutMetric;
  readonly seen: MetricTotal;
  readonly detector: ChangeDetector;
  rows: number;
  sum: number;
}

function baselineOf(statistics: RolloutStatistics, metric: string): MetricTotal {
  const of = (pick: (sums: { readonly rows: readonly number[]; readonly sum: readonly number[] }) => number) =>
    statistics.reduce((total, { metrics }) => total + (metrics[metric] === undefined ? 0 : pick(metrics[metric])), 0);
  return { rows: of(({ rows }) => rows[1]!), sum: of(({ sum }) => sum[1]!) };
}

const show = (value: number) => String(Number(value.toPrecision(3)));
