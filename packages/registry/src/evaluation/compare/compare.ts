import { defined, digestJson, invalidInput } from '@millwright/core';
import { delong } from '@millwright/core/statistics';
import { calibration } from '../metrics/calibration.js';
import { type Metric, metricFor, PRIMARY, SHOWN, type Task } from '../metrics/catalogue.js';
import { known, type Measure, unknown } from '../metrics/measure.js';
import {
  type ConfusionMatrix,
  confusionMatrix,
  matrixBalancedAccuracy,
  matrixKappa,
  matrixMatthews,
  matrixScore,
} from '../metrics/multiclass.js';
import { bias, rSquared } from '../metrics/regression.js';
import { averagePrecision, rocAuc } from '../metrics/scores.js';
import { BINARY_CELLS, binaryCells, EXCLUDED, PAIRED_CELLS, pairedCells } from './cells.js';
import { type ComparedRows, comparison, groupMetrics } from './group-metrics.js';
import { type AlignedPredictions, align, digestNumbers, type Predictions, toNumbers, type Values } from './inputs.js';
import { withInterval } from './paired.js';
import type { EvaluationReport, Group, MetricComparison, SliceGroup } from './report.js';
import { type CodedSlice, codeSlice, crossSlices, type SliceSource } from './slices.js';
import { unitsOf } from './units.js';

export interface CompareOptions {
  /** What is true, one value per row: 0/1 for a binary task, class indices, or numbers. Missing truth (NaN, null) is left out and counted. */
  readonly truth: Values;
  /** Ids of the truth's rows, for answers in another order. */
  readonly rowIds?: ArrayLike<string | number> | undefined;
  readonly champion: Predictions | Values;
  readonly challenger: Predictions | Values;
  /** Default `binary`. */
  readonly task?: Task | undefined;
  /** Scores at or above are positive. Default 0.5. */
  readonly threshold?: number | undefined;
  /** By name: columns, codes with labels, or one value per row. */
  readonly slices?: Readonly<Record<string, SliceSource>> | undefined;
  /** Pairs (or more) of slice names to cross. */
  readonly cross?: readonly (readonly string[])[] | undefined;
  /** The unit of each row (user, session, aircraft), where rows of one unit are not independent: tests then count units. */
  readonly units?: ArrayLike<string | number> | undefined;
  /** Metrics to compute, by name or id. The primary metric is always computed. */
  readonly metrics?: readonly string[] | undefined;
  /** Metrics to compute in each slice. Default: the primary metric, and accuracy where the task has it. */
  readonly sliceMetrics?: readonly string[] | undefined;
  /** The metric that decides. Default `accuracy`, for a regression `mae`. */
  readonly primary?: string | undefined;
  /** Rows below which a slice is reported and not judged. Default 50. */
  readonly minSupport?: number | undefined;
  /** Written into the report for whatever is drawn at random later. Default 0: nothing here is random. */
  readonly seed?: number | undefined;
}

/**
 * Compares two models on the same rows. One pass makes integer cells (slice × truth × champion × challenger), of which
 * threshold metrics, their tests, fairness and gates are functions; ranking metrics sort once.
 *
 * @throws `evaluation/unmatched` when a side has another number of rows and there are no row ids, `input/invalid`
 */
