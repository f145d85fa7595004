import { type Abortable, type Clock, MillwrightError } from '@millwright/core';

export interface LimiterOptions {
  /** Calls that may overlap at first. Default 8. */
  readonly initial?: number | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** Calls that may wait for one to end. Default 256. */
  readonly maxWaiting?: number | undefined;
  readonly clock: Clock;
}

/** How a call ended, for the limit: it took its time, it was turned away, or it says nothing. */
export type CallEnd = 'answered' | 'overloaded' | 'other';

/**
 * Finds out how many calls another service can take at once, from how long they take: the limit falls when calls get
 * slower than they have been for long (a queue is building up there) and grows by a little when they do not.
 * Gradient2 of Netflix's concurrency-limits: `new = limit max(1/2, min(1, tolerance long / short)) + queue`, smoothed by
 * 0.2; it does not grow while less than half of it is used. What was turned away takes a tenth off at once.
 */
export interface Limiter {
  readonly limit: number;
  readonly inFlight: number;
  /** Waits for a place. The returned function gives it back. @throws `serving/overloaded` when too many wait */
  acquire(options?: Abortable): Promise<(end: CallEnd) => void>;
  /** A place at once, or undefined. */
  tryAcquire(): ((end: CallEnd) => void) | undefined;
}

export function limiter(options: LimiterOptions): Limiter {
  const { initial = 8, min = 1, max = 256, maxWaiting = 256, clock } = options;
  let limit = initial;
  let longMs = Number.NaN;
  let inFlight = 0;
  const waiting = new Set<() => void>();
  const allowed = () => Math.floor(limit);

  function take(): (end: CallEnd) => void {
    inFlight++;
    const startedAt = clock.monotonic();
    let ended = false;
    return (end) => {
      if (ended) return;
      ended = true;
      if (end === 'answered') learn(clock.monotonic() - startedAt);
      if (end === 'overloaded') limit = Math.max(min, limit * BACK_OFF);
      inFlight--;
      wake();
    };
  }

  function learn(ms: number): void {
    const shortMs = Math.max(ms, TINY_MS);
    longMs = Number.isNaN(longMs) ? shortMs : longMs + (shortMs - longMs) / LONG_WINDOW;
    // After a time of slow answers the long average would keep the limit low for hundreds of calls.
    if (longMs > 2 * shortMs) longMs *= 0.95;
    if (inFlight < limit / 2) return;
    const gradient = Math.max(0.5, Math.min(1, (TOLERANCE * longMs) / shortMs));
    const next = limit * gradient + QUEUE;
    limit = Math.max(min, Math.min(max, limit + SMOOTHING * (next - limit)));
  }

  function wake(): void {
    for (const go of waiting) {
      if (inFlight >= allowed()) return;
      waiting.delete(go);
      go();
    }
  }

  return {
    get limit() {
      return allowed();
    },
    get inFlight() {
      return inFlight;
    },
    tryAcquire: () => (inFlight < allowed() ? take() : undefined),
    async acquire({ signal } = {}) {
      signal?.throwIfAborted();
      if (inFlight < allowed()) return take();
      if (waiting.size >= maxWaiting) throw overloaded(longMs);
      return await new Promise((resolve, reject) => {
        const go = () => {
          signal?.removeEventListener('abort', onAbort);
          resolve(take());
        };
        const onAbort = () => {
          waiting.delete(go);
          reject(signal?.reason);
        };
        waiting.add(go);
        signal?.addEventListener('abort', onAbort, { once: true });
      });
    },
  };
}

/** Calls over which the long average forgets, and how much slower than it a call may be before the limit falls. */
const LONG_WINDOW = 600;
const TOLERANCE = 1.5;
/** Calls that may wait in the other service: what the limit grows by, before smoothing. */
const QUEUE = 4;
const SMOOTHING = 0.2;
const BACK_OFF = 0.9;
/** A microsecond: keeps the ratio finite. */
const TINY_MS = 1e-3;

function overloaded(longMs: number): MillwrightError<'serving/overloaded'> {
  const retryAfterMs = Math.max(1, Math.ceil(Number.isNaN(longMs) ? 100 : longMs));
  return new MillwrightError('serving/overloaded', `Too many calls wait. Try again in ${retryAfterMs} ms.`, {
    details: { retryAfterMs },
  });
}
