import {
  type CategoryProfile,
  type ColumnProfile,
  mergePresence,
  type NumberProfile,
  type PresencePatterns,
} from '@millwright/core/profile';
import { hypergeometricCdf, hypergeometricSf, normalQuantile } from '@millwright/core/statistics';
import { chiSquareTest } from './chi-square.js';
import { testCells } from './distribution.js';
import { checkOptions, judge } from './judge.js';
import type { TestOptions, TestResult } from './types.js';

/** One row in fifty: smaller rates take more rows to see than most windows have. */
const DEFAULT_MARGIN = 0.02;

/** How many of how many. */
export interface Rate {
  readonly count: number;
  readonly rows: number;
}

/** Has the share of null and NaN changed? Two-sided; effect is the difference of the shares. */
export function missingTest(reference: ColumnProfile, current: ColumnProfile, options: TestOptions = {}): TestResult {
  return compareRates(
    'missing',
    'difference of the missing share',
    rateOfMissing(reference),
    rateOfMissing(current),
    options,
  );
}

/**
 * Do values go missing together in new ways? Chi-square on all combinations of present columns: an outage of two sensors
 * at once shows here. Margin 0.02.
 *
 * @throws `profile/unmergeable` for patterns of other columns
 */
export function presenceTest(
  reference: PresencePatterns,
  current: PresencePatterns,
  options: TestOptions = {},
): TestResult {
  // Refuses patterns of other columns.
  mergePresence(reference, current);
  const label = (pattern: number) => {
    const present = reference.columns.filter((_, k) => (pattern >> k) & 1);
    if (present.length === 0) return 'nothing';
    return present.length === reference.columns.length ? 'all' : `only ${present.join(' and ')}`;
  };
  const cells = { reference: reference.counts, current: current.counts, ordered: false, label };
  const margin = options.margin ?? DEFAULT_MARGIN;
  return { ...testCells(cells, { ...options, margin }), test: 'presence' };
}

/**
 * Do categories come that the reference does not know? Under no change a row is new about as often as a row of the
 * reference would be without itself: as often as categories were seen once (Good 1953). That estimate spreads more than
 * a share does, by the categories that were seen twice (Robbins 1968), and so it counts as one of fewer rows. One-sided.
 */
export function unseenTest(
  reference: CategoryProfile,
  current: CategoryProfile,
  options: TestOptions = {},
): TestResult {
  const rows = reference.rows - reference.nulls;
  // Of a reference with too many categories to list, the rare ones are in `other`: those may be listed by luck only.
  const listed = [...reference.counts.values()].filter((count) => count > 0);
  const rare = reference.other > 0 && listed.length > 0 ? Math.min(...listed) : 0;
  const rowsOf = (from: number, to: number) =>
    listed.reduce((sum, count) => sum + (count >= from && count <= to ? count : 0), 0);
  const expected = reference.other + rowsOf(1, rare + 1);
  const extra = rare * rowsOf(rare + 1, rare + 1) + (rare + 1) * rowsOf(rare + 2, rare + 2);
  const spread = expected === 0 ? 1 : 1 + extra / expected;
  return compareRates(
    'unseen',
    'share of rows in new categories',
    { count: Math.ceil(expected / spread), rows: Math.ceil(rows / spread) },
    { count: current.other, rows: current.rows - current.nulls },
    options,
    'more',
  );
}

/**
 * Do numbers lie outside the reference's range, or infinite? Under no change the most extreme of all rows are dealt to
 * the samples at random; the rows outside of either end are then those before the second row of the reference, counted
 * from both ends (exceedance test). Infinite values are a rate of their own. One-sided.
 */
export function rangeTest(reference: NumberProfile, current: NumberProfile, options: TestOptions = {}): TestResult {
  const rates = {
    reference: { count: outside(reference) + infinite(reference), rows: infinite(reference) + reference.finite },
    current: { count: outside(current) + infinite(current), rows: infinite(current) + current.finite },
  };
  // A reference with rows beyond the edges was counted in the cells of another one: then these are a rate like any.
  const tail = outside(reference) > 0 ? tailOf(rates.reference, rates.current, 'more') : exceedance(reference, current);
  return judgeRates('range', 'share of rows out of range', rates, tail, 'more', checkOptions(options, DEFAULT_MARGIN));
}

