import { costMeter, latencyHistogram, stageTimer } from '@millwright/core/telemetry';
import { virtualClock } from '@millwright/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe('latency histogram', () => {
  test('its quantiles are at most 3.2 % above the exact ones', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.001, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 }),
        (values) => {
          const histogram = latencyHistogram();
          for (const value of values) histogram.record(value);
          const sorted = values.toSorted((a, b) => a - b);
          for (const q of [0.5, 0.95, 0.99, 1]) {
            const exact = sorted[Math.max(0, Math.ceil(q * values.length) - 1)]!;
            expect(histogram.quantile(q)).toBeGreaterThanOrEqual(exact * (1 - 1e-9));
            expect(histogram.quantile(q)).toBeLessThanOrEqual(Math.max(exact * 1.032, 0.001));
          }
        },
      ),
    );
  });

  test('two merged are the one that saw everything', () => {
    const [a, b, both] = [latencyHistogram(), latencyHistogram(), latencyHistogram()];
    for (let i = 1; i <= 100; i++) {
      (i % 2 === 0 ? a : b).record(i);
      both.record(i);
    }
    a.merge(b);
    expect(a.summary()).toEqual(both.summary());
    expect(a.buckets).toEqual(both.buckets);
  });

  test('empty is NaN, nonsense is not counted, extremes stay in', () => {
    const histogram = latencyHistogram();
    expect(histogram.quantile(0.5)).toBeNaN();
    for (const ms of [Number.NaN, -1, Number.POSITIVE_INFINITY]) histogram.record(ms);
    expect(histogram.count).toBe(0);
    histogram.record(0);
    histogram.record(1e12);
    expect(histogram.count).toBe(2);
    expect(() => histogram.quantile(2)).toThrow(/between 0 and 1/);
    histogram.reset();
    expect(histogram.summary().count).toBe(0);
  });
});

describe('stage timer', () => {
  test('times what returns, what throws and what promises, against budgets', async () => {
    const clock = virtualClock();
    const timer = stageTimer<'check' | 'infer'>({ clock, budgetsMs: { infer: 5 } });
    expect(timer.time('check', () => 42)).toBe(42);
    expect(() =>
      timer.time('check', () => {
        throw new TypeError('no');
      }),
    ).toThrow('no');
    const slow = timer.time('infer', () => new Promise<void>((resolve) => void clock.schedule(10, resolve)));
    await clock.advance(10);
    await slow;
    expect(timer.summary().get('check')).toMatchObject({ count: 2, overBudget: 0, budgetMs: undefined });
    expect(timer.summary().get('infer')).toMatchObject({ count: 1, overBudget: 1, budgetMs: 5, maxMs: 10 });
    // Ended at its budget: how long it would have taken nobody knows, but longer.
    timer.record('infer', 5, true);
    timer.record('infer', 5);
    expect(timer.summary().get('infer')).toMatchObject({ count: 3, overBudget: 2 });
  });
});

describe('cost meter', () => {
  test('adds up by label, dearest first, without losing small amounts', () => {
    const meter = costMeter();
    meter.add('big', 1e9, 1);
    for (let i = 0; i < 1_000; i++) meter.add('big', 1e-7, 1);
    meter.add('small', 3, 2);
    meter.add('free', 0);
    expect(meter.totals().map(({ label }) => label)).toEqual(['big', 'small', 'free']);
    expect(meter.totals()[0]!.amount - 1e9).toBeCloseTo(1e-4, 6);
    expect(meter.totals()[1]!.perUnit).toBe(1.5);
    expect(meter.totals()[2]!.perUnit).toBeNaN();
    expect(() => meter.add('big', Number.NaN)).toThrow(/finite/);
  });
});
