import { createSampler, type SampleOptions } from '../sampler.js';
import { readerOf, type SlotValue, sampleValue } from '../slots.js';
import { addTally, countsOf, newTally } from '../state.js';
import type { SampleValue } from '../types.js';
import { keysOf, MAX_KEYS } from './keys.js';
import { eachConsidered, type RowPart, type RowState } from './row-state.js';

interface UniquePart extends RowPart {
  /** Each key, how often it came, and in which row first. */
  readonly keys: readonly (readonly SlotValue[])[];
  readonly counts: Float64Array;
  readonly firstRows: Float64Array;
  readonly full: boolean;
}

/** Values, or combinations of values, that occur once. Exact: memory grows with the number of distinct keys. */
export function uniqueState(columns: readonly string[], numeric: boolean, options: SampleOptions): RowState {
  const tally = newTally();
  const sampler = createSampler(options);
  const keys = keysOf(columns.length, numeric);
  const counts = growing();
  const firstRows = growing();
  let full = false;

  const see = (id: number, row: number, value: () => SampleValue) => {
    const before = counts.get(id);
    counts.set(id, before + 1);
    if (before === 0) return firstRows.set(id, row);
    // With its second occurrence a key's first one is unexpected too.
    tally.unexpected += before === 1 ? 2 : 1;
    if (before === 1) sampler.add(firstRows.get(id), value);
    sampler.add(row, value);
  };

  return {
    tally,
    sampler,
    block(block, mask) {
      tally.rows += block.length;
      const parts = columns.map((name) => block.slots.get(name)!);
      const reads = parts.map(({ column, chunk }) => readerOf(column, chunk));
      const row: SlotValue[] = new Array(parts.length);
      eachConsidered(tally, block, mask, parts, (k) => {
        for (let c = 0; c < parts.length; c++) row[c] = reads[c]!(parts[c]!.from + k);
        const id = keys.idOf(row);
        if (id > MAX_KEYS) full = true;
        else see(id, block.row + k, () => shown(row));
      });
    },
    part: (): UniquePart => ({
      tally: { ...tally },
      samples: [...sampler.samples],
      keys: Array.from({ length: keys.size() }, (_, id) => keys.valueOf(id)),
      counts: counts.first(keys.size()),
      firstRows: firstRows.first(keys.size()),
      full,
    }),
    merge(part, offset) {
      const later = part as UniquePart;
      // Rows, and what is unexpected within the later part, are counted there; what the two share is counted here.
      const { unexpected, ...rest } = later.tally;
      addTally(tally, { ...rest, unexpected: 0 });
      sampler.merge(later.samples, offset);
      full ||= later.full;
      let shared = unexpected;
      for (const [id, key] of later.keys.entries()) {
        const mine = keys.idOf(key);
        if (mine > MAX_KEYS) {
          full = true;
          break;
        }
        const times = later.counts[id]!;
        const before = counts.get(mine);
        const row = later.firstRows[id]! + offset;
        if (before === 0) firstRows.set(mine, row);
        else {
          const value = () => shown(key);
          if (before === 1) {
            shared++;
            sampler.add(firstRows.get(mine), value);
          }
          if (times === 1) {
            shared++;
            sampler.add(row, value);
          }
        }
        counts.set(mine, before + times);
      }
      tally.unexpected += shared;
    },
    finish: () => ({
      counts: countsOf(tally),
      sampler,
      ...(full && {
        verdict: 'insufficient' as const,
        reasons: [
          `there are more than ${MAX_KEYS.toLocaleString('en')} distinct keys; check in parts by a hash of the key`,
        ],
      }),
    }),
  };
}

function shown(row: readonly SlotValue[]): SampleValue {
  const values = row.map((value) => sampleValue(value) as Exclude<SampleValue, readonly unknown[]>);
  return values.length === 1 ? values[0]! : values;
}

interface Column {
  get(i: number): number;
  set(i: number, value: number): void;
  /** A copy of the first `size`. */
  first(size: number): Float64Array;
}

/** A Float64Array that grows; slots that were never set are 0. */
function growing(): Column {
  let values = new Float64Array(1_024);
  return {
    get: (i) => (i < values.length ? values[i]! : 0),
    set(i, value) {
      if (i >= values.length) {
        const larger = new Float64Array(Math.max(2 * values.length, i + 1));
        larger.set(values);
        values = larger;
      }
      values[i] = value;
    },
    first: (size) => Float64Array.from({ length: size }, (_, i) => values[i] ?? 0),
  };
}
