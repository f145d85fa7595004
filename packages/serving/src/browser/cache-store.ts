import type { DeviceStore } from './device-store.js';

/** A response per piece in a cache of the Cache API, under URLs that nobody fetches. */
export async function cacheStore(name: string): Promise<DeviceStore> {
  const cache = await caches.open(name);
  const url = (piece: string) => `https://pieces.invalid/${piece}`;
  return {
    kind: 'cache',
    async get(piece) {
      const found = await cache.match(url(piece));
      return found && new Uint8Array(await found.arrayBuffer());
    },
    put: (piece, bytes) => cache.put(url(piece), new Response(new Uint8Array(bytes))),
    delete: async (piece) => void (await cache.delete(url(piece))),
    names: async () => (await cache.keys()).map((request) => request.url.slice(request.url.lastIndexOf('/') + 1)),
  };
}
