import type { ColumnChunk } from '../../table/types.js';
import { isValid } from '../../table/validity.js';
import { BLOCK_ROWS, type Block, forEachNull, nullsIn, type Slots } from '../blocks.js';
import type { SampleOptions, Sampler } from '../sampler.js';
import { type SlotTest, slotTest, type ValueTest } from '../slot-test.js';
import { sampleOf } from '../slots.js';
import type { Tally } from '../state.js';
import { eachConsidered, type RowState, rowState } from './row-state.js';

/** A check of single values. Counts first; only blocks with failures are read again for samples. */
export function valueState(column: string, test: ValueTest, options: SampleOptions): RowState {
  let bound: { readonly chunk: ColumnChunk; readonly slot: SlotTest } | undefined;
  return rowState(options, ({ tally, sampler }, block, mask) => {
    const slots = block.slots.get(column)!;
    const { chunk, from } = slots;
    if (bound?.chunk !== chunk) bound = { chunk, slot: slotTest(test, slots.column, chunk, BLOCK_ROWS) };
    const { slot } = bound;
    if (!mask) return observe(tally, sampler, block, slots, slot);
    eachConsidered(tally, block, mask, [slots], (k) => {
      if (slot.fails(from + k)) fail(tally, sampler, block, slots, k);
    });
  });
}

function fail(tally: Tally, sampler: Sampler, block: Block, { column, chunk, from }: Slots, k: number): void {
  tally.unexpected++;
  sampler.add(block.row + k, () => sampleOf(column, chunk, from + k));
}

function observe(tally: Tally, sampler: Sampler, block: Block, { column, chunk, from }: Slots, slot: SlotTest): void {
  const to = from + block.length;
  let bad = slot.count(from, to);
  // Slots without a value hold anything; those that were counted as failures are taken out again.
  forEachNull(chunk, from, to, (i) => {
    tally.missing++;
    if (slot.fails(i)) bad--;
  });
  tally.unexpected += bad;
  if (bad === 0 || !sampler.wants(block.row)) return;
  for (let i = from; i < to && sampler.wants(block.row + i - from); i++)
    if (isValid(chunk.validity, i) && slot.fails(i))
      sampler.add(block.row + i - from, () => sampleOf(column, chunk, i));
}

/** Presence. Here a null is a failure, so no row is missing. */
export function presenceState(column: string, options: SampleOptions): RowState {
  return rowState(options, ({ tally, sampler }, block, mask) => {
    const { chunk, from } = block.slots.get(column)!;
    if (mask) for (let k = 0; k < block.length; k++) tally.excluded += 1 - mask[k]!;
    forEachNull(chunk, from, from + block.length, (i) => {
      if (mask && mask[i - from] === 0) return;
      tally.unexpected++;
      sampler.add(block.row + i - from, () => null);
    });
  });
}

/** A column whose type says that no value can keep (or break) the check, or that has no kernels. */
export function settledState(
  column: string,
  outcome: 'pass' | 'fail' | { readonly unsupported: string },
  options: SampleOptions,
): RowState {
  return rowState(
    options,
    ({ tally, sampler }, block, mask) => {
      const slots = block.slots.get(column)!;
      const { chunk, from } = slots;
      if (!mask && outcome !== 'fail') tally.missing += nullsIn(chunk, from, from + block.length);
      else
        eachConsidered(tally, block, mask, [slots], (k) => {
          if (outcome === 'fail') fail(tally, sampler, block, slots, k);
        });
    },
    () => (typeof outcome === 'object' ? { verdict: 'insufficient', reasons: [outcome.unsupported] } : {}),
  );
}
