import { fisherExact } from '@millwright/core/statistics';
import {
  andersonDarling,
  chiSquareTest,
  cramersV,
  cramersVCorrected,
  cramerVonMises,
  energyDistance,
  gTest,
  hellinger,
  jensenShannon,
  kolmogorovSmirnov,
  kolmogorovSmirnovOfCells,
  lInfinity,
  mannWhitney,
  type TwoSampleCells,
  totalVariation,
  wasserstein,
} from '@millwright/drift/test';
import { describe, expect, test } from 'vitest';
import modalities from '../vectors/missing-modality.json' with { type: 'json' };
import vectors from '../vectors/two-sample.json' with { type: 'json' };
import { column, near } from './two-sample.js';

/** The textbook's laws, without joining sparse cells and without regard to ties. */
const AS_SCIPY = { as: 'scipy' } as const;

describe('numeric tests equal scipy', () => {
  test.each(vectors.numeric)('$reference against $current', ({ reference, current, expected }) => {
    const [a, b] = [column(reference), column(current)];
    const asymptotic = kolmogorovSmirnov(a, b, { exactBelow: 0 });
    near(asymptotic.statistic, expected.ks_2samp_asymp.statistic);
    near(asymptotic.pValue, expected.ks_2samp_asymp.pvalue, 1e-7);
    near(kolmogorovSmirnov(a, b).pValue, expected.ks_2samp_exact.pvalue);
    for (const alternative of ['less', 'greater'] as const) {
      const side = kolmogorovSmirnov(a, b, { exactBelow: 0, alternative });
      near(side.statistic, expected[`ks_2samp_asymp_${alternative}`].statistic);
      near(side.pValue, expected[`ks_2samp_asymp_${alternative}`].pvalue, 1e-7);
    }
    near(wasserstein(a, b), expected.wasserstein_1);
    near(energyDistance(a, b), expected.energy_distance);
    near(cramerVonMises(a, b).statistic, expected.cramervonmises_2samp_asymptotic.statistic, 1e-8);
    near(cramerVonMises(a, b).pValue, expected.cramervonmises_2samp_asymptotic.pvalue, 1e-6);
    near(andersonDarling(a, b).statistic, expected.anderson_ksamp_midrank.statistic, 1e-7);
    near(andersonDarling(a, b, AS_SCIPY).pValue, expected.anderson_ksamp_midrank.pvalue, 1e-3);
    near(mannWhitney(a, b).statistic, expected.mannwhitneyu_asymptotic_cc.statistic);
    near(mannWhitney(a, b).pValue, expected.mannwhitneyu_asymptotic_cc.pvalue);
  });
});

describe('categorical tests and distances equal scipy', () => {
  test.each(vectors.categorical)('$name', (c) => {
    const [a, b] = [c.ref_counts, c.cur_counts];
    near(chiSquareTest(a, b, AS_SCIPY).statistic, c.chi2_contingency.statistic);
    near(chiSquareTest(a, b, AS_SCIPY).pValue, c.chi2_contingency.pvalue);
    expect(chiSquareTest(a, b, AS_SCIPY).df).toBe(c.chi2_contingency.dof);
    near(gTest(a, b, AS_SCIPY).statistic, c.g_test_contingency.statistic);
    near(gTest(a, b, AS_SCIPY).pValue, c.g_test_contingency.pvalue);
    near(cramersV(a, b), c.cramers_v);
    near(cramersVCorrected(a, b), c.cramers_v_bias_corrected);
    near(jensenShannon(a, b), c.js_distance_base2);
    near(jensenShannon(a, b, { base: 'e' }), c.js_distance_e);
    near(jensenShannon(a, b, { form: 'divergence' }), c.js_divergence_base2);
    near(hellinger(a, b), c.hellinger);
    near(lInfinity(a, b), c.l_infinity);
    near(totalVariation(a, b), c.tvd);
  });
});

describe('tests on counts of anchored cells', () => {
  test.each(vectors.anchored)('$column', (c) => {
    const [reference, current] = [Float64Array.from(c.ref_counts), Float64Array.from(c.merged_counts)];
    const cells: TwoSampleCells = { reference, current, ordered: true, label: String };
    near(chiSquareTest(reference, current, AS_SCIPY).statistic, c.chi2.statistic);
    near(chiSquareTest(reference, current, AS_SCIPY).pValue, c.chi2.pvalue);
    near(kolmogorovSmirnovOfCells(cells).statistic, c.ks_at_edges);
    near(jensenShannon(reference, current), c.js_base2);
    near(hellinger(reference, current), c.hellinger);
    near(lInfinity(reference, current), c.l_infinity);
  });
});

test.each(modalities.cases)('presence of $column in rows $window', (c) => {
  const table = [
    [c.ref_present, c.ref_n - c.ref_present],
    [c.cur_present, c.cur_n - c.cur_present],
  ] as const;
  near(fisherExact(table).pValue, c.fisher_two_sided);
});

test('missing values as a table of their own', () => {
  const { table, chi2, fisher_exact } = vectors.missingness;
  const [there, gone] = [0, 1].map((k) => table.map((row) => row[k]!));
  near(chiSquareTest([there![0]!, gone![0]!], [there![1]!, gone![1]!]).statistic, chi2.statistic);
  near(fisherExact(table as [[number, number], [number, number]]).pValue, fisher_exact.pvalue);
});
