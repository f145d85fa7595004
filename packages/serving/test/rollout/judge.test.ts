import { seededRandom } from '@millwright/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createObservations,
  defineRollout,
  type EpochStatistics,
  judge,
  mergeStatistics,
  type RolloutStatistics,
  referencesOf,
} from '../../src/rollout/index.js';
import { EVIDENCE, evidenceNumbers } from './same-evidence.js';

const definition = defineRollout({
  challenger: 'm@2',
  stages: [0.5],
  minDwell: 0,
  metrics: [
    { id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.5 } },
    { id: 'missed', kind: 'label', better: 'lower', margin: { absolute: 0.05 }, window: '1h' },
    { id: 'revenue', kind: 'value', better: 'higher', margin: { relative: 0.2 }, cap: 100, window: '1h' },
  ],
});

/** Rows of two epochs at 50 %, with the challenger's rates given. */
function played(seed: number, rows: number, challenger: { errors: number; missed: number; revenue: number }) {
  const random = seededRandom(seed);
  const parts = [createObservations(definition), createObservations(definition)];
  let references = {};
  for (const epoch of [1, 2]) {
    for (const part of parts) part.begin({ epoch, share: 0.5, references });
    for (let i = 0; i < rows; i++) {
      const part = parts[i % 2]!;
      const arm = random.next() < 0.5 ? 1 : 0;
      const cohort = part.cohort(epoch, arm);
      part.expose(cohort);
      part.add(0, cohort, Number(random.next() < (arm === 1 ? challenger.errors : 0.05)));
      part.add(
        1,
        cohort,
        random.next() < 0.1 ? Number.NaN : Number(random.next() < (arm === 1 ? challenger.missed : 0.2)),
      );
      const paid = random.next() < (arm === 1 ? challenger.revenue : 0.3);
      part.add(2, cohort, paid ? Math.min(100, Math.exp(2 + 0.8 * (random.next() + random.next() - 1))) : Number.NaN);
    }
    references = referencesOf(mergeStatistics(parts.map((part) => part.statistics())));
  }
  return parts.map((part) => part.statistics());
}

const same = { errors: 0.05, missed: 0.2, revenue: 0.3 };

describe('judge', () => {
  test('promotes what is proved, and says which metric was closest', () => {
    const evidence = judge(definition, mergeStatistics(played(1, 30_000, same)), { intervals: true });
    expect(evidence.verdict).toBe('promote');
    expect(evidence.metrics.map(({ proof }) => proof?.formula)).toEqual([
      'conditional-odds/2',
      'effect-betting/1',
      'effect-betting/1',
    ]);
    expect(evidence.because.sentence).toMatch(/Every metric is proved to be within its margin; the closest was \w+: /);
    const ratio = evidence.metrics[0]!.ratio!;
    expect(ratio.lower).toBeLessThan(1);
    expect(ratio.upper).toBeGreaterThan(1);
  });

  test.each([
    ['errors', { ...same, errors: 0.12 }],
    ['missed', { ...same, missed: 0.3 }],
    ['revenue', { ...same, revenue: 0.2 }],
  ] as const)('rolls back for %s and names it', (metric, rates) => {
    const evidence = judge(definition, mergeStatistics(played(2, 12_000, rates)));
    expect(evidence.verdict).toBe('rollBack');
    expect(evidence.harm.cause).toBe(metric);
    expect(evidence.because.sentence).toContain(`${metric} is `);
  });

  test('nothing seen, nothing decided: no data never promotes', () => {
    expect(judge(definition, []).verdict).toBe('hold');
    const empty = createObservations(definition);
    empty.begin({ epoch: 1, share: 0.5, references: {} });
    const evidence = judge(definition, empty.statistics());
    expect(evidence.verdict).toBe('hold');
    expect(evidence.need.map(({ what }) => what)).toContain('units in each arm');
  });

  test('labels that come for one arm only stop the comparison', () => {
    const observations = createObservations(definition);
    observations.begin({ epoch: 1, share: 0.5, references: {} });
    for (let i = 0; i < 2_000; i++) {
      const cohort = observations.cohort(1, (i % 2) as 0 | 1);
      observations.expose(cohort);
      observations.add(1, cohort, i % 2 === 1 && i % 3 === 0 ? Number.NaN : 0);
    }
    const evidence = judge(definition, observations.statistics());
    expect(evidence.verdict).toBe('pause');
    expect(evidence.balance.cause).toBe('missed');
    const looked = { stage: 0, epoch: 1, dwellMs: 0, balancedUntil: 1 };
    expect(judge(definition, observations.statistics(), { situation: looked }).verdict).not.toBe('pause');
  });

  test('the same evidence whatever the order and grouping of replicas', () => {
    const parts = [...played(3, 500, same), ...played(4, 500, same), ...played(5, 300, same)];
    const bits = (statistics: RolloutStatistics) => JSON.stringify(rounded(statistics));
    const expected = bits(mergeStatistics(parts));
    fc.assert(
      fc.property(fc.shuffledSubarray(parts, { minLength: parts.length }), fc.nat(parts.length), (order, cut) => {
        const grouped = [mergeStatistics(order.slice(0, cut)), mergeStatistics(order.slice(cut))];
        expect(bits(mergeStatistics(grouped))).toBe(expected);
      }),
    );
    const direct = judge(definition, mergeStatistics(parts));
    expect(JSON.stringify(judge(definition, JSON.parse(JSON.stringify(mergeStatistics(parts)))))).toBe(
      JSON.stringify(direct),
    );
  });

  /** Sums of logarithms depend on their order in the last bits. */
  const rounded = (statistics: RolloutStatistics) =>
    statistics.map((epoch: EpochStatistics) => ({
      ...epoch,
      metrics: Object.fromEntries(
        Object.entries(epoch.metrics).map(([id, { rank, effect, sum, ...rest }]) => [
          id,
          {
            ...rest,
            sum: sum.map((x) => x.toFixed(6)),
            rank: rank?.map((x) => x.toFixed(6)),
            effect: effect?.map((x) => x.toFixed(6)),
          },
        ]),
      ),
    }));
});

test('every formula gives the same evidence as in a page', () => {
  evidenceNumbers().forEach((logE, i) => {
    expect(Math.abs(logE - EVIDENCE[i]!)).toBeLessThanOrEqual(1e-9);
  });
});

test('sums that are no numbers are refused, or hold; they never advance or promote', () => {
  const good = mergeStatistics(played(3, 12_000, { errors: 0.03, missed: 0.15, revenue: 0.4 }));
  expect(judge(definition, good).verdict).toBe('promote');
  for (const metric of ['errors', 'missed', 'revenue']) {
    const damaged = good.map((epoch) => ({
      ...epoch,
      metrics: {
        ...epoch.metrics,
        [metric]: {
          ...epoch.metrics[metric]!,
          sum: [Number.NaN, Number.NaN] as const,
          rank: epoch.metrics[metric]!.rank?.map(() => Number.NaN),
          effect: epoch.metrics[metric]!.effect?.map(() => Number.NaN),
        },
      },
    }));
    const verdict = () => judge(definition, damaged as RolloutStatistics).verdict;
    if (metric !== 'revenue') expect(verdict, metric).toThrow('NaN');
    else expect(verdict(), metric).toBe('hold');
  }
});
