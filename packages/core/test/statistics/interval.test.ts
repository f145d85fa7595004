import { describe, expect, test } from 'vitest';
import {
  agrestiCoull,
  agrestiMin,
  clopperPearson,
  type Interval,
  jeffreysInterval,
  miettinenNurminen,
  miettinenNurminenTest,
  newcombeDifference,
  newcombePaired,
  wilsonInterval,
} from '../../src/statistics/index.js';
import tails from '../vectors/distribution-tails.json' with { type: 'json' };
import comparison from '../vectors/model-comparison.json' with { type: 'json' };
import { expectNear } from './near.js';

function expectInterval(actual: Interval, expected: readonly number[], label: string, tolerance = {}): void {
  expectNear(actual.lower, expected[0]!, `${label} lower`, tolerance);
  expectNear(actual.upper, expected[1]!, `${label} upper`, tolerance);
}

describe('intervals of one rate', () => {
  test('statsmodels, two levels', () => {
    for (const { id, input, expected } of comparison.binomial_ci) {
      expectInterval(wilsonInterval(input, 0.95), expected.wilson_95, `${id} wilson`);
      expectInterval(wilsonInterval(input, 0.9), expected.wilson_90, `${id} wilson 90`);
      expectInterval(clopperPearson(input, 0.95), expected.beta_95, `${id} Clopper-Pearson`);
      expectInterval(clopperPearson(input, 0.9), expected.beta_90, `${id} Clopper-Pearson 90`);
      expectInterval(jeffreysInterval(input, 0.9), expected.jeffreys_90, `${id} Jeffreys`);
      expectInterval(jeffreysInterval(input, 0.95), expected.jeffreys_95, `${id} Jeffreys`);
      expectInterval(agrestiCoull(input, 0.95), expected.agresti_coull_95, `${id} Agresti-Coull`);
      expectInterval(agrestiCoull(input, 0.9), expected.agresti_coull_90, `${id} Agresti-Coull 90`);
    }
    for (const { k, n, level, ci } of tails.clopper_pearson)
      expectInterval(clopperPearson({ count: k, n }, level), ci, `Clopper-Pearson ${k}/${n}`);
  });

  test('nothing observed says nothing', () => {
    expect(wilsonInterval({ count: 0, n: 0 })).toEqual({ lower: 0, upper: 1 });
    expect(clopperPearson({ count: 0, n: 0 })).toEqual({ lower: 0, upper: 1 });
  });

  test('counts that cannot be are refused', () => {
    expect(() => wilsonInterval({ count: 3, n: 2 })).toThrow('between 0 and n = 2');
    expect(() => wilsonInterval({ count: Number.NaN, n: 2 })).toThrow('count');
    expect(() => clopperPearson({ count: 0, n: -1 })).toThrow('trials');
  });
});

describe('intervals of a difference', () => {
  test('same rows: Newcombe method 10 and Agresti-Min', () => {
    for (const { id, input, expected } of comparison.mcnemar) {
      const counts = {
        both: input.both_correct,
        onlyFirst: input.only_a_correct,
        onlySecond: input.only_b_correct,
        neither: input.both_wrong,
      };
      expectInterval(newcombePaired(counts), expected.newcombe10_ci95, `${id} Newcombe`);
      expectInterval(agrestiMin(counts), expected.agresti_min_ci95, `${id} Agresti-Min`);
    }
  });

  test('independent groups: Newcombe, Miettinen-Nurminen and its margin test', () => {
    for (const { id, input, expected } of comparison.two_proportions) {
      const a = { count: input.success_a, n: input.n_a };
      const b = { count: input.success_b, n: input.n_b };
      expectInterval(newcombeDifference(a, b), expected.diff_ci95_newcomb, `${id} Newcombe`);
      expectInterval(miettinenNurminen(a, b), expected.diff_ci95_miettinen_nurminen, `${id} MN`, { relative: 1e-7 });
      for (const margin of [-0.01, -0.02, -0.05] as const) {
        const [z, p] = expected[`noninferiority_margin${margin}_miettinen_nurminen`];
        const result = miettinenNurminenTest(a, b, margin);
        expectNear(result.z, z!, `${id} z at ${margin}`, { relative: 1e-7 });
        expectNear(result.pValue, p!, `${id} p at ${margin}`, { relative: 1e-7 });
      }
    }
  });

  test('empty groups and extreme counts stay inside [-1, 1]', () => {
    expect(newcombeDifference({ count: 0, n: 0 }, { count: 1, n: 2 })).toEqual({ lower: -1, upper: 1 });
    expect(newcombePaired({ both: 0, onlyFirst: 0, onlySecond: 0, neither: 0 })).toEqual({ lower: -1, upper: 1 });
    const extreme = miettinenNurminen({ count: 5, n: 5 }, { count: 0, n: 5 });
    expect(extreme.upper).toBe(1);
    expect(extreme.lower).toBeGreaterThan(0);
    expect(miettinenNurminenTest({ count: 0, n: 0 }, { count: 0, n: 0 }, -0.1).pValue).toBe(1);
    expect(() => newcombePaired({ both: -1, onlyFirst: 0, onlySecond: 0, neither: 0 })).toThrow('both');
  });
});
