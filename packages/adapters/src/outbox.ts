import {
  type Clock,
  canonicalJson,
  invalidInput,
  isMillwrightError,
  type JsonObject,
  MillwrightError,
  systemClock,
} from '@millwright/core';
import { completed, resultOf } from './indexeddb/database.js';
import { storeFailed } from './shared/store-work.js';

/** What a page wants done, to be decided where the ledger is: a name and its input, never an event. */
export interface OutboxCommand {
  /** Idempotency key: a command that is sent again after a lost answer is carried out once. */
  readonly key: string;
  readonly name: string;
  readonly input: JsonObject;
  /** When it was put in, milliseconds since 1970. */
  readonly time: number;
}

/** Commands of a page that may be offline, kept in IndexedDB in the order in which they were put in. */
export interface Outbox extends AsyncDisposable {
  /** Resolves when the command is stored. @throws `input/not-json`, `storage/failed` */
  put(name: string, input: JsonObject): Promise<OutboxCommand>;
  /** What waits, oldest first. */
  waiting(): Promise<readonly OutboxCommand[]>;
  /**
   * Sends what waits, one after the other, and takes each out when `send` has resolved; one tab at a time (Web Locks). It
   * stops at the first that `send` rejects, which then waits with those after it. Gives the number of commands sent.
   * @throws what `send` throws
   */
  flush(send: (command: OutboxCommand) => Promise<void>): Promise<number>;
}

/**
 * Opens the outbox of an origin under a name, shared by its tabs and workers.
 * @throws `storage/unsupported` outside a browser, `storage/failed` when the browser refuses the database, both at first use
 * @example
 * const outbox = commandOutbox('registry');
 * await outbox.put('alias.move', { model: 'flight-delay', alias: 'champion', to: 'flight-delay@7' });
 * await outbox.flush(async ({ key, name, input }) => {
 *   const response = await fetch(`/commands/${name}`, { method: 'POST', headers: { 'idempotency-key': key }, body: JSON.stringify(input) });
 *   if (!response.ok) throw new Error(response.statusText);
 * });
 */
export function commandOutbox(
  name: string,
  { clock = systemClock }: { readonly clock?: Clock | undefined } = {},
): Outbox {
  const store = `outbox(${name})`;
  let opening: Promise<IDBDatabase> | undefined;

  async function connect(): Promise<IDBDatabase> {
    if (globalThis.indexedDB === undefined || globalThis.navigator?.locks === undefined)
      throw new MillwrightError(
        'storage/unsupported',
        'There is no IndexedDB with Web Locks here: use a page or a worker.',
        {
          details: { store, needs: 'IndexedDB and Web Locks' },
        },
      );
    const request = indexedDB.open(`millwright outbox ${name}`, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(COMMANDS, { autoIncrement: true });
    const database = await resultOf(request);
    database.onversionchange = () => database.close();
    return database;
  }

  /** One request in one transaction, durable when it resolves as far as the browser keeps `strict`. */
  async function ask<T>(
    operation: string,
    mode: IDBTransactionMode,
    request: (commands: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T> {
    try {
      opening ??= connect();
      const transaction = (await opening).transaction(COMMANDS, mode, { durability: 'strict' });
      const stored = completed(transaction);
      const [result] = await Promise.all([resultOf(request(transaction.objectStore(COMMANDS))), stored]);
      return result;
    } catch (cause) {
      opening = undefined;
      throw isMillwrightError(cause) ? cause : storeFailed(store, operation, cause);
    }
  }

  return {
    async put(command, input) {
      if (command === '') throw invalidInput('name', 'the name of a command', command);
      const kept: OutboxCommand = {
        key: crypto.randomUUID(),
        name: command,
        input: JSON.parse(canonicalJson(input)) as JsonObject,
        time: clock.now(),
      };
      await ask('keep a command', 'readwrite', (commands) => commands.add(kept));
      return kept;
    },
    waiting: () => ask('list commands', 'readonly', (commands): IDBRequest<OutboxCommand[]> => commands.getAll()),
    flush: (send) =>
      navigator.locks.request(`millwright ${store}`, async () => {
        for (let sent = 0; ; sent++) {
          const [first] = await ask('find a command', 'readonly', (commands) => commands.getAllKeys(null, 1));
          if (first === undefined) return sent;
          await send(await ask('read a command', 'readonly', (c): IDBRequest<OutboxCommand> => c.get(first)));
          await ask('take a command out', 'readwrite', (commands) => commands.delete(first));
        }
      }),
    async [Symbol.asyncDispose]() {
      (await opening?.catch(() => undefined))?.close();
      opening = undefined;
    },
  };
}

const COMMANDS = 'commands';
