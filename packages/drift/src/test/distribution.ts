import { type ColumnProfile, profileTable } from '@millwright/core/profile';
import type { ColumnView, Table } from '@millwright/core/table';
import { cellsOf, mostCells, nullDistance, poolCells, type TwoSampleCells, totalsOf } from './cells.js';
import { chiSquareOfCells, detectableNoncentrality } from './chi-square.js';
import { totalVariation } from './distances.js';
import { checkOptions, judge } from './judge.js';
import type { TestOptions, TestPart, TestResult, TwoSampleTest } from './types.js';

/** A tenth of the rows would have to move. */
const DEFAULT_MARGIN = 0.1;
/** How many cells a result names. */
const MAX_PARTS = 8;

/**
 * The default test, for numbers and categories alike: chi-square of the 2×K table on the reference's cells says whether
 * there is a difference, the share of rows that would have to move (total variation, without what chance alone moves)
 * says how large it is. Margin 0.1 by default.
 */
export const distribution: TwoSampleTest = {
  id: 'distribution',
  accepts: 'any',
  fromSamples(reference, current, options) {
    const anchor = profileTable(tableOf(reference));
    const profile = profileTable(tableOf(current), { reference: anchor });
    return fromProfiles(anchor.columns.get('column')!, profile.columns.get('column')!, options);
  },
  fromProfiles,
};

function tableOf(column: ColumnView): Table {
  return { rowCount: column.length, columns: new Map([['column', column]]) };
}

function fromProfiles(reference: ColumnProfile, current: ColumnProfile, options?: TestOptions): TestResult {
  return testCells(cellsOf(reference, current), options);
}

/** The same test on a table of counts, whatever they count. */
export function testCells(cells: TwoSampleCells, options: TestOptions = {}): TestResult {
  const checked = checkOptions(options, DEFAULT_MARGIN);
  const rows = totalsOf(cells);
  const pooled = poolCells(cells);
  const { statistic, pValue, logPValue } = chiSquareOfCells(pooled);
  const empty = rows.reference === 0 || rows.current === 0;
  const distance = empty ? Number.NaN : totalVariation(pooled.reference, pooled.current);
  return judge(
    {
      test: 'distribution',
      method: 'chi-square',
      statistic,
      pValue: empty ? undefined : pValue,
      logPValue: empty ? undefined : logPValue,
      effect: empty ? Number.NaN : Math.sqrt(Math.max(0, distance ** 2 - nullDistance(pooled) ** 2)),
      measure: 'share of rows moved',
      rows,
      needed: rowsNeeded(rows, mostCells(cells) - 1, checked),
      parts: empty ? [] : partsOf(pooled, rows),
    },
    checked,
  );
}

/**
 * Rows that the smaller side needs: a share d that moves gives a noncentrality of at least 4 d² nm/(n + m)
 * (Cauchy-Schwarz), and that must reach what the test finds with the wanted power.
 */
export function rowsNeeded(
  rows: { readonly reference: number; readonly current: number },
  df: number,
  options: { readonly alpha: number; readonly power: number; readonly margin: number },
): number {
  if (options.margin === 0) return 1;
  const harmonic = detectableNoncentrality(df, options.alpha, options.power) / (4 * options.margin ** 2);
  const larger = Math.max(rows.reference, rows.current);
  return larger > harmonic ? (larger * harmonic) / (larger - harmonic) : 2 * harmonic;
}

function partsOf(cells: TwoSampleCells, rows: { readonly reference: number; readonly current: number }): TestPart[] {
  const parts = Array.from(cells.reference, (count, k) => ({
    label: cells.label(k),
    reference: count / rows.reference,
    current: cells.current[k]! / rows.current,
  }));
  const moved = (part: TestPart) => Math.abs(part.current - part.reference);
  return parts.sort((a, b) => moved(b) - moved(a)).slice(0, MAX_PARTS);
}
