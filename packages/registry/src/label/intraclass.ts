import { invalidInput } from '@millwright/core';
import { fQuantile, fSf } from '@millwright/core/statistics';

/** One form of the intraclass correlation (Shrout and Fleiss 1979). */
export interface IntraclassForm {
  readonly value: number;
  /** 95 % interval (McGraw and Wong 1996). */
  readonly interval: readonly [number, number];
  readonly f: number;
  readonly df: readonly [number, number];
  /** Of the hypothesis that items do not differ. */
  readonly pValue: number;
}

/**
 * Agreement of numbers. `single` is about one rater's numbers, `mean` about the average of all raters.
 * `oneWay`: every item has its own raters; `random`: the raters stand for others like them, and a constant difference
 * between raters counts against agreement; `fixed`: these raters are all there are, and a constant difference does not count.
 */
export interface IntraclassCorrelation {
  readonly items: number;
  readonly raters: number;
  readonly single: Readonly<Record<'oneWay' | 'random' | 'fixed', IntraclassForm>>;
  readonly mean: Readonly<Record<'oneWay' | 'random' | 'fixed', IntraclassForm>>;
}

/**
 * The six intraclass correlations of `ratings[item][rater]`, without missing values; as R's `psych::ICC` by analysis of
 * variance. Undefined when all numbers are the same: there is nothing to agree about.
 *
 * @throws `input/invalid` for fewer than two items or raters, rows of different length, or values that are not finite
 */
export function intraclassCorrelation(ratings: readonly (readonly number[])[]): IntraclassCorrelation | undefined {
  const items = ratings.length;
  const raters = ratings[0]?.length ?? 0;
  if (items < 2 || raters < 2) throw invalidInput('ratings', 'two or more items and raters', `${items} x ${raters}`);
  for (const row of ratings)
    if (row.length !== raters || !row.every(Number.isFinite))
      throw invalidInput('ratings', `rows of ${raters} finite numbers`, row.join(' '));
  const { between, within, judges, error } = meanSquares(ratings, items, raters);
  if (!(between + within > 0)) return undefined;

  const oneWay = form(between / within, [items - 1, items * (raters - 1)], raters);
  const fixed = form(between / error, [items - 1, (items - 1) * (raters - 1)], raters);
  const random = absolute({ between, judges, error }, items, raters);
  const test = { f: fixed.single.f, df: fixed.single.df, pValue: fixed.single.pValue };
  return {
    items,
    raters,
    single: { oneWay: oneWay.single, random: { ...random.single, ...test }, fixed: fixed.single },
    mean: { oneWay: oneWay.mean, random: { ...random.mean, ...test }, fixed: fixed.mean },
  };
}

function meanSquares(ratings: readonly (readonly number[])[], items: number, raters: number) {
  const mean = (values: readonly number[]) => values.reduce((x, y) => x + y, 0) / values.length;
  const squares = (values: readonly number[], centre: number) => values.reduce((x, y) => x + (y - centre) ** 2, 0);
  const rows = ratings.map(mean);
  const columns = Array.from({ length: raters }, (_, j) => mean(ratings.map((row) => row[j]!)));
  const grand = mean(rows);
  const inRows = ratings.reduce((sum, row, i) => sum + squares(row, rows[i]!), 0);
  const inColumns = items * squares(columns, grand);
  return {
    between: (raters * squares(rows, grand)) / (items - 1),
    within: inRows / (items * (raters - 1)),
    judges: inColumns / (raters - 1),
    // Rounding may leave less than nothing.
    error: Math.max(0, inRows - inColumns) / ((items - 1) * (raters - 1)),
  };
}

const TAIL = 0.975;

/** What follows from the ratio of two mean squares alone: the one-way and the fixed forms. */
function form(f: number, df: readonly [number, number], raters: number) {
  const [low, high] = [f / fQuantile(TAIL, df[0], df[1]), f * fQuantile(TAIL, df[1], df[0])];
  const single = (ratio: number) => (ratio === Number.POSITIVE_INFINITY ? 1 : (ratio - 1) / (ratio + raters - 1));
  const mean = (ratio: number) => 1 - 1 / ratio;
  const test = { f, df, pValue: fSf(f, df[0], df[1]) };
  return {
    single: { value: single(f), interval: [single(low), single(high)], ...test } satisfies IntraclassForm,
    mean: { value: mean(f), interval: [mean(low), mean(high)], ...test } satisfies IntraclassForm,
  };
}

interface Squares {
  readonly between: number;
  readonly judges: number;
  readonly error: number;
}

/** Absolute agreement, with the degrees of freedom of Satterthwaite. */
function absolute({ between, judges, error }: Squares, items: number, raters: number) {
  const spread = between + (raters - 1) * error + (raters * (judges - error)) / items;
  const value = (between - error) / spread;
  const a = raters * value * judges;
  const b = error * (items * (1 + (raters - 1) * value) - raters * value);
  // All raters say the same of every item: there is no error to measure the interval by.
  if (a === 0 && b === 0)
    return { single: { value, interval: [1, 1] as const }, mean: { value: 1, interval: [1, 1] as const } };
  const v = ((raters - 1) * (items - 1) * (a + b) ** 2) / ((items - 1) * a ** 2 + b ** 2);
  const rest = raters * judges + (raters * items - raters - items) * error;
  const [upper, lower] = [fQuantile(TAIL, items - 1, v), fQuantile(TAIL, v, items - 1)];
  const low = (items * (between - upper * error)) / (upper * rest + items * between);
  const high = (items * (lower * between - error)) / (rest + items * lower * between);
  // Spearman and Brown: what is known of one rater, for the mean of all.
  const ofMean = (single: number) => (raters * single) / (1 + (raters - 1) * single);
  return {
    single: { value, interval: [low, high] as const },
    mean: {
      value: (between - error) / (between + (judges - error) / items),
      interval: [ofMean(low), ofMean(high)] as const,
    },
  };
}
