import { createSampler, type SampleOptions } from '../sampler.js';
import { readerOf, type SlotValue, sampleValue } from '../slots.js';
import { addTally, countsOf, newTally } from '../state.js';
import type { SampleValue } from '../types.js';
import { type Keys, keysOf, MAX_KEYS } from './keys.js';
import { eachConsidered, type RowState } from './row-state.js';

interface UniqueState extends RowState {
  readonly keys: Keys;
  /** By key: how often it came, and in which row first. */
  readonly counts: Column;
  readonly firstRows: Column;
  full: boolean;
}

/** Values, or combinations of values, that occur once. Exact: memory grows with the number of distinct keys. */
export function uniqueState(columns: readonly string[], numeric: boolean, options: SampleOptions): UniqueState {
  const tally = newTally();
  const sampler = createSampler(options);
  const keys = keysOf(columns.length, numeric);
  const counts = growing();
  const firstRows = growing();

  const see = (id: number, row: number, times: number, value: () => SampleValue) => {
    const before = counts.get(id);
    if (before === 0) firstRows.set(id, row);
    counts.set(id, before + times);
    if (before + times < 2) return;
    // With its second occurrence a key's first one is unexpected too.
    tally.unexpected += before === 1 ? times + 1 : times;
    if (before === 1) sampler.add(firstRows.get(id), value);
    if (before > 0) sampler.add(row, value);
  };

  const state: UniqueState = {
    tally,
    sampler,
    keys,
    counts,
    firstRows,
    full: false,
    block(block, mask) {
      tally.rows += block.length;
      const parts = columns.map((name) => block.slots.get(name)!);
      const reads = parts.map(({ column, chunk }) => readerOf(column, chunk));
      const row: SlotValue[] = new Array(parts.length);
      eachConsidered(tally, block, mask, parts, (k) => {
        for (let c = 0; c < parts.length; c++) row[c] = reads[c]!(parts[c]!.from + k);
        const id = keys.idOf(row);
        if (id > MAX_KEYS) state.full = true;
        else see(id, block.row + k, 1, () => shown(row));
      });
    },
    merge(other, offset) {
      const later = other as UniqueState;
      // Rows, and what is unexpected within the later part, are counted there; what the two share is counted here.
      const { unexpected, ...rest } = later.tally;
      addTally(tally, { ...rest, unexpected: 0 });
      sampler.merge(later.sampler, offset);
      state.full ||= later.full;
      let shared = unexpected;
      for (let id = 0; id < later.keys.size(); id++) {
        const mine = keys.copy(later.keys, id);
        if (mine > MAX_KEYS) {
          state.full = true;
          break;
        }
        const times = later.counts.get(id);
        const before = counts.get(mine);
        const row = later.firstRows.get(id) + offset;
        if (before === 0) firstRows.set(mine, row);
        else {
          const value = () => shown(keys.valueOf(mine));
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
      ...(state.full && {
        verdict: 'insufficient' as const,
        reasons: [
          `there are more than ${MAX_KEYS.toLocaleString('en')} distinct keys; check in parts by a hash of the key`,
        ],
      }),
    }),
  };
  return state;
}

function shown(row: readonly SlotValue[]): SampleValue {
  const values = row.map((value) => sampleValue(value) as Exclude<SampleValue, readonly unknown[]>);
  return values.length === 1 ? values[0]! : values;
}

interface Column {
  get(i: number): number;
  set(i: number, value: number): void;
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
  };
}
