import { profileTable } from '@millwright/core/profile';
import { columnSketches } from '@millwright/core/sketch';
import { columnOf, tableFrom } from '@millwright/core/table';
import { type BinRule, binEdges, histogram, peers } from '@millwright/drift/peers';
import { describe, expect, test } from 'vitest';
import { yatesChiSquare } from '../../src/peers/rules.js';
import { column, near } from '../test/two-sample.js';
import vectors from '../vectors/two-sample.json' with { type: 'json' };
import { type Expected, RECORDED, TOLERANCE } from './expected.js';

type Values = Float64Array | readonly string[];
const view = (values: Values) => columnOf(tableFrom({ x: values }), 'x');
const spread = (counts: readonly number[]) => counts.flatMap((count, k) => Array<string>(count).fill(`k${k}`));

/** Every comparison of the vectors: what it is, both samples, and what the tools say. */
const cases: readonly (readonly [string, Values, Values, Expected & { readonly evidently_default_test: string }])[] = [
  ...vectors.numeric.map((c) => [c.current, column(c.reference), column(c.current), c.expected] as never),
  ...vectors.categorical.map((c) => [c.name, spread(c.ref_counts), spread(c.cur_counts), c] as never),
];

describe('named scores of other tools equal theirs', () => {
  test.each(Object.keys(RECORDED) as (keyof typeof RECORDED)[])('%s', (id) => {
    let compared = 0;
    for (const [name, reference, current, expected] of cases) {
      const recorded = RECORDED[id](expected);
      if (recorded === undefined || recorded === null) continue;
      const { statistic, pValue, verdict, margin, alpha } = peers[id].fromSamples(view(reference), view(current));
      if (recorded === 'Infinity') expect(statistic, name).toBe(Number.POSITIVE_INFINITY);
      else near(statistic, Number(recorded), TOLERANCE[id], 1e-10);
      const found = pValue === undefined ? statistic >= margin : pValue <= alpha;
      expect(verdict).toBe(found ? 'drift' : 'noDrift');
      compared++;
    }
    expect(compared).toBeGreaterThan(id === 'z.evidently' ? 0 : 3);
  });

  test('Evidently’s choice of a score', () => {
    const names: Record<string, string> = {
      wasserstein: 'w1.evidently',
      ks: 'ks.evidently',
      jensenshannon: 'js.evidently',
      z: 'z.evidently',
      chisquare: 'chi-square.evidently',
    };
    for (const [name, reference, current, { evidently_default_test }] of cases) {
      const { test: chosen } = peers['default.evidently'].fromSamples(view(reference), view(current));
      expect(chosen, name).toBe(names[evidently_default_test]);
    }
  });

  test('NannyML’s chi-square: Yates’ correction for two categories', () => {
    for (const c of vectors.categorical) {
      near(yatesChiSquare(c.ref_counts, c.cur_counts).statistic, c.nannyml.chi2);
      const p = peers['chi-square.nannyml'].fromSamples(view(spread(c.ref_counts)), view(spread(c.cur_counts))).pValue!;
      if (c.ref_counts.length > 2) near(p, c.chi2_contingency.pvalue, 1e-6);
      else expect(p).toBeGreaterThan(c.chi2_contingency.pvalue);
    }
  });

  test('NannyML’s 10,000 bins go on where current values lie beyond the reference’s', () => {
    const reference = Float64Array.from({ length: 10_000 }, (_, i) => i);
    const above = reference.map((value) => value + 5_000);
    near(peers['w1.nannyml'].fromSamples(view(reference), view(above)).statistic, 5_000, 1e-3);
    near(peers['w1.nannyml'].fromSamples(view(above), view(reference)).statistic, 5_000, 1e-3);
    near(peers['ks.nannyml'].fromSamples(view(reference), view(above)).statistic, 0.5, 1e-3);
    near(peers['ks.nannyml'].fromSamples(view(above), view(reference)).statistic, 0.5, 1e-3);
  });

  test('TFDV’s buckets are spread over the other side’s: half of the mass in common is half a bit apart', () => {
    const evenly = (from: number) => Float64Array.from({ length: 1_001 }, (_, i) => from + i / 1_000);
    const result = peers['js.tfdv'].fromSamples(view(evenly(0)), view(evenly(0.5)));
    near(result.statistic, 0.5, 1e-2);
    near(peers['js.tfdv'].fromSamples(view(evenly(0)), view(evenly(9))).statistic, 1);
    const difference = peers['normalized-difference.tfdv'];
    near(difference.fromSamples(view(['a', 'a', 'b']), view(['a', 'b', 'b', 'b', 'b'])).statistic, 3 / 8);
  });

  test('whylogs’ test takes sketches for samples, of columns and of profiles alike', () => {
    const numbers = (shift: number) => Float64Array.from({ length: 500 }, (_, i) => ((i * 7_919) % 500) + shift);
    const whylogs = peers['ks.whylogs'];
    const fromSamples = (shift: number) => whylogs.fromSamples(view(numbers(0)), view(numbers(shift)));
    expect(fromSamples(5).verdict).toBe('noDrift');
    expect(fromSamples(100).verdict).toBe('drift');
    const profile = (shift: number) =>
      profileTable(tableFrom({ x: numbers(shift) }), { sketcher: columnSketches() }).columns.get('x')!;
    expect(whylogs.fromProfiles!(profile(0), profile(5)).verdict).toBe('noDrift');
    expect(whylogs.fromProfiles!(profile(0), profile(100)).verdict).toBe('drift');
    expect(whylogs.fromSamples(view(numbers(0)), view([])).verdict).toBe('insufficient');
  });

  test('a threshold of one’s own', () => {
    const [a, b] = [view(column('ref_normal/50')), view(column('cur_sd_1p2/37'))];
    const { statistic } = peers['psi.evidently'].fromSamples(a, b);
    expect(peers['psi.evidently'].fromSamples(a, b, { margin: statistic * 1.01 }).verdict).toBe('noDrift');
    const { pValue } = peers['ks.evidently'].fromSamples(a, b);
    expect(peers['ks.evidently'].fromSamples(a, b, { alpha: pValue! * 1.01 }).verdict).toBe('drift');
  });

  test.each(Object.values(peers))('$id without rows is insufficient, not 0', (door) => {
    expect(door.fromSamples(view(Float64Array.of(1, 2)), view([])).verdict).toBe('insufficient');
  });
});

describe('bins equal numpy’s', () => {
  test.each(['sturges', 'doane', 'fd', 'scott', 'rice', 'sqrt', 'auto'] as const satisfies readonly BinRule[])(
    '%s',
    (rule) => {
      for (const { reference, expected } of vectors.numeric)
        if (expected.bins?.[rule] !== undefined)
          expect(binEdges(column(reference), rule).length - 1).toBe(expected.bins[rule]);
    },
  );

  test.each(vectors.bins)('$column: edges and counts by $rule', (c) => {
    const values = column(`${c.column}/${c.rows}`);
    const edges = binEdges(values, c.rule as BinRule);
    expect(edges).toHaveLength(c.n_bins + 1);
    for (const [at, edge] of [
      [0, c.first],
      [1, c.second],
      [-1, c.last],
    ] as const)
      near(edges.at(at), edge);
    expect([...histogram(values, edges).subarray(0, 8)]).toEqual(c.counts_first8);
  });
});
