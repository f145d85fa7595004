import { defined, digestJson, invalidInput } from '@millwright/core';
import { delong, wilsonInterval } from '@millwright/core/statistics';
import { calibration } from './calibration.js';
import { type LossMetric, type Metric, metricFor, PRIMARY, SHOWN, type Task } from './catalogue.js';
import {
  BINARY_CELLS,
  binaryCells,
  type Cells,
  confusionOf,
  countAll,
  countCells,
  EXCLUDED,
  PAIRED_CELLS,
  pairedCells,
  rightness,
} from './cells.js';
import { type AlignedPredictions, align, digestNumbers, type Predictions, toNumbers, type Values } from './inputs.js';
import { known, type Measure, unknown } from './measure.js';
import {
  type ConfusionMatrix,
  confusionMatrix,
  matrixBalancedAccuracy,
  matrixKappa,
  matrixMatthews,
  matrixScore,
} from './multiclass.js';
import { cellDifference, type Difference, meanDifference, rateDifference, withInterval } from './paired.js';
import { bias, rSquared } from './regression.js';
import type { EvaluationReport, Group, MetricComparison, SliceGroup } from './report.js';
import { averagePrecision } from './scores.js';
import { type CodedSlice, codeSlice, crossSlices, type SliceSource } from './slices.js';

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
  const body = {
    schema: 'millwright.evaluation@1' as const,
    task,
    ...(task === 'binary' ? { threshold: sides.cut } : {}),
    champion: champion.name,
    challenger: challenger.name,
    primary,
    seed,
    minSupport,
    rows: rowFacts(sides, cells),
    inputs: Object.fromEntries([
      ['truth', digestNumbers(truth)],
      ['champion', champion.digest],
      ['challenger', challenger.digest],
      ...slices.map((slice) => [`slice:${slice.name}`, slice.digest] as const),
    ]),
    overall: overall(sides, cells, metrics),
    slices: slices.flatMap((slice) => sliceGroups(sides, cells, slice, sliceMetrics)),
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

function overall(sides: Sides, cells: Uint8Array, metrics: readonly Metric[]): Group {
  const width = sides.task === 'binary' ? BINARY_CELLS : PAIRED_CELLS;
  const { counts, excluded } = countAll(cells, width);
  const losses = lossSums(sides, cells, undefined, 1, metrics);
  const kept = excluded === 0 ? sides : keep(sides, cells);
  return {
    n: cells.length - excluded,
    ...(sides.task === 'regression' ? {} : { cells: counts }),
    metrics: metrics.map((metric) => {
      if (metric.kind === 'cells') return fromCells(metric, counts);
      if (metric.kind === 'loss') return fromLosses(metric, losses.get(metric.name)!, 0);
      return fromRows(metric, kept);
    }),
  };
}

function sliceGroups(sides: Sides, cells: Uint8Array, slice: CodedSlice, metrics: readonly Metric[]): SliceGroup[] {
  const labels = slice.labels.length;
  const width = sides.task === 'binary' ? BINARY_CELLS : PAIRED_CELLS;
  const counts = countCells(cells, slice.codes, labels, width);
  const losses = lossSums(sides, cells, slice.codes, labels, metrics);
  const groups: SliceGroup[] = [];
  for (let code = 0; code < labels; code++) {
    const own = Array.from(counts.subarray(code * width, (code + 1) * width));
    const n = own.reduce((sum, count) => sum + count, 0);
    if (n === 0 && !slice.declared) continue;
    groups.push({
      slice: slice.name,
      value: slice.labels[code]!,
      declared: slice.declared,
      n,
      ...(sides.task === 'regression' ? {} : { cells: own }),
      metrics: metrics.flatMap((metric) => {
        if (metric.kind === 'cells') return [fromCells(metric, own)];
        if (metric.kind === 'loss') return [fromLosses(metric, losses.get(metric.name)!, code)];
        return [];
      }),
    });
  }
  return groups;
}

/** A cell metric of both models; rates get Wilson's interval and McNemar's counts, the rest the delta method. */
export function fromCells(metric: Extract<Metric, { kind: 'cells' }>, cells: Cells): MetricComparison {
  const rate = metric.rate ?? 'all';
  let champion: Measure;
  let challenger: Measure;
  let difference: Difference | undefined;
  if (cells.length === PAIRED_CELLS || metric.rate !== undefined) {
    const paired = rightness(cells, rate);
    const n = paired.both + paired.onlyChampion + paired.onlyChallenger + paired.neither;
    const why = rate === 'all' ? 'there is no row' : rate === 'positives' ? 'no row is positive' : 'no row is negative';
    const share = (count: number): Measure =>
      n > 0 ? known(count / n, n, wilsonInterval({ count, n })) : unknown(why);
    champion = share(paired.both + paired.onlyChampion);
    challenger = share(paired.both + paired.onlyChallenger);
    difference = rateDifference(paired);
  } else {
    champion = metric.of(confusionOf(cells, 'champion'));
    challenger = metric.of(confusionOf(cells, 'challenger'));
    difference = cellDifference(cells, (at) => {
      const a = metric.of(confusionOf(at, 'champion')).value;
      const b = metric.of(confusionOf(at, 'challenger')).value;
      return a === undefined || b === undefined ? undefined : b - a;
    });
  }
  return comparison(metric, champion, challenger, difference);
}

function comparison(
  { name, id, better }: Metric,
  champion: Measure,
  challenger: Measure,
  difference?: Difference,
): MetricComparison {
  const base = { metric: name, id, better, champion, challenger };
  return difference === undefined ? base : { ...base, difference };
}

/** Per code: n, Σ champion, Σ challenger, Σ d, Σ d² of a loss. */
type LossSums = Float64Array;
const SUMS = 5;

function lossSums(
  { truth, champion, challenger }: Sides,
  cells: Uint8Array,
  codes: Int32Array | undefined,
  labels: number,
  metrics: readonly Metric[],
): ReadonlyMap<string, LossSums> {
  const out = new Map<string, LossSums>();
  for (const metric of metrics) {
    if (metric.kind !== 'loss') continue;
    const sums = new Float64Array(labels * SUMS);
    for (let i = 0; i < cells.length; i++) {
      const code = codes === undefined ? 0 : codes[i]!;
      if (cells[i] === EXCLUDED || code < 0) continue;
      const a = metric.loss(truth[i]!, champion.values[i]!);
      const b = metric.loss(truth[i]!, challenger.values[i]!);
      const d = b - a;
      const at = code * SUMS;
      sums[at]!++;
      sums[at + 1]! += a;
      sums[at + 2]! += b;
      sums[at + 3]! += d;
      sums[at + 4]! += d * d;
    }
    out.set(metric.name, sums);
  }
  return out;
}

function fromLosses(metric: LossMetric, sums: LossSums, code: number): MetricComparison {
  const at = code * SUMS;
  const n = sums[at]!;
  const value = (sum: number) => {
    if (n === 0) return unknown('there is no row');
    return known(metric.root ? Math.sqrt(sum / n) : sum / n, n);
  };
  return comparison(
    metric,
    value(sums[at + 1]!),
    value(sums[at + 2]!),
    meanDifference(n, sums[at + 3]!, sums[at + 4]!),
  );
}

/** Metrics that need all rows at once. */
function fromRows(metric: Metric, { task, truth, champion, challenger }: Sides): MetricComparison {
  if (task === 'binary') {
    if (!champion.areScores || !challenger.areScores) {
      const why = unknown('a model without scores has no ranking', truth.length);
      return comparison(metric, why, why);
    }
    if (metric.name === 'rocAuc') return areas(metric, truth, champion.values, challenger.values);
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

function areas(metric: Metric, truth: Float64Array, a: Float64Array, b: Float64Array): MetricComparison {
  const result = delong(truth, b, a);
  const n = truth.length;
  if ('undefinedWhy' in result) {
    const why = unknown(result.undefinedWhy, n);
    return comparison(metric, why, why);
  }
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
