import { concatTables, tableFrom, tableFromArrow } from '@millwright/core/table';
import { featureSkew } from '@millwright/core/validation/skew';
import * as arrow from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import vectors from '../vectors/feature_parity.json' with { type: 'json' };

const { offline, online, cases } = vectors.parity;
const tableOf = (rows: typeof offline | typeof online) =>
  tableFrom({
    id: rows.map((r) => r.id),
    f_float: rows.map((r) => (r.f_float === null ? null : Number(r.f_float))),
    f_cat: rows.map((r) => r.f_cat),
    f_int: rows.map((r) => r.f_int),
  });

describe('featureSkew', () => {
  test.each(cases)('$id equals the reference', ({ params, expected }) => {
    const report = featureSkew(tableOf(offline), tableOf(online), {
      id: 'id',
      absolute: params.atol,
      relative: params.rtol,
      nanEqual: params.equal_nan,
    });
    expect(report.matchedRows).toBe(expected.matched_ids);
    expect(report.onlyOffline.ids).toEqual(expected.ids_missing_in_test);
    expect(report.onlyOnline.ids).toEqual(expected.ids_missing_in_base);
    for (const [name, wanted] of Object.entries(expected.features)) {
      const found = report.features.get(name)!;
      expect(found).toMatchObject({
        match: wanted.match,
        mismatch: wanted.mismatch,
        offlineOnly: wanted.base_only,
        onlineOnly: wanted.test_only,
        bothNull: wanted.both_null,
        verdict: 'fail',
      });
      expect(found.rate).toBeCloseTo(wanted.parity_rate, 12);
      expect([...found.samples].sort()).toEqual(wanted.mismatched_ids);
      if (name === 'f_float') expect(found.maxDifference).toBeCloseTo(wanted.max_abs_diff, 12);
      if ('confusion' in wanted) expect(Object.fromEntries(found.confusion)).toEqual(wanted.confusion);
    }
    expect(report.verdict).toBe('fail');
  });

  test('agreement passes, and nothing to compare decides nothing', () => {
    const a = tableFrom({ id: [1, 2], x: [1, Number.NaN] });
    expect(featureSkew(a, a, { id: 'id' })).toMatchObject({ verdict: 'pass', need: undefined });
    expect(featureSkew(a, a, { id: 'id', features: [] }).verdict).toBe('insufficient');
    expect(featureSkew(a, tableFrom({ id: [3], x: [1] }), { id: 'id' })).toMatchObject({
      verdict: 'insufficient',
      need: { rows: 1 },
    });
    expect(featureSkew(a, tableFrom({ id: [1, 2], x: [null, null] }), { id: 'id' }).verdict).toBe('insufficient');
    const nearly = tableFrom({ id: [2, 1], x: [Number.NaN, 1.05] });
    expect(featureSkew(a, nearly, { id: 'id', relative: 0.05 }).verdict).toBe('pass');
    expect(featureSkew(a, nearly, { id: 'id', minRate: 0.5 }).verdict).toBe('pass');
    expect(featureSkew(a, nearly, { id: 'id', relative: 0.05, nanEqual: false }).verdict).toBe('fail');
  });

  test('compares embeddings, and integers of 64 bits with what JSON made of them', () => {
    const type = new arrow.FixedSizeList(2, new arrow.Field('v', new arrow.Float32()));
    const embedded = (second: number) =>
      tableFromArrow(
        new arrow.Table({ id: arrow.vectorFromArray([7n]), e: arrow.vectorFromArray([[1, second]], type) }),
      );
    expect(featureSkew(embedded(2), embedded(2), { id: 'id' }).verdict).toBe('pass');
    expect(featureSkew(embedded(2), embedded(3), { id: 'id' }).verdict).toBe('fail');
    const exact = tableFrom({ id: ['a', 'b'], n: BigInt64Array.of(5n, 2n ** 53n + 1n) });
    const rounded = tableFrom({ id: ['a', 'b'], n: [5, 2 ** 53] });
    expect(featureSkew(exact, rounded, { id: 'id' }).features.get('n')).toMatchObject({ match: 1, mismatch: 1 });
  });

  test('sees distributions apart, whatever the rows', () => {
    const length = 5_000;
    const of = (shift: number, ids: string) =>
      tableFrom({
        id: Array.from({ length }, (_, i) => `${ids}${i}`),
        x: Float64Array.from({ length }, (_, i) => ((i * 0.618) % 1) + shift),
        c: Array.from({ length }, (_, i) => 'abc'[(i % 4) % 3]!),
      });
    const same = featureSkew(of(0, 'a'), of(0, 'b'), { id: 'id', maxDistance: 0.02 });
    expect(same.features.get('x')?.distribution).toMatchObject({ totalVariation: 0, linf: 0, jensenShannon: 0 });
    const moved = featureSkew(of(0, 'a'), of(0.3, 'a'), { id: 'id', absolute: 1, maxDistance: 0.1 });
    expect(moved.features.get('x')).toMatchObject({ match: length, verdict: 'fail' });
    expect(moved.features.get('x')?.distribution?.totalVariation).toBeCloseTo(0.3, 1);
    expect(moved.features.get('c')).toMatchObject({ verdict: 'pass' });
    const few = tableFrom({ id: ['a0', 'a1'], x: [0.1, 0.2] });
    expect(featureSkew(of(0, 'a'), few, { id: 'id', absolute: 1, maxDistance: 0.5 }).verdict).toBe('insufficient');
  });

  test('refuses ids that do not name one row', () => {
    const one = tableFrom({ id: ['a'], x: [1] });
    expect(() => featureSkew(concatTables([one, one]), one, { id: 'id' })).toThrow(/comes once/);
    const none = tableFrom({ id: ['a', null], x: [1, 2] });
    expect(() => featureSkew(none, none, { id: 'id' })).toThrow(/names the row/);
    expect(() => featureSkew(none, none, { id: 'gone' })).toThrow(/no column `gone`/);
  });
});
