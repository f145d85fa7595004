import { describe, expect, test } from 'vitest';
import {
  defineRollout,
  forecastRollout,
  type MetricSpec,
  type SimulatedTraffic,
  simulate,
} from '../../src/rollout/index.js';

/** What `simulate` tells people about their own definition. The error rates themselves are shown in `error-rates.test.ts`. */
const METRICS: readonly MetricSpec[] = [
  { id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.5 } },
  { id: 'slow', kind: 'latency', slo: 50, better: 'lower', margin: { relative: 0.25 } },
  { id: 'converted', kind: 'event', window: '6h', better: 'higher', margin: { relative: 0.1 } },
  { id: 'wrong', kind: 'label', window: '12h', better: 'lower', margin: { relative: 0.1 } },
];
const BASE: Readonly<Record<string, number>> = { errors: 0.01, slow: 0.05, converted: 0.1, wrong: 0.2 };

const definition = defineRollout({
  challenger: 'm@2',
  stages: ['1%', '5%', '25%', '50%'],
  minDwell: '6h',
  minUnits: 50,
  minMatured: 20,
  maxDuration: '7d',
  alpha: { rollback: 0.05 },
  metrics: METRICS,
});

/** 12,000 units a day whose base rates swing by half; the challenger's rates are changed by factors. */
function traffic(factors: Readonly<Record<string, number>> = {}): SimulatedTraffic {
  const truth = Object.fromEntries(
    Object.entries(BASE).map(([id, rate]) => [id, { champion: rate, challenger: rate * (factors[id] ?? 1) }]),
  );
  return { unitsPerDay: 12_000, truth, drift: (day) => 1 + 0.5 * Math.sin(day) };
}

describe('simulated rollouts', { timeout: 60_000 }, () => {
  test('a challenger that is no worse is rolled back no more often than stated, and mostly promoted', () => {
    const { runs, rolledBack, paused, promoted, standardError } = simulate(definition, traffic(), {
      runs: 60,
      seed: 11,
      looksPerDay: 12,
    });
    expect(rolledBack).toBeLessThanOrEqual(0.05 + 3 * standardError(0.05));
    expect(paused).toBeLessThanOrEqual(0.01 + 3 * standardError(0.01));
    expect(promoted).toBeGreaterThan(0.4);
    expect(runs).toBe(60);
  });

  test.each([
    ['errors', 5, 15_000],
    ['errors', 2, 45_000],
    ['converted', 0.8, 60_000],
  ])('%s times %f is found, in time', (metric, factor, units) => {
    const report = simulate(definition, traffic({ [metric]: factor }), { runs: 20, seed: 13, looksPerDay: 8 });
    expect(report.rolledBack).toBeGreaterThan(0.9);
    expect(report.medianUnits).toBeLessThan(units);
  });

  test('forecastRollout foretells the time within a factor of one and a half', () => {
    const report = forecastRollout(definition, { unitsPerDay: 12_000, rates: BASE });
    const { medianDays } = simulate(
      definition,
      { ...traffic(), drift: undefined },
      { runs: 15, seed: 16, looksPerDay: 8 },
    );
    const ratio = report.expectedMs! / 86_400_000 / medianDays;
    expect(ratio).toBeGreaterThan(1 / 1.5);
    expect(ratio).toBeLessThan(1.5);
  });

  test('the same seed gives the same report', () => {
    const once = () => JSON.stringify(simulate(definition, traffic(), { runs: 3, seed: 9, looksPerDay: 6 }));
    expect(once()).toBe(once());
  });
});
