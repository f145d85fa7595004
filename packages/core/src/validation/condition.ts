import { isValid } from '../table/validity.js';
import type { Block } from './blocks.js';
import { readerOf, type SlotValue } from './slots.js';
import type { Comparison, Condition } from './types.js';
import { memberOf } from './value-test.js';

/** The columns that a condition reads. */
export function columnsOfCondition(condition: Condition): readonly string[] {
  if ('all' in condition || 'any' in condition)
    return ('all' in condition ? condition.all : condition.any).flatMap(columnsOfCondition);
  if ('not' in condition) return columnsOfCondition(condition.not);
  return [condition.column];
}

/** 1 for each row of the block for which the condition holds. */
export function maskOf(condition: Condition, block: Block): Uint8Array {
  const mask = new Uint8Array(block.length);
  if ('all' in condition || 'any' in condition) {
    const all = 'all' in condition;
    if (all) mask.fill(1);
    for (const part of all ? condition.all : condition.any) {
      const bits = maskOf(part, block);
      for (let i = 0; i < mask.length; i++) mask[i] = all ? mask[i]! & bits[i]! : mask[i]! | bits[i]!;
    }
  } else if ('not' in condition) {
    const bits = maskOf(condition.not, block);
    for (let i = 0; i < mask.length; i++) mask[i] = 1 - bits[i]!;
  } else fill(mask, condition, block);
  return mask;
}

type Leaf = Extract<Condition, { readonly column: string }>;

function fill(mask: Uint8Array, condition: Leaf, block: Block): void {
  const { column, chunk, from } = block.slots.get(condition.column)!;
  const { validity } = chunk;
  if (!('value' in condition)) {
    const wanted = condition.op === 'notNull';
    for (let i = 0; i < mask.length; i++) mask[i] = isValid(validity, from + i) === wanted ? 1 : 0;
    return;
  }
  const read = readerOf(column, chunk);
  let holds: (value: SlotValue) => boolean;
  if (typeof condition.value === 'object') {
    const members = new Set(condition.value.map((value) => memberOf(value, column)));
    holds = (value) => members.has(value);
  } else {
    const op = condition.op as Comparison;
    const bound = memberOf(condition.value, column);
    holds = (value) => compare(value, op, bound);
  }
  for (let i = 0; i < mask.length; i++) mask[i] = isValid(validity, from + i) && holds(read(from + i)) ? 1 : 0;
}

/** Two values of one family, as JavaScript compares them: strings by UTF-16 units, NaN is in no relation but `!=`. */
export function compare(left: SlotValue, op: Comparison, right: SlotValue): boolean {
  switch (op) {
    case '==':
      // Loose, because an integer may be a bigint on one side.
      return typeof left === typeof right ? left === right : Number(left) === Number(right);
    case '!=':
      return !compare(left, '==', right);
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    default:
      return op satisfies never;
  }
}
