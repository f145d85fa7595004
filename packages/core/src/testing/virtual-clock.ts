import type { Clock } from '../foundation/clock.js';
import { invalidInput } from '../foundation/errors.js';

/** A clock that moves only when told to. */
export interface VirtualClock extends Clock {
  /** Moves on by `ms`, calling what falls due in order of time; between two calls, promises settle. */
  advance(ms: number): Promise<void>;
  /** Sets wall time, also backwards, without calling anything. Monotonic time stays. */
  set(ms: number): void;
  /** How many callbacks wait. */
  readonly scheduled: number;
}

/** A virtual clock at `startMs`. Callbacks with the same due time run in the order they were scheduled. */
export function virtualClock(startMs = 0): VirtualClock {
  let elapsed = 0;
  let offset = startMs;
  let order = 0;
  const waiting = new Map<number, { readonly due: number; readonly callback: () => void }>();

  const nextDue = (until: number): number | undefined => {
    let best: number | undefined;
    let bestDue = Number.POSITIVE_INFINITY;
    for (const [id, { due }] of waiting) {
      if (due <= until && due < bestDue) {
        best = id;
        bestDue = due;
      }
    }
    return best;
  };

  return {
    now: () => offset + elapsed,
    monotonic: () => elapsed,
    schedule(delayMs, callback) {
      const id = order++;
      waiting.set(id, { due: elapsed + Math.max(0, delayMs), callback });
      return () => void waiting.delete(id);
    },
    async advance(ms) {
      if (!(ms >= 0)) throw invalidInput('ms', 'a duration of 0 or more', ms);
      const until = elapsed + ms;
      await settle();
      for (let id = nextDue(until); id !== undefined; id = nextDue(until)) {
        const { due, callback } = waiting.get(id)!;
        waiting.delete(id);
        elapsed = Math.max(elapsed, due);
        callback();
        await settle();
      }
      elapsed = until;
    },
    set(ms) {
      offset = ms - elapsed;
    },
    get scheduled() {
      return waiting.size;
    },
  };
}

/** Lets pending promises run: one trip through the task queue, which comes after every microtask. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
