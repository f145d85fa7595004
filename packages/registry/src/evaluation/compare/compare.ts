import { defined, digestJson, invalidInput } from '@millwright/core';
import { type Metric, metricFor, PRIMARY, SHOWN, type Task } from '../metrics/catalogue.js';
import { fromRows } from './from-rows.js';
import { type GroupMetrics, groupMetrics } from './group-metrics.js';
import { countedRows, type GivenRows, type ReadRows, readRows } from './read.js';
import type { EvaluationReport, Group, MetricComparison, SliceGroup } from './report.js';
import type { CodedSlice } from './slices.js';

/** What is compared, whether rows come at once or in parts. */
export interface ComparisonOptions {
  /** Default `binary`. */
  readonly task?: Task | undefined;
  /** Scores at or above are positive. Default 0.5. */
  readonly threshold?: number | undefined;
  /** Pairs (or more) of slice names to cross. */
  readonly cross?: readonly (readonly string[])[] | undefined;
  /** Metrics to compute, by name or id. The primary metric is always computed. */
  readonly metrics?: readonly string[] | undefined;
  /** Metrics to compute in each slice. Default: the primary metric, and accuracy where the task has it. */
  readonly sliceMetrics?: readonly string[] | undefined;
  /**
   * What a decision is worth, as `payoffs[truth][decision]`: money, minutes, lives. Asks for the metric `value`, their mean.
   * A missed fraud that costs 80, a needless call that costs 3: `[[0, -3], [-80, -3]]`.
   */
  readonly payoffs?: readonly (readonly number[])[] | undefined;
  /** The metric that decides. Default `accuracy`, for a regression `mae`. */
  readonly primary?: string | undefined;
  /** Rows below which a slice is reported and not judged. Default 50. */
  readonly minSupport?: number | undefined;
  /** Written into the report for whatever is drawn at random later. Default 0: nothing here is random. */
  readonly seed?: number | undefined;
}

/** The rows of two models, and how they are compared. */
export interface CompareOptions extends ComparisonOptions, GivenRows {
  /** The unit of each row (user, session, aircraft), where rows of one unit are not independent: tests then count units. */
  readonly units?: ArrayLike<string | number> | undefined;
}

/**
 * Compares two models on the same rows. One pass makes integer cells (slice × truth × champion × challenger), of which
 * threshold metrics, their tests, fairness and gates are functions; ranking metrics sort once. For tables larger than
 * memory see `startComparison`.
 *
 * @throws `evaluation/unmatched` when a side has another number of rows and there are no row ids, `input/invalid`
 */
export function compare(options: CompareOptions): EvaluationReport {
  const plan = planOf(options);
  const rows = readRows(options, { ...plan, cross: options.cross, units: options.units });
  return reportOf(plan, {
    rows: rows.facts,
    cut: rows.cut,
    champion: rows.champion.name,
    challenger: rows.challenger.name,
    inputs: rows.digests,
    ...(rows.units === undefined ? {} : { units: rows.units.count }),
    overall: overall(rows, plan.metrics),
    slices: rows.slices.flatMap((slice) =>
      sliceGroups(plan.task, slice, groupMetrics(rows, slice.codes, slice.labels.length, plan.sliceMetrics)),
    ),
  });
}

/** Options with everything filled in. */
export interface ComparisonPlan {
  readonly task: Task;
  readonly threshold: number;
  readonly minSupport: number;
  readonly seed: number;
  readonly primary: string;
  readonly metrics: readonly Metric[];
  readonly sliceMetrics: readonly Metric[];
  readonly payoffs?: readonly (readonly number[])[];
}

export function planOf(options: ComparisonOptions): ComparisonPlan {
  const { task, threshold, minSupport, seed } = { ...DEFAULTS, ...defined(options) };
  const primary = metricFor(task, options.primary ?? PRIMARY[task]).name;
  const inSlices = options.sliceMetrics ?? (task === 'regression' ? [] : ['accuracy']);
  const { payoffs } = options;
  if (payoffs !== undefined) checkPayoffs(task, payoffs);
  const worth = payoffs === undefined ? [] : ['value'];
  return {
    task,
    threshold,
    minSupport,
    seed,
    primary,
    metrics: chosen(task, [primary, ...(options.metrics ?? SHOWN[task]), ...worth], payoffs),
    sliceMetrics: chosen(task, [primary, ...inSlices], payoffs),
    ...(payoffs === undefined ? {} : { payoffs }),
  };
}

