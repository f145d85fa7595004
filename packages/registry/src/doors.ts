import type { Abortable } from '@millwright/core';
import { keepingBlobs } from '@millwright/core/garbage';
import type { CommitOptions, Committed, Decide, Ledger, LedgerEvent } from '@millwright/core/ledger';
import type { BlobStore } from '@millwright/core/storage';

/** What every room of the registry works on. */
export interface RegistryDoors {
  readonly ledger: Ledger;
  readonly blobs: BlobStore;
}

/** Options of every command. */
export interface CommandOptions extends Abortable {
  /** Who acts, when it is not the actor that the registry was opened with. */
  readonly actor?: string | undefined;
  /** The same key within the ledger's window answers with the first outcome instead of acting again. */
  readonly idempotencyKey?: string | undefined;
}

/**
 * Commits a command. `replay` makes the result again from the events that the same idempotency key wrote before,
 * perhaps in another process.
 */
export function act<R>(
  ledger: Ledger,
  decide: Decide<R>,
  { actor, idempotencyKey, blobs, signal }: CommandOptions & Pick<CommitOptions, 'blobs'>,
  replay: (events: readonly LedgerEvent[]) => R,
): Promise<Committed<R>> {
  return ledger.commit(decide, { actor, idempotencyKey, blobs, signal, onReplay: replay });
}

/** A command that puts blobs and commits what names them, repeated when a collector took one of them in between. */
export function storing<A extends readonly unknown[], R>(
  { ledger, blobs }: RegistryDoors,
  command: (...args: A) => Promise<R>,
): (...args: A) => Promise<R> {
  return (...args) => keepingBlobs(ledger, blobs, () => command(...args));
}

/** The id of what an event numbered: `flight-delay@3` of `version.registered`. */
export function numberedBy(type: string, nameKey: string): (events: readonly LedgerEvent[]) => string {
  return (events) => {
    const data = events.find((event) => event.type === type)?.data;
    return `${data?.[nameKey]}@${data?.['number']}`;
  };
}
