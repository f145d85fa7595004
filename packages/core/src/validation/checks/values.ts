import type { ColumnChunk, ColumnView } from '../../table/types.js';
import { isValid } from '../../table/validity.js';
import { BLOCK_ROWS, type Block, nullSlots } from '../blocks.js';
import type { SampleOptions, Sampler } from '../sampler.js';
import { type SlotTest, slotTest, type ValueTest } from '../slot-test.js';
import { type Slots, sampleOf } from '../slots.js';
import type { Tally } from '../state.js';
import { considered, type RowState, rowState } from './row-state.js';

/** A check of single values. Counts first; only blocks with failures are read again for samples. */
export function valueState(column: string, test: ValueTest, options: SampleOptions): RowState {
  const nulls = new Int32Array(BLOCK_ROWS);
  let bound: { readonly chunk: ColumnChunk; readonly slot: SlotTest } | undefined;
  return rowState(options, ({ tally, sampler }, block, mask) => {
    const slots = block.slots.get(column)!;
    const { chunk, from } = slots;
    if (bound?.chunk !== chunk) bound = { chunk, slot: slotTest(test, slots.column, chunk, BLOCK_ROWS) };
    const { slot } = bound;
    if (!mask) return observe(tally, sampler, block, slots, slot, nulls);
    for (const k of considered(tally, block, mask, [slots]))
      if (slot.fails(from + k)) fail(tally, sampler, block, slots, k);
  });
}

function fail(tally: Tally, sampler: Sampler, block: Block, { column, chunk, from }: Slots, k: number): void {
  tally.unexpected++;
  sampler.add(block.row + k, () => sampleOf(column, chunk, from + k));
}

/** Failing slots are looked for in runs of this many, by counting again: failures are few where samples are still wanted. */
const SCAN = 32;

function observe(
  tally: Tally,
  sampler: Sampler,
  block: Block,
  { column, chunk, from }: Slots,
  slot: SlotTest,
  nulls: Int32Array,
): void {
  const to = from + block.length;
  let bad = slot.count(from, to);
  const missing = nullSlots(chunk, from, to, nulls);
  tally.missing += missing;
  // Slots without a value hold anything; those that were counted as failures are taken out again.
  for (let k = 0; bad > 0 && k < missing; k++) if (slot.fails(nulls[k]!)) bad--;
  tally.unexpected += bad;
  if (bad === 0) return;
  for (let start = from; start < to && sampler.wants(block.row + start - from); start += SCAN) {
    const end = Math.min(to, start + SCAN);
    if (slot.count(start, end) === 0) continue;
    for (let i = start; i < end; i++)
      if (isValid(chunk.validity, i) && slot.fails(i))
        sampler.add(block.row + i - from, () => sampleOf(column, chunk, i));
  }
}

/** Presence. Here a null is a failure, so no row is missing. */
export function presenceState(column: string, options: SampleOptions): RowState {
  const nulls = new Int32Array(BLOCK_ROWS);
  return rowState(options, ({ tally, sampler }, block, mask) => {
    const { chunk, from } = block.slots.get(column)!;
    if (mask) for (let k = 0; k < block.length; k++) tally.excluded += 1 - mask[k]!;
    const missing = nullSlots(chunk, from, from + block.length, nulls);
    for (const i of nulls.subarray(0, missing)) {
      if (mask && mask[i - from] === 0) continue;
      tally.unexpected++;
      sampler.add(block.row + i - from, () => null);
    }
  });
}

/** A column whose type says that no value can keep (or break) the check, or that has no kernels. */
export function settledState(
  { name, type }: Pick<ColumnView, 'name' | 'type'>,
  outcome: 'pass' | 'fail' | 'unsupported',
  options: SampleOptions,
): RowState {
  const nulls = new Int32Array(BLOCK_ROWS);
  return rowState(
    options,
    ({ tally, sampler }, block, mask) => {
      const slots = block.slots.get(name)!;
      const { chunk, from } = slots;
      if (!mask && outcome !== 'fail') tally.missing += nullSlots(chunk, from, from + block.length, nulls);
      else
        for (const k of considered(tally, block, mask, [slots]))
          if (outcome === 'fail') fail(tally, sampler, block, slots, k);
    },
    () =>
      outcome === 'unsupported'
        ? { verdict: 'insufficient', reasons: [`there is no kernel for ${type} columns yet`] }
        : {},
  );
}
