import { tableFrom } from '@millwright/core/table';
import { featureSkew } from '@millwright/core/validation/skew';
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
      key: 'id',
      absolute: params.atol,
      relative: params.rtol,
    });
    expect(report.matchedRows).toBe(expected.matched_ids);
    expect(report.missingInSecond.keys).toEqual(expected.ids_missing_in_test);
    expect(report.missingInFirst.keys).toEqual(expected.ids_missing_in_base);
    for (const [name, wanted] of Object.entries(expected.features)) {
      const found = report.features[name]!;
      expect(found).toMatchObject({
        match: wanted.match,
        mismatch: wanted.mismatch,
        firstOnly: wanted.base_only,
        secondOnly: wanted.test_only,
        bothNull: wanted.both_null,
      });
      expect(found.rate).toBeCloseTo(wanted.parity_rate, 12);
      expect([...found.mismatchedKeys].sort()).toEqual(wanted.mismatched_ids);
      if (name === 'f_float') expect(found.maxDifference).toBeCloseTo(wanted.max_abs_diff, 12);
      if ('confusion' in wanted)
        expect(Object.fromEntries(found.confusion.map((c) => [`${c.first}->${c.second}`, c.count]))).toEqual(
          wanted.confusion,
        );
      expect(found.verdict).toBe('fail');
    }
    expect(report.verdict).toBe('fail');
  });

  test('agreement passes, and nothing to compare decides nothing', () => {
    const a = tableFrom({ id: [1, 2], x: [1, Number.NaN] });
    expect(featureSkew(a, a, { key: 'id' }).verdict).toBe('pass');
    expect(featureSkew(a, tableFrom({ id: [3], x: [1] }), { key: 'id' }).verdict).toBe('insufficient');
    expect(featureSkew(a, tableFrom({ id: [1, 2], x: [null, null] }), { key: 'id' }).verdict).toBe('insufficient');
    const nearly = tableFrom({ id: [2, 1], x: [Number.NaN, 1.05] });
    expect(featureSkew(a, nearly, { key: 'id', relative: 0.05 }).verdict).toBe('pass');
    expect(featureSkew(a, nearly, { key: 'id', minRate: 0.5 }).verdict).toBe('pass');
  });

  test('refuses keys that do not name one row', () => {
    const twice = tableFrom({ id: ['a', 'a'], x: [1, 2] });
    expect(() => featureSkew(twice, twice, { key: 'id' })).toThrow(/occurs once/);
    const none = tableFrom({ id: ['a', null], x: [1, 2] });
    expect(() => featureSkew(none, none, { key: 'id' })).toThrow(/names the row/);
    expect(() => featureSkew(none, none, { key: 'gone' })).toThrow(/no column `gone`/);
  });
});
