import { systemClock } from '@millwright/core';
import { type Ledger, type LedgerEvent, openLedger } from '@millwright/core/ledger';
import { memoryStorage } from '@millwright/core/storage';
import { deliverEvents, type EventExit } from '@millwright/registry/feed';

/** A ledger in memory with as many events, beside the first. */
export async function ledgerOf(events: number): Promise<Ledger> {
  const ledger = await openLedger({ log: memoryStorage().log, actor: 'maria' });
  if (events > 0) await write(ledger, events);
  return ledger;
}

export async function eventsOf(ledger: Ledger): Promise<readonly LedgerEvent[]> {
  const events: LedgerEvent[] = [];
  for await (const event of ledger.read()) events.push(event);
  return events;
}

/** The ids under which its events leave a ledger. Commits have leaves too, so numbers are left out. */
export async function eventIds(ledger: Ledger): Promise<readonly string[]> {
  return (await eventsOf(ledger)).map(({ index }) => `${ledger.id}/${index}`);
}

export async function write(ledger: Ledger, events: number): Promise<void> {
  const made = Array.from({ length: events }, (_, i) => ({ type: 'work.done', data: { name: `part ${i}` } }));
  await ledger.commit(() => ({ events: made, result: undefined }));
}

/** Delivers what there is. Pauses after failures are skipped. */
export async function deliverAll(
  ledger: Ledger,
  exit: EventExit,
  onDelivered: (cursor: number) => void = () => undefined,
  from?: number,
): Promise<void> {
  const stop = new AbortController();
  await deliverEvents(ledger, exit, {
    from,
    signal: stop.signal,
    clock: { ...systemClock, schedule: (_, run) => systemClock.schedule(0, run) },
    onDelivered(cursor) {
      onDelivered(cursor);
      if (cursor === ledger.head.size) stop.abort();
    },
  });
}
