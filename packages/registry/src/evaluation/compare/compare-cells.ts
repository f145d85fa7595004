import { digestJson, invalidInput } from '@millwright/core';
import type { Metric } from '../metrics/catalogue.js';
import { unknown } from '../metrics/measure.js';
import { BINARY_CELLS, type Cells, PAIRED_CELLS } from './cells.js';
import { type ComparisonOptions, overallGroup, planOf, reportOf } from './compare.js';
import type { GroupMetrics } from './group-metrics.js';
import type { EvaluationReport } from './report.js';
import { comparison, fromCells } from './tally.js';

/** Counts in place of rows, and how they are compared. */
export interface CompareCellsOptions extends Omit<ComparisonOptions, 'cross' | 'task'> {
  readonly task?: 'binary' | 'multiclass' | undefined;
  /** Names of the models. Default `champion` and `challenger`. */
  readonly champion?: string | undefined;
  readonly challenger?: string | undefined;
  /**
   * Counts of all rows that have a truth and both answers. Binary: eight, index = truth × 4 + champion × 2 + challenger;
   * several classes: four, index = champion right × 2 + challenger right.
   */
  readonly cells: Cells;
  /** The same by slice value. */
  readonly slices?: readonly { readonly slice: string; readonly value: string; readonly cells: Cells }[] | undefined;
}

/**
 * Compares two models by counts that something else has made: one `GROUP BY origin, truth, champion, challenger` in the
 * database that has the rows. The report is that of `compare` as far as cells go; metrics of scores are undefined in it.
 *
 * @throws `input/invalid` for counts that are none, or not as many as the task has
 */
export function compareCells(options: CompareCellsOptions): EvaluationReport {
  const plan = planOf({ ...options, metrics: options.metrics ?? ['accuracy'] });
  const { champion = 'champion', challenger = 'challenger', cells, slices = [] } = options;
  const width = plan.task === 'binary' ? BINARY_CELLS : PAIRED_CELLS;
  const groupOf = (name: string, own: Cells, metrics: readonly Metric[]): GroupMetrics => {
    if (own.length !== width || !own.every((count) => Number.isSafeInteger(count) && count >= 0))
      throw invalidInput(name, `${width} counts`, own);
    const found = metrics.flatMap((metric) => (metric.kind === 'cells' ? [fromCells(metric, own)] : []));
    return { n: own.reduce((sum, count) => sum + count, 0), cells: own, metrics: found };
  };
  const all = groupOf('cells', cells, plan.metrics);
  const why = unknown('counts of cells do not hold it', all.n);
  return reportOf(plan, {
    champion,
    challenger,
    cut: { champion: plan.threshold, challenger: plan.threshold },
    rows: { given: all.n, considered: all.n, withoutTruth: 0, championInvalid: 0, challengerInvalid: 0, unmatched: 0 },
    inputs: { cells: digestJson([cells, slices]) },
    overall: overallGroup(plan.task, all, plan.metrics, (metric) => comparison(metric, why, why)),
    slices: slices.map(({ slice, value, cells: own }) => ({
      slice,
      value,
      declared: true,
      ...groupOf(`slices: ${slice}=${value}`, own, plan.sliceMetrics),
    })),
  });
}
