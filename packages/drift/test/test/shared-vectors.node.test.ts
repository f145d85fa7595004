import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  andersonDarling,
  type BinRule,
  binEdges,
  chiSquareTest,
  cramersV,
  cramersVCorrected,
  cramerVonMises,
  energyDistance,
  gTest,
  hellinger,
  jensenShannon,
  kolmogorovSmirnov,
  lInfinity,
  mannWhitney,
  totalVariation,
  wasserstein,
} from '@millwright/drift/test';
import { describe, expect, test } from 'vitest';

/** All cases of the two-sample vectors with the data files that they name; `../vectors/` holds those with small data. */
const folder = process.env['MILLWRIGHT_VECTORS'];

describe.skipIf(folder === undefined)('full vectors (set MILLWRIGHT_VECTORS to their folder)', () => {
  const read = (file: string) => JSON.parse(readFileSync(join(folder!, file), 'utf8')).cases;

  test('16 numeric pairs equal scipy', { timeout: 60_000 }, () => {
    const cases = read('two_sample_numeric.json');
    for (const c of cases) {
      const [a, b] = samplesOf(c).map((cells) => Float64Array.from(cells, Number)) as [Float64Array, Float64Array];
      const { expected } = c;
      const what = `${c.column ?? c.cur_column}/${b.length}`;
      const asymptotic = kolmogorovSmirnov(a, b, { exactBelow: 0 });
      near(asymptotic.statistic, expected.ks_2samp_asymp.statistic, what);
      near(asymptotic.pValue, expected.ks_2samp_asymp.pvalue, what, 1e-7);
      if (expected.ks_2samp_exact !== undefined)
        near(kolmogorovSmirnov(a, b).pValue, expected.ks_2samp_exact.pvalue, what);
      near(wasserstein(a, b), expected.wasserstein_1, what);
      near(energyDistance(a, b), expected.energy_distance, what);
      near(cramerVonMises(a, b).statistic, expected.cramervonmises_2samp_asymptotic.statistic, what, 1e-8);
      near(mannWhitney(a, b).statistic, expected.mannwhitneyu_asymptotic_cc.statistic, what);
      near(mannWhitney(a, b).pValue, expected.mannwhitneyu_asymptotic_cc.pvalue, what);
      if (expected.anderson_ksamp_midrank?.statistic !== undefined)
        near(andersonDarling(a, b).statistic, expected.anderson_ksamp_midrank.statistic, what, 1e-7);
    }
    expect(cases.length).toBe(16);
  });

  test('5 categorical pairs equal scipy', () => {
    const cases = read('two_sample_categorical.json');
    for (const c of cases) {
      const { expected } = c;
      const what = c.column ?? c.cur_column;
      const samples = samplesOf(c);
      // The empty string is null in these files.
      const keys = [...new Set(samples.flat())].filter((key) => key !== '').sort();
      const [a, b] = samples.map((cells) => keys.map((key) => cells.filter((cell) => cell === key).length)) as [
        number[],
        number[],
      ];
      if (Array.isArray(expected.keys))
        expect([keys, a, b]).toEqual([expected.keys, expected.ref_counts, expected.cur_counts]);
      near(chiSquareTest(a, b).statistic, expected.chi2_contingency.statistic, what);
      near(chiSquareTest(a, b).pValue, expected.chi2_contingency.pvalue, what);
      near(gTest(a, b).statistic, expected.g_test_contingency.statistic, what);
      near(cramersV(a, b), expected.cramers_v, what);
      near(cramersVCorrected(a, b), expected.cramers_v_bias_corrected, what);
      near(jensenShannon(a, b), expected.js_distance_base2, what);
      near(hellinger(a, b), expected.hellinger, what);
      near(lInfinity(a, b), expected.l_infinity, what);
      near(totalVariation(a, b), expected.tvd, what);
    }
    expect(cases.length).toBe(5);
  });

  test('bins equal numpy’s, but for its rule `stone`, which we do not have', () => {
    let compared = 0;
    for (const { file, column, rows, rule, n_bins, first, last } of read('histogram_bins.json')) {
      if (rule === undefined || rule === 'stone') continue;
      const edges = binEdges(Float64Array.from(columnOf(file, column).slice(0, rows), Number), rule as BinRule);
      expect(edges.length - 1, `${column} ${rule}`).toBe(n_bins);
      near(edges[0], first, column);
      near(edges[edges.length - 1], last, column);
      compared++;
    }
    expect(compared).toBeGreaterThan(60);
  });

  interface Pair {
    readonly file: string;
    readonly column?: string;
    readonly ref_column: string;
    readonly cur_column: string;
    readonly rows: number | string;
    readonly ref_rows?: number;
    readonly cur_rows?: number;
    readonly ref_range: readonly [number, number];
    readonly cur_range: readonly [number, number];
  }

  /** Two columns of one file, or two ranges of one column. */
  function samplesOf(pair: Pair): readonly (readonly string[])[] {
    const { file, column } = pair;
    if (column !== undefined)
      return [pair.ref_range, pair.cur_range].map(([start, end]) => columnOf(file, column).slice(start, end));
    const rows = Number(pair.rows);
    return [
      columnOf(file, pair.ref_column).slice(0, pair.ref_rows ?? rows),
      columnOf(file, pair.cur_column).slice(0, pair.cur_rows ?? rows),
    ];
  }

  function columnOf(file: string, name: string): string[] {
    const [header, ...lines] = readFileSync(resolve(folder!, file), 'utf8').trim().split(/\r?\n/);
    const at = header!.split(',').indexOf(name);
    expect(at, name).toBeGreaterThanOrEqual(0);
    return lines.map((line) => line.split(',')[at]!);
  }
});

function near(actual: number | undefined, expected: number, what: string, tolerance = 1e-9): void {
  const close = Math.abs(actual! - expected) <= Math.max(1e-12, tolerance * Math.abs(expected));
  expect(close || Object.is(actual, expected), `${what}: ${actual} for ${expected}`).toBe(true);
}
