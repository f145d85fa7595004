import type { Digest } from '../foundation/digest.js';
import { MillwrightError } from '../foundation/errors.js';
import type { ChainReader } from './chain-reader.js';
import type { LedgerHead } from './types.js';

/**
 * Where a client remembers the newest head it has seen, outside the place that holds the ledger. A ledger that later
 * contradicts it was rewritten, rolled back, or is shown differently to different readers.
 */
export interface HeadPin {
  load(): Promise<PinnedHead | undefined>;
  save(head: PinnedHead): Promise<void>;
}

/** A head that was seen: so many leaves with this root. */
export interface PinnedHead {
  readonly size: number;
  readonly root: Digest;
}

/** A pin in memory, for tests and for one process that opens a ledger several times. */
export function memoryPin(head?: PinnedHead): HeadPin {
  let pinned = head;
  return {
    load: async () => pinned,
    async save({ size, root }) {
      pinned = { size, root };
    },
  };
}

/** Fails closed when the history that is served now does not contain the pinned one. @throws `ledger/forked` */
export async function checkPin(reader: ChainReader, pinned: PinnedHead): Promise<void> {
  const { size, root } = reader.position;
  if (pinned.size > size) throw forked(pinned, root, `it has ${size} leaves only`);
  if (pinned.size < reader.tree.start) await reader.loadHistory();
  const actual = reader.rootAt(pinned.size);
  if (actual !== pinned.root) throw forked(pinned, actual, 'it has others');
}

/** Saves heads one after the other, only the newest of those that wait. */
export interface PinKeeper {
  note(head: LedgerHead): void;
  /** Settles when the newest head is saved. @throws what `save` threw */
  saved(): Promise<void>;
}

export function pinKeeper(pin: HeadPin): PinKeeper {
  let newest: PinnedHead | undefined;
  let saving: Promise<void> | undefined;
  let failure: { readonly error: unknown } | undefined;
  const run = async () => {
    while (newest !== undefined) {
      const head = newest;
      newest = undefined;
      try {
        await pin.save(head);
        failure = undefined;
      } catch (error) {
        failure = { error };
      }
    }
    saving = undefined;
  };
  return {
    note({ size, root }) {
      newest = { size, root };
      saving ??= run();
    },
    async saved() {
      await saving;
      if (failure !== undefined) throw failure.error;
    },
  };
}

function forked(pinned: PinnedHead, actualRoot: Digest, but: string): MillwrightError<'ledger/forked'> {
  return new MillwrightError(
    'ledger/forked',
    `This client has seen ${pinned.size} leaves with root ${pinned.root}, but the ledger now contradicts that: ${but}. ` +
      'Do not go on before somebody has found out why. After a legitimate restore from a backup, delete the pin.',
    { details: { expectedRoot: pinned.root, actualRoot, size: pinned.size } },
  );
}