function exceedance(reference: NumberProfile, current: NumberProfile): Tail {
  const population = reference.finite + current.finite;
  const draw = { population, marked: reference.finite, draws: outside(current) + 1 };
  const beyond = reference.finite < 2 ? 1 : hypergeometricCdf(1, draw);
  const [before, now] = [infinite(reference), infinite(current)];
  const rate = (count: number, { finite }: NumberProfile) => ({ count, rows: count + finite });
  const pValue =
    before + now === 0
      ? beyond
      : Math.min(1, 2 * Math.min(beyond, tailOf(rate(before, reference), rate(now, current), 'more').pValue));
  return { method: 'exact', pValue, logPValue: Math.log(pValue) };
}

function outside({ histogram: { counts } }: NumberProfile): number {
  return counts.length > 1 ? counts[0]! + counts[counts.length - 1]! : 0;
}

function infinite(profile: NumberProfile): number {
  return profile.positiveInfinity + profile.negativeInfinity;
}

/**
 * Two shares: Fisher's exact test where counts are small, chi-square where they are large. Margin 0.02 by default.
 * `more` looks only for a larger share in the current rows.
 */
export function compareRates(
  test: string,
  measure: string,
  reference: Rate,
  current: Rate,
  options: TestOptions = {},
  direction: 'different' | 'more' = 'different',
): TestResult {
  const tail = tailOf(reference, current, direction);
  return judgeRates(test, measure, { reference, current }, tail, direction, checkOptions(options, DEFAULT_MARGIN));
}

interface Tail {
  readonly method: string;
  readonly pValue: number;
  readonly logPValue: number;
}

function judgeRates(
  test: string,
  measure: string,
  { reference, current }: { readonly reference: Rate; readonly current: Rate },
  tail: Tail,
  direction: 'different' | 'more',
  checked: ReturnType<typeof checkOptions>,
): TestResult {
  const rows = { reference: reference.rows, current: current.rows };
  const empty = reference.rows === 0 || current.rows === 0;
  const before = reference.count / reference.rows;
  const now = current.count / current.rows;
  const difference = direction === 'more' ? Math.max(0, now - before) : Math.abs(now - before);
  return judge(
    {
      test,
      method: tail.method,
      statistic: now - before,
      pValue: empty ? undefined : tail.pValue,
      logPValue: empty ? undefined : tail.logPValue,
      effect: empty ? Number.NaN : difference,
      measure,
      rows,
      needed: rowsNeeded(reference, checked),
      parts: empty ? [] : [{ label: measure, reference: before, current: now }],
    },
    checked,
  );
}

/** The chi-square law is good to a few per cent from here on. */
const LARGE_EXPECTED = 50;

function tailOf(reference: Rate, current: Rate, direction: 'different' | 'more'): Tail {
  const marked = reference.count + current.count;
  const population = reference.rows + current.rows;
  const smallest = (Math.min(marked, population - marked) * Math.min(reference.rows, current.rows)) / population;
  if (smallest >= LARGE_EXPECTED) {
    const { pValue, logPValue } = chiSquareTest(
      [reference.count, reference.rows - reference.count],
      [current.count, current.rows - current.count],
    );
    if (direction === 'different') return { method: 'chi-square', pValue, logPValue };
    const more = current.count / current.rows > reference.count / reference.rows;
    return {
      method: 'chi-square',
      pValue: more ? pValue / 2 : 1 - pValue / 2,
      logPValue: more ? logPValue - Math.LN2 : Math.log1p(-pValue / 2),
    };
  }
  const draw = { population, marked, draws: current.rows };
  const atLeast = hypergeometricSf(current.count - 1, draw);
  const atMost = hypergeometricCdf(current.count, draw);
  const pValue = direction === 'more' ? atLeast : Math.min(1, 2 * Math.min(atLeast, atMost));
  return { method: 'exact', pValue, logPValue: Math.log(pValue) };
}

/** Rows per sample for the difference of two proportions (normal approximation), at the reference's share plus the margin. */
function rowsNeeded(
  reference: Rate,
  options: { readonly alpha: number; readonly power: number; readonly margin: number },
): number {
  if (options.margin === 0) return 1;
  const before = reference.rows === 0 ? 0.5 : reference.count / reference.rows;
  const after = Math.min(1, before + options.margin);
  const z = normalQuantile(1 - options.alpha / 2) + normalQuantile(options.power);
  return (z / options.margin) ** 2 * (after * (1 - after) + before * (1 - before));
}

function rateOfMissing(profile: ColumnProfile): Rate {
  return { count: profile.nulls + (profile.kind === 'number' ? profile.nan : 0), rows: profile.rows };
}
