import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { cellOf } from '@millwright/core/profile';
import { fisherExact } from '@millwright/core/statistics';
import { columnOf, tableFrom } from '@millwright/core/table';
import { type BinRule, binEdges, histogram, peers } from '@millwright/drift/peers';
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
  totalVariation,
  wasserstein,
} from '@millwright/drift/test';
import { describe, expect, test } from 'vitest';
import { type Expected, RECORDED, TOLERANCE } from './expected.js';

/** Tables as they are, without joining sparse cells. */
const AS_SCIPY = { as: 'scipy' } as const;

/** Reference answers on public data sets: the folder that holds the vector files; the data lie beside it as they name them. */
const folder = process.env['MILLWRIGHT_VECTORS'];

/** What the vector files hold is looked up by path; a missing entry is undefined and fails its comparison. */
// biome-ignore lint/suspicious/noExplicitAny: external JSON of many shapes, every use is compared with a number
type Json = any;

const load = (name: string): Json =>
  folder === undefined ? { cases: [] } : JSON.parse(readFileSync(join(folder, name), 'utf8'));
const files = new Map<string, { readonly names: readonly string[]; readonly rows: readonly (readonly string[])[] }>();

function cells(file: string, column: string): readonly string[] {
  const path = resolve(dirname(join(folder!, 'x')), file);
  let table = files.get(path);
  if (table === undefined) {
    const [names, ...rows] = readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','));
    table = { names: names!, rows };
    files.set(path, table);
  }
  const at = table.names.indexOf(column);
  return table.rows.map((row) => row[at]!);
}

const numbers = (texts: readonly string[]) =>
  Float64Array.from(
    texts.filter((text) => text !== ''),
    Number,
  );

/** The square root of a divergence of 1e-14 is noise of the last digit of its terms. */
const ROOT_NOISE = 1e-6;

/** Both samples of a case: two columns of a file, or two ranges of one. */
function samples(c: Json): readonly [readonly string[], readonly string[]] {
  if (c.column !== undefined) {
    const all = cells(c.file, c.column);
    return [all.slice(...c.ref_range), all.slice(...c.cur_range)];
  }
  return [
    cells(c.file, c.ref_column).slice(0, c.ref_rows ?? c.rows),
    cells(c.file, c.cur_column).slice(0, c.cur_rows ?? c.rows),
  ];
}

function near(actual: number | undefined, expected: unknown, tolerance = 1e-9, noise = 1e-12): void {
  if (expected === undefined) return;
  const wanted = Number(expected);
  expect(Math.abs(actual! - wanted) <= Math.max(noise, tolerance * Math.abs(wanted)), `${actual} for ${wanted}`).toBe(
    true,
  );
}

const view = (values: Float64Array | readonly string[]) => columnOf(tableFrom({ x: values }), 'x');
const score = (id: keyof typeof peers, a: Float64Array | readonly string[], b: Float64Array | readonly string[]) =>
  peers[id].fromSamples(view(a), view(b)).statistic;

function compareNumbers(a: Float64Array, b: Float64Array, e: Json): void {
  const constant = new Set([...a, ...b]).size === 1;
  near(kolmogorovSmirnov(a, b, { exactBelow: 0 }).statistic, e.ks_2samp_asymp.statistic);
  near(kolmogorovSmirnov(a, b, { exactBelow: 0 }).pValue, e.ks_2samp_asymp.pvalue, 1e-7);
  if (e.ks_2samp_exact?.pvalue !== undefined)
    near(kolmogorovSmirnov(a, b, { exactBelow: 1e9 }).pValue, e.ks_2samp_exact.pvalue, 1e-8);
  for (const alternative of ['less', 'greater'] as const) {
    const side = kolmogorovSmirnov(a, b, { exactBelow: 0, alternative });
    near(side.statistic, e[`ks_2samp_asymp_${alternative}`]?.statistic);
    near(side.pValue, e[`ks_2samp_asymp_${alternative}`]?.pvalue, 1e-7);
  }
  near(wasserstein(a, b), e.wasserstein_1);
  near(energyDistance(a, b), e.energy_distance, 1e-8, ROOT_NOISE);
  near(mannWhitney(a, b).statistic, e.mannwhitneyu_asymptotic_cc?.statistic);
  if (!constant) {
    near(mannWhitney(a, b).pValue, e.mannwhitneyu_asymptotic_cc?.pvalue);
    near(cramerVonMises(a, b).statistic, e.cramervonmises_2samp_asymptotic?.statistic, 1e-8);
    // Far in the tail scipy's p-value is rounding: 2.3e-7 at a statistic of 1,020, where it is below 1e-300.
    near(cramerVonMises(a, b).pValue, e.cramervonmises_2samp_asymptotic?.pvalue, 1e-6, 1e-6);
    near(andersonDarling(a, b).statistic, e.anderson_ksamp_midrank?.statistic, 1e-7);
  }
  compareScores(a, b, e);
}

