import { isValid } from '../../table/validity.js';
import { compare } from '../condition.js';
import { createSampler, type SampleOptions } from '../sampler.js';
import { readerOf, type SlotValue, sampleValue } from '../slots.js';
import { addTally, countsOf, newTally } from '../state.js';
import type { Comparison } from '../types.js';
import type { ValueState } from './values.js';

/** Two columns of the same row. */
export function compareState(left: string, op: Comparison, right: string, options: SampleOptions): ValueState {
  const tally = newTally();
  const sampler = createSampler(options);
  return {
    tally,
    sampler,
    block(block, mask) {
      const a = block.slots.get(left)!;
      const b = block.slots.get(right)!;
      const readA = readerOf(a.column, a.chunk);
      const readB = readerOf(b.column, b.chunk);
      tally.rows += block.length;
      for (let k = 0; k < block.length; k++) {
        if (mask && mask[k] === 0) {
          tally.excluded++;
        } else if (!isValid(a.chunk.validity, a.from + k) || !isValid(b.chunk.validity, b.from + k)) {
          tally.missing++;
        } else {
          const x = readA(a.from + k);
          const y = readB(b.from + k);
          if (compare(x, op, y) && !Number.isNaN(x) && !Number.isNaN(y)) continue;
          tally.unexpected++;
          sampler.add(block.row + k, () => [single(x), single(y)]);
        }
      }
    },
    merge(later, offset) {
      addTally(tally, (later as ValueState).tally);
      sampler.merge((later as ValueState).sampler, offset);
    },
    finish: () => ({ counts: countsOf(tally), sampler }),
  };
}

interface OrderState extends ValueState {
  first: SlotValue | undefined;
  firstRow: number;
  last: SlotValue | undefined;
}

/** Order within a column. The state keeps its first and last value, so that parts join. NaN breaks the order once. */
export function increasingState(column: string, strict: boolean, options: SampleOptions): OrderState {
  const tally = newTally();
  const sampler = createSampler(options);
  const follows = (value: SlotValue, before: SlotValue | undefined) =>
    before === undefined ? !Number.isNaN(value) : compare(value, strict ? '>' : '>=', before);
  const state: OrderState = {
    tally,
    sampler,
    first: undefined,
    firstRow: 0,
    last: undefined,
    block(block, mask) {
      const { column: view, chunk, from } = block.slots.get(column)!;
      const read = readerOf(view, chunk);
      tally.rows += block.length;
      for (let k = 0; k < block.length; k++) {
        if (mask && mask[k] === 0) tally.excluded++;
        else if (!isValid(chunk.validity, from + k)) tally.missing++;
        else {
          const value = read(from + k);
          if (!follows(value, state.last)) {
            tally.unexpected++;
            sampler.add(block.row + k, () => sampleValue(value));
          }
          if (Number.isNaN(value)) continue;
          if (state.first === undefined) {
            state.first = value;
            state.firstRow = block.row + k;
          }
          state.last = value;
        }
      }
    },
    merge(other, offset) {
      const later = other as OrderState;
      addTally(tally, later.tally);
      sampler.merge(later.sampler, offset);
      const { first } = later;
      if (first === undefined) return;
      if (state.last !== undefined && !follows(first, state.last)) {
        tally.unexpected++;
        sampler.add(later.firstRow + offset, () => sampleValue(first));
      }
      if (state.first === undefined) {
        state.first = first;
        state.firstRow = later.firstRow + offset;
      }
      state.last = later.last;
    },
    finish: () => ({ counts: countsOf(tally), sampler }),
  };
  return state;
}

function single(value: SlotValue) {
  const shown = sampleValue(value);
  return typeof shown === 'object' ? null : shown;
}
