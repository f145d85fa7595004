import type { Ledger, LedgerEvent } from '@millwright/core/ledger';

/** Waits for events without a queue: what happens meanwhile is one wake-up, and the ledger says what it was. */
export interface Wake {
  /** True after such an event since the last call, at once or when it comes; false at the end. */
  next(): Promise<boolean>;
  stop(): void;
}

/** Wakes on events that matter, as they are folded here, until stopped or aborted. */
export function wakeOn(ledger: Ledger, matters: (event: LedgerEvent) => boolean, signal?: AbortSignal): Wake {
  let dirty = false;
  let ended = signal?.aborted ?? false;
  let wake: (() => void) | undefined;
  const off = ledger.events.on('committed', (event) => {
    if (!matters(event)) return;
    dirty = true;
    wake?.();
  });
  const stop = () => {
    ended = true;
    off();
    signal?.removeEventListener('abort', stop);
    wake?.();
  };
  signal?.addEventListener('abort', stop, { once: true });
  return {
    stop,
    async next() {
      while (!dirty && !ended)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      wake = undefined;
      dirty = false;
      return !ended;
    },
  };
}
