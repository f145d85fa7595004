import { type Abortable, MillwrightError } from '@millwright/core';
import { type StoreWork, storeWork } from '../shared/store-work.js';

export const COMMITS = 'commits';
/** One entry per blob: its digest, its size and the upload that carried its parts. */
export const BLOBS = 'blobs';
/** Bytes of uploads, by [upload, number]. Parts without a blob that names their upload are invisible. */
export const PARTS = 'parts';
type StoreName = typeof COMMITS | typeof BLOBS | typeof PARTS;

/** One database, opened at the first use. */
export interface Database extends Pick<StoreWork, 'run'> {
  readonly store: string;
  /**
   * Runs requests in one transaction and gives their result when it has completed. `work` may wait for requests only:
   * waiting for anything else ends the transaction. After an abort nothing of it is stored.
   */
  transact<T>(
    mode: IDBTransactionMode,
    names: readonly StoreName[],
    options: Abortable | undefined,
    work: (stores: (name: StoreName) => IDBObjectStore) => Promise<T>,
  ): Promise<T>;
  close(): Promise<void>;
}

export function database(options: {
  readonly name: string;
  readonly factory: IDBFactory | undefined;
  readonly durability: 'strict' | 'relaxed';
}): Database {
  const { name, durability } = options;
  const store = `indexedDb(${name})`;
  let opening: Promise<IDBDatabase> | undefined;
  const { run, close } = storeWork(store);

  async function connect(): Promise<IDBDatabase> {
    const factory = options.factory ?? globalThis.indexedDB;
    if (factory === undefined)
      throw new MillwrightError(
        'storage/unsupported',
        'There is no IndexedDB here. Pass { factory }, or use another store.',
        {
          details: { store, needs: 'IndexedDB' },
        },
      );
    const request = factory.open(name, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(COMMITS, { keyPath: 'seq' });
      request.result.createObjectStore(BLOBS, { keyPath: 'digest' });
      request.result.createObjectStore(PARTS);
    };
    const connection = await resultOf(request);
    // Somebody deletes the database or a later version opens it: do not stand in the way.
    connection.onversionchange = () => connection.close();
    return connection;
  }

  return {
    store,
    run,
    async transact(mode, names, o, work) {
      opening ??= connect();
      const connection = await opening.catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      o?.signal?.throwIfAborted();
      const transaction = connection.transaction(names, mode, { durability });
      const stored = completed(transaction);
      const onAbort = () => abort(transaction);
      o?.signal?.addEventListener('abort', onAbort, { once: true });
      try {
        const result = await work((which) => transaction.objectStore(which)).catch(async (error: unknown) => {
          abort(transaction);
          await stored.catch(() => undefined);
          throw error;
        });
        await stored;
        return result;
      } finally {
        o?.signal?.removeEventListener('abort', onAbort);
      }
    },
    async close() {
      close();
      (await opening?.catch(() => undefined))?.close();
    },
  };
}

/** Resolves when everything in the transaction is stored, and rejects when nothing is. */
export function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new DOMException('aborted', 'AbortError'));
  });
}

/** The result of a request. */
export function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** A transaction that has ended by itself cannot be aborted, and need not be. */
function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}