/** Every named score that the vectors hold. */
function compareScores(a: Float64Array | readonly string[], b: Float64Array | readonly string[], e: Expected): void {
  for (const [id, recorded] of Object.entries(RECORDED)) {
    const name = id as keyof typeof RECORDED;
    const wanted = recorded(e) ?? undefined;
    const actual = peers[name].fromSamples(view(a), view(b)).statistic;
    if (wanted === 'Infinity') expect(actual).toBe(Number.POSITIVE_INFINITY);
    else if (wanted !== 'NaN') near(actual, wanted, TOLERANCE[name], ROOT_NOISE);
  }
}

function compareCounts(a: ArrayLike<number>, b: ArrayLike<number>, e: Json): void {
  near(chiSquareTest(a, b, AS_SCIPY).statistic, e.chi2_contingency?.statistic);
  near(chiSquareTest(a, b, AS_SCIPY).pValue, e.chi2_contingency?.pvalue);
  near(gTest(a, b, AS_SCIPY).statistic, e.g_test_contingency?.statistic);
  near(gTest(a, b, AS_SCIPY).pValue, e.g_test_contingency?.pvalue);
  near(cramersV(a, b), e.cramers_v);
  near(cramersVCorrected(a, b), e.cramers_v_bias_corrected);
  near(jensenShannon(a, b), e.js_distance_base2, 1e-8);
  near(hellinger(a, b), e.hellinger);
  near(lInfinity(a, b), e.l_infinity);
  near(totalVariation(a, b), e.tvd);
}

