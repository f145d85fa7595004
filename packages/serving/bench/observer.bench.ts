import { systemClock } from '@millwright/core';
import { createObserver, defineRollout, judge, type ServedDecision } from '../src/rollout/index.js';
import { mergeStatistics } from '../src/rollout/statistics.js';

/** What watching costs: nanoseconds per decision and per outcome with three metrics, and one judgement. */
const definition = defineRollout({
  challenger: 'm@2',
  metrics: [
    { id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.1 }, role: 'guardrail' },
    { id: 'missed', kind: 'label', measure: 'missed', better: 'lower', margin: { relative: 0.05 }, window: '24h' },
    { id: 'wrong', kind: 'label', measure: 'wrong', better: 'lower', margin: { absolute: 0.01 }, window: '24h' },
  ],
});
const count = 400_000;
const observer = createObserver(definition, systemClock, { score: (output) => (output as { late: number }).late });
observer.begin({ epoch: 1, share: 0.5, references: {} });
const now = Date.now();
const decisions: readonly ServedDecision[] = Array.from({ length: count }, (_, i) => ({
  decisionId: `01JD0Z6B7Q8R9S0T${String(i).padStart(10, '0')}`,
  unit: `traveller-${(Math.imul(i, 0x9e3779b1) >>> 0) % 250_000}`,
  armAssigned: i % 2 === 0 ? 'champion' : 'challenger',
  epoch: 1,
  share: 0.5,
  sticky: true,
  shadow: false,
  status: 'answered',
  time: now + i,
  latencyMs: 2,
  output: { late: (i % 100) / 100 },
}));
const timed = (what: string, times: number, work: () => void) => {
  const start = performance.now();
  work();
  console.log(`${what}: ${(((performance.now() - start) * 1e6) / times).toFixed(0)} ns`);
};
timed('decision', count, () => {
  for (const decision of decisions) observer.decided(decision);
});
timed('outcome', count, () => {
  for (const { decisionId, time } of decisions) observer.record({ decisionId, value: time % 3 === 0, time: time + 1 });
});
timed('maturing, per row', observer.counts.rows, () => observer.advance(now + 10 * 86_400_000));
const own = observer.statistics();
timed('judge', 100, () => {
  for (let i = 0; i < 100; i++) judge(definition, own);
});

const wide = defineRollout({
  challenger: 'm@2',
  metrics: Array.from({ length: 20 }, (_, i) => ({
    id: `metric${i}`,
    kind: 'event' as const,
    better: 'lower' as const,
    margin: { relative: 0.1 },
  })),
});
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
timed('merge and judge 50 replicas x 20 metrics x 10 epochs', 20, () => {
  for (let i = 0; i < 20; i++) judge(wide, mergeStatistics(replicas));
});
