import { type Abortable, decodeUtf8 } from '@millwright/core';
import { keepingBlobs } from '@millwright/core/garbage';
import {
  type CommitOptions,
  type Committed,
  type Decide,
  type Ledger,
  type LedgerEvent,
  openPayload,
  type PayloadRef,
  sealPayload,
} from '@millwright/core/ledger';
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
  /**
   * What people write about people belongs here and not into a reason: it is kept beside the ledger, which holds a salted
   * commitment to it, and can be erased with `redact` while every proof stays. `registry.note` reads it.
   */
  readonly note?: string | undefined;
}

/**
 * Commits a command. `replay` makes the result again from the events that the same idempotency key wrote before,
 * perhaps in another process.
 */
export async function act<R>(
  doors: RegistryDoors,
  decide: Decide<R>,
  { actor, idempotencyKey, note, blobs = [], signal }: CommandOptions & Pick<CommitOptions, 'blobs'>,
  replay: (events: readonly LedgerEvent[]) => R,
): Promise<Committed<R>> {
  const options = { actor, idempotencyKey, signal, onReplay: replay };
  if (note === undefined) return doors.ledger.commit(decide, { ...options, blobs });
  const ref = await sealPayload(doors.blobs, note, { class: 'note', signal });
  return doors.ledger.commit((view) => annotated(decide(view), ref), { ...options, blobs });
}

/** The note hangs on the last event of the command that is not its lineage: on what the command is about. */
function annotated<R>(decided: ReturnType<Decide<R>>, note: PayloadRef): ReturnType<Decide<R>> {
  const events = [...decided.events];
  const at = events.findLastIndex(({ type }) => type !== 'lineage.recorded');
  if (at >= 0) events[at] = { ...events[at]!, data: { ...events[at]!.data, note } };
  return { ...decided, events };
}

/** The note of an event, undefined when it has none. @throws `storage/corrupt` */
export async function readNote(doors: RegistryDoors, eventIndex: number, o: Abortable): Promise<Note | undefined> {
  for await (const { index, data } of doors.ledger.read({ from: eventIndex, signal: o.signal })) {
    const ref = data['note'] as PayloadRef | undefined;
    if (index !== eventIndex || typeof ref?.commitment !== 'string') return undefined;
    const bytes = await openPayload(doors.blobs, ref, o);
    return { ref, text: bytes && decodeUtf8(bytes) };
  }
  return undefined;
}

/** What somebody wrote beside an act. */
export interface Note {
  /** For `redact`, and for legal holds. */
  readonly ref: PayloadRef;
  /** Undefined when it was erased. */
  readonly text: string | undefined;
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
