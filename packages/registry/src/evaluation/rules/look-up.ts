import type { EvaluationReport, Group, MetricComparison } from '../compare/report.js';
import { fromCells } from '../compare/tally.js';
import { type Metric, metricFor } from '../metrics/catalogue.js';
import { isSlice } from '../report/sentence.js';

/** A metric of a group: as reported, or from its cells. */
export function lookUp(report: EvaluationReport, group: Group, name: string): Found {
  const metric = metricFor(report.task, name);
  const reported = group.metrics.find((m) => m.metric === metric.name);
  // Cells say nothing about units: with them only what was computed by unit counts.
  const found =
    reported ??
    (metric.kind === 'cells' && group.cells !== undefined && report.units === undefined
      ? fromCells(metric, group.cells)
      : undefined);
  const missing = {
    n: group.n,
    undefinedWhy: `the report does not hold \`${metric.name}\`${isSlice(group) ? ' by slice' : ''}`,
  };
  const { champion, challenger, difference } = found ?? {
    champion: missing,
    challenger: missing,
    difference: undefined,
  };
  const why =
    challenger.undefinedWhy ??
    champion.undefinedWhy ??
    (difference === undefined ? 'no test of its difference exists' : '');
  return { metric, champion, challenger, why, ...(difference === undefined ? {} : { difference }) };
}

export interface Found extends Pick<MetricComparison, 'champion' | 'challenger' | 'difference'> {
  readonly metric: Metric;
  readonly why: string;
}

/**
 * The groups that a list of slice names or values asks for; without a list every slice that was not found by searching these
 * rows, or all rows when there is none.
 */
export function select(
  report: EvaluationReport,
  names: readonly string[] | undefined,
): { groups: readonly Group[]; gaps: string[] } {
  if (names === undefined) {
    const declared = report.slices.filter(({ found }) => !found);
    return { groups: declared.length > 0 ? declared : [report.overall], gaps: [] };
  }
  const gaps: string[] = [];
  const groups = names.flatMap((name) => {
    if (name === 'overall') return [report.overall];
    const chosen = report.slices.filter((g) => g.slice === name || `${g.slice}=${g.value}` === name);
    if (chosen.length === 0) gaps.push(`The report has no slice ${name}.`);
    if (chosen.some(({ found }) => found))
      gaps.push(`${name} was found by searching these rows: only others can test it.`);
    return chosen.filter(({ found }) => !found);
  });
  return { groups: [...new Set(groups)], gaps };
}
