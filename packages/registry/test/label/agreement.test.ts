import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  dawidSkene,
  groupAgreement,
  intraclassCorrelation,
  krippendorffAlpha,
  labelCounts,
  pairAgreement,
} from '../../src/label/index.js';
import vectors from '../vectors/agreement.json' with { type: 'json' };

/** Vectors of scikit-learn 1.2.1, statsmodels 0.13.5 and fast-krippendorff 0.8.3; undefined is written as NaN. */
function close(actual: number | undefined, expected: number | string): void {
  if (expected === 'NaN') expect(actual).toBeUndefined();
  else expect(actual).toBeCloseTo(expected as number, 10);
}

describe('two raters', () => {
  test.each(vectors.cohen)('$id', ({ input, expected }) => {
    const [a, b, labels] = [input.a, input.b, input.labels].map((list) => list.map(String)) as [
      string[],
      string[],
      string[],
    ];
    const plain = pairAgreement(a, b, { labels });
    close(plain.kappa, expected.kappa_None);
    close(pairAgreement(a, b, { labels, weights: 'linear' }).kappa, expected.kappa_linear);
    close(pairAgreement(a, b, { labels, weights: 'quadratic' }).kappa, expected.kappa_quadratic);
    close(plain.standardError, expected.se);
    close(plain.interval?.[0], expected.ci95[0]!);
    close(plain.interval?.[1], expected.ci95[1]!);
    close(plain.pValue, expected.p_two_sided);
    close(plain.kappaMax, expected.kappa_max);
    close(plain.observed, expected.percent_agreement);
    close(plain.scottPi, expected.scott_pi);
    close(plain.ac1, expected.gwet_ac1);
    close(plain.brennanPrediger, expected.brennan_prediger);
  });

  test('leave out what one of them left out, and have nothing to say about nothing', () => {
    expect(pairAgreement(['a', undefined, 'b'], ['a', 'b', 'b']).items).toBe(2);
    expect(pairAgreement([], [])).toMatchObject({ items: 0, observed: Number.NaN, kappa: undefined, ac1: undefined });
    expect(() => pairAgreement(['a'], [])).toThrow(/1 labels/);
    expect(() => pairAgreement(['a'], ['b'], { labels: ['a'] })).toThrow(/every label/);
  });

  test('property: kappa does not care who is called first', () => {
    const label = fc.constantFrom('a', 'b', 'c');
    fc.assert(
      fc.property(fc.array(fc.tuple(label, label), { minLength: 2, maxLength: 40 }), (pairs) => {
        const [a, b] = [pairs.map((p) => p[0]), pairs.map((p) => p[1])];
        const [there, back] = [pairAgreement(a, b), pairAgreement(b, a)];
        close(there.kappa, back.kappa ?? 'NaN');
        close(there.standardError, back.standardError ?? 'NaN');
        if (there.kappa !== undefined) expect(there.kappa).toBeLessThanOrEqual(there.kappaMax! + 1e-9);
      }),
    );
  });
});

describe('many raters', () => {
  test.each(vectors.fleiss)('$id', ({ expected }) => {
    const result = groupAgreement(expected.table);
    close(result.fleiss, expected.fleiss);
    close(result.randolph, expected.randolph);
    result.perLabel.forEach((kappa, i) => {
      close(kappa, expected.category_kappa[i]!);
    });
    if (expected.se_null !== undefined) close(result.nullStandardError, expected.se_null);
  });

  test('are counted from labels, and must all have rated', () => {
    expect(
      labelCounts([
        ['x', 'y'],
        ['y', 'y'],
      ]),
    ).toEqual([
      [1, 1],
      [0, 2],
    ]);
    expect(() => labelCounts([['z']], ['x'])).toThrow(/every label/);
    expect(() =>
      groupAgreement([
        [1, 1],
        [2, 1],
      ]),
    ).toThrow(/sum to 2/);
    expect(() => groupAgreement([])).toThrow(/at least one item/);
  });
});

