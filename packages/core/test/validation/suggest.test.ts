import { contractFromProfile } from '@millwright/core/contract';
import { profileTable } from '@millwright/core/profile';
import { tableFrom } from '@millwright/core/table';
import { validate } from '@millwright/core/validation';
import { distributions } from '@millwright/core/validation/distribution';
import { suggestExpectations } from '@millwright/core/validation/suggest';
import { describe, expect, test } from 'vitest';
import vectors from '../vectors/data_quality.json' with { type: 'json' };

const length = 1_000;
const table = tableFrom({
  hour: Int32Array.from({ length }, (_, i) => i % 24),
  miles: Float64Array.from({ length }, (_, i) => i / 7),
  bags: Array.from({ length }, (_, i) => (i % 50 === 0 ? null : i % 3)),
  origin: Array.from({ length }, (_, i) => ['MCI', 'ATL', 'DEN'][i % 3]!),
  tail: Array.from({ length }, (_, i) => `N${i}`),
  late: Array.from({ length }, (_, i) => i % 5 === 0),
  at: Array.from({ length }, (_, i) => new Date(i * 1_000)),
  odd: Array.from({ length }, (_, i) => (i === 3 ? Number.NaN : 1)),
});
const profile = profileTable(table);

describe('suggestExpectations', () => {
  const suite = suggestExpectations(profile);

  test('the data that it was made from keep it', () => {
    const report = validate(table, suite, { reference: profile, distributions });
    expect(report.failures).toEqual([]);
    expect(report.verdict).toBe('pass');
  });

  test('says what was always so, and leaves room where it was not', () => {
    expect(suite.find((e) => e.id === 'bags.notNull')?.mostly).toBeCloseTo(0.9694, 3);
    expect(suite.find((e) => e.kind === 'in' && e.column === 'origin')).toMatchObject({
      values: ['ATL', 'DEN', 'MCI'],
    });
    expect(suite.some((e) => e.kind === 'in' && e.column === 'tail')).toBe(false);
    expect(suite.some((e) => e.kind === 'finite' && e.column === 'odd')).toBe(false);
    expect(suite.filter((e) => e.kind === 'between').every((e) => e.severity === 'warning')).toBe(true);
  });

  test.each(vectors.suggestions)('Wilson lower bound, %o', ({ input, expected }) => {
    const { n, observed_fraction } = input;
    const nulls = Math.round(n * (1 - observed_fraction));
    if (Math.abs(nulls - n * (1 - observed_fraction)) > 1e-6) return;
    const column = tableFrom({ x: Array.from({ length: n }, (_, i) => (i < nulls ? null : 1)) });
    const rule = suggestExpectations(profileTable(column)).find((e) => e.kind === 'notNull');
    expect(rule?.mostly).toBe(Math.floor(expected.wilson_lower * 1e6) / 1e6);
  });
});

describe('contractFromProfile', () => {
  test('infers fields that the data keep', () => {
    const contract = contractFromProfile(profile, { outputs: ['late'] });
    expect(contract.outputs).toEqual({ late: { type: 'boolean' } });
    expect(contract.inputs).toMatchObject({
      hour: { type: 'integer', min: 0, max: 26 },
      bags: { type: 'integer', nullable: true },
      origin: { type: 'category', categories: ['ATL', 'DEN', 'MCI'] },
      tail: { type: 'category' },
      at: { type: 'timestamp' },
      odd: { type: 'number' },
    });
    expect(contract.inputs['tail']).not.toHaveProperty('categories');
    const failing = validate(table, contract.expectations).failures.map((o) => o.expectation.id);
    // NaN is a value, but no number that a model may be given.
    expect(failing).toEqual(['contract:odd.between']);
  });

  test('refuses an output that is not there', () => {
    expect(() => contractFromProfile(profile, { outputs: ['gone'] })).toThrow(/gone/);
  });
});