describe.skipIf(folder === undefined)('every vector of the tests (set MILLWRIGHT_VECTORS to their folder)', () => {
  test('two samples of numbers: 16 pairs of all tools', { timeout: 60_000 }, () => {
    const { cases } = load('two_sample_numeric.json');
    for (const c of cases) {
      const [a, b] = samples(c);
      compareNumbers(numbers(a), numbers(b), c.expected);
    }
    expect(cases).toHaveLength(16);
  });

  test('numbers with nulls: values and presence apart', () => {
    const c = load('two_sample_nulls.json');
    const [a, b] = [cells(c.file, 'ref'), cells(c.file, 'cur')];
    expect([a, b].map((side) => side.filter((text) => text === '').length)).toEqual([c.ref_nulls, c.cur_nulls]);
    compareNumbers(numbers(a), numbers(b), c.value_test);
    const [there, gone] = [0, 1].map((k) => c.missingness.table.map((row: number[]) => row[k]!));
    near(chiSquareTest([there[0], gone[0]], [there[1], gone[1]]).statistic, c.missingness.chi2.statistic);
    near(fisherExact(c.missingness.table).pValue, c.missingness.fisher_exact.pvalue);
  });

  test('two samples of categories', () => {
    const { cases } = load('two_sample_categorical.json');
    for (const c of cases) {
      const [a, b] = samples(c).map((side) => side.filter((text) => text !== '')) as [string[], string[]];
      const listed = Array.isArray(c.expected.keys);
      const keys: readonly string[] = listed ? c.expected.keys.map(String) : [...new Set([...a, ...b])];
      const [before, now] = [a, b].map((side) => keys.map((key) => side.filter((text) => text === key).length));
      if (listed) expect([before, now]).toEqual([c.expected.ref_counts, c.expected.cur_counts]);
      else expect(keys).toHaveLength(c.expected.keys);
      compareCounts(before!, now!, c.expected);
      compareScores(a, b, c.expected);
    }
    expect(cases).toHaveLength(5);
  });

  test('presence of modalities: Fisher exact', () => {
    const { cases } = load('missing_modality.json');
    for (const c of cases)
      near(
        fisherExact([
          [c.ref_present, c.ref_n - c.ref_present],
          [c.cur_present, c.cur_n - c.cur_present],
        ]).pValue,
        c.fisher_two_sided,
      );
    expect(cases).toHaveLength(15);
  });

  test('counts of 8 shards in the cells of a reference', () => {
    const { cases } = load('anchored_histogram.json');
    for (const c of cases) {
      const all = numbers(cells(c.file, c.column));
      const edges = Float64Array.from(c.edges);
      const counted = (rows: Float64Array) => {
        const counts = new Float64Array(edges.length + 1);
        for (const value of rows) counts[cellOf(edges, value)]!++;
        return counts;
      };
      const [reference, current] = [c.ref_range, c.cur_range].map((range) => counted(all.slice(...range)));
      expect([...reference!]).toEqual(c.ref_counts);
      expect([...current!]).toEqual(c.merged_counts);
      const merged = c.shard_counts.reduce((sum: number[], shard: number[]) =>
        sum.map((count, k) => count + shard[k]!),
      );
      expect(merged).toEqual(c.merged_counts);
      near(chiSquareTest(reference!, current!, AS_SCIPY).statistic, c.chi2.statistic);
      near(
        kolmogorovSmirnovOfCells({ reference: reference!, current: current!, ordered: true, label: String }).statistic,
        c.ks_at_edges,
      );
      near(kolmogorovSmirnov(all.slice(...c.ref_range), all.slice(...c.cur_range)).statistic, c.ks_exact);
      near(jensenShannon(reference!, current!), c.js_base2);
      near(hellinger(reference!, current!), c.hellinger);
      near(lInfinity(reference!, current!), c.l_infinity);
    }
    expect(cases).toHaveLength(4);
  });

  test('bins of numpy, of all rules but `stone`', { timeout: 30_000 }, () => {
    const { cases } = load('histogram_bins.json');
    let compared = 0;
    for (const c of cases) {
      if (c.rule === 'stone') continue;
      const values = numbers(cells(c.file, c.column).slice(0, c.rows));
      const edges = binEdges(values, (c.constant ? 'auto' : c.rule) as BinRule);
      if (c.constant) expect([...edges]).toEqual(c.edges_auto);
      else {
        expect(edges.length - 1, `${c.column} ${c.rule}`).toBe(c.n_bins);
        near(edges[0], c.first);
        near(edges[1], c.second);
        near(edges.at(-1), c.last);
        expect([...histogram(values, edges).subarray(0, 8)]).toEqual(c.counts_first8);
      }
      compared++;
    }
    expect(compared).toBeGreaterThan(60);
  });

  test('NannyML’s univariate scores of every eighth of 56 chunks, 8 columns', { timeout: 60_000 }, () => {
    const { employment_MA: facts } = load('nannyml_univariate.json');
    const file = (name: string) => `../../data/nannyml/employment_MA_${name}.csv`;
    let compared = 0;
    for (const column of facts.columns as string[]) {
      const reference = cells(file('reference_slim'), column);
      const analysis = [1, 2].flatMap((part) => [...cells(file(`analysis_slim_part${part}`), column)]);
      const chunks = (side: readonly string[]) =>
        Array.from({ length: Math.ceil(side.length / facts.chunk_size) }, (_, k) =>
          side.slice(k * facts.chunk_size, (k + 1) * facts.chunk_size),
        );
      const numeric = facts.result[`${column}.wasserstein.value`] !== undefined;
      const sample = (side: readonly string[]) => (numeric ? numbers(side) : side);
      const keys = [...new Set([...reference, ...analysis])];
      const count = (side: readonly string[]) => {
        const counts = new Map(keys.map((key) => [key, 0]));
        for (const key of side) counts.set(key, counts.get(key)! + 1);
        return [...counts.values()];
      };
      const referenceCounts = count(reference);
      [...chunks(reference), ...chunks(analysis)].forEach((chunk, k) => {
        if (k % 8 !== 0) return;
        const expected = (method: string) => facts.result[`${column}.${method}.value`]?.[k];
        near(score('js.nannyml', sample(reference), sample(chunk)), expected('jensen_shannon'), 1e-7, ROOT_NOISE);
        near(score('hellinger.nannyml', sample(reference), sample(chunk)), expected('hellinger'), 1e-7, ROOT_NOISE);
        near(score('ks.nannyml', sample(reference), sample(chunk)), expected('kolmogorov_smirnov'));
        near(score('w1.nannyml', sample(reference), sample(chunk)), expected('wasserstein'), TOLERANCE['w1.nannyml']);
        if (!numeric) {
          near(lInfinity(referenceCounts, count(chunk)), expected('l_infinity'));
          // With two categories NannyML takes Yates' correction, which makes the test too careful.
          if (keys.length > 2) near(chiSquareTest(referenceCounts, count(chunk), AS_SCIPY).statistic, expected('chi2'));
        }
        compared++;
      });
    }
    expect(compared).toBe(7 * 8);
  });
});
