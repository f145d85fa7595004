import type { Verdict } from '../foundation/verdict.js';
import { addExact, EXACT_ZERO, type ExactNumber, exactMean, exactVariance, ratio } from '../profile/exact-number.js';
import { exactSum } from '../profile/exact-sum.js';
import { meanOf, varianceOf } from '../profile/summary.js';
import { createKeys, type KeysPart } from './checks/keys.js';
import { considered, type RowState, rowState } from './checks/row-state.js';
import type { Binder, ColumnSchema, ValidationContext } from './context.js';
import { numbersOf, readerOf, type Slots } from './slots.js';
import { countsOf, type Finding } from './state.js';
import type { Check, ColumnMetric } from './types.js';

type MetricCheck = Check & { readonly kind: 'metric' };

/**
 * Computes metrics of whole columns for `expect.metric(…)`. Sums are exact, so parts in any order give the same bits.
 * Booleans are 0 and 1, points in time milliseconds. A column with NaN has no figure, one with infinities only a
 * smallest and a largest value: those verdicts are `insufficient`. Quantiles and distinct values keep what they see.
 *
 * @example
 * validate(table, [expect.metric('delay', 'mean', { max: 15 })], { metrics });
 */
export const metrics: Binder<'metric'> = (check, schema, context) => {
  const problem = problemOf(check, schema.get(check.column)!, context);
  return problem ?? (() => metricState(check, schema.get(check.column)!, context));
};

/** A figure under way. */
interface Figure {
  block(slots: Slots, rows: Int32Array, length: number): void;
  /** What has been seen, as plain data. */
  part(): unknown;
  merge(part: unknown): void;
  /** Undefined without values; a string says why there is no figure. */
  finish(considered: number): number | string | undefined;
}

function metricState(check: MetricCheck, { name }: ColumnSchema, context: ValidationContext): RowState {
  const figure = FIGURES[check.metric](check.q ?? 0.5);
  const rows = rowState(
    { limit: 0 },
    ({ tally }, block, mask) => {
      const slots = block.slots.get(name)!;
      figure.block(slots, considered(tally, block, mask, [slots]), block.length);
    },
    (tally) => compared(check, context, figure.finish(countsOf(tally).considered)),
  );
  return {
    ...rows,
    part: () => ({ ...rows.part(), figure: figure.part() }),
    merge(part, offset) {
      rows.merge(part, offset);
      figure.merge((part as { readonly figure: unknown }).figure);
    },
  };
}

function compared(
  check: MetricCheck,
  context: ValidationContext,
  observed: number | string | undefined,
): Partial<Finding> {
  // Without a value the rule for empty columns decides; with too few the figure itself is open.
  if (observed === undefined) return {};
  if (typeof observed === 'string') return { verdict: 'insufficient', reasons: [observed] };
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, ofReference } = check;
  const reasons = [`it is ${Number(observed.toPrecision(6))}`];
  let verdict: Verdict = observed >= min && observed <= max ? 'pass' : 'fail';
  if (ofReference !== undefined) {
    const expected = referenceOf(check, context)!;
    const { absolute = 0, relative = 0 } = ofReference;
    if (!(Math.abs(observed - expected) <= absolute + relative * Math.abs(expected))) {
      verdict = 'fail';
      reasons.push(`in the reference it is ${Number(expected.toPrecision(6))}`);
    }
  }
  // JSON has no infinities and no integers beyond 2^53: those are in the sentence only.
  const written = Number.isFinite(observed) && (Number.isSafeInteger(observed) || !Number.isInteger(observed));
  return { ...(written && { observed }), verdict, reasons: verdict === 'pass' && written ? [] : reasons };
}

function problemOf(check: MetricCheck, column: ColumnSchema, context: ValidationContext): string | undefined {
  const { metric, min, max, ofReference, q } = check;
  if (min === undefined && max === undefined && ofReference === undefined) return 'a metric needs a bound';
  if (Number.isNaN(min) || Number.isNaN(max) || (min ?? -Infinity) > (max ?? Infinity))
    return `the bounds ${min} and ${max} are not in order`;
  if (q !== undefined && !(q >= 0 && q <= 1)) return `\`q\` is a fraction from 0 to 1, got ${q}`;
  const text = column.type === 'utf8' || column.type === 'dictionary';
  if (text && metric !== 'distinct' && metric !== 'distinctShare')
    return `\`${column.name}\` (${column.type}) has no ${metric}`;
  if (ofReference !== undefined && referenceOf(check, context) === undefined)
    return `the reference profile, given as \`reference\`, has no ${metric} of \`${column.name}\``;
  return undefined;
}

function referenceOf({ column, metric }: MetricCheck, { reference }: ValidationContext): number | undefined {
  const profile = reference?.columns.get(column);
  if (profile?.kind !== 'number') return undefined;
  switch (metric) {
    case 'mean':
      return meanOf(profile);
    case 'stddev':
      return rootOf(varianceOf(profile));
    case 'min':
    case 'max':
      return profile[metric];
    default:
      return undefined;
  }
}

