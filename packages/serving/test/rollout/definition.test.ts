import { describe, expect, test } from 'vitest';
import { defineRollout, forecastRollout, type MetricSpec, parseDuration, parseShare } from '../../src/rollout/index.js';

const errors: MetricSpec = { id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.1 } };

describe('defineRollout', () => {
  test('fills in every default and prints as JSON', () => {
    const definition = defineRollout({ challenger: { id: 'fraud@7' }, metrics: [errors] });
    expect(JSON.parse(JSON.stringify(definition))).toMatchObject({
      model: 'fraud',
      challenger: 'fraud@7',
      alias: 'champion',
      stages: [0.01, 0.05, 0.25, 0.5].map((share) => ({ share, minDwellMs: 900_000, minUnits: 100, minMatured: 100 })),
      alpha: { rollback: 0.02, promotion: 0.05, balance: 0.01 },
      maxDurationMs: 14 * 86_400_000,
      metrics: [{ id: 'errors', weight: 1, windowMs: 0, role: 'both', margin: { kind: 'relative', size: 0.1 } }],
    });
  });

  test('the same content has the same digest, however it is written', () => {
    const a = defineRollout({ challenger: 'm@2', stages: ['5%', '100%'], metrics: [errors], minDwell: '1h' });
    const b = defineRollout({
      minDwell: 3_600_000,
      metrics: [{ ...errors }],
      stages: [0.05],
      challenger: { id: 'm@2' },
    });
    expect(a).toEqual(b);
    expect(defineRollout({ challenger: 'm@3', stages: [0.05], metrics: [errors] }).digest).not.toBe(a.digest);
  });

  test('weights of guardrails share one budget', () => {
    const { metrics } = defineRollout({
      challenger: 'm@2',
      metrics: [errors, { ...errors, id: 'b', weight: 3 }, { ...errors, id: 'c', role: 'promotion' }],
    });
    expect(metrics.map(({ weight }) => weight)).toEqual([0.25, 0.75, 0]);
  });

  test.each([
    ['metrics', { metrics: [] }],
    ['challenger', { challenger: 'no-version' }],
    ['stages.1', { stages: ['5%', '5%'] }],
    ['metrics.1.id', { metrics: [errors, errors] }],
    ['metrics.0.slo', { metrics: [{ ...errors, kind: 'latency' }] }],
    ['metrics.0.window', { metrics: [{ ...errors, kind: 'label' }] }],
    ['metrics.0.cap', { metrics: [{ ...errors, kind: 'value' }] }],
    ['metrics.0.margin', { metrics: [{ ...errors, margin: { relative: Number.NaN } }] }],
    ['metrics.0.margin', { metrics: [{ ...errors, better: 'higher', margin: { relative: 1 } }] }],
    ['metrics', { metrics: [{ ...errors, role: 'guardrail' }] }],
    ['alpha.rollback', { alpha: { rollback: 0 } }],
    ['overrides.0', { overrides: [{ arm: 'challenger' }] }],
    ['overrides.0.arm', { overrides: [{ arm: 'other', units: ['a'] }] }],
    ['', { stagess: [] }],
  ] as const)('refuses, naming %s', (path, change) => {
    const spec = { challenger: 'm@2', metrics: [errors], ...change } as unknown;
    expect(() => defineRollout(spec as Parameters<typeof defineRollout>[0])).toThrowError(
      expect.objectContaining({ code: 'rollout/invalid', details: expect.objectContaining({ path }) }),
    );
  });

  test('reads shares and times as people write them', () => {
    expect([parseShare('12.5%'), parseShare(0.5)]).toEqual([0.125, 0.5]);
    expect([parseDuration('15m'), parseDuration('1.5h'), parseDuration(20)]).toEqual([900_000, 5_400_000, 20]);
    for (const bad of ['5', '101%', '-1%'] as const) expect(() => parseShare(bad as '5%')).toThrow(/share/);
    expect(() => parseDuration('2 weeks' as '2h')).toThrow(/15m/);
  });
});

describe('forecastRollout', () => {
  const definition = defineRollout({ challenger: 'm@2', metrics: [errors] });

  test('says when a margin cannot be proved in the time that there is', () => {
    const report = forecastRollout(definition, { unitsPerDay: 100, rates: { errors: 0.001 } });
    expect(report.verdict).toBe('fail');
    expect(report.sentence).toMatch(/Widen the margin/);
  });

  test('passes with enough traffic, and is open when a rate is unknown', () => {
    expect(forecastRollout(definition, { unitsPerDay: 1e6, rates: { errors: 0.01 } }).verdict).toBe('pass');
    expect(forecastRollout(definition, { unitsPerDay: 1e6, rates: {} })).toMatchObject({
      verdict: 'insufficient',
      expectedMs: undefined,
    });
  });
});
