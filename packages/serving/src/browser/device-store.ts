import { cacheStore } from './cache-store.js';
import { indexedDbStore } from './indexeddb-store.js';
import { opfsStore } from './opfs-store.js';

/**
 * Small pieces by name, kept on this device between visits. The browser may evict it, another tab may change it:
 * whoever reads checks what comes. Names consist of `0-9`, `a-z` and `-`.
 */
export interface DeviceStore {
  readonly kind: 'opfs' | 'cache' | 'indexeddb' | 'memory';
  get(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  put(name: string, bytes: Uint8Array): Promise<void>;
  delete(name: string): Promise<void>;
  names(): Promise<readonly string[]>;
}

const OPENERS = { opfs: opfsStore, cache: cacheStore, indexeddb: indexedDbStore };

/**
 * The first store that works here: the private file system (fastest), the Cache API, IndexedDB; in a private window or
 * without quota none does, and pieces are kept in memory until the page is left.
 */
export async function deviceStore(
  name = 'millwright',
  kinds: readonly (keyof typeof OPENERS)[] = ['opfs', 'cache', 'indexeddb'],
): Promise<DeviceStore> {
  for (const kind of kinds) {
    try {
      const store = await OPENERS[kind](name);
      if (await works(store)) return store;
    } catch {
      // The next one may.
    }
  }
  return memoryStore();
}

/** Browsers have stores that exist and refuse to keep anything. Tabs that start together must not trip over each other's probe. */
async function works(store: DeviceStore): Promise<boolean> {
  const name = `probe-${crypto.randomUUID()}`;
  const probe = Uint8Array.of(1, 2, 3);
  await store.put(name, probe);
  const back = await store.get(name);
  await store.delete(name);
  return back?.join() === probe.join();
}

export function memoryStore(): DeviceStore {
  const pieces = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    kind: 'memory',
    get: async (name) => pieces.get(name)?.slice(),
    put: async (name, bytes) => void pieces.set(name, new Uint8Array(bytes)),
    delete: async (name) => void pieces.delete(name),
    names: async () => [...pieces.keys()],
  };
}
