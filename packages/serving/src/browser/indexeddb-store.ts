import type { DeviceStore } from './device-store.js';

const PIECES = 'pieces';

/** A record per piece. */
export async function indexedDbStore(name: string): Promise<DeviceStore> {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => void opening.result.createObjectStore(PIECES);
  const database = await answer(opening);
  const pieces = (mode: IDBTransactionMode) => database.transaction(PIECES, mode).objectStore(PIECES);
  return {
    kind: 'indexeddb',
    get: async (piece) => (await answer(pieces('readonly').get(piece))) as Uint8Array<ArrayBuffer> | undefined,
    async put(piece, bytes) {
      await answer(pieces('readwrite').put(new Uint8Array(bytes), piece));
    },
    async delete(piece) {
      await answer(pieces('readwrite').delete(piece));
    },
    names: async () => (await answer(pieces('readonly').getAllKeys())).map(String),
  };
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
