import type { Verdict } from '../foundation/verdict.js';
import { addExact, EXACT_ZERO, type ExactNumber, exactMean, exactVariance, ratio } from '../profile/exact-number.js';
import { exactSum } from '../profile/exact-sum.js';
import { meanOf, varianceOf } from '../profile/summary.js';
import { keysOf, MAX_KEYS } from './checks/keys.js';
import { eachConsidered, type RowState, rowState } from './checks/row-state.js';
import type { Binder, ColumnSchema, ValidationContext } from './plan.js';
import { readerOf, type SlotValue } from './slots.js';
import { countsOf, type Finding } from './state.js';
import type { Check, Metric } from './types.js';

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

/** Part of a figure under way. What it computes from no values, or too few, is undefined; a string says why there is none. */
interface Figure {
  add(value: SlotValue): void;
  /** What has been seen, as plain data. */
  part(): unknown;
  merge(part: unknown): void;
  finish(considered: number): number | string | undefined;
}

function metricState(check: MetricCheck, { name, type }: ColumnSchema, context: ValidationContext): RowState {
  const figure = FIGURES[check.metric](check.q ?? 0.5, /^[fiu]\d/.test(type));
  const rows = rowState(
    { limit: 0 },
    ({ tally }, block, mask) => {
      const slots = block.slots.get(name)!;
      const read = readerOf(slots.column, slots.chunk);
      eachConsidered(tally, block, mask, [slots], (k) => figure.add(read(slots.from + k)));
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

const FIGURES: Readonly<Record<Metric, (q: number, numeric: boolean) => Figure>> = {
  sum: () => sums(false, ({ total }) => ratio(total, 1n)),
  mean: () => sums(false, ({ total }, n) => exactMean(total, n)),
  stddev: () =>
    sums(true, (of, n) => rootOf(exactVariance(of.total, of.squares, n)) ?? 'one value has no standard deviation'),
  min: () => extreme(Math.min, Number.POSITIVE_INFINITY),
  max: () => extreme(Math.max, Number.NEGATIVE_INFINITY),
  quantile,
  distinct: (_, numeric) => distinct(numeric, false),
  distinctShare: (_, numeric) => distinct(numeric, true),
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
  const one = new Float64Array(1);
  let merged: Totals = { odd: false, total: EXACT_ZERO, squares: EXACT_ZERO };
  let odd = false;
  const part = (): Totals => ({
    total: addExact(merged.total, sum.total()),
    squares: addExact(merged.squares, squares.total()),
    odd: odd || merged.odd,
  });
  return {
    part,
    add(value) {
      one[0] = Number(value);
      if (!Number.isFinite(one[0])) odd = true;
      else {
        sum.add(one[0]);
        if (squared) squares.addSquares(one, 1);
      }
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
    add(next) {
      // NaN is smaller and larger than everything: it stays.
      value = of(value, Number(next));
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
  const values = () => held.subarray(0, size);
  const reserve = (needed: number) => {
    if (needed <= held.length) return;
    const larger = new Float64Array(Math.max(2 * held.length, needed));
    larger.set(values());
    held = larger;
  };
  return {
    part: () => values().slice(),
    add(value) {
      if (size > MAX_VALUES) return;
      reserve(size + 1);
      held[size++] = Number(value);
    },
    merge(later) {
      const theirs = later as Float64Array;
      if (size > MAX_VALUES) return;
      reserve(size + theirs.length);
      held.set(theirs, size);
      size += theirs.length;
    },
    finish() {
      if (size > MAX_VALUES) return `there are more than ${MAX_VALUES} values; check a sample`;
      const sorted = values().slice().sort();
      if (size === 0) return undefined;
      // Sorted, NaN comes last.
      if (!Number.isFinite(sorted[0]!) || !Number.isFinite(sorted[size - 1]!)) return NOT_FINITE;
      const at = q * (size - 1);
      const low = sorted[Math.floor(at)]!;
      const high = sorted[Math.ceil(at)]!;
      return low + (high - low) * (at - Math.floor(at)) + 0;
    },
  };
}

function distinct(numeric: boolean, share: boolean): Figure {
  const keys = keysOf(1, numeric);
  const row: SlotValue[] = [0];
  return {
    part: () => Array.from({ length: keys.size() }, (_, id) => keys.valueOf(id)),
    add(value) {
      row[0] = value;
      keys.idOf(row);
    },
    merge(later) {
      for (const key of later as readonly (readonly SlotValue[])[]) keys.idOf(key);
    },
    finish(n) {
      if (n === 0) return undefined;
      if (keys.size() > MAX_KEYS) return `there are more than ${MAX_KEYS} distinct values`;
      return share ? keys.size() / n : keys.size();
    },
  };
}

function rootOf(variance: number | undefined): number | undefined {
  return variance === undefined ? undefined : Math.sqrt(variance);
}
