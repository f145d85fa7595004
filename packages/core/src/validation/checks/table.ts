import { isValid } from '../../table/validity.js';
import { createSampler, type SampleOptions } from '../sampler.js';
import { readerOf, sampleValue } from '../slots.js';
import { addTally, type CheckState, countsOf, newTally, type Tally } from '../state.js';
import type { ValueState } from './values.js';

interface CountState extends CheckState {
  readonly tally: Tally;
}

/** How many rows there are, or how many `where` leaves. No rows at all is an answer here, not a gap. */
export function rowCountState(min = 0, max = Number.POSITIVE_INFINITY): CountState {
  const tally = newTally();
  return {
    tally,
    block(block, mask) {
      tally.rows += block.length;
      if (mask) for (let k = 0; k < mask.length; k++) tally.excluded += 1 - mask[k]!;
    },
    merge: (later) => addTally(tally, (later as CountState).tally),
    finish() {
      const observed = tally.rows - tally.excluded;
      return { counts: countsOf(tally), observed, verdict: observed >= min && observed <= max ? 'pass' : 'fail' };
    },
  };
}

interface FreshState extends ValueState {
  newest: number;
}

/** The newest point in time, and points in time that are too far ahead. */
export function freshState(
  column: string,
  now: number,
  maxAgeMs: number,
  maxAheadMs: number,
  options: SampleOptions,
): FreshState {
  const tally = newTally();
  const sampler = createSampler(options);
  const state: FreshState = {
    tally,
    sampler,
    newest: Number.NEGATIVE_INFINITY,
    block(block, mask) {
      const { column: view, chunk, from } = block.slots.get(column)!;
      const read = readerOf(view, chunk);
      tally.rows += block.length;
      for (let k = 0; k < block.length; k++) {
        if (mask && mask[k] === 0) tally.excluded++;
        else if (!isValid(chunk.validity, from + k)) tally.missing++;
        else {
          const time = Number(read(from + k));
          if (time <= now + maxAheadMs) state.newest = Math.max(state.newest, time);
          else {
            tally.unexpected++;
            sampler.add(block.row + k, () => sampleValue(time));
          }
        }
      }
    },
    merge(later, offset) {
      const other = later as FreshState;
      addTally(tally, other.tally);
      sampler.merge(other.sampler, offset);
      state.newest = Math.max(state.newest, other.newest);
    },
    finish() {
      const counts = countsOf(tally);
      if (counts.considered === 0) return { counts, sampler };
      const age = now - state.newest;
      if (!Number.isFinite(age))
        return { counts, sampler, verdict: 'fail', reasons: ['every point in time is ahead of now'] };
      const reasons = age > maxAgeMs ? [`the newest is ${age} ms old; at most ${maxAgeMs} ms is expected`] : [];
      const verdict = age <= maxAgeMs && tally.unexpected === 0 ? 'pass' : 'fail';
      return { counts, sampler, observed: age, verdict, reasons };
    },
  };
  return state;
}

/** A finding that needs no rows: the schema says it all. */
export function schemaState(verdict: 'pass' | 'fail' | 'insufficient', reasons: readonly string[]): CountState {
  const tally = newTally();
  return {
    tally,
    block(block) {
      tally.rows += block.length;
    },
    merge: (later) => addTally(tally, (later as CountState).tally),
    finish: () => ({
      counts: { ...countsOf(tally), considered: 0, missing: tally.rows },
      verdict,
      reasons,
    }),
  };
}
