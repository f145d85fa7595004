import { type Random, seededRandom } from '@millwright/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createObservations,
  defineRollout,
  forecastRollout,
  judge,
  mergeStatistics,
  type RolloutStatistics,
} from '../../src/rollout/index.js';
import { latencyBucket, quantileOf, slowerLogE } from '../../src/rollout/quantiles.js';

const definition = defineRollout({
  challenger: 'm@2',
  stages: ['50%'],
  minDwell: 0,
  alpha: { rollback: 0.05 },
  metrics: [{ id: 'p95', kind: 'latency', quantile: 0.95, better: 'lower', margin: { relative: 0.5 } }],
});

/** Two epochs of exponential latencies around 100 ms, the challenger's times `factor`, in two replicas. */
function played(random: Random, rows: number, factor: number): RolloutStatistics {
  const parts = [createObservations(definition), createObservations(definition)];
  for (const epoch of [1, 2]) {
    for (const part of parts) part.begin({ epoch, share: 0.5, references: {} });
    for (let i = 0; i < rows; i++) {
      const arm = random.next() < 0.5 ? 1 : 0;
      const part = parts[i % 2]!;
      const cohort = part.cohort(epoch, arm);
      part.expose(cohort);
      part.add(0, cohort, -100 * epoch * (arm === 1 ? factor : 1) * Math.log(1 - random.next()));
    }
  }
  return mergeStatistics(parts.map((part) => part.statistics()));
}

describe('a latency quantile as metric', () => {
  test('a slower tail rolls back and says by how much', () => {
    const evidence = judge(definition, played(seededRandom(1), 6_000, 1.6));
    expect(evidence.verdict).toBe('rollBack');
    expect(evidence.metrics[0]!.harm!.formula).toBe('quantile/1');
    expect(evidence.because.sentence).toMatch(/p95 is [\d,]+ ms with m@2 and \d+ ms with the champion/);
    const [champion, challenger] = evidence.metrics[0]!.newest!.quantiles!;
    expect(challenger / champion).toBeCloseTo(1.6, 0);
  });

  test('an equal one is proved to be within the margin, one at the margin is not', () => {
    expect(judge(definition, played(seededRandom(2), 8_000, 1)).verdict).toBe('promote');
    const tolerant = played(seededRandom(3), 8_000, 1.5);
    expect(judge(definition, tolerant).metrics[0]!.proof!.proved).toBe(false);
  });

  test('equal arms are seldom called different, although looked at again and again and the level doubles between epochs', () => {
    const random = seededRandom(4);
    let alarms = 0;
    for (let run = 0; run < 100; run++) {
      const observations = createObservations(definition);
      let alarm = false;
      for (const epoch of [1, 2]) {
        observations.begin({ epoch, share: 0.5, references: {} });
        for (let i = 1; i <= 600; i++) {
          const cohort = observations.cohort(epoch, random.next() < 0.5 ? 1 : 0);
          observations.add(0, cohort, -100 * epoch * Math.log(1 - random.next()));
          if (i % 100 === 0) alarm ||= judge(definition, observations.statistics()).harm.logE >= Math.log(20);
        }
      }
      if (alarm) alarms++;
    }
    expect(alarms / 100).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / 100));
  });

  test('nothing seen proves nothing; time cannot be foretold', () => {
    expect(judge(definition, []).metrics[0]).toMatchObject({ harm: { logE: 0 }, proof: { logE: 0, proved: false } });
    expect(slowerLogE([[{ '5': 3 }, {}]], 0.9)).toBeLessThanOrEqual(0);
    expect(quantileOf({}, 0.5)).toBe(0);
    expect(forecastRollout(definition, { unitsPerDay: 1e6, rates: { p95: 100 } }).verdict).toBe('insufficient');
  });

  test('needs a limit or a quantile, not both, and a relative margin', () => {
    const metric = { id: 'x', kind: 'latency', better: 'lower', margin: { relative: 0.1 } } as const;
    const define = (more: object) => () => defineRollout({ challenger: 'm@2', metrics: [{ ...metric, ...more }] });
    expect(define({})).toThrow(/or a quantile/);
    expect(define({ slo: 5, quantile: 0.9 })).toThrow(/or a quantile/);
    expect(define({ quantile: 0.9, margin: { absolute: 1 } })).toThrow(/relative margin/);
    expect(define({ quantile: 1 })).toThrow(/quantile/);
  });

  test('a latency lies within two percent of its bucket', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-5, max: 1e7, noNaN: true }), (ms) => {
        const upper = quantileOf({ [latencyBucket(ms)]: 1 }, 0.5);
        expect(upper).toBeGreaterThanOrEqual(ms * (1 - 1e-12));
        expect(upper).toBeLessThanOrEqual(ms * 1.0221);
      }),
    );
    expect(quantileOf({ [latencyBucket(0)]: 1 }, 0.5)).toBeLessThan(1e-5);
  });
});

describe('harm that begins late', () => {
  const spec = {
    challenger: 'm@2',
    stages: ['5%', '50%'],
    alpha: { rollback: 0.05 },
    metrics: [{ id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.5 } }],
  } as const;
  const epochs = (late: number): RolloutStatistics => [
    { epoch: 1, share: 0.05, exposures: [95_000, 5_000], metrics: { errors: counts(950, 40) } },
    { epoch: 2, share: 0.5, exposures: [5_000, 5_000], metrics: { errors: counts(50, late) } },
  ];
  const counts = (champion: number, challenger: number) => ({
    rows: [1, 1] as const,
    missing: [0, 0] as const,
    sum: [champion, challenger] as const,
  });

  test('is found sooner when each stage may be its beginning', () => {
    const atStart = judge(defineRollout(spec), epochs(78)).harm;
    const anytime = judge(defineRollout({ ...spec, harmBegins: 'anytime' }), epochs(78));
    expect(anytime.metrics[0]!.harm!.formula).toBe('restarted-odds/1');
    expect(anytime.harm.logE).toBeGreaterThan(atStart.logE);
    expect(judge(defineRollout({ ...spec, harmBegins: 'anytime' }), epochs(50)).verdict).not.toBe('rollBack');
  });

  test('costs a factor of two where it begins at once, and is another definition', () => {
    const first = epochs(0)
      .slice(0, 1)
      .map((one) => ({ ...one, metrics: { errors: counts(950, 120) } }));
    const [plain, anytime] = [defineRollout(spec), defineRollout({ ...spec, harmBegins: 'anytime' })];
    const difference = judge(plain, first).harm.logE - judge(anytime, first).harm.logE;
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThanOrEqual(Math.LN2 + 1e-9);
    expect(plain.digest).not.toBe(anytime.digest);
    expect(defineRollout({ ...spec, harmBegins: 'atStart' }).digest).toBe(plain.digest);
  });
});
