import { defined } from '@millwright/core';
import type { ColumnProfile } from '@millwright/core/profile';
import { ksLogSf, ksTwoSampleOneSidedSf, ksTwoSampleSf, normalQuantile } from '@millwright/core/statistics';
import { cellsOf, type TwoSampleCells, totalsOf } from './cells.js';
import { checkOptions, judge } from './judge.js';
import { sortedColumn, sortedSample } from './samples.js';
import type { TestOptions, TestResult, TwoSampleTest } from './types.js';

/**
 * Two-sample Kolmogorov-Smirnov test on numeric samples; ties are consumed together. The effect is the statistic itself:
 * the largest difference of the distribution functions. Margin 0.1 by default.
 *
 * @throws `input/invalid` for values that are not finite
 */
export function kolmogorovSmirnov(reference: Float64Array, current: Float64Array, options: KsOptions = {}): TestResult {
  return compareSorted(sortedSample('reference', reference), sortedSample('current', current), options);
}

/** Which departure counts, and when the p-value is exact. */
export interface KsOptions extends TestOptions {
  /** Which departure counts: `greater` is a reference whose distribution function lies above (smaller values). Default `two-sided`. */
  readonly alternative?: 'two-sided' | 'less' | 'greater' | undefined;
  /** Exact p-value while both samples are at most this large. Default 10_000 (as scipy). */
  readonly exactBelow?: number | undefined;
}

const DEFAULTS = { alternative: 'two-sided', exactBelow: 10_000 } as const satisfies KsOptions;
export const KS_MARGIN = 0.1;
export const KS_MEASURE = 'largest difference of the distribution functions';

/** The test as a monitor runs it: on values, or on the reference's histogram cells, where it is conservative. */
export const ks: TwoSampleTest = {
  id: 'ks',
  accepts: 'number',
  fromSamples: (reference, current, options) => compareSorted(sortedColumn(reference), sortedColumn(current), options),
  fromProfiles: (reference: ColumnProfile, current: ColumnProfile, options?: TestOptions) =>
    kolmogorovSmirnovOfCells(cellsOf(reference, current), options),
};

/**
 * The same on ordered cells: the distribution functions are compared at the edges only, so the statistic is at most the
 * true one and the p-value at least the true one.
 */
export function kolmogorovSmirnovOfCells(cells: TwoSampleCells, options: TestOptions = {}): TestResult {
  const rows = totalsOf(cells);
  let [below, belowCurrent, largest, where] = [0, 0, 0, 0];
  const at = { reference: 0, current: 0 };
  for (let k = 0; k < cells.reference.length; k++) {
    below += cells.reference[k]! / rows.reference;
    belowCurrent += cells.current[k]! / rows.current;
    if (Math.abs(below - belowCurrent) <= largest) continue;
    largest = Math.abs(below - belowCurrent);
    where = k;
    at.reference = below;
    at.current = belowCurrent;
  }
  const parts = [
    {
      label: `values up to ${cells
        .label(0, where)
        .replace(/^below /, '')
        .split(' to ')
        .at(-1)}`,
      ...at,
    },
  ];
  return finish(largest, rows, parts, { ...options, exactBelow: 0 });
}

function compareSorted(reference: Float64Array, current: Float64Array, options: KsOptions = {}): TestResult {
  const n = reference.length;
  const m = current.length;
  const side = options.alternative ?? DEFAULTS.alternative;
  let [i, j, largest, value, below, belowCurrent] = [0, 0, 0, Number.NaN, 0, 0];
  while (i < n && j < m) {
    const here = Math.min(reference[i]!, current[j]!);
    while (i < n && reference[i]! === here) i++;
    while (j < m && current[j]! === here) j++;
    const gap = i / n - j / m;
    const size = side === 'greater' ? gap : side === 'less' ? -gap : Math.abs(gap);
    if (size <= largest) continue;
    largest = size;
    value = here;
    below = i / n;
    belowCurrent = j / m;
  }
  const parts = Number.isNaN(value)
    ? []
    : [{ label: `values up to ${Number(value.toPrecision(6))}`, reference: below, current: belowCurrent }];
  return finish(largest, { reference: n, current: m }, parts, options);
}

function finish(
  statistic: number,
  rows: { readonly reference: number; readonly current: number },
  parts: TestResult['parts'],
  options: KsOptions,
): TestResult {
  const checked = checkOptions(options, KS_MARGIN);
  const { reference: n, current: m } = rows;
  const empty = n === 0 || m === 0;
  const { method, logP } = ksLogP(statistic, n, m, options);
  const logPValue = empty ? undefined : logP;
  return judge(
    {
      test: 'ks',
      method,
      statistic,
      pValue: logPValue === undefined ? undefined : Math.exp(logPValue),
      logPValue,
      effect: empty ? Number.NaN : statistic,
      measure: KS_MEASURE,
      rows,
      needed: ksRowsNeeded(Math.max(n, m), checked),
      parts: empty ? [] : parts,
    },
    checked,
  );
}

/** ln p of a statistic, exactly for small samples. NaN without rows. */
export function ksLogP(
  statistic: number,
  n: number,
  m: number,
  options: KsOptions = {},
): { readonly method: 'exact' | 'asymptotic'; readonly logP: number } {
  const { alternative, exactBelow } = { ...DEFAULTS, ...defined(options) };
  if (n === 0 || m === 0) return { method: 'exact', logP: Number.NaN };
  return Math.max(n, m) <= exactBelow
    ? { method: 'exact', logP: Math.log(exactP(statistic, n, m, alternative)) }
    : { method: 'asymptotic', logP: asymptotic(statistic, n, m, alternative) };
}

function exactP(statistic: number, n: number, m: number, alternative: NonNullable<KsOptions['alternative']>): number {
  return alternative === 'two-sided' ? ksTwoSampleSf(statistic, n, m) : ksTwoSampleOneSidedSf(statistic, n, m);
}

/** Two-sided: the finite-n law at the effective size; one-sided: Hodges 1958, equation 5.3 (both as scipy). */
function asymptotic(
  statistic: number,
  n: number,
  m: number,
  alternative: NonNullable<KsOptions['alternative']>,
): number {
  const size = (n / (n + m)) * m;
  if (alternative === 'two-sided') return ksLogSf(statistic, Math.max(1, Math.round(size)));
  const [large, small] = [Math.max(n, m), Math.min(n, m)];
  const z = Math.sqrt(size) * statistic;
  return Math.min(0, -2 * z * z - (2 * z * (large + 2 * small)) / Math.sqrt(large * small * (large + small)) / 3);
}

/** Rows of the smaller side: a difference of `margin` at one point is found when it stands clear of the critical value by the power's quantile. */
export function ksRowsNeeded(
  larger: number,
  { alpha, power, margin }: { readonly alpha: number; readonly power: number; readonly margin: number },
): number {
  if (margin === 0) return 1;
  const harmonic = ((Math.sqrt(-Math.log(alpha / 2) / 2) + normalQuantile(power) / 2) / margin) ** 2;
  return larger > harmonic ? (larger * harmonic) / (larger - harmonic) : 2 * harmonic;
}
