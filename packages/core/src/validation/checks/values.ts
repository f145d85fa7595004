import type { ColumnChunk } from '../../table/types.js';
import { isValid } from '../../table/validity.js';
import { BLOCK_ROWS, type Block, forEachNull, nullsIn, type Slots } from '../blocks.js';
import { createSampler, type SampleOptions, type Sampler } from '../sampler.js';
import { type SlotTest, slotTest, type ValueTest } from '../slot-test.js';
import { sampleOf } from '../slots.js';
import { addTally, type CheckState, countsOf, newTally, type Tally } from '../state.js';

/** A check of single values. Counts first; only blocks with failures are read again for samples. */
export function valueState(column: string, test: ValueTest, options: SampleOptions): ValueState {
  const tally = newTally();
  const sampler = createSampler(options);
  let bound: { readonly chunk: ColumnChunk; readonly slot: SlotTest } | undefined;
  return {
    tally,
    sampler,
    block(block, mask) {
      const slots = block.slots.get(column)!;
      if (bound?.chunk !== slots.chunk)
        bound = { chunk: slots.chunk, slot: slotTest(test, slots.column, slots.chunk, BLOCK_ROWS) };
      if (mask) observeMasked(tally, sampler, block, slots, mask, bound.slot);
      else observe(tally, sampler, block, slots, bound.slot);
    },
    merge(later, offset) {
      const { tally: other, sampler: samples } = later as ValueState;
      addTally(tally, other);
      sampler.merge(samples, offset);
    },
    finish: () => ({ counts: countsOf(tally), sampler }),
  };
}

export interface ValueState extends CheckState {
  readonly tally: Tally;
  readonly sampler: Sampler;
}

function observe(tally: Tally, sampler: Sampler, block: Block, { column, chunk, from }: Slots, slot: SlotTest): void {
  const to = from + block.length;
  let bad = slot.count(from, to);
  // Slots without a value hold anything; those that were counted as failures are taken out again.
  forEachNull(chunk, from, to, (i) => {
    tally.missing++;
    if (slot.fails(i)) bad--;
  });
  tally.rows += block.length;
  tally.unexpected += bad;
  if (bad === 0 || !sampler.wants(block.row)) return;
  for (let i = from; i < to && sampler.wants(block.row + i - from); i++)
    if (isValid(chunk.validity, i) && slot.fails(i))
      sampler.add(block.row + i - from, () => sampleOf(column, chunk, i));
}

function observeMasked(
  tally: Tally,
  sampler: Sampler,
  block: Block,
  { column, chunk, from }: Slots,
  mask: Uint8Array,
  slot: SlotTest,
): void {
  tally.rows += block.length;
  for (let k = 0; k < block.length; k++) {
    const i = from + k;
    if (mask[k] === 0) tally.excluded++;
    else if (!isValid(chunk.validity, i)) tally.missing++;
    else if (slot.fails(i)) {
      tally.unexpected++;
      sampler.add(block.row + k, () => sampleOf(column, chunk, i));
    }
  }
}

/** Presence. Here a null is a failure, so no row is missing. */
export function presenceState(column: string, options: SampleOptions): ValueState {
  const tally = newTally();
  const sampler = createSampler(options);
  return {
    tally,
    sampler,
    block(block, mask) {
      const { chunk, from } = block.slots.get(column)!;
      tally.rows += block.length;
      if (mask) {
        for (let k = 0; k < block.length; k++) if (mask[k] === 0) tally.excluded++;
      }
      const fail = (i: number) => {
        if (mask && mask[i - from] === 0) return;
        tally.unexpected++;
        sampler.add(block.row + i - from, () => null);
      };
      forEachNull(chunk, from, from + block.length, fail);
    },
    merge(later, offset) {
      addTally(tally, (later as ValueState).tally);
      sampler.merge((later as ValueState).sampler, offset);
    },
    finish: () => ({ counts: countsOf(tally), sampler }),
  };
}

/** A column whose type says that no value can keep (or break) the check, or that has no kernels. */
export function settledState(
  column: string,
  outcome: 'pass' | 'fail' | { readonly unsupported: string },
  options: SampleOptions,
): ValueState {
  const tally = newTally();
  const sampler = createSampler(options);
  return {
    tally,
    sampler,
    block(block, mask) {
      const { column: view, chunk, from } = block.slots.get(column)!;
      tally.rows += block.length;
      if (!mask && outcome !== 'fail') {
        tally.missing += nullsIn(chunk, from, from + block.length);
        return;
      }
      for (let k = 0; k < block.length; k++) {
        if (mask && mask[k] === 0) tally.excluded++;
        else if (!isValid(chunk.validity, from + k)) tally.missing++;
        else if (outcome === 'fail') {
          tally.unexpected++;
          sampler.add(block.row + k, () => sampleOf(view, chunk, from + k));
        }
      }
    },
    merge(later, offset) {
      addTally(tally, (later as ValueState).tally);
      sampler.merge((later as ValueState).sampler, offset);
    },
    finish: () => ({
      counts: countsOf(tally),
      sampler,
      ...(typeof outcome === 'object' && { verdict: 'insufficient' as const, reasons: [outcome.unsupported] }),
    }),
  };
}