export function compare(options: CompareOptions): EvaluationReport {
  const { task, threshold, minSupport, seed } = { ...DEFAULTS, ...defined(options) };
  const primary = metricFor(task, options.primary ?? PRIMARY[task]).name;
  const metrics = chosen(task, [primary, ...(options.metrics ?? SHOWN[task])]);
  const sliceMetrics = chosen(task, [
    primary,
    ...(options.sliceMetrics ?? (task === 'regression' ? [] : ['accuracy'])),
  ]);
  const truth = toNumbers('truth', options.truth);
  const rows = truth.length;
  if (options.rowIds !== undefined && options.rowIds.length !== rows)
    throw invalidInput('rowIds', `${rows} ids, one per row`, options.rowIds.length);
  const champion = align('champion', options.champion, options.rowIds, rows);
  const challenger = align('challenger', options.challenger, options.rowIds, rows);
  checkTruth(task, truth);
  const sides: Sides = {
    task,
    truth,
    champion,
    challenger,
    cut: { champion: cutOf(champion, threshold), challenger: cutOf(challenger, threshold) },
  };
  const cells =
    task === 'binary'
      ? binaryCells(truth, champion.values, challenger.values, sides.cut.champion, sides.cut.challenger)
      : pairedCells(truth, champion.values, challenger.values);
  const slices = readSlices(options, rows);
  const units = options.units === undefined ? undefined : unitsOf(options.units, rows);
  const compared: ComparedRows = {
    truth,
    champion,
    challenger,
    cells,
    width: task === 'binary' ? BINARY_CELLS : PAIRED_CELLS,
    units,
  };
  const body = {
    schema: 'millwright.evaluation@1' as const,
    task,
    ...(task === 'binary' ? { threshold: sides.cut } : {}),
    champion: champion.name,
    challenger: challenger.name,
    primary,
    seed,
    minSupport,
    ...(units === undefined ? {} : { units: units.count }),
    rows: rowFacts(sides, cells),
    inputs: Object.fromEntries([
      ['truth', digestNumbers(truth)],
      ['champion', champion.digest],
      ['challenger', challenger.digest],
      ...slices.map((slice) => [`slice:${slice.name}`, slice.digest] as const),
    ]),
    overall: overall(sides, compared, metrics),
    slices: slices.flatMap((slice) => sliceGroups(task, compared, slice, sliceMetrics)),
  };
  return { ...body, digest: digestJson(body) };
}

const DEFAULTS = { task: 'binary', threshold: 0.5, minSupport: 50, seed: 0 } as const satisfies Partial<CompareOptions>;

interface Sides {
  readonly task: Task;
  readonly truth: Float64Array;
  readonly champion: AlignedPredictions;
  readonly challenger: AlignedPredictions;
  readonly cut: { readonly champion: number; readonly challenger: number };
}

function chosen(task: Task, names: readonly string[]): Metric[] {
  return [...new Set(names.map((name) => metricFor(task, name)))];
}

function cutOf({ areScores, threshold }: AlignedPredictions, fallback: number): number {
  return areScores ? (threshold ?? fallback) : 1;
}

function checkTruth(task: Task, truth: Float64Array): void {
  for (let i = 0; i < truth.length; i++) {
    const y = truth[i]!;
    if (
      task === 'binary'
        ? y !== 0 && y !== 1 && !Number.isNaN(y)
        : task === 'multiclass' && !(y >= 0 && Number.isInteger(y)) && !Number.isNaN(y)
    )
      throw invalidInput(
        `truth[${i}]`,
        task === 'binary' ? '0, 1 or missing' : 'a class index or missing',
        y,
        task === 'binary' ? 'For other truths pass `task: "multiclass"` or `"regression"`.' : '',
      );
  }
}

function readSlices(options: CompareOptions, rows: number): CodedSlice[] {
  const slices = Object.entries(options.slices ?? {}).map(([name, source]) => codeSlice(name, source, rows));
  for (const names of options.cross ?? []) {
    if (names.length < 2) throw invalidInput('cross', 'two or more slice names', names.length);
    slices.push(
      crossSlices(
        names.map((name) => {
          const slice = slices.find((s) => s.name === name);
          if (slice) return slice;
          throw invalidInput('cross', `names of slices (${slices.map((s) => s.name).join(', ')})`, name);
        }),
      ),
    );
  }
  return slices;
}

function rowFacts({ truth, champion, challenger }: Sides, cells: Uint8Array): EvaluationReport['rows'] {
  let withoutTruth = 0;
  let championInvalid = 0;
  let challengerInvalid = 0;
  let considered = 0;
  for (let i = 0; i < cells.length; i++) {
    if (cells[i] !== EXCLUDED) {
      considered++;
      continue;
    }
    if (Number.isNaN(truth[i])) withoutTruth++;
    else {
      if (Number.isNaN(champion.values[i])) championInvalid++;
      if (Number.isNaN(challenger.values[i])) challengerInvalid++;
    }
  }
  return {
    given: cells.length,
    considered,
    withoutTruth,
    championInvalid,
    challengerInvalid,
    unmatched: champion.unmatched + challenger.unmatched,
  };
}

