import { columnOf, tableFrom } from '@millwright/core/table';
import {
  andersonDarling,
  type BinRule,
  binEdges,
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
  peers,
  totalVariation,
  wasserstein,
} from '@millwright/drift/test';
import { describe, expect, test } from 'vitest';
import { yatesChiSquare } from '../../src/test/peer-rules.js';
import vectors from '../vectors/two-sample.json' with { type: 'json' };

/** The textbook's laws, without joining sparse cells and without regard to ties. */
const AS_SCIPY = { as: 'scipy' } as const;

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

const PEERS = [
  ['psi.evidently', (e: Scores) => e.evidently?.['psi']?.score],
  ['js.evidently', (e: Scores) => e.evidently?.['jensenshannon']?.score],
  ['kl.evidently', (e: Scores) => e.evidently?.['kl_div']?.score],
  ['w1.evidently', (e: Scores) => e.evidently?.['wasserstein']?.score],
  ['js.nannyml', (e: Scores) => e.nannyml?.['jensen_shannon']],
  ['hellinger.nannyml', (e: Scores) => e.nannyml?.['hellinger']],
  ['l-infinity.nannyml', (e: Scores) => e.nannyml?.['l_infinity']],
  ['psi.deciles', (e: Scores) => e['psi_ref_deciles_eps1e-4']?.psi],
] as const;

interface Scores {
  readonly evidently?: Readonly<Record<string, { readonly score?: number } | undefined>>;
  readonly nannyml?: Readonly<Record<string, number | undefined>>;
  readonly 'psi_ref_deciles_eps1e-4'?: { readonly psi: number };
}

describe('named scores of other tools equal theirs', () => {
  const view = (values: Float64Array | readonly string[]) => columnOf(tableFrom({ x: values }), 'x');
  const spread = (counts: readonly number[]) => counts.flatMap((count, k) => Array<string>(count).fill(`k${k}`));

  test.each(PEERS)('%s', (id, scoreOf) => {
    let compared = 0;
    const compare = (
      reference: Float64Array | readonly string[],
      current: Float64Array | readonly string[],
      expected: Scores,
    ) => {
      const score = scoreOf(expected);
      if (typeof score !== 'number') return;
      const result = peers[id].fromSamples(view(reference), view(current));
      near(result.statistic, score);
      expect(result.verdict).toBe(score >= 0.1 ? 'drift' : 'noDrift');
      expect(result.pValue).toBeUndefined();
      compared++;
    };
    for (const c of vectors.numeric) compare(column(c.reference), column(c.current), c.expected as Scores);
    for (const c of vectors.categorical) compare(spread(c.ref_counts), spread(c.cur_counts), c as Scores);
    expect(compared).toBeGreaterThan(3);
  });

  test('p-values on counts', () => {
    for (const c of vectors.categorical) {
      const [was, now] = [view(spread(c.ref_counts)), view(spread(c.cur_counts))];
      const evidently = c.evidently as Readonly<Record<string, { readonly score: number; readonly drifted: boolean }>>;
      const chiSquare = peers['chi-square.evidently'].fromSamples(was, now);
      near(chiSquare.pValue, evidently['chisquare']!.score, 1e-6);
      expect(chiSquare.verdict).toBe(evidently['chisquare']!.drifted ? 'drift' : 'noDrift');
      if (evidently['z'] !== undefined)
        near(peers['z.evidently'].fromSamples(was, now).pValue, evidently['z'].score, 1e-6);
      near(yatesChiSquare(c.ref_counts, c.cur_counts).statistic, c.nannyml.chi2);
      const p = peers['chi-square.nannyml'].fromSamples(was, now).pValue!;
      if (c.ref_counts.length > 2) near(p, c.chi2_contingency.pvalue, 1e-6);
      else expect(p).toBeGreaterThan(c.chi2_contingency.pvalue);
    }
  });

  test('without rows they are insufficient, not 0', () => {
    for (const door of Object.values(peers))
      expect(door.fromSamples(view(Float64Array.of(1, 2)), view([])).verdict).toBe('insufficient');
  });
});

describe('bins equal numpy’s', () => {
  test.each(['sturges', 'doane', 'fd', 'scott', 'rice', 'sqrt', 'auto'] as const satisfies readonly BinRule[])(
    '%s',
    (rule) => {
      for (const { reference, expected } of vectors.numeric)
        if (expected.bins[rule] !== undefined)
          expect(binEdges(column(reference), rule).length - 1).toBe(expected.bins[rule]);
    },
  );
});

describe('tests on counts of anchored cells', () => {
  test.each(vectors.anchored)('$column', (c) => {
    const [reference, current] = [Float64Array.from(c.ref_counts), Float64Array.from(c.merged_counts)];
    const cells: Cells = { reference, current, ordered: true, label: String };
    near(chiSquareTest(reference, current, AS_SCIPY).statistic, c.chi2.statistic);
    near(chiSquareTest(reference, current, AS_SCIPY).pValue, c.chi2.pvalue);
    near(kolmogorovSmirnovOfCells(cells).statistic, c.ks_at_edges);
    near(jensenShannon(reference, current), c.js_base2);
    near(hellinger(reference, current), c.hellinger);
    near(lInfinity(reference, current), c.l_infinity);
  });
});
