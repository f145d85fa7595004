import type { Abortable } from '@millwright/core';
import type { Ledger, LedgerEvent } from '@millwright/core/ledger';
import { wakeOn } from '../wake.js';

/** Which events are wanted, and from where on. */
export interface WatchOptions extends Abortable {
  /** First leaf that is wanted: 0 for all, the last one seen plus 1 to go on. Default: what comes from now on. */
  readonly from?: number | undefined;
  /** Only these types. */
  readonly kinds?: readonly string[] | undefined;
}

/**
 * The ledger's events from a cursor on, in order and without gaps, first those that are there, then those that come: a
 * durable outbox, because the ledger is the queue. A consumer that stores `event.index + 1` after each event misses none.
 * Commits of other processes appear when the ledger is refreshed. Ends when the signal aborts.
 */
export async function* watchEvents(
  ledger: Ledger,
  options: WatchOptions = {},
): AsyncGenerator<LedgerEvent, void, undefined> {
  const { signal } = options;
  const wanted = options.kinds === undefined ? undefined : new Set(options.kinds);
  let from = options.from ?? ledger.head.size;
  const wake = wakeOn(ledger, () => true, signal);
  try {
    do {
      for await (const event of ledger.read({ from })) {
        if (signal?.aborted === true) return;
        from = event.index + 1;
        if (wanted?.has(event.type) ?? true) yield event;
      }
    } while (await wake.next());
  } finally {
    wake.stop();
  }
}
