import { cacheStore } from './cache-store.js';
import { type DeviceStore, memoryStore } from './device-store.js';
import { indexedDbStore } from './indexeddb-store.js';
import { opfsStore } from './opfs-store.js';

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
