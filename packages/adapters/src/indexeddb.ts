import { type Clock, defined, systemClock } from '@millwright/core';
import type { Storage } from '@millwright/core/storage';
import { indexedDbBlobs } from './indexeddb/blobs.js';
import { database } from './indexeddb/database.js';
import { indexedDbLog } from './indexeddb/log.js';

/**
 * A log and blobs in a database of the browser, shared by all tabs and workers of the origin. What a browser stores it may
 * also evict: use it as a cache and for what is on its way to a server, and ask `navigator.storage.persist()` before
 * anything in it matters.
 * @throws `storage/failed` when the quota is used up or the database was deleted, `storage/unsupported` without IndexedDB
 * @example
 * const storage = indexedDb('flight-delays');
 */
export function indexedDb(name: string, options: IndexedDbOptions = {}): Storage {
  const { factory, durability, clock } = { ...DEFAULTS, ...defined(options) };
  const open = database({ name, factory, durability });
  return {
    log: indexedDbLog(open),
    blobs: indexedDbBlobs(open, clock),
    [Symbol.asyncDispose]: () => open.close(),
  };
}

/** Which IndexedDB is used, and what it promises. */
export interface IndexedDbOptions {
  /** Default that of the page or worker. */
  readonly factory?: IDBFactory | undefined;
  /** What the browser is asked for; `strict` waits for the disk where the browser honours it. Default `strict`. */
  readonly durability?: 'strict' | 'relaxed' | undefined;
  readonly clock?: Clock | undefined;
}

const DEFAULTS = { factory: undefined, durability: 'strict', clock: systemClock } as const satisfies IndexedDbOptions;