const FIGURES: Readonly<Record<ColumnMetric, (q: number) => Figure>> = {
  sum: () => sums(false, ({ total }) => ratio(total, 1n)),
  mean: () => sums(false, ({ total }, n) => exactMean(total, n)),
  stddev: () =>
    sums(true, (of, n) => rootOf(exactVariance(of.total, of.squares, n)) ?? 'one value has no standard deviation'),
  min: () => extreme(Math.min, Number.POSITIVE_INFINITY),
  max: () => extreme(Math.max, Number.NEGATIVE_INFINITY),
  quantile,
  distinct: () => distinct(false),
  distinctShare: () => distinct(true),
};

interface Totals {
  /** Whether something was not finite. */
  readonly odd: boolean;
  readonly total: ExactNumber;
  readonly squares: ExactNumber;
}

const NOT_FINITE = 'the column holds NaN or an infinity';

function sums(squared: boolean, figureOf: (totals: Totals, n: number) => number | string | undefined): Figure {
  const sum = exactSum();
  const squares = exactSum();
  let merged: Totals = { odd: false, total: EXACT_ZERO, squares: EXACT_ZERO };
  let odd = false;
  const part = (): Totals => ({
    total: addExact(merged.total, sum.total()),
    squares: addExact(merged.squares, squares.total()),
    odd: odd || merged.odd,
  });
  return {
    part,
    block(slots, rows, length) {
      const values = valuesOf(slots, rows, length);
      odd ||= !values.every(Number.isFinite);
      if (odd) return;
      sum.addAll(values, values.length);
      if (squared) squares.addSquares(values, values.length);
    },
    merge(later) {
      const { odd: theirs, total, squares: squared } = later as Totals;
      merged = {
        odd: merged.odd || theirs,
        total: addExact(merged.total, total),
        squares: addExact(merged.squares, squared),
      };
    },
    finish(n) {
      const totals = part();
      return totals.odd ? NOT_FINITE : n === 0 ? undefined : figureOf(totals, n);
    },
  };
}

function extreme(of: (a: number, b: number) => number, none: number): Figure {
  let value = none;
  return {
    part: () => value,
    block(slots, rows, length) {
      // NaN is smaller and larger than everything: it stays.
      for (const next of valuesOf(slots, rows, length)) value = of(value, next);
    },
    merge(later) {
      value = of(value, later as number);
    },
    finish: (n) => (Number.isNaN(value) ? 'the column holds NaN' : n === 0 ? undefined : value + 0),
  };
}

/** 512 MiB of values. */
const MAX_VALUES = 2 ** 26;

function quantile(q: number): Figure {
  let held = new Float64Array(1_024);
  let size = 0;
  const merge = (part: unknown) => {
    const values = part as Float64Array;
    if (size > MAX_VALUES) return;
    if (size + values.length > held.length) {
      const smaller = held;
      held = new Float64Array(2 * (size + values.length));
      held.set(smaller);
    }
    held.set(values, size);
    size += values.length;
  };
  return {
    block: (slots, rows, length) => merge(valuesOf(slots, rows, length)),
    part: () => held.slice(0, size),
    merge,
    finish() {
      if (size > MAX_VALUES) return `there are more than ${MAX_VALUES} values; check a sample`;
      if (size === 0) return undefined;
      const sorted = held.slice(0, size).sort();
      // Sorted, NaN comes last.
      if (!Number.isFinite(sorted[0]!) || !Number.isFinite(sorted[size - 1]!)) return NOT_FINITE;
      const at = q * (size - 1);
      const low = sorted[Math.floor(at)]!;
      const high = sorted[Math.ceil(at)]!;
      return low + (high - low) * (at - Math.floor(at)) + 0;
    },
  };
}

function distinct(share: boolean): Figure {
  const keys = createKeys();
  let full = false;
  return {
    block(slots, rows, length) {
      full ||= keys.idsOf([slots], rows, length).includes(-1);
    },
    part: () => ({ keys: keys.part(), full }),
    merge(part) {
      const later = part as { readonly keys: KeysPart; readonly full: boolean };
      full ||= later.full || keys.absorb(later.keys).includes(-1);
    },
    finish(n) {
      if (n === 0) return undefined;
      if (full) return 'there are too many distinct values';
      return share ? keys.size() / n : keys.size();
    },
  };
}

/** The values of those rows, as numbers. */
function valuesOf(slots: Slots, rows: Int32Array, length: number): Float64Array {
  const numbers = numbersOf(slots, length);
  if (numbers && rows.length === length) return numbers;
  const read = readerOf(slots.column, slots.chunk);
  const values = new Float64Array(rows.length);
  for (let r = 0; r < rows.length; r++) values[r] = numbers ? numbers[rows[r]!]! : Number(read(slots.from + rows[r]!));
  return values;
}

function rootOf(variance: number | undefined): number | undefined {
  return variance === undefined ? undefined : Math.sqrt(variance);
}
