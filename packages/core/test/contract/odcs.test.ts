import { isMillwrightError } from '@millwright/core';
import { readOdcs } from '@millwright/core/contract';
import { tableFrom } from '@millwright/core/table';
import { validate } from '@millwright/core/validation';
import { describe, expect, test } from 'vitest';
import vectors from '../vectors/contract_odcs.json' with { type: 'json' };

describe('readOdcs', () => {
  test.each(vectors.cases)('$id', ({ document, expected }) => {
    let failure: unknown;
    try {
      readOdcs(document);
    } catch (error) {
      failure = error;
    }
    expect(failure === undefined).toBe(expected.valid);
    if (failure !== undefined) expect(isMillwrightError(failure, 'contract/invalid')).toBe(true);
  });

  const base = readOdcs(vectors.cases[0]?.document);

  test('says what a suite can say, and names the rest', () => {
    expect(base.tables['orders']?.map((e) => e.id)).toEqual([
      'orders.order_id.type',
      'orders.order_id.required',
      'orders.order_id.quality.0',
      'orders.order_id.quality.1',
      'orders.amount.type',
      'orders.amount.range',
      'orders.country.type',
      'orders.quality.0',
      'orders.primaryKey',
    ]);
    expect(base.lost.map((l) => l.path)).toEqual(['orders.country.quality.0', 'slaProperties.latency']);
  });

  test('the suite runs', () => {
    const length = 150;
    const table = tableFrom({
      order_id: Int32Array.from({ length }, (_, i) => i),
      amount: new Float64Array(length).fill(5),
      country: Array.from({ length }, () => 'DE'),
    });
    expect(validate(table, base.tables['orders'] ?? []).verdict).toBe('pass');
    const twice = tableFrom({
      order_id: new Int32Array(99),
      amount: [...Array(99)].map(() => -1),
      country: Array(99).fill('FR'),
    });
    expect(validate(twice, base.tables['orders'] ?? []).failures.map((o) => o.expectation.id)).toEqual([
      'orders.order_id.quality.1',
      'orders.amount.range',
      'orders.quality.0',
      'orders.primaryKey',
    ]);
  });

  test('reversed bounds are legal in the standard, and not a check', () => {
    const reversed = vectors.cases.find((c) => c.id === 'quality_between_reversed');
    expect(readOdcs(reversed?.document).lost).toContainEqual({
      path: 'orders.quality.0',
      reason: 'the bounds are reversed',
    });
  });
});
