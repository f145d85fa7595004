import { describe, expect, test } from 'vitest';
import {
  dcg,
  type Measure,
  meanOverQueries,
  ndcg,
  type RankingMeasures,
  rankingMeasures,
} from '../../src/evaluation/index.js';
import sklearn from '../vectors/ranking-sklearn.json' with { type: 'json' };
import trec from '../vectors/ranking-trec.json' with { type: 'json' };
import { expectNear } from './near.js';

describe('nDCG equals scikit-learn', () => {
  test('k, ties averaged or in order, bases, and queries without anything relevant', () => {
    for (const { id, input, expected } of sklearn.cases) {
      const wanted: Readonly<Record<string, unknown>> = expected;
      const { relevance, score } = input as { relevance: number[][]; score: number[][] };
      for (const [key, value] of Object.entries(wanted)) {
        const match = /^(n?dcg)_k(None|\d+)_ignore_ties_(True|False)$/.exec(key);
        if (!match || typeof value !== 'number') continue;
        // numpy's argsort, reversed, takes the later of two equal scores first: mirror the items to get its order.
        const flip = match[3] === 'True';
        const rows = relevance.map(
          (r, q) => [flip ? [...r].reverse() : r, flip ? [...score[q]!].reverse() : score[q]!] as const,
        );
        const options = {
          ties: flip ? 'order' : 'average',
          k: match[2] === 'None' ? undefined : Number(match[2]),
        } as const;
        const own =
          match[1] === 'dcg'
            ? rows.reduce((sum, [r, s]) => sum + dcg(r, s, options), 0) / rows.length
            : meanOverQueries(
                rows.map(([r, s]) => ndcg(r, s, options)),
                0,
              ).mean.value!;
        expectNear(own, value, `${id} ${key}`);
      }
      relevance.forEach((r, q) => {
        expectNear(ndcg(r, score[q]!, { k: 5 }).value ?? 0, expected.ndcg_per_query_k5[q]!, `${id} query ${q}`);
      });
      if (typeof wanted['dcg_log_base_10'] === 'number')
        expectNear(
          relevance.reduce((sum, r, q) => sum + dcg(r, score[q]!, { base: 10 }), 0) / relevance.length,
          wanted['dcg_log_base_10'],
          `${id} base 10`,
        );
    }
  });

  test('nothing relevant is undefined; gains can be exponential', () => {
    expect(ndcg([0, 0], [1, 2]).undefinedWhy).toBe('nothing is relevant');
    expect(dcg([2, 0], [2, 1], { gain: 'exponential' })).toBe(3);
    expect(() => dcg([1], [1, 2])).toThrow('1 scores');
    expect(() => dcg([1], [Number.NaN])).toThrow('scores[0]');
    expect(meanOverQueries([ndcg([0], [1]), ndcg([1], [1])])).toMatchObject({
      undefinedQueries: 1,
      mean: { value: 1 },
    });
  });
});

test('retrieval measures equal trec_eval to its four decimals', () => {
  let compared = 0;
  for (const { id, options: given, input, expected } of trec.cases) {
    const options: readonly string[] = given;
    const relevantFrom = options.includes('-l') ? Number(options[options.indexOf('-l') + 1]) : 1;
    const rows: Readonly<Record<string, Readonly<Record<string, number>>>> = expected as never;
    const near = (measure: Measure, value: number, label: string) =>
      expectNear(measure.value ?? Number.NaN, value, label, { relative: 0, absolute: 5.1e-5 });
    const qrels = input.qrels as [string, string, number][];
    const run = input.run as [string, string, number][];
    const queries = [...new Set(qrels.map(([query]) => query))].map((query) => {
      const judged = new Map(qrels.flatMap(([q, doc, level]) => (q === query ? [[doc, level] as const] : [])));
      const retrieved = run.flatMap(([q, doc, score]) => (q === query ? [{ id: doc, score }] : []));
      const own = rankingMeasures({ judged, retrieved }, { relevantFrom, judgedOnly: options.includes('-J') });
      return { query, own };
    });
    for (const { query, own } of queries) {
      const wanted = rows[query];
      if (wanted === undefined || wanted['num_rel'] === 0) continue;
      expect(own.relevantRetrieved, `${id} ${query}`).toBe(wanted['num_rel_ret']);
      for (const [name, value] of Object.entries(wanted)) {
        const measure = pick(own, name);
        // Nothing retrieved: trec_eval's precision of the set is 0, ours is undefined.
        if (measure === undefined || (name === 'set_P' && own.retrieved === 0)) continue;
        compared++;
        near(measure, value, `${id} ${query} ${name}`);
      }
    }
    // The summary is over the queries that were run, or with -c over all that were judged; what is undefined counts 0 there.
    const judged = queries.filter(({ query }) => query in rows);
    expect(judged.length, `${id} queries`).toBe(rows['all']!['num_q']);
    for (const [name, value] of Object.entries(rows['all']!)) {
      const measures = judged.flatMap(({ own }) => pick(own, name) ?? []);
      if (measures.length === 0) continue;
      compared++;
      near(meanOverQueries(measures, 0).mean, value, `${id} all ${name}`);
    }
  }
  expect(compared).toBeGreaterThan(1_200);
});

test('a query without judgements or results', () => {
  const nothing = rankingMeasures({ judged: new Map(), retrieved: [] });
  expect(nothing.averagePrecision.undefinedWhy).toBe('nothing is relevant');
  expect(nothing.setPrecision.undefinedWhy).toBe('nothing was retrieved');
  expect(nothing.reciprocalRank.value).toBeUndefined();
});

function pick(own: RankingMeasures, name: string): Measure | undefined {
  const [, kind, cut] = /^(P|recall|ndcg_cut|map_cut|success|iprec_at_recall)_([\d.]+)$/.exec(name) ?? [];
  if (kind === 'P') return own.precisionAt(Number(cut));
  if (kind === 'recall') return own.recallAt(Number(cut));
  if (kind === 'ndcg_cut') return own.ndcgAt(Number(cut));
  if (kind === 'map_cut') return own.averagePrecisionAt(Number(cut));
  if (kind === 'success') return own.successAt(Number(cut));
  if (kind === 'iprec_at_recall') return own.interpolatedPrecision[Math.round(10 * Number(cut))];
  const named: Readonly<Record<string, Measure>> = {
    map: own.averagePrecision,
    Rprec: own.rPrecision,
    bpref: own.bpref,
    recip_rank: own.reciprocalRank,
    ndcg: own.ndcg,
    set_P: own.setPrecision,
    set_recall: own.setRecall,
    set_F: own.setF,
    rbp: own.rankBiasedPrecision,
  };
  return named[name];
}