describe("Krippendorff's alpha", () => {
  test.each(vectors.krippendorff)('$id', ({ input, expected }) => {
    const ratings = input.ratings_by_rater.map((rater) => rater.map((v) => (v === 'NaN' ? Number.NaN : Number(v))));
    close(krippendorffAlpha(ratings), expected.nominal);
    close(krippendorffAlpha(ratings, 'ordinal'), expected.ordinal);
    close(krippendorffAlpha(ratings, 'interval'), expected.interval);
    close(krippendorffAlpha(ratings, 'ratio'), expected.ratio);
  });

  test('is undefined when only one value occurs, or nobody rated twice', () => {
    expect(
      krippendorffAlpha([
        [1, 1],
        [1, 1],
      ]),
    ).toBeUndefined();
    expect(
      krippendorffAlpha([
        [1, undefined],
        [undefined, 2],
      ]),
    ).toBeUndefined();
    expect(krippendorffAlpha([])).toBeUndefined();
    expect(() => krippendorffAlpha([[1], [1, 2]])).toThrow(/lists of 1/);
  });
});

describe('intraclass correlation', () => {
  test.each(vectors.icc)('$id, all six forms', ({ input, expected }) => {
    const result = intraclassCorrelation(input.ratings)!;
    const { single, mean } = result;
    const forms = [single.oneWay, single.random, single.fixed, mean.oneWay, mean.random, mean.fixed];
    forms.forEach((form, i) => {
      const relative = (actual: number, wanted: number) =>
        expect(Math.abs(actual - wanted) / Math.abs(wanted), expected.type[i]).toBeLessThan(1e-9);
      relative(form.value, expected.ICC[i]!);
      relative(form.f, expected.F[i]!);
      relative(form.pValue, expected.p[i]!);
      relative(form.interval[0], expected.lo[i]!);
      relative(form.interval[1], expected.hi[i]!);
      expect(form.df).toEqual([expected.df1[i], expected.df2[i]]);
    });
  });

  test('a constant difference between raters counts, or not, and equal numbers say nothing', () => {
    const shifted = intraclassCorrelation([
      [1, 3],
      [2, 4],
      [5, 7],
    ]);
    expect(shifted?.single.fixed.value).toBeCloseTo(1, 12);
    expect(shifted?.single.random.value).toBeLessThan(0.8);
    const same = intraclassCorrelation([
      [1, 1],
      [2, 2],
      [4, 4],
    ]);
    expect([same?.single.oneWay.value, same?.single.random, same?.mean.fixed.interval]).toMatchObject([
      1,
      { value: 1, interval: [1, 1], pValue: 0 },
      [1, 1],
    ]);
    expect(
      intraclassCorrelation([
        [1, 1],
        [1, 1],
      ]),
    ).toBeUndefined();
    expect(() => intraclassCorrelation([[1, 2]])).toThrow(/two or more items/);
    expect(() => intraclassCorrelation([[1, 2], [1]])).toThrow(/rows of 2/);
    expect(() =>
      intraclassCorrelation([
        [1, Number.NaN],
        [1, 2],
      ]),
    ).toThrow(/finite/);
  });
});

describe('what is behind the labels of fallible raters', () => {
  test.each(vectors.dawid_skene)('$id', ({ input, expected }) => {
    const result = dawidSkene(input.labels.map((row) => row.map(String)));
    result.prior.forEach((share, i) => {
      close(share, expected.prior[i]!);
    });
    result.posterior.forEach((p, item) => {
      p.forEach((share, label) => {
        close(share, expected.posterior[item]![label]!);
      });
    });
    expect(result.label).toEqual(expected.argmax.map(String));
  });

  test('a rater who says the opposite is believed to the contrary; missing labels are left out', () => {
    const truth = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 'no' : 'yes'));
    const opposite = (label: string) => (label === 'no' ? 'yes' : 'no');
    const rows = truth.map((label, i) => [i % 5 === 0 ? undefined : label, label, opposite(label)]);
    const { label, confusion } = dawidSkene(rows);
    expect(label).toEqual(truth);
    expect(confusion[2]![0]![1]).toBeGreaterThan(0.95);
    expect(() => dawidSkene([['a'], ['a', 'b']])).toThrow(/rows of 1/);
    expect(() => dawidSkene([['a']], { labels: ['b'] })).toThrow(/every label/);
    expect(() => dawidSkene([[undefined]])).toThrow(/somebody rated/);
  });
});
