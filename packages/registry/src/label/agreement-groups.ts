import { invalidInput, type Random, type Verdict } from '@millwright/core';
import { bootstrapCells, type Interval } from '@millwright/core/statistics';
import { alphaOf, type Measurement } from './krippendorff.js';

/** One label that one person gave. */
export interface Rating {
  readonly item: string;
  readonly rater: string;
  readonly label: string;
  /** Milliseconds since 1970. */
  readonly time?: number | undefined;
  /** What kind of item it is: a language, a site, a device. */
  readonly cohort?: string | undefined;
}

/** How far people agree about the items of a cohort, or of a span of time. */
export interface AgreementGroup {
  /** The cohort, or the start of the window as milliseconds since 1970. */
  readonly group: string;
  readonly ratings: number;
  /** Items with two ratings or more. */
  readonly items: number;
  readonly raters: number;
  /** Mean share of pairs that agree about an item; undefined without items. */
  readonly observed: number | undefined;
  /** Krippendorff's alpha; undefined where only one label occurs. */
  readonly alpha: number | undefined;
  /** 95 % interval of alpha, by resampling items; undefined where alpha is, or mostly is in the samples. */
  readonly interval: Interval | undefined;
  /** `pass` when the whole interval reaches `atLeast`, `fail` when none of it does. */
  readonly verdict: Verdict;
}

/** How ratings are grouped, and how much agreement a group must show. */
export interface AgreementOptions {
  /** Groups by the cohort of the ratings, or by windows of so many milliseconds. Default `cohort`. */
  readonly by?: 'cohort' | { readonly windowMs: number } | undefined;
  /** Default 0.667, below which Krippendorff advises to draw no conclusions. */
  readonly atLeast?: number | undefined;
  /** Labels in order, for `ordinal` and the like, which compare their places. Default: those that occur, by code units. */
  readonly labels?: readonly string[] | undefined;
  /** How far apart two labels are. Default `nominal`: different is different. */
  readonly measurement?: Measurement | undefined;
  /** Draws the samples of the interval; a seeded one gives the same interval again. */
  readonly random: Random;
  /** How many samples the interval is made from. Default 400. */
  readonly replicates?: number | undefined;
}

/**
 * Agreement of raters by cohort or over time: one low figure in one language, or since one Monday, drowns in the mean over
 * all. A person who rated an item twice counts with the last rating.
 *
 * @throws `input/invalid` for windows without times, and labels that are not listed
 */
export function agreementBy(ratings: readonly Rating[], options: AgreementOptions): readonly AgreementGroup[] {
  const { by = 'cohort' } = options;
  const groups = new Map<string, Rating[]>();
  for (const rating of ratings) {
    const group = groupOf(rating, by);
    if (!groups.has(group)) groups.set(group, []);
    groups.get(group)!.push(rating);
  }
  const labels = options.labels ?? [...new Set(ratings.map(({ label }) => label))].sort();
  const places = new Map(labels.map((label, i) => [label, i + 1]));
  const order = by === 'cohort' ? (a: string, b: string) => (a < b ? -1 : 1) : (a: string, b: string) => +a - +b;
  return [...groups.keys()].sort(order).map((group) => agreementOf(group, groups.get(group)!, places, options));
}

function groupOf({ time, cohort }: Rating, by: NonNullable<AgreementOptions['by']>): string {
  if (by === 'cohort') return cohort ?? '';
  if (!(by.windowMs > 0)) throw invalidInput('by.windowMs', 'a duration above 0', by.windowMs);
  if (time === undefined || !Number.isFinite(time)) throw invalidInput('rating.time', 'a time in milliseconds', time);
  return String(Math.floor(time / by.windowMs) * by.windowMs);
}

function agreementOf(
  group: string,
  ratings: readonly Rating[],
  places: ReadonlyMap<string, number>,
  { atLeast = 0.667, measurement = 'nominal', random, replicates = 400 }: AgreementOptions,
): AgreementGroup {
  const items = new Map<string, Map<string, number>>();
  for (const { item, rater, label } of ratings) {
    const place = places.get(label);
    if (place === undefined) throw invalidInput('labels', 'a list with every label that occurs', label);
    if (!items.has(item)) items.set(item, new Map());
    items.get(item)!.set(rater, place);
  }
  const shared = [...items.values()]
    .filter((given) => given.size >= 2)
    .map((given) => [...given.values()].sort((a, b) => a - b));
  const { patterns, counts } = patternsOf(shared);
  const alpha = alphaOf(patterns, counts, measurement);
  const interval = alpha === undefined ? undefined : intervalOf(patterns, counts, { measurement, random, replicates });
  return {
    group,
    ratings: ratings.length,
    items: shared.length,
    raters: new Set(ratings.map(({ rater }) => rater)).size,
    observed: shared.length === 0 ? undefined : mean(shared.map(agreeing)),
    alpha,
    interval,
    verdict: interval === undefined ? 'insufficient' : verdictOf(interval, atLeast),
  };
}

/** Items that were rated alike are one cell, so that resampling does not touch every item again. */
function patternsOf(items: readonly (readonly number[])[]) {
  const cells = new Map<string, { readonly pattern: readonly number[]; count: number }>();
  for (const pattern of items) {
    const key = pattern.join(' ');
    const cell = cells.get(key);
    if (cell === undefined) cells.set(key, { pattern, count: 1 });
    else cell.count++;
  }
  const all = [...cells.values()];
  return { patterns: all.map(({ pattern }) => pattern), counts: all.map(({ count }) => count) };
}

function intervalOf(
  patterns: readonly (readonly number[])[],
  counts: readonly number[],
  {
    measurement,
    random,
    replicates,
  }: { readonly measurement: Measurement; readonly random: Random; readonly replicates: number },
): Interval | undefined {
  const statistic = (times: ArrayLike<number>) => alphaOf(patterns, times, measurement) ?? Number.NaN;
  const { percentile, undefinedReplicates } = bootstrapCells(counts, statistic, { random, replicates });
  // Where many samples hold one label only, the rest says little about the spread.
  return undefinedReplicates > replicates / 20 ? undefined : percentile;
}

function verdictOf({ lower, upper }: Interval, atLeast: number): Verdict {
  return lower >= atLeast ? 'pass' : upper < atLeast ? 'fail' : 'insufficient';
}

/** Share of the pairs of ratings of an item that agree. */
function agreeing(values: readonly number[]): number {
  let same = 0;
  values.forEach((a, i) => {
    for (const b of values.slice(i + 1)) if (a === b) same++;
  });
  return same / ((values.length * (values.length - 1)) / 2);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
