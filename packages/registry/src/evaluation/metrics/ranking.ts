import { invalidInput } from '@millwright/core';
import { known, type Measure, ratio, unknown } from './measure.js';

/** How much a document at a rank counts. */
export interface DcgOptions {
  /** Ranks that count. Default: all. */
  readonly k?: number | undefined;
  /** Equal scores share the mean gain of their block (`average`, as scikit-learn), or keep their order (`order`). Default `average`. */
  readonly ties?: 'average' | 'order' | undefined;
  /** Base of the discount 1 / log(rank + 1). Default 2. */
  readonly base?: number | undefined;
  /** Gain of a relevance: itself (`linear`, scikit-learn and trec_eval) or 2^r - 1 (`exponential`, learning to rank). Default `linear`. */
  readonly gain?: 'linear' | 'exponential' | undefined;
}

/** Discounted cumulative gain of one query's items. @throws `input/invalid` for unequal lengths or a NaN score */
export function dcg(relevance: ArrayLike<number>, scores: ArrayLike<number>, options: DcgOptions = {}): number {
  const n = relevance.length;
  if (scores.length !== n) throw invalidInput('scores', `${n} scores`, scores.length);
  const { k = n, ties = 'average', base = 2, gain = 'linear' } = options;
  const order = Array.from({ length: n }, (_, i) => i);
  for (const i of order) if (Number.isNaN(scores[i])) throw invalidInput(`scores[${i}]`, 'a number', scores[i]);
  order.sort((a, b) => scores[b]! - scores[a]! || a - b);
  const gainOf = (i: number) => (gain === 'linear' ? relevance[i]! : 2 ** relevance[i]! - 1);
  let sum = 0;
  for (let start = 0; start < n; ) {
    let end = start + 1;
    if (ties === 'average') while (end < n && scores[order[end]!] === scores[order[start]!]) end++;
    let gains = 0;
    let discounts = 0;
    for (let rank = start; rank < end; rank++) {
      gains += gainOf(order[rank]!);
      if (rank < k) discounts += Math.log(base) / Math.log(rank + 2);
    }
    sum += (gains / (end - start)) * discounts;
    start = end;
  }
  return sum;
}

/** DCG over the best possible one; undefined for a query without anything relevant (scikit-learn and trec_eval say 0). */
export function ndcg(relevance: ArrayLike<number>, scores: ArrayLike<number>, options: DcgOptions = {}): Measure {
  const ideal = dcg(relevance, relevance, { ...options, ties: 'order' });
  return ideal > 0
    ? known(dcg(relevance, scores, options) / ideal, relevance.length)
    : unknown('nothing is relevant', relevance.length);
}

/** One query: graded judgements by document id, and what was retrieved. */
export interface RankedQuery {
  readonly judged: ReadonlyMap<string, number>;
  readonly retrieved: readonly { readonly id: string; readonly score: number }[];
}

/** What counts as relevant, and how patient the reader is. */
export interface RankingOptions {
  /** Lowest level that counts as relevant. Default 1. */
  readonly relevantFrom?: number | undefined;
  /** Leave out retrieved documents without a judgement. Default false: they are not relevant. */
  readonly judgedOnly?: boolean | undefined;
  /** Persistence of the rank-biased reader. Default 0.9. */
  readonly persistence?: number | undefined;
  /** The level that satisfies this reader fully. Default: the highest judged level of the query. */
  readonly maxLevel?: number | undefined;
}

/** A query's measures in trec_eval's definitions; those divided by the number of relevant documents are undefined without any. */
export interface RankingMeasures {
  readonly retrieved: number;
  readonly relevant: number;
  readonly relevantRetrieved: number;
  readonly averagePrecision: Measure;
  readonly rPrecision: Measure;
  readonly reciprocalRank: Measure;
  /** Only judged documents count: how rarely a judged non-relevant one stands above a relevant one. */
  readonly bpref: Measure;
  readonly ndcg: Measure;
  readonly rankBiasedPrecision: Measure;
  readonly setPrecision: Measure;
  readonly setRecall: Measure;
  readonly setF: Measure;
  /** Largest precision at or beyond recall 0, 0.1, … 1. */
  readonly interpolatedPrecision: readonly Measure[];
  readonly precisionAt: (k: number) => Measure;
  readonly recallAt: (k: number) => Measure;
  readonly ndcgAt: (k: number) => Measure;
  readonly averagePrecisionAt: (k: number) => Measure;
  /** 1 when something relevant is among the first k. */
  readonly successAt: (k: number) => Measure;
}

