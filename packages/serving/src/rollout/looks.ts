import { type Abortable, type Clock, sleep } from '@millwright/core';

/**
 * Yields whenever the ledger may have changed, whatever it yields: `storage.log.watch` of a folder or of PostgreSQL, or
 * messages of your own. It may yield too often, and once when it has begun to listen.
 */
export type WakeUp = (options: Abortable) => AsyncIterable<unknown>;

export interface LooksOptions {
  readonly clock: Clock;
  /** Looks this often by itself, in milliseconds. */
  readonly tickMs?: number | undefined;
  readonly wake?: WakeUp | undefined;
  /** A look by itself has failed, or the wake-ups have. */
  readonly failed: (error: unknown) => void;
}

/** When to look: one look at a time, when asked, by the clock, and when something may have changed. */
export interface Looks<T> {
  /** Looks once. What is asked for while another look runs starts after it. */
  tick(): Promise<T>;
  /** From now on it looks by itself. */
  start(): void;
  /** No look begins by itself any more; resolves when the last one has ended. */
  stop(): Promise<void>;
}

export function looks<T>(look: () => Promise<T>, { clock, tickMs, wake, failed }: LooksOptions): Looks<T> {
  const stopping = new AbortController();
  const { signal } = stopping;
  let busy: Promise<unknown> = Promise.resolve();
  let cancelTimer: (() => void) | undefined;
  let nudged = false;

  function enqueue(work: () => Promise<T>): Promise<T> {
    const next = busy.then(work, work);
    busy = next.catch(() => undefined);
    return next;
  }

  /** Many wake-ups before the next look begins are one. */
  function nudge(): void {
    if (nudged || signal.aborted) return;
    nudged = true;
    enqueue(() => {
      nudged = false;
      return look();
    }).catch(failed);
  }

  function schedule(): void {
    if (tickMs === undefined || signal.aborted) return;
    cancelTimer = clock.schedule(tickMs, () => enqueue(look).catch(failed).finally(schedule));
  }

  /** Wake-ups that end or fail begin again after a while; until then there is the clock. */
  async function listen(source: WakeUp): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const _ of source({ signal })) nudge();
      } catch (error) {
        if (!signal.aborted) failed(error);
      }
      await sleep(clock, tickMs ?? LISTEN_AGAIN_MS, signal).catch(() => undefined);
    }
  }

  return {
    tick: () => enqueue(look),
    start() {
      schedule();
      if (wake !== undefined) void listen(wake);
    },
    async stop() {
      stopping.abort();
      cancelTimer?.();
      await busy;
    },
  };
}

const LISTEN_AGAIN_MS = 5_000;
