import { type Abortable, type Clock, sleep, systemClock } from '@millwright/core';
import type { Ledger, LedgerEvent } from '@millwright/core/ledger';
import { type WatchOptions, watchEvents } from './watch-events.js';

/** Where events leave the ledger: a stream, a topic, a web address. */
export interface EventExit {
  /** Hands over one event; resolves when the other side has it for good. An event may come twice. */
  send(event: LedgerEvent, ledger: Ledger, options?: Abortable): Promise<unknown>;
  /** The first leaf that the other side has not yet. Absent where the other side cannot tell. */
  cursor?(ledger: Ledger): Promise<number>;
}

/** Where deliveries begin, and what is done about those that fail. */
export interface DeliveryOptions extends WatchOptions {
  /** First leaf to deliver. Default: the exit's own cursor, and without one what comes from now on. */
  readonly from?: number | undefined;
  /** Called with the next cursor after every delivery; store it to go on after a restart where the exit has none of its own. */
  readonly onDelivered?: ((cursor: number) => Promise<void> | void) | undefined;
  /** Called with each failed attempt; deliveries are tried again for ever, later and later, and keep their order. */
  readonly onFailed?:
    | ((failure: { readonly event: LedgerEvent; readonly attempt: number; readonly cause: unknown }) => void)
    | undefined;
  readonly clock?: Clock | undefined;
  /** Longest pause between attempts, in milliseconds. Default 5 minutes. */
  readonly maxPauseMs?: number | undefined;
}

/**
 * Delivers the ledger's events through an exit, in order, each at least once, until the signal aborts. What was handed over
 * when the process died, and was not noted, comes again: receivers know it by its id, `ledger/index`.
 * @throws what the exit's `cursor` throws
 */
export async function deliverEvents(ledger: Ledger, exit: EventExit, options: DeliveryOptions = {}): Promise<void> {
  const { onDelivered, onFailed, clock = systemClock, maxPauseMs = 300_000, signal } = options;
  const stopped = () => signal?.aborted === true;
  const from = options.from ?? (await exit.cursor?.(ledger));
  for await (const event of watchEvents(ledger, { ...options, from })) {
    for (let attempt = 1; ; attempt++) {
      try {
        await exit.send(event, ledger, { signal });
        break;
      } catch (cause) {
        if (stopped()) return;
        onFailed?.({ event, attempt, cause });
        const pause = Math.min(maxPauseMs, 1_000 * 2 ** Math.min(attempt - 1, 20));
        await sleep(clock, pause, signal).catch(() => undefined);
        if (stopped()) return;
      }
    }
    await onDelivered?.(event.index + 1);
  }
}
