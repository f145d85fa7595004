import { BLOCK_ROWS, type Block } from '../blocks.js';
import { createSampler, type SampleOptions, type Sampler } from '../sampler.js';
import type { Slots } from '../slots.js';
import { addTally, type CheckState, countsOf, type Finding, newTally, type Tally } from '../state.js';
import type { FailureSample } from '../types.js';

/** What every check that goes through rows keeps. */
export interface RowState extends CheckState {
  readonly tally: Tally;
  readonly sampler: Sampler;
  part(): RowPart;
}

/** What is found in part of the rows. */
export interface RowPart {
  readonly tally: Readonly<Tally>;
  readonly samples: readonly FailureSample[];
}

/** The state of a check that reads rows; `rest` is what it finds beyond counts and samples. */
export function rowState(
  options: SampleOptions,
  read: (found: Pick<RowState, 'tally' | 'sampler'>, block: Block, mask: Uint8Array | undefined) => void,
  rest?: (tally: Tally) => Partial<Finding>,
): RowState {
  const found = { tally: newTally(), sampler: createSampler(options) };
  const { tally, sampler } = found;
  return {
    ...found,
    block(block, mask) {
      tally.rows += block.length;
      read(found, block, mask);
    },
    part: () => ({ tally: { ...tally }, samples: [...sampler.samples] }),
    merge(part, offset) {
      const later = part as RowPart;
      addTally(tally, later.tally);
      sampler.merge(later.samples, offset);
    },
    finish: () => ({ counts: countsOf(tally), sampler, ...rest?.(tally) }),
  };
}

const ALL_ROWS = Int32Array.from({ length: BLOCK_ROWS }, (_, k) => k);

/** The rows of a block where every column holds a value; those that are left out or missing are counted. */
export function considered(
  tally: Tally,
  { length }: Block,
  mask: Uint8Array | undefined,
  columns: readonly Slots[],
): Int32Array {
  const nullable = columns.filter(({ chunk }) => chunk.validity !== undefined);
  if (!mask && nullable.length === 0) return ALL_ROWS.subarray(0, length);
  const rows = ALL_ROWS.slice(0, length);
  let size = length;
  // Every row is written, and kept by moving on: no branch to mispredict.
  if (mask) {
    size = 0;
    for (let k = 0; k < length; k++) {
      rows[size] = k;
      size += mask[k]!;
    }
    tally.excluded += length - size;
  }
  for (const { chunk, from } of nullable) {
    const { bits, offset } = chunk.validity!;
    const before = size;
    size = 0;
    for (let r = 0; r < before; r++) {
      const bit = offset + from + rows[r]!;
      rows[size] = rows[r]!;
      size += (bits[bit >> 3]! >> (bit & 7)) & 1;
    }
    tally.missing += before - size;
  }
  return rows.subarray(0, size);
}
