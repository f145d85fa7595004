import { compare } from '../condition.js';
import type { SampleOptions } from '../sampler.js';
import { readerOf, type SlotValue, sampleValue } from '../slots.js';
import type { Comparison } from '../types.js';
import { eachConsidered, type RowState, rowState } from './row-state.js';

/** Two columns of the same row. */
export function compareState(left: string, op: Comparison, right: string, options: SampleOptions): RowState {
  return rowState(options, ({ tally, sampler }, block, mask) => {
    const a = block.slots.get(left)!;
    const b = block.slots.get(right)!;
    const readA = readerOf(a.column, a.chunk);
    const readB = readerOf(b.column, b.chunk);
    eachConsidered(tally, block, mask, [a, b], (k) => {
      const x = readA(a.from + k);
      const y = readB(b.from + k);
      if (compare(x, op, y) && !Number.isNaN(x) && !Number.isNaN(y)) return;
      tally.unexpected++;
      sampler.add(block.row + k, () => [single(x), single(y)]);
    });
  });
}

interface OrderState extends RowState {
  first: SlotValue | undefined;
  firstRow: number;
  last: SlotValue | undefined;
}

/** Order within a column. The state keeps its first and last value, so that parts join. NaN breaks the order once. */
export function increasingState(column: string, strict: boolean, options: SampleOptions): OrderState {
  const follows = (value: SlotValue, before: SlotValue | undefined) =>
    before === undefined ? !Number.isNaN(value) : compare(value, strict ? '>' : '>=', before);
  const rows = rowState(options, ({ tally, sampler }, block, mask) => {
    const slots = block.slots.get(column)!;
    const read = readerOf(slots.column, slots.chunk);
    eachConsidered(tally, block, mask, [slots], (k) => {
      const value = read(slots.from + k);
      if (!follows(value, state.last)) {
        tally.unexpected++;
        sampler.add(block.row + k, () => sampleValue(value));
      }
      if (Number.isNaN(value)) return;
      if (state.first === undefined) {
        state.first = value;
        state.firstRow = block.row + k;
      }
      state.last = value;
    });
  });
  const state: OrderState = {
    ...rows,
    first: undefined,
    firstRow: 0,
    last: undefined,
    merge(other, offset) {
      rows.merge(other, offset);
      const later = other as OrderState;
      const { first } = later;
      if (first === undefined) return;
      if (state.last !== undefined && !follows(first, state.last)) {
        rows.tally.unexpected++;
        rows.sampler.add(later.firstRow + offset, () => sampleValue(first));
      }
      if (state.first === undefined) {
        state.first = first;
        state.firstRow = later.firstRow + offset;
      }
      state.last = later.last;
    },
  };
  return state;
}

function single(value: SlotValue) {
  const shown = sampleValue(value);
  return typeof shown === 'object' ? null : shown;
}
