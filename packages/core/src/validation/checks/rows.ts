import { compare } from '../condition.js';
import type { SampleOptions } from '../sampler.js';
import { numbersOf, readerOf, type SlotValue, sampleRow, sampleValue } from '../slots.js';
import type { ComparisonOperator } from '../types.js';
import { comparableSlots } from './ranks.js';
import { considered, type RowPart, type RowState, rowState } from './row-state.js';

/** Two columns of the same row. */
export function compareState(left: string, op: ComparisonOperator, right: string, options: SampleOptions): RowState {
  const [below, equal, above] = [compare(0, op, 1), compare(0, op, 0), compare(1, op, 0)];
  const comparable = comparableSlots();
  return rowState(options, ({ tally, sampler }, block, mask) => {
    const a = block.slots.get(left)!;
    const b = block.slots.get(right)!;
    const readA = readerOf(a.column, a.chunk);
    const readB = readerOf(b.column, b.chunk);
    const fail = (k: number) => {
      tally.unexpected++;
      sampler.add(block.row + k, () => sampleRow([readA(a.from + k), readB(b.from + k)]));
    };
    const rows = considered(tally, block, mask, [a, b]);
    const numbers = comparable(a, b, block.length);
    if (numbers) {
      const [numbersA, numbersB] = numbers;
      for (let r = 0; r < rows.length; r++) {
        const k = rows[r]!;
        const x = numbersA[k]!;
        const y = numbersB[k]!;
        // NaN is in none of the three relations.
        if (!(x < y ? below : x > y ? above : x === y && equal)) fail(k);
      }
      return;
    }
    for (const k of rows) {
      const x = readA(a.from + k);
      const y = readB(b.from + k);
      if (!compare(x, op, y) || Number.isNaN(x) || Number.isNaN(y)) fail(k);
    }
  });
}

interface OrderPart extends RowPart {
  readonly first: SlotValue | undefined;
  readonly firstRow: number;
  readonly last: SlotValue | undefined;
}

/** Order within a column. The state keeps its first and last value, so that parts join. NaN breaks the order once. */
export function increasingState(column: string, strict: boolean, options: SampleOptions): RowState {
  let first: SlotValue | undefined;
  let firstRow = 0;
  let last: SlotValue | undefined;
  const follows = (value: SlotValue, before: SlotValue | undefined) =>
    before === undefined ? !Number.isNaN(value) : compare(value, strict ? '>' : '>=', before);
  const rows = rowState(options, ({ tally, sampler }, block, mask) => {
    const slots = block.slots.get(column)!;
    const numbers = numbersOf(slots, block.length);
    const read = readerOf(slots.column, slots.chunk);
    for (const k of considered(tally, block, mask, [slots])) {
      const value = numbers ? numbers[k]! : read(slots.from + k);
      if (!follows(value, last)) {
        tally.unexpected++;
        sampler.add(block.row + k, () => sampleValue(value));
      }
      if (Number.isNaN(value)) continue;
      if (first === undefined) {
        first = value;
        firstRow = block.row + k;
      }
      last = value;
    }
  });
  return {
    ...rows,
    part: () => ({ ...rows.part(), first, firstRow, last }),
    merge(part, offset) {
      rows.merge(part, offset);
      const later = part as OrderPart;
      const next = later.first;
      if (next === undefined) return;
      if (last !== undefined && !follows(next, last)) {
        rows.tally.unexpected++;
        rows.sampler.add(later.firstRow + offset, () => sampleValue(next));
      }
      if (first === undefined) {
        first = next;
        firstRow = later.firstRow + offset;
      }
      last = later.last;
    },
  };
}
