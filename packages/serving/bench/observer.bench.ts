import { type Clock, systemClock } from '@millwright/core';
import {
  createObservations,
  createObserver,
  defineRollout,
  judge,
  type MetricSpec,
  mergeStatistics,
  type RolloutDefinition,
  type ServedDecision,
} from '../src/rollout/index.js';

/**
 * What watching a rollout costs. An observation is one metric of one decision: opened, joined with its outcome where one
 * comes, matured and added up. Medians of rounds, with a new observer and new units in every round.
 */
const ROUNDS = 7;
const COUNT = 200_000;
const now = Date.now();
const clock: Clock = { ...systemClock, now: () => now };
const event = (id: string): MetricSpec => ({ id, kind: 'event', better: 'lower', margin: { relative: 0.1 } });
const defined = (metrics: readonly MetricSpec[]) => defineRollout({ challenger: 'm@2', metrics });

const decisions: readonly ServedDecision[] = Array.from({ length: COUNT }, (_, i) => ({
  decisionId: `01JD0Z6B7Q8R9S0T${String(i).padStart(10, '0')}`,
  unit: `traveller-${Math.imul(i, 0x9e3779b1) >>> 0}`,
  armAssigned: i % 2 === 0 ? 'champion' : 'challenger',
  epoch: 1,
  share: 0.5,
  sticky: true,
  shadow: false,
  status: 'answered',
  time: now + i,
  latencyMs: i % 100,
  output: { late: (i % 100) / 100 },
}));

/** Nanoseconds of each part per decision; `outcomes` also records one for every decision. */
function watch(definition: RolloutDefinition, outcomes: boolean): number {
  const observer = createObserver(definition, clock, { score: (output) => (output as { late: number }).late });
  observer.begin({ epoch: 1, share: 0.5, references: {} });
  const startedAt = performance.now();
  for (let i = 0; i < COUNT; i++) {
    observer.decided(decisions[i]!);
    if (outcomes && i >= 1_000) {
      const { decisionId, time } = decisions[i - 1_000]!;
      observer.record({ decisionId, value: i % 3 === 0, time: time + 1 });
    }
    if (i % 1_000 === 0) observer.advance(now + i);
  }
  observer.advance(now + 10 * 86_400_000);
  const ns = ((performance.now() - startedAt) * 1e6) / COUNT;
  if (observer.counts.rows !== COUNT) throw new TypeError(`rows: ${observer.counts.rows}`);
  return ns;
}

function median(work: () => number): number {
  work();
  return Array.from({ length: ROUNDS }, work).toSorted((a, b) => a - b)[ROUNDS >> 1]!;
}

function report(what: string, metrics: number, ns: number): void {
  const perSecond = (metrics * 1e3) / ns;
  console.log(
    `${what.padEnd(58)} ${ns.toFixed(0).padStart(6)} ns per decision, ${perSecond.toFixed(1)} M observations/s`,
  );
}

const atOnce = defined(Array.from({ length: 10 }, (_, i) => event(`event${i}`)));
report(
  '10 metrics known with the answer, every unit new',
  10,
  median(() => watch(atOnce, false)),
);
const window = '24h';
const labels = defined([
  event('errors'),
  { id: 'slow', kind: 'latency', slo: 50, better: 'lower', margin: { relative: 0.1 } },
  { id: 'missed', kind: 'label', measure: 'missed', better: 'lower', margin: { relative: 0.05 }, window },
  { id: 'wrong', kind: 'label', measure: 'wrong', better: 'lower', margin: { relative: 0.05 }, window },
  { ...event('converted'), better: 'higher', window },
]);
report(
  '5 metrics, 3 of which wait a day for an outcome',
  5,
  median(() => watch(labels, true)),
);
const values = defined([{ id: 'revenue', kind: 'value', better: 'higher', margin: { relative: 0.1 }, cap: 100 }]);
report(
  'one amount: rank and effect bets, histogram (sums alone)',
  1,
  median(() => {
    const sums = createObservations(values);
    const quantiles = Array.from({ length: 128 }, (_, i) => i / 2);
    sums.begin({ epoch: 1, share: 0.5, references: { revenue: { mean: 32, quantiles } } });
    const startedAt = performance.now();
    for (let i = 0; i < COUNT; i++) sums.add(0, sums.cohort(1, (i & 1) as 0 | 1), (i * 7) % 64);
    return ((performance.now() - startedAt) * 1e6) / COUNT;
  }),
);

const wide = defined(Array.from({ length: 20 }, (_, i) => event(`metric${i}`)));
const replicas = Array.from({ length: 50 }, () =>
  Array.from({ length: 10 }, (_, epoch) => ({
    epoch,
    share: 0.05 * (epoch + 1),
    exposures: [1000, 100] as const,
    metrics: Object.fromEntries(
      wide.metrics.map(({ id }) => [id, { rows: [1000, 100], missing: [0, 0], sum: [20, 2] } as const]),
    ),
  })),
);
const judging = median(() => {
  const startedAt = performance.now();
  judge(wide, mergeStatistics(replicas));
  return performance.now() - startedAt;
});
console.log(`merge and judge 50 replicas x 20 metrics x 10 epochs: ${judging.toFixed(2)} ms`);
const sums = mergeStatistics(replicas);
const full = median(() => {
  const startedAt = performance.now();
  judge(wide, sums, { intervals: true });
  return performance.now() - startedAt;
});
console.log(`the same with confidence sequences, for the record: ${full.toFixed(2)} ms`);
