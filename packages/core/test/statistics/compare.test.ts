import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/foundation/random.js';
import {
  binomialTest,
  bootstrap,
  bootstrapCells,
  bootstrapIntervals,
  cochranQ,
  cohenH,
  delong,
  drawBinomial,
  fisherExact,
  mannWhitneyU,
  mcnemar,
  pairedDetectable,
  pairedRows,
  signFlip,
  tost,
  tTest,
  twoProportionPower,
  twoProportionRows,
  welchTTest,
  wilcoxon,
} from '../../src/statistics/index.js';
import tails from '../vectors/distribution-tails.json' with { type: 'json' };
import comparison from '../vectors/model-comparison.json' with { type: 'json' };
import { expectNear } from './near.js';

/** Values known to 15 digits, differences of nearly equal ones to fewer. */
const R = { relative: 1e-9, absolute: 1e-13 };

describe('McNemar and Cochran', () => {
  test('vectors: exact, mid-p, one-sided, chi-square', () => {
    for (const { id, input, expected } of comparison.mcnemar) {
      const own = mcnemar({ onlyFirst: input.only_a_correct, onlySecond: input.only_b_correct });
      expectNear(own.exact, expected.exact.p, `${id} exact`);
      expectNear(own.midP, expected.mid_p, `${id} mid-p`);
      expectNear(own.firstBetter, expected.exact_one_sided_b_greater, `${id} first better`);
      expectNear(own.secondBetter, expected.exact_one_sided_b_less, `${id} second better`);
      expectNear(own.chiSquare, expected.chi2.statistic, `${id} chi-square`);
      expectNear(own.chiSquareP, expected.chi2.p, `${id} chi-square p`);
      expectNear(
        2 * Math.min(own.firstBetterMidP, own.secondBetterMidP, 0.5),
        expected.mid_p_twice_one_sided,
        `${id} one-sided mid-p`,
      );
    }
    for (const { input, expected } of comparison.cochran_q) {
      const own = cochranQ(input[0]!.map((_, model) => input.map((row) => row[model]!)));
      expectNear(own.q, expected.q, 'Q');
      expectNear(own.pValue, expected.p, 'p');
      expect(own.df).toBe(expected.df);
    }
  });

  test('no discordant row is no evidence', () => {
    expect(mcnemar({ onlyFirst: 0, onlySecond: 0 })).toMatchObject({ exact: 1, midP: 1, firstBetterMidP: 1 });
    expect(
      cochranQ([
        [1, 1],
        [1, 1],
      ]),
    ).toMatchObject({ q: 0, pValue: 1 });
  });

  test('impossible counts are refused', () => {
    expect(() => mcnemar({ onlyFirst: 1.5, onlySecond: 0 })).toThrow('onlyFirst');
    expect(() => cochranQ([[1]])).toThrow('two or more');
    expect(() => cochranQ([[1], [1, 0]])).toThrow('1 rows');
  });
});

describe('DeLong', () => {
  test('vectors of pROC', () => {
    const datasets: Readonly<Record<string, { y_true: number[]; y_score: number[] }>> = comparison.datasets;
    for (const { id, datasets: names, expected } of comparison.delong) {
      const [a, b] = names.map((name) => datasets[name.split('#')[1]!]!) as [
        { y_true: number[]; y_score: number[] },
        { y_true: number[]; y_score: number[] },
      ];
      const own = delong(a.y_true, Float64Array.from(a.y_score), Float64Array.from(b.y_score));
      if ('undefinedWhy' in own) throw new TypeError(own.undefinedWhy);
      expectNear(own.first.auc, expected.auc_a, `${id} auc`);
      expectNear(own.second.auc, expected.auc_b, `${id} auc`);
      expectNear(own.first.variance, expected.var_a, `${id} variance`);
      expectNear(own.second.variance, expected.var_b, `${id} variance`);
      expectNear(own.covariance, expected.cov, `${id} covariance`);
      expectNear(own.first.interval.lower, expected.ci95_a[0]!, `${id} lower`);
      expectNear(own.second.interval.upper, expected.ci95_b[2]!, `${id} upper`);
      expectNear(own.standardError, expected.se_diff, `${id} se`, R);
      expectNear(own.interval.lower, expected.ci95_diff[0]!, `${id} difference lower`, R);
      expectNear(own.z, expected.z, `${id} z`, R);
      expectNear(own.pValue, expected.p_two_sided, `${id} p`, R);
    }
  });

  test('a missing class and a NaN score are undefined with a reason', () => {
    const scores = Float64Array.from([0.1, 0.2, 0.3, 0.4]);
    expect(delong([1, 1, 1, 1], scores, scores)).toEqual({
      undefinedWhy: 'needs two rows of each class, has 4 positive and 0 negative',
    });
    expect(delong([1, 0, 1, 0], scores, Float64Array.from([0.1, Number.NaN, 0.3, 0.4]))).toHaveProperty('undefinedWhy');
    expect(() => delong([1, 0], scores, scores)).toThrow('as many scores');
  });
});

