import { MillwrightError } from '@millwright/core';
import type { ColumnProfile } from '@millwright/core/profile';
import { decodeKll, type KllSketch } from '@millwright/core/sketch';
import { kolmogorovLimitLogSf, logAddExp } from '@millwright/core/statistics';
import { checkOptions, judge } from './judge.js';
import { KS_MARGIN, KS_MEASURE, ks, ksLogP, ksRowsNeeded } from './kolmogorov-smirnov.js';
import type { TestOptions, TestResult, TwoSampleTest } from './types.js';

/**
 * Two-sample Kolmogorov-Smirnov test on KLL sketches, of ours or of another engine, where no reference was there to
 * count against. The p-value holds in spite of the sketches' errors: it is the chance that rows *or* coins make a
 * difference this large, at the split between the two that serves it best. (A p-value that takes sketches for samples
 * finds a difference in every pair of large ones.) While both sketches hold every value it is the test on samples.
 * Margin 0.1 by default; with sketches too coarse for the margin the verdict is `insufficient`, however many rows.
 *
 * @example
 * certifiedKs(decodeKll(fromSpark, 'double'), decodeKll(fromToday, 'double')).sentence;
 */
export function certifiedKs(reference: KllSketch, current: KllSketch, options: TestOptions = {}): TestResult {
  const checked = checkOptions(options, KS_MARGIN);
  const [n, m] = [reference.n, current.n];
  const empty = n === 0 || m === 0;
  const variance = reference.rankVariance() + current.rankVariance();
  const { statistic, parts } = largestGap(reference, current);
  const { method, logP } = certifiedLogP(statistic, n, m, variance);
  // Half of α for the coins, half for the rows.
  const blur = coinReach(checked.alpha / 2, variance);
  const needed =
    checked.margin === 0
      ? 1
      : checked.margin > blur
        ? ksRowsNeeded(Math.max(n, m), { ...checked, alpha: checked.alpha / 2, margin: checked.margin - blur })
        : Number.POSITIVE_INFINITY;
  return judge(
    {
      test: 'ks.certified',
      method,
      statistic,
      pValue: empty ? undefined : Math.exp(logP),
      logPValue: empty ? undefined : logP,
      effect: empty ? Number.NaN : statistic,
      measure: KS_MEASURE,
      rows: { reference: n, current: m },
      needed,
      parts: empty ? [] : parts,
    },
    checked,
  );
}

/** The test as a monitor runs it, on the sketches in profiles; on samples it is `ks`. */
export const ksOfSketches: TwoSampleTest = {
  id: 'ks.certified',
  accepts: 'number',
  fromSamples: (reference, current, options) => ks.fromSamples(reference, current, options),
  fromProfiles: (reference, current, options) => certifiedKs(quantilesOf(reference), quantilesOf(current), options),
};

/**
 * ln p. The difference of the sketches exceeds that of the rows by at most what the coins do, so
 * P(sketched ≥ d) ≤ P(rows ≥ d - t) + P(coins ≥ t) for every t. That t is taken at which both are about equal; it
 * depends on d and on the sketches' sizes only, so the p-value stays one.
 */
function certifiedLogP(statistic: number, n: number, m: number, variance: number): ReturnType<typeof ksLogP> {
  if (variance === 0) return ksLogP(statistic, n, m);
  const root = Math.sqrt((n / (n + m)) * m);
  let low = 0;
  let high = statistic;
  for (let i = 0; i < BISECTIONS; i++) {
    const t = (low + high) / 2;
    if (kolmogorovLimitLogSf(root * (statistic - t)) < coinLogSf(t, variance)) low = t;
    else high = t;
  }
  const rows = kolmogorovLimitLogSf(root * (statistic - low));
  return { method: 'asymptotic', logP: Math.min(0, logAddExp(rows, coinLogSf(low, variance))) };
}

const BISECTIONS = 40;
/** How fine the grid of values is on which coins are looked at, in standard deviations of theirs. */
const GRID = 0.25;

/**
 * ln P(the coins of both sketches move the difference of distribution functions by `t` or more, anywhere), at most.
 * Hoeffding's bound at each of the values that cut both distributions into parts of size g or less, of which there are
 * 2/g; between them the difference grows by at most g. Each value is looked at from both sides, up and down.
 */
function coinLogSf(t: number, variance: number): number {
  const grid = GRID * Math.sqrt(variance);
  const beyond = Math.max(0, t - grid);
  return Math.min(0, Math.log(2 * (4 / grid + 1)) - beyond ** 2 / (2 * variance));
}

/** The t at which that chance is `alpha`. */
function coinReach(alpha: number, variance: number): number {
  if (variance === 0) return 0;
  const grid = GRID * Math.sqrt(variance);
  return grid + Math.sqrt(2 * variance * Math.log((2 * (4 / grid + 1)) / alpha));
}

function largestGap(reference: KllSketch, current: KllSketch): Pick<TestResult, 'statistic' | 'parts'> {
  let statistic = 0;
  let parts: TestResult['parts'] = [];
  for (const sketch of [reference, current]) {
    const { items, starts } = sketch.state();
    for (const value of items.subarray(starts[0], starts[starts.length - 1])) {
      const [before, now] = [reference.rank(value), current.rank(value)];
      if (!(Math.abs(before - now) > statistic)) continue;
      statistic = Math.abs(before - now);
      parts = [{ label: `values up to ${Number(value.toPrecision(6))}`, reference: before, current: now }];
    }
  }
  return { statistic, parts };
}

/** The quantile sketch of a column. @throws `profile/unmergeable` */
export function quantilesOf(profile: ColumnProfile): KllSketch {
  const bytes = profile.sketches?.quantiles;
  if (bytes !== undefined) return decodeKll(bytes, 'double');
  const reason = 'a profile has no quantile sketch';
  throw new MillwrightError(
    'profile/unmergeable',
    `The profiles cannot be compared: ${reason}. Profile with \`profileTable(table, { sketcher: columnSketches() })\`.`,
    { details: { column: '', reason } },
  );
}
