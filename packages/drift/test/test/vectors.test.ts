import {
  andersonDarling,
  type Cells,
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
  totalVariation,
  wasserstein,
} from '@millwright/drift/test';
import { describe, expect, test } from 'vitest';
import vectors from '../vectors/two-sample.json' with { type: 'json' };

const near = (actual: number | undefined, expected: number, tolerance = 1e-9) =>
  expect(
    Math.abs(actual! - expected) <= Math.max(1e-12, tolerance * Math.abs(expected)),
    `${actual} for ${expected}`,
  ).toBe(true);

function column(name: string): Float64Array {
  const stored = (vectors.columns as Record<string, string | number[]>)[name]!;
  if (typeof stored !== 'string') return Float64Array.from(stored);
  return new Float64Array(Uint8Array.from(atob(stored), (char) => char.charCodeAt(0)).buffer);
}

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
    near(andersonDarling(a, b).pValue, expected.anderson_ksamp_midrank.pvalue, 1e-3);
    near(mannWhitney(a, b).statistic, expected.mannwhitneyu_asymptotic_cc.statistic);
    near(mannWhitney(a, b).pValue, expected.mannwhitneyu_asymptotic_cc.pvalue);
  });
});

describe('categorical tests and distances equal scipy', () => {
  test.each(vectors.categorical)('$name', (c) => {
    const [a, b] = [c.ref_counts, c.cur_counts];
    near(chiSquareTest(a, b).statistic, c.chi2_contingency.statistic);
    near(chiSquareTest(a, b).pValue, c.chi2_contingency.pvalue);
    expect(chiSquareTest(a, b).df).toBe(c.chi2_contingency.dof);
    near(gTest(a, b).statistic, c.g_test_contingency.statistic);
    near(gTest(a, b).pValue, c.g_test_contingency.pvalue);
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
    const cells: Cells = { reference, current, ordered: true, label: String };
    near(chiSquareTest(reference, current).statistic, c.chi2.statistic);
    near(chiSquareTest(reference, current).pValue, c.chi2.pvalue);
    near(kolmogorovSmirnovOfCells(cells).statistic, c.ks_at_edges);
    near(jensenShannon(reference, current), c.js_base2);
    near(hellinger(reference, current), c.hellinger);
    near(lInfinity(reference, current), c.l_infinity);
  });
});