describe('resampling', () => {
  test('vectors: percentile, basic, BCa with its z0 and acceleration', () => {
    const { data, indices, expected } = comparison.bootstrap[0]!;
    const a = data.abs_err_a!;
    const b = data.abs_err_b!;
    const ratio = (rows: ArrayLike<number>) => {
      let top = 0;
      let bottom = 0;
      for (let i = 0; i < rows.length; i++) {
        top += a[rows[i]!]!;
        bottom += b[rows[i]!]!;
      }
      return top / bottom;
    };
    const replicates = Float64Array.from(indices, (rows) => ratio(rows));
    const all = a.map((_, i) => i);
    const own = bootstrapIntervals(
      replicates,
      ratio(all),
      Float64Array.from(all, (skip) => ratio(all.filter((i) => i !== skip))),
    );
    expectNear(own.estimate, expected.theta, 'theta');
    expectNear(own.standardError, expected.se, 'se');
    expectNear(own.bias, expected.bias, 'bias');
    expectNear(own.percentile.lower, expected.percentile95[0]!, 'percentile');
    expectNear(own.basic.upper, expected.basic95[1]!, 'basic');
    expectNear(own.z0, expected.bca_z0, 'z0');
    expectNear(own.acceleration, expected.bca_acceleration, 'acceleration');
    expectNear(own.bca!.lower, expected.bca95[0]!, 'bca lower');
    expectNear(own.bca!.upper, expected.bca95[1]!, 'bca upper');
  });

  test('vectors: a difference of areas, replicate by replicate', () => {
    const { data, indices, expected } = comparison.bootstrap[1]!;
    const difference = (rows: ArrayLike<number>) => {
      const of = (values: readonly number[]) => Float64Array.from(rows, (i) => values[i]!);
      const y = of(data.y!);
      const area = (scores: Float64Array) => {
        const { u, positives, negatives } = mannWhitneyU(scores, Uint8Array.from(y));
        return u / positives / negatives;
      };
      return area(of(data.score_a!)) - area(of(data.score_b!));
    };
    const replicates = Float64Array.from(indices, (rows) => difference(rows));
    replicates.forEach((value, i) => {
      expectNear(value, expected.boot![i]!, `replicate ${i}`, R);
    });
    const all = data.y!.map((_, i) => i);
    const own = bootstrapIntervals(
      replicates,
      difference(all),
      Float64Array.from(all, (skip) => difference(all.filter((i) => i !== skip))),
    );
    expectNear(own.estimate, expected.theta, 'theta');
    expectNear(own.standardError, expected.se, 'se');
    expectNear(own.percentile.upper, expected.percentile95[1]!, 'percentile');
    expectNear(own.basic.lower, expected.basic95[0]!, 'basic');
    expectNear(own.acceleration, expected.bca_acceleration, 'acceleration');
    // Some replicates equal the estimate but for rounding, and each tool rounds them to its side of it.
    expectNear(own.z0, expected.bca_z0, 'z0', { absolute: 0.02 });
    expectNear(own.bca!.lower, expected.bca95[0]!, 'bca', { absolute: 0.002 });
  });

  test('undefined replicates are counted, and BCa is refused beyond 5 % or when all are equal', () => {
    const values = Float64Array.from({ length: 100 }, (_, i) => (i < 10 ? Number.NaN : i));
    const own = bootstrapIntervals(values, 50, Float64Array.of(1, 2));
    expect(own.undefinedReplicates).toBe(10);
    expect(own.bca).toBeUndefined();
    expect(bootstrapIntervals(new Float64Array(50).fill(2), 2, Float64Array.of(1, 2)).bca).toBeUndefined();
  });

  test('clusters widen the interval of dependent rows', () => {
    const random = seededRandom(5);
    const clusters = Uint32Array.from({ length: 200 }, (_, i) => Math.floor(i / 20));
    const values = Float64Array.from(clusters, (cluster) => (cluster % 2) + random.next() * 0.01);
    const mean = (rows: Uint32Array) => rows.reduce((sum, i) => sum + values[i]!, 0) / rows.length;
    const byRow = bootstrap(200, mean, { random: seededRandom(1), replicates: 300 });
    const byCluster = bootstrap(200, mean, { random: seededRandom(1), replicates: 300, clusters });
    expect(byCluster.standardError).toBeGreaterThan(2.5 * byRow.standardError);
    expect(byRow.estimate).toBe(byCluster.estimate);
    expect(() => bootstrap(0, mean, { random })).toThrow('at least one row');
  });

  test('cells give the same interval as rows, without touching them', () => {
    const cells = [860, 30, 70, 40];
    const rows = cells.flatMap((count, cell) => Array<number>(count).fill(cell));
    const ofCells = (c: ArrayLike<number>) => (c[2]! - c[1]!) / (c[0]! + c[1]! + c[2]! + c[3]!);
    const ofRows = (indices: Uint32Array) => {
      const counts = [0, 0, 0, 0];
      for (const i of indices) counts[rows[i]!]!++;
      return ofCells(counts);
    };
    const byCells = bootstrapCells(cells, ofCells, { random: seededRandom(7), replicates: 4_000 });
    const byRows = bootstrap(rows.length, ofRows, { random: seededRandom(8), replicates: 1_000 });
    expect(byCells.estimate).toBe(byRows.estimate);
    expectNear(byCells.standardError, byRows.standardError, 'standard error', { relative: 0.08 });
    expectNear(byCells.acceleration, byRows.acceleration, 'acceleration');
    expectNear(byCells.bca!.lower, byRows.bca!.lower, 'bca lower', { absolute: 0.003 });
    expect(() => bootstrapCells([0, 0], ofCells, { random: seededRandom(1) })).toThrow('at least one row');
  });

  test('binomial draws have the mean and variance of their law, small and large', () => {
    const random = seededRandom(9);
    for (const [n, p] of [
      [20, 0.1],
      [50, 0.9],
      [5_000, 0.3],
      [1_000_000, 0.001],
    ] as const) {
      let sum = 0;
      let squares = 0;
      const draws = 4_000;
      for (let i = 0; i < draws; i++) {
        const k = drawBinomial(random, n, p);
        expect(k >= 0 && k <= n && Number.isInteger(k)).toBe(true);
        sum += k;
        squares += (k - n * p) ** 2;
      }
      const variance = n * p * (1 - p);
      expect(Math.abs(sum / draws - n * p)).toBeLessThan(4 * Math.sqrt(variance / draws));
      expect(Math.abs(squares / draws / variance - 1)).toBeLessThan(0.12);
    }
    expect(drawBinomial(random, 10, 0)).toBe(0);
    expect(drawBinomial(random, 10, 1)).toBe(10);
  });

  test('vectors: exact sign flips; Monte Carlo agrees beyond 20 rows', () => {
    const { input, expected } = comparison.paired_tests.find(({ id }) => id === 'sign_flip_exact_14')!;
    const own = signFlip(input.diff, { random: seededRandom(1) });
    expectNear(own.pValue, expected.p_two_sided!, 'p');
    expectNear(own.greater, expected.p_greater!, 'greater');
    expectNear(own.less, expected.p_less!, 'less');
    const many = [...input.diff, ...input.diff];
    expect(signFlip(many, { random: seededRandom(2) }).pValue).toBeGreaterThan(0.3);
    expect(signFlip([], { random: seededRandom(2) }).pValue).toBeNaN();
  });
});

