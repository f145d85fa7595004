import { seededRandom } from '@millwright/core';
import { createObservations, defineRollout, judge, mergeStatistics, referencesOf } from '../../src/rollout/index.js';

const plan = defineRollout({
  challenger: 'm@2',
  stages: ['5%', '50%'],
  harmBegins: 'anytime',
  metrics: [
    { id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.5 } },
    { id: 'p99', kind: 'latency', quantile: 0.99, better: 'lower', margin: { relative: 0.2 } },
    { id: 'missed', kind: 'label', measure: 'missed', better: 'lower', margin: { absolute: 0.02 }, window: '24h' },
    { id: 'revenue', kind: 'value', better: 'higher', margin: { relative: 0.1 }, cap: 100 },
  ],
});

/** What every formula makes of three replicas in two epochs: ln E of each metric's harm and proof, and of the balance. */
export function evidenceNumbers(): readonly number[] {
  const random = seededRandom(11);
  const replicas = [0, 1, 2].map(() => createObservations(plan));
  /** Nearly normal, of nothing but sums. */
  const gaussian = () => Array.from({ length: 12 }, () => random.next()).reduce((a, b) => a + b, -6);
  for (const [i, share] of [0.05, 0.5].entries()) {
    const references = referencesOf(mergeStatistics(replicas.map((one) => one.statistics())));
    for (const sums of replicas) {
      sums.begin({ epoch: i + 1, share, references });
      for (let row = 0; row < 2_000; row++) {
        const arm = random.next() < share ? 1 : 0;
        const cohort = sums.cohort(i + 1, arm);
        sums.expose(cohort);
        sums.add(0, cohort, Number(random.next() < 0.05));
        sums.add(1, cohort, Math.exp(3 + gaussian()));
        sums.add(2, cohort, random.next() < 0.1 ? Number.NaN : Number(random.next() < 0.1));
        sums.add(3, cohort, random.next() < 0.2 ? Math.exp(1 + gaussian()) : 0);
      }
    }
  }
  const statistics = mergeStatistics(replicas.map((one) => one.statistics()));
  const { metrics, balance } = judge(plan, statistics);
  return [...metrics.flatMap(({ harm, proof }) => [harm!.logE, proof!.logE]), balance.logE];
}

/** What they are on Node 20. Engines round logarithms differently, so that a page agrees to many digits, not to the last bit. */
export const EVIDENCE: readonly number[] = [
  -1.0604730458071299, 7.3186107419262445, -1.0948272695363177, -0.6344209902071449, -0.995142605772502,
  0.17108470128737507, -2.6095612131029324, 0.8138058134626573, -3.8583227517336147,
];