/** Ranks by score, equal scores by descending id as trec_eval, and measures. @throws `input/invalid` for a NaN score */
export function rankingMeasures({ judged, retrieved }: RankedQuery, options: RankingOptions = {}): RankingMeasures {
  const { relevantFrom = 1, judgedOnly = false, persistence = 0.9 } = options;
  const ranked = retrieved
    .filter(({ id }) => !judgedOnly || judged.has(id))
    .sort((a, b) => b.score - a.score || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0));
  for (const { id, score } of ranked) if (Number.isNaN(score)) throw invalidInput(`score of ${id}`, 'a number', score);
  const levels = ranked.map(({ id }) => judged.get(id));
  const hits = levels.map((level) => level !== undefined && level >= relevantFrom);
  const grades = [...judged.values()];
  const relevant = grades.filter((level) => level >= relevantFrom).length;
  const nonRelevant = grades.filter((level) => level >= 0 && level < relevantFrom).length;
  const ideal = grades.filter((level) => level > 0).sort((a, b) => b - a);
  const found = hits.filter(Boolean).length;
  const overRelevant = (sum: number) => ratio(sum, relevant, 'nothing is relevant');
  const hitsIn = (k: number) => hits.slice(0, k).filter(Boolean).length;
  const gain = (values: readonly (number | undefined)[], k: number) =>
    values.slice(0, k).reduce<number>((sum, level, i) => sum + Math.max(0, level ?? 0) / Math.log2(i + 2), 0);
  const ndcgAt = (k: number) => ratio(gain(levels, k), gain(ideal, k), 'nothing is relevant');
  const averagePrecisionAt = (k: number) => overRelevant(precisionSum(hits.slice(0, k)));
  const first = hits.indexOf(true);
  const full = options.maxLevel ?? Math.max(1, ...grades);
  const setPrecision = ratio(found, ranked.length, 'nothing was retrieved');
  return {
    retrieved: ranked.length,
    relevant,
    relevantRetrieved: found,
    averagePrecision: averagePrecisionAt(ranked.length),
    rPrecision: overRelevant(hitsIn(relevant)),
    reciprocalRank:
      relevant === 0 ? unknown('nothing is relevant') : known(first < 0 ? 0 : 1 / (first + 1), ranked.length),
    bpref: overRelevant(preferences(levels, relevantFrom, relevant, nonRelevant)),
    ndcg: ndcgAt(Number.POSITIVE_INFINITY),
    rankBiasedPrecision: known(
      levels.reduce<number>(
        (sum, level, i) => sum + (1 - persistence) * persistence ** i * (Math.max(0, level ?? 0) / full),
        0,
      ),
      ranked.length,
    ),
    setPrecision,
    setRecall: overRelevant(found),
    setF: ratio(2 * found, ranked.length + relevant, 'nothing is relevant and nothing was retrieved'),
    interpolatedPrecision: interpolate(hits, relevant),
    precisionAt: (k) => known(hitsIn(k) / k, k),
    recallAt: (k) => overRelevant(hitsIn(k)),
    ndcgAt,
    averagePrecisionAt,
    successAt: (k) => known(hitsIn(k) > 0 ? 1 : 0, k),
  };
}

/** The mean over queries. Undefined ones are left out and counted, or count as a number where a convention says so. */
export function meanOverQueries(
  measures: readonly Measure[],
  undefinedAs?: number,
): { readonly mean: Measure; readonly undefinedQueries: number } {
  const values = measures.flatMap(({ value }) => value ?? undefinedAs ?? []);
  const sum = values.reduce((a, b) => a + b, 0);
  return {
    mean: ratio(sum, values.length, 'no query has a value'),
    undefinedQueries: measures.filter(({ value }) => value === undefined).length,
  };
}

function precisionSum(hits: readonly boolean[]): number {
  let sum = 0;
  let seen = 0;
  hits.forEach((hit, i) => {
    if (hit) sum += ++seen / (i + 1);
  });
  return sum;
}

function preferences(
  levels: readonly (number | undefined)[],
  relevantFrom: number,
  relevant: number,
  nonRelevant: number,
): number {
  let above = 0;
  let sum = 0;
  for (const level of levels) {
    if (level === undefined || level < 0) continue;
    if (level < relevantFrom) above++;
    else sum += above === 0 ? 1 : 1 - Math.min(above, relevant) / Math.min(nonRelevant, relevant);
  }
  return sum;
}

function interpolate(hits: readonly boolean[], relevant: number): Measure[] {
  const best = new Float64Array(hits.length + 1);
  let seen = hits.filter(Boolean).length;
  const needed = new Map<number, number>();
  for (let i = hits.length - 1; i >= 0; i--) {
    best[i] = Math.max(best[i + 1]!, seen / (i + 1));
    needed.set(seen, best[i]!);
    if (hits[i]) seen--;
  }
  return Array.from({ length: 11 }, (_, step) => {
    if (relevant === 0) return unknown('nothing is relevant');
    // trec_eval asks for the nearest whole number of relevant documents.
    const target = Math.floor((step / 10) * relevant + 0.5);
    return known(target === 0 ? (best[0] ?? 0) : (needed.get(target) ?? 0), relevant);
  });
}