describe('means', () => {
  test('vectors: t, Wilcoxon with three rules for zeros, TOST', () => {
    const { input, expected } = comparison.paired_tests.find(({ id }) => id === 'rounded_with_zeros_and_ties')!;
    const t = tTest(input.diff);
    expectNear(t.t, expected.t!, 't');
    expectNear(t.pValue, expected.t_p!, 'p');
    // scipy 1.10's t quantile is good to about 1e-9; ours agrees with later releases to the last digit.
    expectNear(t.interval.lower, expected.t_ci95![0]!, 'lower', { relative: 1e-8 });
    for (const zeros of ['wilcox', 'pratt', 'zsplit'] as const)
      for (const correct of [false, true]) {
        const [statistic, p] = expected[`wilcoxon_${zeros}_approx_corr${correct ? 'True' : 'False'}`]!;
        const own = wilcoxon(input.diff, { zeros, correct });
        expectNear(own.statistic, statistic!, `${zeros} statistic`);
        expectNear(own.pValue, p!, `${zeros} p`);
      }
    const positive = input.diff.filter((d) => d > 0).length;
    const nonZero = input.diff.filter((d) => d !== 0).length;
    expectNear(binomialTest(positive, nonZero, 0.5).pValue, expected.sign_test_p!, 'sign test');
    const five = tost(input.diff, -5, 5);
    expectNear(five.pValue, expected['tost_-5_5']!.p, 'tost');
    expectNear(five.belowUpper.t, expected['tost_-5_5']!.t_upper, 'tost t');
    expectNear(tost(input.diff, -10, 10).pValue, expected['tost_-10_10']!.p, 'tost', { relative: 1e-9, absolute: 0 });
  });

  test('one value tells nothing', () => {
    expect(tTest([3]).pValue).toBeNaN();
    expect(wilcoxon([0, 0]).pValue).toBe(1);
    expect(welchTTest([1, 2, 3], [1, 2, 3]).pValue).toBe(1);
  });
});

