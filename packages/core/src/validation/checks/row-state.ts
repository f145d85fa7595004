import { isValid } from '../../table/validity.js';
import type { Block, Slots } from '../blocks.js';
import { createSampler, type SampleOptions, type Sampler } from '../sampler.js';
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

/** Visits the rows of a block where every column holds a value, and counts those that are left out or missing. */
export function eachConsidered(
  tally: Tally,
  block: Block,
  mask: Uint8Array | undefined,
  columns: readonly Slots[],
  visit: (k: number) => void,
): void {
  const nullable = columns.filter(({ chunk }) => chunk.validity !== undefined);
  for (let k = 0; k < block.length; k++) {
    if (mask && mask[k] === 0) tally.excluded++;
    else if (nullable.every(({ chunk, from }) => isValid(chunk.validity, from + k))) visit(k);
    else tally.missing++;
  }
}
