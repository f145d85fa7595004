import { wilsonInterval } from '@millwright/core/statistics';
import type { CellMetric, LossMetric, Metric } from '../metrics/catalogue.js';
import { known, type Measure, unknown } from '../metrics/measure.js';
import { BINARY_CELLS, type Cells, confusionOf, countCells, EXCLUDED, PAIRED_CELLS, rightness } from './cells.js';
import type { AlignedPredictions } from './inputs.js';
import { cellDifference, type Difference, meanDifference, rateDifference } from './paired.js';
import type { MetricComparison } from './report.js';
import type { Units } from './units.js';

/** Rows as the kernels see them: truth, both models' values, the cell of each row, and units where rows are dependent. */
export interface ComparedRows {
  readonly truth: Float64Array;
  readonly champion: AlignedPredictions;
  readonly challenger: AlignedPredictions;
  readonly cells: Uint8Array;
  readonly width: CellWidth;
  readonly units?: Units | undefined;
}

export type CellWidth = typeof BINARY_CELLS | typeof PAIRED_CELLS;

/**
 * What groups of rows come to, by code: counts of cells and sums of losses. All threshold metrics, means of losses and
 * their tests are functions of them. Tallies of parts add up: counts exactly, sums up to rounding.
 */
export interface Tally {
  readonly width: CellWidth;
  /** `cells[code * width + cell]` */
  cells: Float64Array;
  /** By metric: `sums[code * SUMS + …]`. */
  readonly sums: Map<string, Float64Array>;
}

/** Per code: n, then for champion, challenger and difference Σ and Σ². */
export const SUMS = 7;

export function emptyTally(width: CellWidth): Tally {
  return { width, cells: new Float64Array(0), sums: new Map() };
}

/** Adds rows to the groups of their codes (-1 belongs to none), in one pass per kind of metric. */
export function addRows(
  tally: Tally,
  rows: ComparedRows,
  codes: Int32Array,
  labels: number,
  metrics: readonly Metric[],
): void {
  const counts = countCells(rows.cells, codes, labels, tally.width);
  tally.cells = grown(tally.cells, counts.length);
  for (let i = 0; i < counts.length; i++) tally.cells[i]! += counts[i]!;
  for (const metric of metrics) {
    if (metric.kind !== 'loss') continue;
    const sums = grown(tally.sums.get(metric.name) ?? new Float64Array(0), labels * SUMS);
    tally.sums.set(metric.name, sums);
    addLosses(sums, rows, codes, metric);
  }
}

/** Adds another tally, whose code `c` is `codeOf(c)` here. */
export function addTally(tally: Tally, other: Tally, codeOf: (code: number) => number): void {
  tally.cells = addLines(tally.cells, other.cells, tally.width, codeOf);
  for (const [name, sums] of other.sums)
    tally.sums.set(name, addLines(tally.sums.get(name) ?? new Float64Array(0), sums, SUMS, codeOf));
}

/** The cells of one code. */
export function cellsOf({ cells, width }: Tally, code: number): Cells {
  return Array.from({ length: width }, (_, cell) => cells[code * width + cell] ?? 0);
}

/** A cell or loss metric of one code; undefined for metrics that need more than a tally. */
export function fromTally(tally: Tally, code: number, metric: Metric): MetricComparison | undefined {
  if (metric.kind === 'cells') return fromCells(metric, cellsOf(tally, code));
  return metric.kind === 'loss' ? fromLosses(metric, tally.sums.get(metric.name), code) : undefined;
}

/** A cell metric of both models; rates get Wilson's interval and McNemar's counts, the rest the delta method. */
export function fromCells(metric: CellMetric, cells: Cells): MetricComparison {
  if (cells.length === PAIRED_CELLS || metric.rate !== undefined) {
    const paired = rightness(cells, metric.rate ?? 'all');
    const n = paired.both + paired.onlyChampion + paired.onlyChallenger + paired.neither;
    const share = (count: number): Measure =>
      n > 0 ? known(count / n, n, wilsonInterval({ count, n })) : unknown(EMPTY[metric.rate ?? 'all']);
    return comparison(
      metric,
      share(paired.both + paired.onlyChampion),
      share(paired.both + paired.onlyChallenger),
      rateDifference(paired),
    );
  }
  return comparison(
    metric,
    withCellInterval(metric, cells, 'champion'),
    withCellInterval(metric, cells, 'challenger'),
    cellDifference(cells, sideOf(metric, 'difference')),
  );
}

