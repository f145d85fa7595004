import type { DeviceStore } from './device-store.js';

/** A file per piece in a folder of the origin's private file system. In a worker the synchronous handles, which are faster. */
export async function opfsStore(name: string): Promise<DeviceStore> {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(name, { create: true });
  const ahead = openAhead(async (file) => {
    const handle: FileSystemFileHandle & SyncAccess = await folder.getFileHandle(file, { create: true });
    return await handle.createSyncAccessHandle?.();
  });
  return {
    kind: 'opfs',
    async get(file) {
      const found = await folder.getFileHandle(file).catch(absent);
      return found && new Uint8Array(await (await found.getFile()).arrayBuffer());
    },
    async put(file, bytes) {
      const access = await ahead.take(file);
      if (access === undefined) {
        const target = await (await folder.getFileHandle(file, { create: true })).createWritable();
        await target.write(new Uint8Array(bytes));
        await target.close();
        return;
      }
      try {
        if (access.getSize() > bytes.byteLength) access.truncate(bytes.byteLength);
        access.write(bytes, { at: 0 });
      } finally {
        access.close();
      }
    },
    expect: ahead.expect,
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
  createSyncAccessHandle?(): Promise<Access>;
}

interface Access {
  getSize(): number;
  truncate(size: number): void;
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  close(): void;
}

/** Files that are open before they are needed: creating and opening one asks the browser's process twice, and takes longer than to write it. */
const AHEAD = 4;

/** What is opened ahead and never written is an empty file, which nobody takes for a piece. */
function openAhead(open: (file: string) => Promise<Access | undefined>) {
  const opened = new Map<string, Promise<Access | undefined>>();
  let next: string[] = [];

  function openMore(): void {
    while (opened.size < AHEAD && next.length > 0) {
      const file = next.shift()!;
      // Another tab may have it open; `take` tries again.
      if (!opened.has(file))
        opened.set(
          file,
          open(file).catch(() => undefined),
        );
    }
  }

  return {
    expect(files: readonly string[]): void {
      for (const access of opened.values()) void access.then((unused) => unused?.close());
      opened.clear();
      next = [...files];
      openMore();
    },
    async take(file: string): Promise<Access | undefined> {
      const found = opened.get(file);
      opened.delete(file);
      openMore();
      return (await found) ?? (await open(file));
    },
  };
}

function absent(error: unknown): undefined {
  if (error instanceof DOMException && error.name === 'NotFoundError') return undefined;
  throw error;
}
