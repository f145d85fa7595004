import { columnOf } from '../table/table.js';
import { type Anchor, addCells, type CellCounts, countInCells } from './checks/cell-counts.js';
import { distance, groupCells, noiseOf } from './checks/distance.js';
import type { Binder } from './context.js';
import type { CheckState, Finding } from './state.js';
import type { Check } from './types.js';

type DistributionCheck = Check & { readonly kind: 'distribution' };

/**
 * Compares columns with the reference profile for `expect.distribution(…)`. What noise alone would give is taken into
 * account: a distance beyond the bound by less than that is `insufficient`, with the number of rows that would settle it.
 *
 * @example
 * validate(table, [expect.distribution('hour', { max: 0.05 })], { reference: january, distributions });
 */
export const distributions: Binder<'distribution'> = (check, _, { reference }) => {
  const { column, max } = check;
  if (reference === undefined) return 'give the reference profile as `reference`';
  const anchor = reference.columns.get(column);
  if (anchor === undefined) return `the reference profile has no column \`${column}\``;
  if (anchor.kind === 'presence') return `the reference profile has only presence for \`${column}\``;
  if (!(max >= 0)) return `\`max\` is a distance of at least 0, got ${max}`;
  return () => distributionState(check, anchor);
};

function distributionState(check: DistributionCheck, anchor: Anchor): CheckState {
  let found: CellCounts | undefined;
  const merge = (part: unknown) => {
    const later = part as CellCounts | undefined;
    found = found && later ? addCells(found, later) : (found ?? later);
  };
  return {
    table: (table) => merge(countInCells(columnOf(table, check.column), anchor)),
    part: () => found,
    merge,
    finish: () => compared(check, anchor, found),
  };
}

function compared(
  { measure, max, minRows }: DistributionCheck,
  anchor: Anchor,
  found: CellCounts | undefined,
): Finding {
  const rows = found?.rows ?? 0;
  const missing = found?.nulls ?? 0;
  const counts = { rows, excluded: 0, missing, considered: rows - missing, unexpected: 0 };
  if (counts.considered < minRows) {
    const reasons = [`there are ${counts.considered} values; at least ${minRows} are needed`];
    return { counts, verdict: 'insufficient' as const, reasons, need: { rows: minRows - counts.considered } };
  }
  if (found?.cells === undefined)
    return { counts, verdict: 'insufficient' as const, reasons: ['the reference holds another kind of values'] };
  const cells = groupCells(anchor, found.cells);
  const observed = distance(measure, cells);
  const noise = noiseOf(measure, cells);
  if (observed <= max) return { counts, observed, verdict: 'pass' as const };
  const said = `the distance is ${observed.toPrecision(3)}, of which noise explains about ${noise.toPrecision(2)}`;
  if (observed - noise > max) return { counts, observed, verdict: 'fail' as const, reasons: [said] };
  return { counts, observed, verdict: 'insufficient' as const, reasons: [said], need: { rows: counts.considered } };
}
