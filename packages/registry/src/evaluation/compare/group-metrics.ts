import { normalQuantile, wilsonInterval } from '@millwright/core/statistics';
import type { CellMetric, LossMetric, Metric } from '../metrics/catalogue.js';
import { known, type Measure, unknown } from '../metrics/measure.js';
import { BINARY_CELLS, type Cells, confusionOf, countCells, EXCLUDED, PAIRED_CELLS, rightness } from './cells.js';
import type { AlignedPredictions } from './inputs.js';
import { cellDifference, cellInfluence, type Difference, meanDifference, rateDifference } from './paired.js';
import type { MetricComparison } from './report.js';
import { clustered, type UnitSpread, type Units, unitSpread } from './units.js';

/** Rows as the kernels see them: truth, both models' values, the cell of each row, and units where rows are dependent. */
export interface ComparedRows {
  readonly truth: Float64Array;
  readonly champion: AlignedPredictions;
  readonly challenger: AlignedPredictions;
  readonly cells: Uint8Array;
  readonly width: typeof BINARY_CELLS | typeof PAIRED_CELLS;
  readonly units: Units | undefined;
}

/** The rows of one code: how many, their cells, and the metrics that cells and sums of losses give. */
export interface GroupMetrics {
  readonly n: number;
  readonly cells: Cells;
  readonly metrics: readonly MetricComparison[];
}

/** Cell and loss metrics of every code, in one pass per metric kind; `codes` undefined makes one group of all rows. */
export function groupMetrics(
  rows: ComparedRows,
  codes: Int32Array | undefined,
  labels: number,
  metrics: readonly Metric[],
): GroupMetrics[] {
  const all = codes ?? new Int32Array(rows.cells.length);
  const counts = countCells(rows.cells, all, labels, rows.width);
  const cells = Array.from({ length: labels }, (_, code) =>
    Array.from(counts.subarray(code * rows.width, (code + 1) * rows.width)),
  );
  const columns = metrics.flatMap((metric) => {
    if (metric.kind === 'cells') return [cellColumn(rows, all, metric, cells)];
    return metric.kind === 'loss' ? [lossColumn(rows, all, labels, metric)] : [];
  });
  return cells.map((own, code) => ({
    n: own.reduce((sum, count) => sum + count, 0),
    cells: own,
    metrics: columns.map((column) => column[code]!),
  }));
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

const EMPTY = { all: 'there is no row', positives: 'no row is positive', negatives: 'no row is negative' } as const;
const Z95 = normalQuantile(0.975);
const SIDES = ['champion', 'challenger', 'difference'] as const;
type Side = (typeof SIDES)[number];

/** A side's value as a function of cells. */
function sideOf(metric: CellMetric, side: Side): (cells: Cells) => number | undefined {
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

/** One cell metric of every code; by unit where rows are dependent. */
function cellColumn(
  { cells: rowCells, units }: ComparedRows,
  codes: Int32Array,
  metric: CellMetric,
  cells: readonly Cells[],
): MetricComparison[] {
  const column = cells.map((own) => fromCells(metric, own));
  if (units === undefined) return column;
  const spreads = SIDES.map((side) => {
    const influences = cells.map((own) => cellInfluence(own, sideOf(metric, side))?.ofCell);
    return unitSpread(
      units,
      cells.length,
      (row) => (rowCells[row] === EXCLUDED ? -1 : codes[row]!),
      (row, code) => influences[code]?.[rowCells[row]!] ?? 0,
    );
  });
  const sizes = cells.map((own) => own.reduce((sum, count) => sum + count, 0));
  return column.map((found, code) => byUnit(found, spreads, code, sizes[code]!));
}

/** Per code: n, then for champion, challenger and difference Σ and Σ². */
const SUMS = 7;

function lossColumn(
  { truth, champion, challenger, cells, units }: ComparedRows,
  codes: Int32Array,
  labels: number,
  metric: LossMetric,
): MetricComparison[] {
  const sums = new Float64Array(labels * SUMS);
  for (let i = 0; i < cells.length; i++) {
    const code = codes[i]!;
    if (cells[i] === EXCLUDED || code < 0) continue;
    const a = metric.loss(truth[i]!, champion.values[i]!);
    const b = metric.loss(truth[i]!, challenger.values[i]!);
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
  const column = Array.from({ length: labels }, (_, code) => {
    const at = code * SUMS;
    const n = sums[at]!;
    return comparison(
      metric,
      lossMeasure(metric, n, sums[at + 1]!, sums[at + 2]!),
      lossMeasure(metric, n, sums[at + 3]!, sums[at + 4]!),
      meanDifference(n, sums[at + 5]!, sums[at + 6]!),
    );
  });
  if (units === undefined) return column;
  const lossOf = (row: number, side: Side) => {
    const a = side === 'challenger' ? 0 : metric.loss(truth[row]!, champion.values[row]!);
    const b = side === 'champion' ? 0 : metric.loss(truth[row]!, challenger.values[row]!);
    return side === 'difference' ? b - a : a + b;
  };
  const spreads = SIDES.map((side, k) =>
    unitSpread(
      units,
      labels,
      (row) => (cells[row] === EXCLUDED ? -1 : codes[row]!),
      (row, code) => lossOf(row, side) - sums[code * SUMS + 1 + 2 * k]! / sums[code * SUMS]!,
    ),
  );
  return column.map((found, code) => byUnit(found, spreads, code, sums[code * SUMS]!, metric));
}

function lossMeasure(metric: LossMetric, n: number, sum: number, squares: number): Measure {
  if (n === 0) return unknown('there is no row');
  const mean = meanDifference(n, sum, squares);
  const shown = (value: number) => (metric.root ? Math.sqrt(Math.max(0, value)) : value);
  if (mean === undefined) return known(shown(sum / n), n);
  return known(shown(mean.value), n, { lower: shown(mean.lower), upper: shown(mean.upper) });
}

/** The same comparison with errors that allow dependence inside units; without two units there is no test. */
function byUnit(
  found: MetricComparison,
  spreads: readonly UnitSpread[],
  code: number,
  n: number,
  metric?: LossMetric,
): MetricComparison {
  const { difference, ...rest } = found;
  const widen = (measure: Measure, spread: UnitSpread): Measure => {
    if (measure.value === undefined) return measure;
    const units = spread.units[code]!;
    if (units < 2) return { value: measure.value, n: measure.n };
    const error = (Math.sqrt((units / (units - 1)) * spread.squares[code]!) / n) * Z95;
    const mean = metric?.root ? measure.value ** 2 : measure.value;
    const shown = (value: number) => (metric?.root ? Math.sqrt(Math.max(0, value)) : value);
    return known(measure.value, measure.n, { lower: shown(mean - error), upper: shown(mean + error) });
  };
  const base = {
    ...rest,
    champion: widen(rest.champion, spreads[0]!),
    challenger: widen(rest.challenger, spreads[1]!),
  };
  const wider = difference && clustered({ ...difference, n }, spreads[2]!, code);
  return wider === undefined ? base : { ...base, difference: wider };
}