/** A comparison as the report holds it. */
export function comparison(
  { name, id, better }: Metric,
  champion: Measure,
  challenger: Measure,
  difference?: Difference,
): MetricComparison {
  const base = { metric: name, id, better, champion, challenger };
  return difference === undefined ? base : { ...base, difference };
}

/** A side of a comparison. */
export const SIDES = ['champion', 'challenger', 'difference'] as const;
export type Side = (typeof SIDES)[number];

/** A side's value as a function of cells. */
export function sideOf(metric: CellMetric, side: Side): (cells: Cells) => number | undefined {
  const one = (cells: Cells, model: 'champion' | 'challenger') => {
    if (cells.length === BINARY_CELLS) return metric.of(confusionOf(cells, model)).value;
    const n = cells.reduce((sum, count) => sum + count, 0);
    return n > 0 ? (cells[3]! + cells[model === 'champion' ? 2 : 1]!) / n : undefined;
  };
  if (side !== 'difference') return (cells) => one(cells, side);
  return (cells) => {
    const a = one(cells, 'champion');
    const b = one(cells, 'challenger');
    return a === undefined || b === undefined ? undefined : b - a;
  };
}

const EMPTY = { all: 'there is no row', positives: 'no row is positive', negatives: 'no row is negative' } as const;

function addLosses(
  sums: Float64Array,
  { truth, champion, challenger, cells, width }: ComparedRows,
  codes: Int32Array,
  metric: LossMetric,
): void {
  const byCell = metric.ofDecision && width === BINARY_CELLS;
  for (let i = 0; i < cells.length; i++) {
    const code = codes[i]!;
    if (cells[i] === EXCLUDED || code < 0) continue;
    const a = metric.loss(truth[i]!, byCell ? (cells[i]! >> 1) & 1 : champion.values[i]!);
    const b = metric.loss(truth[i]!, byCell ? cells[i]! & 1 : challenger.values[i]!);
    const d = b - a;
    const at = code * SUMS;
    sums[at]!++;
    sums[at + 1]! += a;
    sums[at + 2]! += a * a;
    sums[at + 3]! += b;
    sums[at + 4]! += b * b;
    sums[at + 5]! += d;
    sums[at + 6]! += d * d;
  }
}

function fromLosses(metric: LossMetric, sums: Float64Array = new Float64Array(0), code: number): MetricComparison {
  const at = (i: number) => sums[code * SUMS + i] ?? 0;
  return comparison(
    metric,
    lossMeasure(metric, at(0), at(1), at(2)),
    lossMeasure(metric, at(0), at(3), at(4)),
    meanDifference(at(0), at(5), at(6)),
  );
}

function withCellInterval(metric: CellMetric, cells: Cells, model: 'champion' | 'challenger'): Measure {
  const measure = metric.of(confusionOf(cells, model));
  if (measure.value === undefined) return measure;
  if (metric.proportion) {
    const { value, n } = measure;
    return known(value, n, wilsonInterval({ count: Math.round(value * n), n }));
  }
  const spread = cellDifference(cells, sideOf(metric, model));
  return spread === undefined ? measure : known(measure.value, measure.n, { lower: spread.lower, upper: spread.upper });
}

function lossMeasure(metric: LossMetric, n: number, sum: number, squares: number): Measure {
  if (n === 0) return unknown('there is no row');
  const mean = meanDifference(n, sum, squares);
  const shown = (value: number) => (metric.root ? Math.sqrt(Math.max(0, value)) : value);
  if (mean === undefined) return known(shown(sum / n), n);
  return known(shown(mean.value), n, { lower: shown(mean.lower), upper: shown(mean.upper) });
}

/** At least `length` long; what is new is 0. */
function grown(values: Float64Array, length: number): Float64Array {
  if (values.length >= length) return values;
  const out = new Float64Array(length);
  out.set(values);
  return out;
}

function addLines(
  own: Float64Array,
  other: Float64Array,
  width: number,
  codeOf: (code: number) => number,
): Float64Array {
  let out = own;
  for (let code = 0; code * width < other.length; code++) {
    const to = codeOf(code);
    out = grown(out, (to + 1) * width);
    for (let i = 0; i < width; i++) out[to * width + i]! += other[code * width + i]!;
  }
  return out;
}