describe('exact tests and power', () => {
  test('vectors: binomial and Fisher', () => {
    for (const { k, n, p, pvalue } of tails.binom_test_two_sided)
      expectNear(binomialTest(k, n, p).pValue, pvalue, `binomial ${k}/${n}`, { relative: 1e-10 });
    for (const { table, pvalue, less, greater } of tails.fisher_exact) {
      const own = fisherExact(table as [[number, number], [number, number]]);
      expectNear(own.pValue, pvalue, 'Fisher', { relative: 1e-10 });
      expectNear(own.less, less, 'less', { relative: 1e-10 });
      expectNear(own.greater, greater, 'greater', { relative: 1e-10 });
    }
  });

  test('vectors: power of two proportions', () => {
    for (const { input, expected } of comparison.power) {
      expectNear(cohenH(input.p1, input.p2), expected.cohen_h, 'h');
      expectNear(twoProportionPower(input.p1, input.p2, 1000), expected.power_at_1000, 'power');
      expectNear(twoProportionRows(input.p1, input.p2, input.power), expected.n_per_arm, 'rows');
    }
  });

  test('paired planning inverts itself', () => {
    const plan = { discordance: 0.08, alpha: 0.05, power: 0.9 };
    const rows = pairedRows(0.05, plan);
    expect(pairedDetectable(rows, plan)).toBeCloseTo(0.05, 8);
    expect(pairedRows(0, plan)).toBe(Number.POSITIVE_INFINITY);
    expect(pairedDetectable(0, plan)).toBe(1);
  });
});
