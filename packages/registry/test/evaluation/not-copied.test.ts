import { delong, mcnemar, miettinenNurminen } from '@millwright/core/statistics';
import { expect, test } from 'vitest';
import {
  averagePrecision,
  calibration,
  compare,
  compareCells,
  confusion,
  equalizedOdds,
  fairnessFrame,
  gate,
  meanAbsolutePercentageError,
  meanOverQueries,
  ndcg,
} from '../../src/evaluation/index.js';

/** Answers of well-known tools that are wrong, or that say a number where there is none. Ours must differ. */

test('statsmodels: the score interval of a difference uses the right coefficient (statsmodels/statsmodels#10269)', () => {
  const { upper } = miettinenNurminen({ count: 480, n: 500 }, { count: 470, n: 500 });
  expect(upper).toBeCloseTo(0.04832, 5);
  expect(upper).not.toBeCloseTo(0.0486, 4);
});

test('statsmodels: extreme counts have an interval, where a search for its ends fails', () => {
  const { lower, upper } = miettinenNurminen({ count: 0, n: 50 }, { count: 3, n: 50 });
  expect(lower).toBeGreaterThan(-1);
  expect(lower).toBeLessThan(0);
  expect(upper).toBeLessThan(0.1);
});

test('fairlearn: a group without positives has no recall, and does not drive a difference to 1', () => {
  const groups = [
    { group: 'a', cells: confusion([1, 1, 0, 0], [1, 1, 0, 0]) },
    { group: 'b', cells: confusion([0, 0, 0, 0], [0, 0, 0, 0]) },
  ];
  for (const order of [groups, [...groups].reverse()]) {
    expect(fairnessFrame('recall', order).difference.value).toBe(0);
    expect(equalizedOdds(order).difference.value).toBe(0);
    expect(fairnessFrame('recall', order).excluded).toEqual([{ group: 'b', why: 'no row is positive' }]);
  }
});

test('fairlearn: the ratio of rates that are all 0 is undefined, not 1', () => {
  const groups = ['a', 'b'].map((group) => ({ group, cells: confusion([0, 1], [0, 0]) }));
  expect(fairnessFrame('selectionRate', groups).ratio.undefinedWhy).toBe('every group has a rate of 0');
});

test('torchmetrics: certain predictions stay in the last bin (Lightning-AI/torchmetrics#3510), and p = 0 in the first', () => {
  const { bins, ece } = calibration({ truth: [1, 1, 0], scores: Float64Array.of(1, 1, 0) });
  expect(bins.map(({ count }) => count)).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
  expect(ece.value).toBe(0);
});

test('MLflow: a candidate whose metric is NaN does not pass for not being smaller', () => {
  const rows = { truth: Array<number>(100).fill(0), champion: Array<number>(100).fill(0) };
  const report = compare({ ...rows, challenger: Array<number>(100).fill(0) });
  for (const rule of [
    { rule: 'superior', metric: 'recall' },
    { rule: 'nonInferior', metric: 'recall', margin: 1 },
  ] as const)
    expect(gate(report, { rules: [rule] }).decision).toBe('hold');
});

test('MLflow: a champion below zero does not turn the sign of a change around', () => {
  // Correlations of -0.6 and -0.2.
  const worse = (mcc: number) => 500 * (1 - mcc);
  const cells = (a: number, b: number) => {
    const own = Array<number>(8).fill(0);
    for (const truth of [0, 1])
      for (let row = 0; row < 1_000; row++) {
        const champion = row < worse(a) ? 1 - truth : truth;
        const challenger = row < worse(b) ? 1 - truth : truth;
        own[4 * truth + 2 * champion + challenger]!++;
      }
    return own;
  };
  const decide = (a: number, b: number) =>
    gate(compareCells({ cells: cells(a, b), primary: 'mcc' }), { rules: [{ rule: 'superior' }] }).decision;
  expect(decide(-0.6, -0.2)).toBe('promote');
  expect(decide(-0.2, -0.6)).toBe('block');
});

test('scikit-learn: a class without positives has no average precision, and no percentage error of 0 is huge', () => {
  expect(averagePrecision({ truth: [0, 0], scores: Float64Array.of(0.1, 0.9) }).value).toBeUndefined();
  const rows = { truth: Float64Array.of(0, 1), predicted: Float64Array.of(1, 1) };
  expect(meanAbsolutePercentageError(rows).value).toBeUndefined();
});

test('scikit-learn and trec_eval: a query without anything relevant is counted beside the mean, not as 0 in it', () => {
  const { mean, undefinedQueries } = meanOverQueries([ndcg([0, 0], [2, 1]), ndcg([1, 0], [2, 1])]);
  expect(mean.value).toBe(1);
  expect(undefinedQueries).toBe(1);
});

test('tests of what does not differ say 1, not NaN', () => {
  const scores = Float64Array.of(0.1, 0.4, 0.35, 0.8, 0.7, 0.2);
  expect(delong([0, 0, 1, 1, 1, 0], scores, scores)).toMatchObject({ pValue: 1 });
  expect(mcnemar({ onlyFirst: 0, onlySecond: 0 }).midP).toBe(1);
});

test('joining by position: rows that are shifted by one are noticed when they have ids', () => {
  const truth = Array.from({ length: 200 }, (_, i) => i % 2);
  const ids = truth.map((_, i) => `row-${i}`);
  const shifted = { labels: truth, rowIds: ids.map((_, i) => `row-${i + 1}`) };
  const report = compare({ truth, rowIds: ids, champion: { labels: truth, rowIds: ids }, challenger: shifted });
  expect(report.rows.unmatched).toBe(2);
  expect(gate(report, { rules: [{ rule: 'nonInferior', margin: 0.5 }] }).decision).not.toBe('promote');
});