const DEFAULTS = { task: 'binary', threshold: 0.5, minSupport: 50, seed: 0 } as const satisfies ComparisonOptions;

function chosen(task: Task, names: readonly string[], payoffs: ComparisonOptions['payoffs']): Metric[] {
  return [...new Set(names.map((name) => metricFor(task, name)))].map((metric) => {
    if (metric.name !== 'value') return metric;
    if (payoffs === undefined)
      throw invalidInput('payoffs', 'what decisions are worth, for the metric `value`', payoffs);
    return { ...metric, loss: (truth: number, decision: number) => payoffs[truth]?.[decision] ?? Number.NaN };
  });
}

function checkPayoffs(task: Task, payoffs: readonly (readonly number[])[]): void {
  const classes = task === 'binary' ? 2 : payoffs.length;
  if (task === 'regression')
    throw invalidInput('payoffs', 'no payoffs for a regression, which decides nothing', payoffs);
  if (payoffs.length !== classes || !payoffs.every((row) => row.length === classes && row.every(Number.isFinite)))
    throw invalidInput('payoffs', 'a number for each truth and each decision', payoffs);
}

interface Found extends Pick<EvaluationReport, 'rows' | 'champion' | 'challenger' | 'inputs' | 'overall' | 'slices'> {
  readonly cut: ReadRows['cut'];
  readonly units?: number;
  readonly chunks?: number;
}

/** The report of what was found, with its digest. */
export function reportOf({ task, primary, seed, minSupport, payoffs }: ComparisonPlan, found: Found): EvaluationReport {
  const body = {
    schema: 'millwright.evaluation@1' as const,
    task,
    ...(task === 'binary' ? { threshold: found.cut } : {}),
    champion: found.champion,
    challenger: found.challenger,
    primary,
    seed,
    minSupport,
    ...(payoffs === undefined ? {} : { payoffs }),
    ...(found.units === undefined ? {} : { units: found.units }),
    ...(found.chunks === undefined ? {} : { chunks: found.chunks }),
    rows: found.rows,
    inputs: found.inputs,
    overall: found.overall,
    slices: found.slices,
  };
  return { ...body, digest: digestJson(body) };
}

/** The groups of one slice as the report holds them; labels that were not declared and have no row are left out. */
export function sliceGroups(
  task: Task,
  { name, labels, declared, found }: Pick<CodedSlice, 'name' | 'labels' | 'declared' | 'found'>,
  groups: readonly GroupMetrics[],
): SliceGroup[] {
  return groups.flatMap(({ n, cells, metrics }, code) => {
    if (n === 0 && !declared) return [];
    const group = { slice: name, value: labels[code]!, declared, ...(found ? { found } : {}), n };
    return [{ ...group, ...(task === 'regression' ? {} : { cells }), metrics }];
  });
}

/** The group of all rows, with the metrics that need them at once from `whole`. */
export function overallGroup(
  task: Task,
  { n, cells, metrics: grouped }: GroupMetrics,
  metrics: readonly Metric[],
  whole: (metric: Metric) => MetricComparison,
): Group {
  const found = new Map(grouped.map((each) => [each.metric, each]));
  return {
    n,
    ...(task === 'regression' ? {} : { cells }),
    metrics: metrics.map((metric) => found.get(metric.name) ?? whole(metric)),
  };
}

function overall(rows: ReadRows, metrics: readonly Metric[]): Group {
  const [all] = groupMetrics(rows, undefined, 1, metrics);
  const counted = countedRows(rows);
  return overallGroup(rows.task, all!, metrics, (metric) => fromRows(metric, counted, rows.units !== undefined));
}
