import { digestJson } from '@millwright/core';
import { describe, expect, test } from 'vitest';
import { compare, findSlices, gate, toMarkdown, toStatement } from '../../src/evaluation/index.js';
import binary from '../vectors/classification-binary.json' with { type: 'json' };
import slices from '../vectors/slices.json' with { type: 'json' };
import { expectNear } from './near.js';

const truth = Array.from({ length: 400 }, (_, i) => i % 2);
const report = compare({
  truth,
  champion: { name: 'delay@1', labels: truth.map((y, i) => (i % 10 === 0 ? 1 - y : y)) },
  challenger: { name: 'delay@2', labels: truth.map((y, i) => (i % 40 === 1 ? 1 - y : y)) },
  slices: { 'air|port': truth.map((_, i) => (i < 200 ? 'SFO' : '<b>')) },
});

describe('markdown', () => {
  test('verdict first, then metrics, slices and digests; markup in values is escaped', () => {
    const text = toMarkdown(report, gate(report));
    expect(text.startsWith('## ✅ Promote: On 400 rows the share of right answers of delay@2 is 97.5 %')).toBe(true);
    expect(text).toContain('| accuracy | 90.0 % | 97.5 % | +7.5 % (');
    expect(text).toContain('air\\|port = &lt;b\\>');
    expect(text).toContain('undefined: a model without scores has no ranking');
    expect(text).toContain(report.digest);
  });

  test('without a verdict, and with more slices than shown', () => {
    const text = toMarkdown(report, undefined, { maxSlices: 1 });
    expect(text.startsWith('### delay@2 against delay@1, 400 rows')).toBe(true);
    expect(text).toContain('… and 1 more slices');
  });
});

describe('in-toto statement', () => {
  test('every rule is a claim, thresholds are decimal strings', () => {
    const digest = digestJson('model');
    const verdict = gate(report, { rules: [{ rule: 'superior' }, { rule: 'atLeast', metric: 'recall', value: 0.99 }] });
    const statement = toStatement(report, verdict, {
      subject: { name: 'delay@2', digest },
      verifier: 'https://example.test/ci',
      evaluatedAtMs: 0,
    });
    expect(statement.subject[0]!.digest.sha256).toBe(digest.slice(7));
    expect(statement.predicate).toMatchObject({
      evaluatedAt: '1970-01-01T00:00:00.000Z',
      sampleSize: 400,
      decision: verdict.decision,
      claims: [
        { metric: 'sklearn.accuracy@1#benefit', comparator: '>', threshold: '0', passed: true },
        { metric: 'sklearn.recall.binary@1', comparator: '>=', threshold: '0.99', passed: false },
      ],
    });
  });
});

describe('slice finder', () => {
  test('equals the vectors, and finds nothing where there is nothing to find', () => {
    for (const { columns, min_support, max_literals, expected } of slices.slice_finder) {
      const { y_true, y_score } = binary.datasets.breast_cancer_gaussnb;
      const losses = Float64Array.from(y_true, (y, i) => {
        const p = Math.min(1, Math.max(1e-15, y === 1 ? y_score[i]! : 1 - y_score[i]!));
        return -Math.log(p);
      });
      const own = findSlices({ losses, columns, minSupport: min_support, maxLiterals: max_literals === 1 ? 1 : 2 });
      expect(own.tried).toBe(expected.evaluated);
      expected.top.forEach((wanted, i) => {
        const found = own.found[i]!;
        expect(found.n).toBe(wanted.n);
        expect(found.where.map(({ column, value }) => [column, Number(value)])).toEqual(wanted.slice);
        expectNear(found.meanLoss, wanted.mean_loss, 'mean', { relative: 1e-6 });
        expectNear(found.meanLossRest, wanted.mean_loss_rest, 'mean of the rest', { relative: 1e-6 });
        expectNear(found.effectSize, wanted.effect_size, 'effect', { relative: 1e-6 });
        expectNear(found.pValue, wanted.p_one_sided, 'p', { relative: 1e-6 });
        expectNear(found.adjustedP, wanted.p_bh, 'adjusted', { relative: 1e-6 });
      });
      expect(own.found.every(({ adjustedP }) => adjustedP > 0.05)).toBe(true);
    }
  });

  test('a planted weakness comes first and survives the correction; pairs inside it are marked', () => {
    const n = 2_000;
    const a = Array.from({ length: n }, (_, i) => `a${i % 5}`);
    const b = Array.from({ length: n }, (_, i) => `b${i % 4}`);
    const losses = Float64Array.from(a, (value, i) => (value === 'a3' ? 1 : 0) + ((i * 37) % 100) / 100);
    const { found } = findSlices({ losses, columns: { a, b } });
    const best = found.find((slice) => slice.where.length === 1)!;
    expect(best.where).toEqual([{ column: 'a', value: 'a3' }]);
    expect(best.adjustedP).toBeLessThan(1e-6);
    expect(findSlices({ losses: new Float64Array(0), columns: {} })).toEqual({ tried: 0, found: [] });
    expect(() => findSlices({ losses, columns: { a: ['x'] } })).toThrow('2000 rows');
  });
});
