import type { DeviceStore } from './device-store.js';

/** A file per piece in a folder of the origin's private file system. In a worker the synchronous handles, which are faster. */
export async function opfsStore(name: string): Promise<DeviceStore> {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(name, { create: true });
  return {
    kind: 'opfs',
    async get(file) {
      const found = await folder.getFileHandle(file).catch(absent);
      return found && new Uint8Array(await (await found.getFile()).arrayBuffer());
    },
    async put(file, bytes) {
      const handle: FileSystemFileHandle & SyncAccess = await folder.getFileHandle(file, { create: true });
      if (handle.createSyncAccessHandle === undefined) {
        const target = await handle.createWritable();
        await target.write(new Uint8Array(bytes));
        await target.close();
        return;
      }
      const access = await handle.createSyncAccessHandle();
      try {
        access.truncate(0);
        access.write(bytes, { at: 0 });
      } finally {
        access.close();
      }
    },
    delete: (file) => folder.removeEntry(file).catch(absent),
    async names() {
      const found: string[] = [];
      for await (const file of folder.keys()) found.push(file);
      return found;
    },
  };
}

/** Dedicated workers only, which TypeScript's library for pages does not know. */
interface SyncAccess {
  createSyncAccessHandle?(): Promise<{
    truncate(size: number): void;
    write(bytes: Uint8Array, options: { readonly at: number }): number;
    close(): void;
  }>;
}

function absent(error: unknown): undefined {
  if (error instanceof DOMException && error.name === 'NotFoundError') return undefined;
  throw error;
}
