import type { ColumnSchema } from './context.js';
import type { Family } from './family.js';
import { PatternError } from './pattern/syntax.js';
import { timeOf } from './text.js';
import type { Check, Scalar } from './types.js';
import { boundOf, valueTest } from './value-test.js';

/** What is wrong with a check's bounds, values or pattern; undefined when nothing is. */
export function badParameters(
  check: Check,
  column: ColumnSchema | undefined,
  family: Family | undefined,
): string | undefined {
  switch (check.kind) {
    case 'between': {
      const min = boundOf(check.min, Number.NEGATIVE_INFINITY);
      const max = boundOf(check.max, Number.POSITIVE_INFINITY);
      if (family !== 'time' && [check.min, check.max].some((b) => typeof b === 'string'))
        return `the bounds of \`${column?.name}\` are numbers`;
      return badRange(min, max);
    }
    case 'rowCount':
    case 'length':
      return badRange(check.min ?? 0, check.max ?? Number.POSITIVE_INFINITY);
    case 'in':
    case 'notIn': {
      if (check.values.length === 0) return 'the list of values is empty';
      const odd = check.values.find((value) => !belongs(value, family));
      return odd === undefined
        ? undefined
        : `\`${odd}\` (${typeof odd}) is never a value of \`${column?.name}\` (${column?.type})`;
    }
    case 'matches':
      try {
        valueTest(check, {});
        return undefined;
      } catch (error) {
        if (error instanceof PatternError)
          return `the pattern \`${check.pattern.slice(0, 80)}\` is not supported: ${error.message}`;
        throw error;
      }
    case 'unique':
      if (check.columns.length === 0) return 'there are no columns to be unique';
      return new Set(check.columns).size < check.columns.length ? 'a column is named twice' : undefined;
    default:
      return undefined;
  }
}

function badRange(min: number, max: number): string | undefined {
  if (Number.isNaN(min) || Number.isNaN(max))
    return 'a bound is neither a number nor a point in time with an offset (`2026-01-31T00:00:00Z`)';
  return min > max ? `the lower bound ${min} is greater than the upper bound ${max}` : undefined;
}

function belongs(value: Scalar, family: Family | undefined): boolean {
  if (family === 'time') return !Number.isNaN(timeOf(value));
  return typeof value === family;
}
