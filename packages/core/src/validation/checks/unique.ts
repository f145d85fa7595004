import { createSampler, type SampleOptions } from '../sampler.js';
import { sampleRow } from '../slots.js';
import { addTally, countsOf, newTally } from '../state.js';
import { createKeys, type KeysPart } from './keys.js';
import { considered, type RowPart, type RowState } from './row-state.js';

interface UniquePart extends RowPart {
  readonly keys: KeysPart;
  readonly seen: Uint8Array;
  readonly firstRows: Float64Array;
  readonly full: boolean;
}

/** Values, or combinations of values, that occur once. Exact: memory grows with the number of distinct keys. */
export function uniqueState(columns: readonly string[], options: SampleOptions): RowState {
  const tally = newTally();
  const sampler = createSampler(options);
  const keys = createKeys();
  // By key: 1 or 2 for once or more often, and in which row first.
  let seen = new Uint8Array(1_024);
  let firstRows = new Float64Array(1_024);
  let full = false;

  const reserve = () => {
    const size = keys.size();
    if (size <= seen.length) return;
    const [wasSeen, wasFirst] = [seen, firstRows];
    seen = new Uint8Array(2 * size);
    firstRows = new Float64Array(2 * size);
    seen.set(wasSeen);
    firstRows.set(wasFirst);
  };

  /** A key in a row, of which `times` more come with it. Rows that are unexpected by themselves are counted by the caller. */
  const see = (id: number, row: number, times: number) => {
    const before = seen[id]!;
    seen[id] = Math.min(2, before + times);
    if (before === 0) {
      firstRows[id] = row;
      return;
    }
    const value = () => sampleRow(keys.valueOf(id));
    // With its second occurrence a key's first one is unexpected too.
    if (before === 1) {
      tally.unexpected++;
      sampler.add(firstRows[id]!, value);
    }
    if (times > 1) return;
    tally.unexpected++;
    sampler.add(row, value);
  };

  return {
    tally,
    sampler,
    block(block, mask) {
      tally.rows += block.length;
      const slots = columns.map((name) => block.slots.get(name)!);
      const rows = considered(tally, block, mask, slots);
      const ids = keys.idsOf(slots, rows, block.length);
      reserve();
      for (let r = 0; r < rows.length; r++) {
        if (ids[r]! < 0) full = true;
        else see(ids[r]!, block.row + rows[r]!, 1);
      }
    },
    part: (): UniquePart => ({
      tally: { ...tally },
      samples: [...sampler.samples],
      keys: keys.part(),
      seen: seen.slice(0, keys.size()),
      firstRows: firstRows.slice(0, keys.size()),
      full,
    }),
    merge(part, offset) {
      const later = part as UniquePart;
      addTally(tally, later.tally);
      sampler.merge(later.samples, offset);
      const ids = keys.absorb(later.keys);
      reserve();
      full ||= later.full;
      for (const [theirs, id] of ids.entries()) {
        if (id < 0) full = true;
        else see(id, later.firstRows[theirs]! + offset, later.seen[theirs]!);
      }
    },
    finish: () => ({
      counts: countsOf(tally),
      sampler,
      ...(full && {
        verdict: 'insufficient' as const,
        reasons: ['there are too many distinct keys; check in parts by a hash of the key'],
      }),
    }),
  };
}
