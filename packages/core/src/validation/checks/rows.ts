import { compare } from '../condition.js';
import type { SampleOptions } from '../sampler.js';
import { readerOf, type SlotValue, sampleValue } from '../slots.js';
import type { Comparison } from '../types.js';
import { eachConsidered, type RowPart, type RowState, rowState } from './row-state.js';

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
    const read = readerOf(slots.column, slots.chunk);
    eachConsidered(tally, block, mask, [slots], (k) => {
      const value = read(slots.from + k);
      if (!follows(value, last)) {
        tally.unexpected++;
        sampler.add(block.row + k, () => sampleValue(value));
      }
      if (Number.isNaN(value)) return;
      if (first === undefined) {
        first = value;
        firstRow = block.row + k;
      }
      last = value;
    });
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

function single(value: SlotValue) {
  const shown = sampleValue(value);
  return typeof shown === 'object' ? null : shown;
}
