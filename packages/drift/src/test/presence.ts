import type { CategoryProfile, ColumnProfile, NumberProfile } from '@millwright/core/profile';
import { hypergeometricCdf, hypergeometricSf, normalQuantile } from '@millwright/core/statistics';
import { chiSquareTest } from './chi-square.js';
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
 * Do categories come that the reference does not know? Under no change a row is new about as often as a row of the
 * reference would be without itself: as often as categories were seen once (Good and Turing). One-sided.
 */
export function unseenTest(
  reference: CategoryProfile,
  current: CategoryProfile,
  options: TestOptions = {},
): TestResult {
  let once = 0;
  for (const count of reference.counts.values()) if (count === 1) once++;
  return compareRates(
    'unseen',
    'share of rows in new categories',
    { count: once + reference.other, rows: reference.rows - reference.nulls },
    { count: current.other, rows: current.rows - current.nulls },
    options,
    'more',
  );
}

/**
 * Do numbers lie outside the reference's range, or infinite? Under no change the most extreme of all rows lie in either
 * sample by its share of the rows (exceedance test). One-sided.
 */
export function rangeTest(reference: NumberProfile, current: NumberProfile, options: TestOptions = {}): TestResult {
  const outside = (profile: NumberProfile) => {
    const { counts } = profile.histogram;
    const ends = counts.length > 1 ? counts[0]! + counts[counts.length - 1]! : 0;
    return {
      count: ends + profile.positiveInfinity + profile.negativeInfinity,
      rows: profile.rows - profile.nulls - profile.nan,
    };
  };
  return compareRates('range', 'share of rows out of range', outside(reference), outside(current), options, 'more');
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
  const checked = checkOptions(options, DEFAULT_MARGIN);
  const rows = { reference: reference.rows, current: current.rows };
  const empty = reference.rows === 0 || current.rows === 0;
  const before = reference.count / reference.rows;
  const now = current.count / current.rows;
  const tail = tailOf(reference, current, direction);
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

function tailOf(reference: Rate, current: Rate, direction: 'different' | 'more') {
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
