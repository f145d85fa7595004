import type { ColumnChunk, ColumnView } from '../table/types.js';
import { isValid } from '../table/validity.js';
import { BLOCK_ROWS, type Block } from './blocks.js';
import { type SlotTest, slotTest, type ValueTest } from './slot-test.js';
import type { SlotValue } from './slots.js';
import type { ComparisonOperator, Condition, Scalar } from './types.js';
import { memberOf, memberTest } from './value-test.js';

/** The columns that a condition reads. */
export function columnsOfCondition(condition: Condition): readonly string[] {
  if ('all' in condition || 'any' in condition)
    return ('all' in condition ? condition.all : condition.any).flatMap(columnsOfCondition);
  if ('not' in condition) return columnsOfCondition(condition.not);
  return [condition.column];
}

/** Says for each row of a block whether a condition holds: 1 where it does. */
export type MaskOf = (block: Block) => Uint8Array;

/** Prepares a condition, so that what it needs to know about a chunk is found out once. */
export function maskOf(condition: Condition): MaskOf {
  if ('all' in condition || 'any' in condition) {
    const all = 'all' in condition;
    const parts = (all ? condition.all : condition.any).map(maskOf);
    return (block) => {
      const mask = new Uint8Array(block.length).fill(all ? 1 : 0);
      for (const part of parts) {
        const bits = part(block);
        for (let i = 0; i < mask.length; i++) mask[i] = all ? mask[i]! & bits[i]! : mask[i]! | bits[i]!;
      }
      return mask;
    };
  }
  if ('not' in condition) {
    const inner = maskOf(condition.not);
    return (block) => {
      const mask = inner(block);
      for (let i = 0; i < mask.length; i++) mask[i] = 1 - mask[i]!;
      return mask;
    };
  }
  return maskOfLeaf(condition);
}

function maskOfLeaf(leaf: Extract<Condition, { readonly column: string }>): MaskOf {
  let test: ValueTest | undefined;
  let bound: { readonly chunk: ColumnChunk; readonly slot: SlotTest } | undefined;
  return ({ slots, length }) => {
    const { column, chunk, from } = slots.get(leaf.column)!;
    const { validity } = chunk;
    const mask = new Uint8Array(length);
    if (!('value' in leaf)) {
      const wanted = leaf.op === 'notNull';
      for (let i = 0; i < length; i++) mask[i] = isValid(validity, from + i) === wanted ? 1 : 0;
      return mask;
    }
    test ??= leafTest(leaf, column);
    if (bound?.chunk !== chunk) bound = { chunk, slot: slotTest(test, column, chunk, BLOCK_ROWS) };
    const { slot } = bound;
    for (let i = 0; i < length; i++) mask[i] = isValid(validity, from + i) && !slot.fails(from + i) ? 1 : 0;
    return mask;
  };
}

function leafTest(
  leaf: { readonly op: string; readonly value: Scalar | readonly Scalar[] },
  column: ColumnView,
): ValueTest {
  if (typeof leaf.value === 'object') return memberTest(new Set(leaf.value.map((v) => memberOf(v, column))), true);
  const op = leaf.op as ComparisonOperator;
  const wanted = memberOf(leaf.value, column);
  return { keeps: (value) => compare(value, op, wanted) };
}

/** Two values of one family, as JavaScript compares them: strings by UTF-16 units, NaN is in no relation but `!=`. */
export function compare(left: SlotValue, op: ComparisonOperator, right: SlotValue): boolean {
  switch (op) {
    case '==':
      // An integer may be a bigint on one side; JavaScript orders the two exactly.
      return typeof left === typeof right ? left === right : !(left < right || left > right);
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
