import { describe, expect, test } from 'vitest';
import { adaptedShare, openingShare } from '../../src/rollout/adapt.js';
import { defineRollout, type RolloutSpec, type RolloutStatistics, simulate } from '../../src/rollout/index.js';

const HOUR = 3_600_000;
const spec = {
  challenger: 'm@2',
  stages: ['1%', { share: '60%', adapt: { metric: 'converted', every: '6h', floor: '5%' } }],
  minDwell: '2h',
  minUnits: 20,
  maxDuration: '6d',
  alpha: { rollback: 0.05 },
  metrics: [
    { id: 'converted', kind: 'event', window: '1h', better: 'higher', margin: { relative: 0.2 } },
    { id: 'errors', kind: 'event', better: 'lower', margin: { relative: 1 } },
  ],
  minMatured: 20,
} as const satisfies RolloutSpec;
const definition = defineRollout(spec);
const now = { stage: 1, share: 0.3, lastedMs: 6 * HOUR };

/** Epochs of [rows of the champion, its events, rows of the challenger, its events]. */
function seen(...epochs: readonly (readonly [number, number, number, number])[]): RolloutStatistics {
  return epochs.map(([n, x, m, y], i) => ({
    epoch: i + 1,
    share: m / (n + m),
    exposures: [n, m],
    metrics: { converted: { rows: [n, m], missing: [0, 0], sum: [x, y] } },
  }));
}

describe('the share of a stage that adapts', () => {
  test('begins where the stage before ended, grows with what is better, and no further than the stage allows', () => {
    expect(openingShare(definition, 0, 0)).toBe(0.01);
    expect(openingShare(definition, 1, 0.01)).toBe(0.05);
    const better = seen([1_000, 100, 1_000, 160]);
    expect(adaptedShare(definition, better, now)).toBe(0.4);
    expect(adaptedShare(definition, better, { ...now, share: 0.57 })).toBe(0.6);
    expect(adaptedShare(definition, better, { ...now, share: 0.6 })).toBeUndefined();
  });

  test('shrinks with what is worse, in steps, down to the floor', () => {
    const worse = seen([1_000, 160, 1_000, 100]);
    expect(adaptedShare(definition, worse, now)).toBe(0.2);
    expect(adaptedShare(definition, worse, { ...now, share: 0.08 })).toBeCloseTo(0.05, 2);
  });

  test('waits for its time and for rows of both arms', () => {
    const better = seen([1_000, 100, 1_000, 160]);
    expect(adaptedShare(definition, better, { ...now, lastedMs: 6 * HOUR - 1 })).toBeUndefined();
    expect(adaptedShare(definition, seen([1_000, 100, 0, 0]), now)).toBeUndefined();
    expect(adaptedShare(definition, [], now)).toBeUndefined();
    expect(adaptedShare(definition, better, { ...now, stage: 0 })).toBeUndefined();
  });

  test('compares within epochs: a good night with much traffic for one arm is not its merit', () => {
    // The challenger is worse in both epochs, but got most of its rows in the good one.
    const simpson = seen([9_000, 900, 1_000, 80], [1_000, 500, 9_000, 4_050]);
    expect(adaptedShare(definition, simpson, now)).toBe(0.2);
  });

  test.each([
    ['metric', { metric: 'other' }],
    ['every', { metric: 'errors', every: '1h' }],
    ['floor', { metric: 'errors', every: '6h', floor: '70%' }],
  ])('refuses, naming %s', (path, adapt) => {
    expect(() => defineRollout({ ...spec, stages: [{ share: '60%', adapt } as never] })).toThrow(path);
  });
});

describe('a bandit under guardrails', { timeout: 60_000 }, () => {
  const traffic = (challenger: { converted: number; errors: number }) => ({
    unitsPerDay: 8_000,
    truth: {
      converted: { champion: 0.1, challenger: challenger.converted },
      errors: { champion: 0.02, challenger: challenger.errors },
    },
    drift: (day: number) => 1 + 0.5 * Math.sin(day),
  });
  const options = { runs: 80, looksPerDay: 8, seed: 3 };

  test('shares that follow the outcomes cost no false rollbacks, and errors are found all the same', () => {
    const same = simulate(definition, traffic({ converted: 0.1, errors: 0.02 }), options);
    expect(same.rolledBack).toBeLessThanOrEqual(0.05 + 3 * same.standardError(0.05));
    const failing = simulate(definition, traffic({ converted: 0.1, errors: 0.08 }), { ...options, runs: 20 });
    expect(failing.rolledBack).toBeGreaterThan(0.9);
  });

  test('what is better is promoted', () => {
    expect(
      simulate(definition, traffic({ converted: 0.13, errors: 0.02 }), { ...options, runs: 20 }).promoted,
    ).toBeGreaterThan(0.8);
  });
});
