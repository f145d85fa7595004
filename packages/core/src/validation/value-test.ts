import { encodeUtf8 } from '../foundation/bytes.js';
import type { ColumnView } from '../table/types.js';
import { byteTableOfSet } from './pattern/byte-table.js';
import { compilePattern } from './pattern/pattern.js';
import type { ValueTest } from './slot-test.js';
import type { SlotValue } from './slots.js';
import { timeOf } from './text.js';
import type { Check, LengthUnit, Scalar } from './types.js';

/** The test of single values that a check describes; undefined for checks that need more than one value at a time. */
export function valueTest(check: Check, column: Pick<ColumnView, 'unitsPerMs'>): ValueTest | undefined {
  switch (check.kind) {
    case 'between':
      return rangeOf(boundOf(check.min, Number.NEGATIVE_INFINITY), boundOf(check.max, Number.POSITIVE_INFINITY));
    case 'finite':
      return rangeOf(-Number.MAX_VALUE, Number.MAX_VALUE);
    case 'notNaN':
      // Every number is between the infinities, and NaN is not.
      return rangeOf(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    case 'type':
      // Reached for floating-point columns only: the planner settles every other type by the schema.
      return { whole: true, keeps: (value) => typeof value === 'bigint' || Number.isInteger(value) };
    case 'in':
    case 'notIn':
      return memberTest(new Set(check.values.map((v) => memberOf(v, column))), check.kind === 'in');
    case 'matches': {
      const pattern = compilePattern(check.pattern, check.flags);
      return { bytes: pattern.matchesBytes, table: pattern.table, keeps: (value) => pattern.matches(String(value)) };
    }
    case 'length':
      return lengthOf(check.unit, check.min ?? 0, check.max ?? Number.POSITIVE_INFINITY);
    default:
      return undefined;
  }
}

/** Larger sets are looked up by hash. */
const MAX_TREE = 2_000;

/** Whether values belong to a set (or do not). Numbers that are equal are one value, whatever their type. */
export function memberTest(members: ReadonlySet<SlotValue>, wanted: boolean): ValueTest {
  const texts = [...members].filter((value) => typeof value === 'string');
  return {
    keeps: (value) => members.has(value) === wanted,
    ...(texts.length > 0 && texts.length <= MAX_TREE && { table: byteTableOfSet(texts, wanted) }),
  };
}

/** A bound as a number: milliseconds when it is a point in time, NaN when it is neither. */
export function boundOf(bound: number | string | undefined, open: number): number {
  return bound === undefined ? open : timeOf(bound);
}

/** A listed value as it is read from the column: points in time as milliseconds. */
export function memberOf(value: Scalar, column: Pick<ColumnView, 'unitsPerMs'>): SlotValue {
  return column.unitsPerMs === undefined ? value : timeOf(value);
}

function rangeOf(min: number, max: number): ValueTest {
  return { range: [min, max], keeps: (value) => Number(value) >= min && Number(value) <= max };
}

const WIDEST: Readonly<Record<LengthUnit, number>> = { codePoints: 4, utf16: 3, bytes: 1 };

function lengthOf(unit: LengthUnit, min: number, max: number): ValueTest {
  const measure = measureOf[unit];
  return {
    length: { min, max, widest: WIDEST[unit], measure },
    keeps: (value) => {
      const bytes = encodeUtf8(String(value));
      const length = measure(bytes, 0, bytes.length);
      return length >= min && length <= max;
    },
  };
}

const measureOf: Readonly<Record<LengthUnit, (bytes: Uint8Array, from: number, to: number) => number>> = {
  /** Every byte but continuation bytes starts a code point. */
  codePoints(bytes, from, to) {
    let length = 0;
    for (let i = from; i < to; i++) length += (bytes[i]! & 0xc0) === 0x80 ? 0 : 1;
    return length;
  },
  /** Four bytes make a surrogate pair. */
  utf16(bytes, from, to) {
    let length = 0;
    for (let i = from; i < to; i++) length += (bytes[i]! & 0xc0) === 0x80 ? 0 : bytes[i]! >= 0xf0 ? 2 : 1;
    return length;
  },
  bytes: (_, from, to) => to - from,
};