function overall(sides: Sides, rows: ComparedRows, metrics: readonly Metric[]): Group {
  const [all] = groupMetrics(rows, undefined, 1, metrics);
  const { n, cells, metrics: grouped } = all!;
  const kept = n === rows.cells.length ? sides : keep(sides, rows.cells);
  const whole = new Map(grouped.map((found) => [found.metric, found]));
  return {
    n,
    ...(sides.task === 'regression' ? {} : { cells }),
    metrics: metrics.map((metric) => whole.get(metric.name) ?? fromRows(metric, kept, rows.units !== undefined)),
  };
}

function sliceGroups(task: Task, rows: ComparedRows, slice: CodedSlice, metrics: readonly Metric[]): SliceGroup[] {
  const { name, labels, declared } = slice;
  return groupMetrics(rows, slice.codes, labels.length, metrics).flatMap(({ n, cells, metrics: grouped }, code) => {
    if (n === 0 && !declared) return [];
    const group = { slice: name, value: labels[code]!, declared, n };
    return [{ ...group, ...(task === 'regression' ? {} : { cells }), metrics: grouped }];
  });
}

/** Metrics that need all rows at once. */
function fromRows(metric: Metric, { task, truth, champion, challenger }: Sides, dependent: boolean): MetricComparison {
  if (task === 'binary') {
    if (!champion.areScores || !challenger.areScores) {
      const why = unknown('a model without scores has no ranking', truth.length);
      return comparison(metric, why, why);
    }
    if (metric.name === 'rocAuc') return areas(metric, truth, champion.values, challenger.values, dependent);
    const of = (scores: Float64Array) =>
      metric.name === 'ece' ? calibration({ truth, scores }).ece : averagePrecision({ truth, scores });
    return comparison(metric, of(champion.values), of(challenger.values));
  }
  if (task === 'regression') {
    const of = (predicted: Float64Array) =>
      metric.name === 'r2' ? rSquared({ truth, predicted }) : bias({ truth, predicted });
    return comparison(metric, of(champion.values), of(challenger.values));
  }
  let classes = 1;
  for (const values of [truth, champion.values, challenger.values])
    for (let i = 0; i < values.length; i++) classes = Math.max(classes, values[i]! + 1);
  const of = (predicted: Float64Array) => ofMatrix(metric.name, confusionMatrix(truth, predicted, classes));
  return comparison(metric, of(champion.values), of(challenger.values));
}

function ofMatrix(name: string, matrix: ConfusionMatrix): Measure {
  if (name === 'balancedAccuracy') return matrixBalancedAccuracy(matrix);
  if (name === 'f1Macro') return matrixScore(matrix, 'f', 'macro');
  if (name === 'f1Weighted') return matrixScore(matrix, 'f', 'weighted');
  return name === 'mcc' ? matrixMatthews(matrix) : matrixKappa(matrix);
}

/** Areas and DeLong's test, which takes rows as independent: with units only the values are given. */
function areas(
  metric: Metric,
  truth: Float64Array,
  a: Float64Array,
  b: Float64Array,
  dependent: boolean,
): MetricComparison {
  const result = delong(truth, b, a);
  const n = truth.length;
  // DeLong's test needs two rows of each class, the areas only one.
  if ('undefinedWhy' in result) return comparison(metric, rocAuc({ truth, scores: a }), rocAuc({ truth, scores: b }));
  if (dependent) return comparison(metric, known(result.second.auc, n), known(result.first.auc, n));
  return comparison(
    metric,
    known(result.second.auc, n, result.second.interval),
    known(result.first.auc, n, result.first.interval),
    withInterval(result.difference, result.standardError, 'delong@1', n),
  );
}

/** The rows that count. */
function keep(sides: Sides, cells: Uint8Array): Sides {
  const only = (values: Float64Array) => values.filter((_, i) => cells[i] !== EXCLUDED);
  return {
    ...sides,
    truth: only(sides.truth),
    champion: { ...sides.champion, values: only(sides.champion.values) },
    challenger: { ...sides.challenger, values: only(sides.challenger.values) },
  };
}
