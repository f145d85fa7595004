import { type Abortable, type Digest, hexOf, MillwrightError, parseDigest } from '@millwright/core';
import { type BlobStat, type BlobStore, checkedChunks, clampRange, streamOf } from '@millwright/core/storage';
import { storeWork } from './shared/store-work.js';

/**
 * Blobs as files in a folder of the origin's private file system, for models that a page keeps between visits: a cache that
 * the browser may evict. A file is named by digest and size and replaced as a whole when its last byte has been checked; one
 * that is shorter than its name says is an upload that never ended, and counts as absent.
 *
 * @throws `storage/unsupported` without a private file system, `storage/failed` when the quota is used up
 * @example
 * const models = opfsBlobs('models');
 */
export function opfsBlobs(name: string, options: OpfsOptions = {}): BlobStore {
  const store = `opfs(${name})`;
  let opening: Promise<FileSystemDirectoryHandle> | undefined;
  const { run, close } = storeWork(store);

  async function connect(): Promise<FileSystemDirectoryHandle> {
    const root = options.root ?? (await globalThis.navigator?.storage?.getDirectory?.());
    if (root === undefined)
      throw new MillwrightError(
        'storage/unsupported',
        'There is no private file system here. Pass { root }, or use another store.',
        { details: { store, needs: 'navigator.storage.getDirectory' } },
      );
    return root.getDirectoryHandle(name, { create: true });
  }

  const folder = (): Promise<FileSystemDirectoryHandle> => {
    opening ??= connect().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };

  /** The names of all files, in order. A digest has one, unless somebody put it with a wrong size. */
  async function names(): Promise<string[]> {
    const found: string[] = [];
    for await (const file of (await folder()).keys()) if (FILE.test(file)) found.push(file);
    return found.sort();
  }

  /** The file if it is complete. */
  async function complete(file: string): Promise<File | undefined> {
    try {
      const opened = await (await (await folder()).getFileHandle(file)).getFile();
      return opened.size === sizeIn(file) ? opened : undefined;
    } catch (error) {
      if (error instanceof DOMException && error.name === 'NotFoundError') return undefined;
      throw error;
    }
  }

  async function find(digest: Digest): Promise<{ readonly name: string; readonly file: File } | undefined> {
    const hex = hexOf(parseDigest(digest));
    for (const each of (await names()).filter((file) => file.startsWith(hex))) {
      const file = await complete(each);
      if (file !== undefined) return { name: each, file };
    }
    return undefined;
  }

  /** One writer per blob at a time, in all tabs (Web Locks): the browser refuses to remove a file that is being written. */
  const writing = <T>(operation: string, digest: Digest, o: Abortable | undefined, work: () => Promise<T>) =>
    run(operation, o, () => {
      const lock = `millwright ${store} ${parseDigest(digest)}`;
      return navigator.locks.request(lock, o?.signal === undefined ? {} : { signal: o.signal }, work);
    });

  async function* read(file: File, start: number, end: number, o: Abortable | undefined) {
    for (let at = start; at < end; at += PART) {
      const part = file.slice(at, Math.min(at + PART, end));
      yield await run('read a blob', o, async () => new Uint8Array(await part.arrayBuffer()));
    }
  }

  return {
    id: store,
    put: (digest, body, { size, signal }) =>
      writing('store a blob', digest, { signal }, async () => {
        const file = `${hexOf(parseDigest(digest))}.${size}`;
        if (size > 0 && (await complete(file)) !== undefined) {
          if (body instanceof ReadableStream) await body.cancel();
          return 'exists';
        }
        const existed = (await complete(file)) !== undefined;
        const chunks = checkedChunks(body, { digest, size, signal });
        // An empty blob is complete as soon as it has a name, so its body is checked first.
        if (size === 0) for await (const _ of chunks);
        const target = await (await (await folder()).getFileHandle(file, { create: true })).createWritable();
        try {
          for await (const chunk of chunks) await target.write(new Uint8Array(chunk));
          await target.close();
        } catch (error) {
          await target.abort().catch(() => undefined);
          throw error;
        }
        return existed ? 'exists' : 'created';
      }),
    get: (digest, options) =>
      run('read a blob', options, async () => {
        clampRange(options?.range, 0);
        const found = await find(digest);
        if (found === undefined) return undefined;
        const { start, end } = clampRange(options?.range, found.file.size);
        return streamOf(read(found.file, start, end, options));
      }),
    stat: (digest, options) =>
      run('look at a blob', options, async () => {
        const found = await find(digest);
        return found && statOf(found.name, found.file);
      }),
    async *list(options) {
      const after = options?.after === undefined ? '' : hexOf(parseDigest(options.after, 'after'));
      for (const each of await run('list blobs', options, names)) {
        options?.signal?.throwIfAborted();
        if (hexIn(each) <= after) continue;
        const file = await run('list blobs', options, () => complete(each));
        if (file !== undefined) yield statOf(each, file);
      }
    },
    delete: (digest, options) =>
      writing('delete a blob', digest, options, async () => {
        const found = await find(digest);
        if (found === undefined) return false;
        await (await folder()).removeEntry(found.name);
        return true;
      }),
    async [Symbol.asyncDispose]() {
      close();
    },
  };
}

/** Where in the origin's private file system the folder lies. */
export interface OpfsOptions {
  /** The directory that holds the folder. Default the root of the origin's private file system. */
  readonly root?: FileSystemDirectoryHandle | undefined;
}

const FILE = /^[0-9a-f]{64}\.\d{1,16}$/;
/** Bytes per read. */
const PART = 2 ** 20;

function hexIn(file: string): string {
  return file.slice(0, 64);
}

function sizeIn(file: string): number {
  return Number(file.slice(65));
}

function statOf(name: string, { size, lastModified }: File): BlobStat {
  return { digest: parseDigest(`sha256:${hexIn(name)}`), size, storedAt: lastModified };
}
