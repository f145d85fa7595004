import { seededRandom } from '@millwright/core';
import { meanBetting } from '@millwright/core/statistics';
import { virtualClock } from '@millwright/core/testing';
import { createIndicatorMonitor, fleetVerdict, type IndicatorAlarm } from '@millwright/drift';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const random = seededRandom(5);
/** Orders between 0 and 200, most of them small. */
const orders = (n: number, factor = 1) => Float64Array.from({ length: n }, () => 200 * random.next() ** 3 * factor);

describe('a business indicator', () => {
  test('revenue that falls by a third is found, with what it was and is', () => {
    const found: IndicatorAlarm[] = [];
    const monitor = createIndicatorMonitor({
      name: 'revenue per visit',
      baseline: orders(5_000),
      range: [0, 200],
      clock: virtualClock(9),
      onTrigger: (alarm) => found.push(alarm),
    });
    expect(monitor.observe(orders(5_000))).toEqual([]);
    const [alarm] = monitor.observe(orders(4_000, 0.65));
    expect(alarm?.values).toBeLessThan(8_000);
    expect(alarm?.sentence).toMatch(
      /^revenue per visit has fallen: 4\d\.\d on average in the last 512 values, (49|5\d)/,
    );
    expect(alarm?.trigger).toMatchObject({ action: 'retrain', at: 9 });
    expect(found[0]).toBe(alarm);
  });

  test('a rise is no alarm unless it is the bad direction', () => {
    const options = { name: 'handling time', baseline: 50, range: [0, 200], clock: virtualClock(0) } as const;
    expect(createIndicatorMonitor(options).observe(orders(5_000, 0.999).map((x) => 200 - x))).toEqual([]);
    const rising = createIndicatorMonitor({ ...options, direction: 'up' });
    expect(rising.observe(orders(2_000).map((x) => 200 - x))[0]?.sentence).toMatch(/^handling time has risen/);
  });

  test('an indicator at nothing is rather a broken feed; a person ends the hold', () => {
    const monitor = createIndicatorMonitor({ name: 'conversion', baseline: 0.2, margin: 0.02, clock: virtualClock(0) });
    const [alarm] = monitor.observe(Array(600).fill(0));
    expect(alarm?.trigger).toMatchObject({ action: 'escalate', reasons: ['too-large'] });
    monitor.acknowledge();
    expect(monitor.triggerState.status).toBe('quiet');
  });

  test('values out of range are refused before any is taken', () => {
    const monitor = createIndicatorMonitor({ name: 'conversion', baseline: 0.2 });
    for (const bad of [2, -1, Number.NaN]) expect(() => monitor.observe([0.5, bad])).toThrow(/from 0 to 1/);
    expect(() => createIndicatorMonitor({ name: 'x', baseline: 0 })).toThrow();
    expect(() => createIndicatorMonitor({ name: 'x', baseline: 0.2, margin: 0 })).toThrow(/margin/);
  });
});

describe('e-values of a fleet', () => {
  /** A tab bets that its error rate exceeds a tenth, and sends one number home. */
  const tab = (replica: string, rate: number, n = 300) => {
    const betting = meanBetting(0.1, { alpha: 0.05 });
    for (let i = 0; i < n; i++) betting.add(random.next() < rate ? 1 : 0);
    return { replica, logE: betting.logUp };
  };

  test('a change that all tabs see is one verdict; who shows it most is named', () => {
    const evidence = Array.from({ length: 20 }, (_, i) => tab(`tab-${i}`, i === 7 ? 0.5 : 0.14));
    const whole = fleetVerdict(evidence);
    expect(whole).toMatchObject({ verdict: 'drift', cause: 'tab-7', replicas: 20 });
    expect(whole.pValue).toBeCloseTo(Math.exp(-whole.logE), 12);
  });

  test('any order and repeated reports give the same verdict to the last bit', () => {
    const evidence = Array.from({ length: 6 }, (_, i) => tab(`tab-${i}`, 0.12));
    const expected = fleetVerdict(evidence);
    fc.assert(
      fc.property(fc.shuffledSubarray(evidence, { minLength: 6 }), (order) => {
        expect(fleetVerdict(order)).toEqual(expected);
        expect(fleetVerdict([...order, order[0]!])).toEqual(expected);
      }),
    );
  });

  test('quiet fleets alarm in at most α of their lives, looked at after every report', () => {
    let alarmed = 0;
    const runs = 300;
    for (let run = 0; run < runs; run++) {
      const tabs = Array.from({ length: 5 }, () => meanBetting(0.1, { alpha: 0.2 }));
      let drift = false;
      for (let step = 0; step < 200 && !drift; step++) {
        for (const betting of tabs) betting.add(random.next() < 0.1 ? 1 : 0);
        const evidence = tabs.map((betting, i) => ({ replica: String(i), logE: betting.logUp }));
        drift = fleetVerdict(evidence, { alpha: 0.2 }).verdict === 'drift';
      }
      if (drift) alarmed++;
    }
    expect(alarmed / runs).toBeLessThanOrEqual(0.2 + 3 * Math.sqrt((0.2 * 0.8) / runs));
  });

  test('silent replicas count as no evidence, nobody is insufficient, NaN is no evidence', () => {
    const strong = { replica: 'a', logE: Math.log(40) };
    expect(fleetVerdict([strong]).verdict).toBe('drift');
    expect(fleetVerdict([strong], { replicas: 3 })).toMatchObject({ verdict: 'noDrift', logE: Math.log(14) });
    expect(fleetVerdict([])).toMatchObject({ verdict: 'insufficient', pValue: 1 });
    expect(fleetVerdict([{ replica: 'a', logE: Number.NaN }]).verdict).toBe('noDrift');
    expect(() => fleetVerdict([strong], { alpha: 0 })).toThrow(/alpha/);
    expect(() => fleetVerdict([strong], { replicas: 0 })).toThrow(/replicas/);
  });
});
