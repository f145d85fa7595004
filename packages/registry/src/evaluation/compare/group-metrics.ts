import { normalQuantile } from '@millwright/core/statistics';
import type { CellMetric, LossMetric, Metric } from '../metrics/catalogue.js';
import { known, type Measure } from '../metrics/measure.js';
import { BINARY_CELLS, type Cells, EXCLUDED } from './cells.js';
import { cellInfluence } from './paired.js';
import type { MetricComparison } from './report.js';
import {
  addRows,
  type ComparedRows,
  cellsOf,
  emptyTally,
  fromTally,
  SIDES,
  type Side,
  SUMS,
  sideOf,
  type Tally,
} from './tally.js';
import { clustered, type UnitSpread, type Units, unitSpread } from './units.js';

/** The rows of one code: how many, their cells, and the metrics that cells and sums of losses give. */
export interface GroupMetrics {
  readonly n: number;
  readonly cells: Cells;
  readonly metrics: readonly MetricComparison[];
}

/** Cell and loss metrics of every code; `codes` undefined makes one group of all rows. */
export function groupMetrics(
  rows: ComparedRows,
  codes: Int32Array | undefined,
  labels: number,
  metrics: readonly Metric[],
): GroupMetrics[] {
  const all = codes ?? new Int32Array(rows.cells.length);
  const tally = emptyTally(rows.width);
  addRows(tally, rows, all, labels, metrics);
  const groups = talliedGroups(tally, labels, metrics);
  return rows.units === undefined ? groups : byUnits(groups, { rows, units: rows.units, codes: all, tally, metrics });
}

/** The groups of a tally. */
export function talliedGroups(tally: Tally, labels: number, metrics: readonly Metric[]): GroupMetrics[] {
  return Array.from({ length: labels }, (_, code) => {
    const cells = cellsOf(tally, code);
    return {
      n: cells.reduce((sum, count) => sum + count, 0),
      cells,
      metrics: metrics.flatMap((metric) => fromTally(tally, code, metric) ?? []),
    };
  });
}

interface UnitRows {
  readonly rows: ComparedRows;
  readonly units: Units;
  readonly codes: Int32Array;
  readonly tally: Tally;
  readonly metrics: readonly Metric[];
}

const Z95 = normalQuantile(0.975);

/** The same groups with errors that allow dependence inside units. */
function byUnits(groups: readonly GroupMetrics[], given: UnitRows): GroupMetrics[] {
  const spreads = new Map(
    given.metrics.flatMap((metric) =>
      metric.kind === 'cells'
        ? [[metric.name, cellSpreads(groups, given, metric)] as const]
        : metric.kind === 'loss'
          ? [[metric.name, lossSpreads(groups, given, metric)] as const]
          : [],
    ),
  );
  return groups.map((group, code) => ({
    ...group,
    metrics: group.metrics.map((found) => {
      const metric = given.metrics.find(({ name }) => name === found.metric);
      return byUnit(found, spreads.get(found.metric)!, code, group.n, metric?.kind === 'loss' ? metric : undefined);
    }),
  }));
}

function cellSpreads(
  groups: readonly GroupMetrics[],
  { rows, units, codes }: UnitRows,
  metric: CellMetric,
): UnitSpread[] {
  return SIDES.map((side) => {
    const influences = groups.map(({ cells }) => cellInfluence(cells, sideOf(metric, side))?.ofCell);
    return unitSpread(
      units,
      groups.length,
      (row) => (rows.cells[row] === EXCLUDED ? -1 : codes[row]!),
      (row, code) => influences[code]?.[rows.cells[row]!] ?? 0,
    );
  });
}

function lossSpreads(
  groups: readonly GroupMetrics[],
  { rows: { truth, champion, challenger, cells, width }, units, codes, tally }: UnitRows,
  metric: LossMetric,
): UnitSpread[] {
  const sums = tally.sums.get(metric.name)!;
  const byCell = metric.ofDecision && width === BINARY_CELLS;
  const lossOf = (row: number, side: Side) => {
    const [p, q] = byCell
      ? [(cells[row]! >> 1) & 1, cells[row]! & 1]
      : [champion.values[row]!, challenger.values[row]!];
    const a = side === 'challenger' ? 0 : metric.loss(truth[row]!, p);
    const b = side === 'champion' ? 0 : metric.loss(truth[row]!, q);
    return side === 'difference' ? b - a : a + b;
  };
  return SIDES.map((side, k) =>
    unitSpread(
      units,
      groups.length,
      (row) => (cells[row] === EXCLUDED ? -1 : codes[row]!),
      (row, code) => lossOf(row, side) - sums[code * SUMS + 1 + 2 * k]! / sums[code * SUMS]!,
    ),
  );
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
