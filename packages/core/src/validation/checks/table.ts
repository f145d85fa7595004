import type { SampleOptions } from '../sampler.js';
import { numbersOf, sampleValue } from '../slots.js';
import { countsOf } from '../state.js';
import { considered, type RowPart, type RowState, rowState } from './row-state.js';

const NO_SAMPLES: SampleOptions = { limit: 0 };

/** How many rows there are, or how many `where` leaves. No rows at all is an answer here, not a gap. */
export function rowCountState(min = 0, max = Number.POSITIVE_INFINITY): RowState {
  return rowState(
    NO_SAMPLES,
    ({ tally }, _, mask) => {
      if (mask) for (let k = 0; k < mask.length; k++) tally.excluded += 1 - mask[k]!;
    },
    ({ rows, excluded }) => {
      const observed = rows - excluded;
      return { observed, verdict: observed >= min && observed <= max ? 'pass' : 'fail' };
    },
  );
}

interface FreshPart extends RowPart {
  readonly newest: number;
}

/** The newest point in time, and points in time that are too far ahead. */
export function freshState(
  column: string,
  now: number,
  maxAgeMs: number,
  maxAheadMs: number,
  options: SampleOptions,
): RowState {
  let newest = Number.NEGATIVE_INFINITY;
  const rows = rowState(
    options,
    ({ tally, sampler }, block, mask) => {
      const slots = block.slots.get(column)!;
      // Every column of points in time has them.
      const times = numbersOf(slots, block.length)!;
      for (const k of considered(tally, block, mask, [slots])) {
        const time = times[k]!;
        if (time <= now + maxAheadMs) newest = Math.max(newest, time);
        else {
          tally.unexpected++;
          sampler.add(block.row + k, () => sampleValue(time));
        }
      }
    },
    (tally) => {
      if (countsOf(tally).considered === 0) return {};
      const age = now - newest;
      if (!Number.isFinite(age)) return { verdict: 'fail', reasons: ['every point in time is ahead of now'] };
      const reasons = age > maxAgeMs ? [`it is ${age.toLocaleString('en')} ms old`] : [];
      return { observed: age, verdict: age <= maxAgeMs && tally.unexpected === 0 ? 'pass' : 'fail', reasons };
    },
  );
  return {
    ...rows,
    part: () => ({ ...rows.part(), newest }),
    merge(part, offset) {
      rows.merge(part, offset);
      newest = Math.max(newest, (part as FreshPart).newest);
    },
  };
}

/** A finding that needs no rows: the schema says it all. */
export function schemaState(verdict: 'pass' | 'fail' | 'insufficient', reasons: readonly string[]): RowState {
  return rowState(
    NO_SAMPLES,
    () => {},
    (tally) => ({ counts: { ...countsOf(tally), considered: 0, missing: tally.rows }, verdict, reasons }),
  );
}
