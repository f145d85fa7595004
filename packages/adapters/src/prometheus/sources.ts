import type { Ledger } from '@millwright/core/ledger';
import type { ReviewQueue } from '@millwright/core/review';
import {
  type Exemplar,
  type Labels,
  type LatencyHistogram,
  latencyBucket,
  latencyHistogram,
  latencySample,
  type MetricFamily,
} from '@millwright/core/telemetry';
import type { DecisionRecord, Endpoint } from '@millwright/serving';
import type { Rollout } from '@millwright/serving/rollout';

/**
 * Counts an endpoint's decisions from now on, and gives the counts when it is called. Labels are names of endpoints, arms
 * and statuses, never units: their number is small and known. Slow buckets name a decision id as exemplar.
 */
export function endpointMetrics<I, O>(name: string, endpoint: ObservedEndpoint<I, O>): () => readonly MetricFamily[] {
  const byArm = new Map<string, ArmCounts>();
  endpoint.observe((decision) => {
    const key = decision.shadow ? `${decision.armAssigned} shadow` : decision.armAssigned;
    let counts = byArm.get(key);
    if (counts === undefined) {
      counts = { arm: decision.armAssigned, shadow: decision.shadow, statuses: new Map(), durations: durations() };
      byArm.set(key, counts);
    }
    counts.statuses.set(decision.status, (counts.statuses.get(decision.status) ?? 0) + 1);
    counts.durations.record(decision);
  });
  return () => [...countedFamilies(name, [...byArm.values()]), ...stateFamilies(name, endpoint)];
}

/** What is read of an endpoint. */
export type ObservedEndpoint<I, O> = Pick<Endpoint<I, O>, 'stats' | 'policy' | 'arms' | 'observe'>;

/** How long the ledger is and when it was last written to. */
export function ledgerMetrics(ledger: Ledger): () => readonly MetricFamily[] {
  return () => [
    gauge('millwright_ledger_leaves', 'Leaves of the ledger that this process has folded.', {}, ledger.head.size),
    {
      name: 'millwright_ledger_head_timestamp_seconds',
      help: 'Time of the newest commit that this process has folded.',
      unit: 'seconds',
      kind: 'gauge',
      samples: [{ labels: {}, value: ledger.head.time / 1_000 }],
    },
  ];
}

/** Reviews that wait, by queue. */
export function reviewMetrics(reviews: ReviewQueue): () => readonly MetricFamily[] {
  return () => {
    const waiting = new Map<string, number>();
    for (const { queue } of reviews.open()) waiting.set(queue, (waiting.get(queue) ?? 0) + 1);
    const samples = Array.from(waiting, ([queue, value]) => ({ labels: { queue }, value }));
    return [{ name: 'millwright_reviews_open', help: 'Reviews without an outcome.', kind: 'gauge', samples }];
  };
}

/** Where a rollout stands. */
export function rolloutMetrics(rollout: Pick<Rollout, 'id' | 'state'>): () => readonly MetricFamily[] {
  return () => {
    const { model, alias, challenger, status, stage } = rollout.state;
    const labels = { rollout: rollout.id, model, alias };
    return [
      gauge('millwright_rollout_info', 'A rollout and its status.', { ...labels, challenger, status }, 1),
      gauge('millwright_rollout_stage', 'Stage of the rollout, from 0; -1 before the first.', labels, stage),
    ];
  };
}

interface ArmCounts {
  readonly arm: string;
  readonly shadow: boolean;
  readonly statuses: Map<DecisionRecord['status'], number>;
  readonly durations: Durations;
}

/** A histogram with the last decision of each bucket. */
interface Durations {
  readonly histogram: LatencyHistogram;
  record(decision: DecisionFacts): void;
  exemplarOf(bucket: number): Exemplar | undefined;
}

function durations(): Durations {
  const histogram = latencyHistogram();
  const last: DecisionFacts[] = [];
  return {
    histogram,
    record({ decisionId, latencyMs, time }) {
      histogram.record(latencyMs);
      last[latencyBucket(latencyMs)] = { decisionId, latencyMs, time };
    },
    exemplarOf(bucket) {
      const facts = last[bucket];
      if (facts === undefined) return undefined;
      const { decisionId, latencyMs, time } = facts;
      return { labels: { decision_id: decisionId }, value: latencyMs / 1_000, time };
    },
  };
}

type DecisionFacts = Pick<DecisionRecord, 'decisionId' | 'latencyMs' | 'time'>;

function countedFamilies(endpoint: string, arms: readonly ArmCounts[]): readonly MetricFamily[] {
  const labelsOf = ({ arm, shadow }: ArmCounts) => ({ endpoint, arm, shadow: String(shadow) });
  return [
    {
      name: 'millwright_decisions',
      help: 'Requests by the arm they were assigned to and how they ended.',
      kind: 'counter',
      samples: arms.flatMap((counts) =>
        Array.from(counts.statuses, ([status, value]) => ({ labels: { ...labelsOf(counts), status }, value })),
      ),
    },
    {
      name: 'millwright_decision_duration_seconds',
      help: 'Time from request to answer.',
      unit: 'seconds',
      kind: 'histogram',
      samples: arms.map((counts) =>
        latencySample(labelsOf(counts), counts.durations.histogram, counts.durations.exemplarOf),
      ),
    },
  ];
}

function stateFamilies<I, O>(name: string, { stats, arms, policy }: ObservedEndpoint<I, O>): readonly MetricFamily[] {
  const endpoint = { endpoint: name };
  const { refused, inFlight, shadowsDropped } = stats();
  const states = arms.names.flatMap((arm) => arms.get(arm) ?? []);
  return [
    counter('millwright_requests_refused', 'Requests that the contract refused.', endpoint, refused),
    counter('millwright_shadows_dropped', 'Copies for shadow arms that were not made.', endpoint, shadowsDropped),
    gauge('millwright_requests_in_flight', 'Requests that wait for an answer.', endpoint, inFlight),
    gauge('millwright_policy_epoch', 'Epoch of the routing policy.', endpoint, policy?.epoch ?? 0),
    {
      name: 'millwright_model_info',
      help: 'The model that an arm serves.',
      kind: 'gauge',
      samples: states.map(({ name: arm, model, digest = '' }) => ({
        labels: { ...endpoint, arm, model, digest },
        value: 1,
      })),
    },
    {
      name: 'millwright_arm_share',
      help: 'Share of the traffic that the policy gives to an arm.',
      kind: 'gauge',
      samples: Array.from(policy?.shares ?? [], ([arm, value]) => ({ labels: { ...endpoint, arm }, value })),
    },
    {
      name: 'millwright_arm_queued_rows',
      help: 'Rows that wait for an arm.',
      kind: 'gauge',
      samples: states.map(({ name: arm, stats: { queued } }) => ({ labels: { ...endpoint, arm }, value: queued })),
    },
  ];
}

function gauge(name: string, help: string, labels: Labels, value: number): MetricFamily {
  return { name, help, kind: 'gauge', samples: [{ labels, value }] };
}

function counter(name: string, help: string, labels: Labels, value: number): MetricFamily {
  return { name, help, kind: 'counter', samples: [{ labels, value }] };
}
