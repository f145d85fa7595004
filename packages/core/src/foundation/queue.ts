import PQueue from 'p-queue';
import { invalidInput, MillwrightError } from './errors.js';

/** How much runs at once and how much may wait. */
export interface BoundedQueueOptions {
  /** How many tasks run at once. Default 1. */
  readonly concurrency?: number | undefined;
  /** How many tasks may wait beside the running ones. Required: an unbounded queue is a memory leak. */
  readonly maxWaiting: number;
}

/** A queue that refuses work rather than growing: p-queue with a bound. */
export interface BoundedQueue {
  readonly waiting: number;
  readonly running: number;
  /** Runs the task in turn. @throws `queue/full` at once when no place is left */
  add<T>(task: () => Promise<T> | T): Promise<T>;
  /** Runs the task in turn, or does nothing and returns false when no place is left. A failing task is the caller's to handle. */
  offer(task: () => Promise<void> | void): boolean;
  /** Resolves when nothing waits and nothing runs. */
  idle(): Promise<void>;
  /** Forgets the waiting tasks; running ones end by themselves. */
  clear(): void;
}

/** A queue that runs so many pieces of work at once and lets so many wait. */
export function boundedQueue(options: BoundedQueueOptions): BoundedQueue {
  const { concurrency = 1, maxWaiting } = options;
  if (!Number.isInteger(maxWaiting) || maxWaiting < 0)
    throw invalidInput('maxWaiting', 'an integer of 0 or more', maxWaiting);
  const queue = new PQueue({ concurrency });
  const full = () => queue.pending >= concurrency && queue.size >= maxWaiting;
  return {
    get waiting() {
      return queue.size;
    },
    get running() {
      return queue.pending;
    },
    async add<T>(task: () => Promise<T> | T): Promise<T> {
      if (full()) {
        throw new MillwrightError(
          'queue/full',
          `The queue already holds ${maxWaiting} waiting tasks. Try again later.`,
          { details: { limit: maxWaiting } },
        );
      }
      return queue.add(async () => task());
    },
    offer(task) {
      if (full()) return false;
      void queue.add(async () => task()).catch(() => undefined);
      return true;
    },
    idle: () => queue.onIdle(),
    clear: () => queue.clear(),
  };
}
