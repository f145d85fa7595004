import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Digest, hexOf, isMillwrightError, MillwrightError, parseDigest } from '@millwright/core';
import { type BlobStat, type BlobStore, type ByteRange, checkedChunks, clampRange } from '@millwright/core/storage';
import { codeOf, type Disk, ifPresent } from './disk.js';

/**
 * Blobs as files named by their digest, `blobs/sha256/ab/cd/…`. A body is checked while it is written to a temporary
 * file, so that no name ever shows other bytes; a path is made of hexadecimal digits only.
 */
export function folderBlobs(root: string, disk: Disk): BlobStore {
  const folder = join(root, 'blobs', 'sha256');
  const temporary = join(root, 'blobs', 'tmp');
  /** Descriptors and not handles: a handle that is collected before its store is closed makes Node complain. */
  const held = new Set<number>();
  /** An open blob has no `close`: it ends with the store, or when nobody can read it any more. */
  const forgotten = new FinalizationRegistry<number>((file) => {
    if (held.delete(file)) closeSync(file);
  });
  let closed = false;

  function pathOf(digest: Digest): string {
    const hex = hexOf(parseDigest(digest));
    return join(folder, hex.slice(0, 2), hex.slice(2, 4), hex.slice(4));
  }

  async function statOf(digest: Digest): Promise<BlobStat | undefined> {
    const found = await ifPresent(disk.calls.stat(pathOf(digest)));
    return found && { digest, size: found.size, storedAt: found.mtimeMs };
  }

  async function names(path: string, pattern: RegExp): Promise<string[]> {
    const all = (await ifPresent(disk.calls.readdir(path))) ?? [];
    return all.filter((name) => pattern.test(name)).sort();
  }

  async function* listFrom(after: string): AsyncGenerator<BlobStat> {
    for (const first of await names(folder, BYTE)) {
      if (first < after.slice(0, 2)) continue;
      for (const second of await names(join(folder, first), BYTE)) {
        if (first + second < after.slice(0, 4)) continue;
        for (const rest of await names(join(folder, first, second), REST)) {
          const hex = first + second + rest;
          if (hex <= after) continue;
          const found = await statOf(parseDigest(`sha256:${hex}`));
          if (found !== undefined) yield found;
        }
      }
    }
  }

  function readNow(file: number, { start, end }: ByteRange): Uint8Array {
    if (closed) throw closedError();
    try {
      const bytes = new Uint8Array(end - start);
      let at = 0;
      for (let count = -1; at < bytes.byteLength && count !== 0; at += count)
        count = readSync(file, bytes, at, bytes.byteLength - at, start + at);
      return bytes.subarray(0, at);
    } catch (error) {
      throw disk.failed('read a blob', error);
    }
  }

  function closedError(): MillwrightError<'state/closed'> {
    return new MillwrightError('state/closed', `${disk.store} has been closed.`, { details: { what: disk.store } });
  }

  async function run<T>(operation: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    if (closed) throw closedError();
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      throw codeOf(error) === undefined || isMillwrightError(error) ? error : disk.failed(operation, error);
    }
  }

  return {
    id: disk.store,
    put: (digest, body, { size, signal }) =>
      run('store a blob', signal, async () => {
        const path = pathOf(digest);
        const directory = dirname(path);
        if ((await statOf(digest))?.size === size) {
          if (body instanceof ReadableStream) await body.cancel();
          // Another writer may have died between naming the file and making its name durable.
          await disk.syncDirectory(directory);
          return 'exists';
        }
        await disk.makeDirectory(directory);
        const temp = await disk.writeTemporary(temporary, async (file) => {
          for await (const chunk of checkedChunks(body, { digest, size, signal })) await file.writeFile(chunk);
        });
        // Renaming over a file of the same digest is harmless: it has the same bytes, or it was damaged.
        await disk.calls.rename(temp, path).catch(async (error: unknown) => {
          await disk.discard(temp);
          throw error;
        });
        await disk.syncDirectory(directory);
        return 'created';
      }),
    get: (digest, options) =>
      run('read a blob', options?.signal, async () => {
        const file = await ifPresent(disk.calls.open(pathOf(digest), 'r'));
        if (file === undefined) return undefined;
        try {
          return streamOf(file, clampRange(options?.range, (await file.stat()).size), disk, options?.signal);
        } catch (error) {
          await file.close();
          throw error;
        }
      }),
    stat: (digest, options) => run('look at a blob', options?.signal, () => statOf(digest)),
    async *list(options) {
      const after = options?.after === undefined ? '' : hexOf(parseDigest(options.after, 'after'));
      const found = listFrom(after);
      for (;;) {
        const next = await run('list blobs', options?.signal, () => found.next());
        if (next.done === true) return;
        yield next.value;
      }
    },
    delete: (digest, options) =>
      run('delete a blob', options?.signal, async () => {
        const path = pathOf(digest);
        const gone = await ifPresent(disk.calls.unlink(path).then(() => true));
        if (gone === true) await disk.syncDirectory(dirname(path));
        return gone === true;
      }),
    open: (digest, options) =>
      run('open a blob', options?.signal, async () => {
        if ((await statOf(digest)) === undefined) return undefined;
        const file = openSync(pathOf(digest), 'r');
        held.add(file);
        const { size } = fstatSync(file);
        const read = (range: ByteRange) => readNow(file, range);
        forgotten.register(read, file);
        return { size, read };
      }),
    async [Symbol.asyncDispose]() {
      closed = true;
      for (const file of held) closeSync(file);
      held.clear();
    },
  };
}

const BYTE = /^[0-9a-f]{2}$/;
const REST = /^[0-9a-f]{60}$/;
/** Bytes per read: large enough to be fast, small enough to hold many. */
const CHUNK = 256 * 1024;

function streamOf(
  file: FileHandle,
  range: ByteRange,
  disk: Disk,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array> {
  let at = range.start;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          signal?.throwIfAborted();
          const wanted = Math.min(CHUNK, range.end - at);
          const { bytesRead, buffer } = await file.read(new Uint8Array(wanted), 0, wanted, at);
          at += bytesRead;
          if (bytesRead > 0) controller.enqueue(buffer.subarray(0, bytesRead));
          if (bytesRead === 0 || at >= range.end) {
            await file.close();
            controller.close();
          }
        } catch (error) {
          await file.close();
          throw codeOf(error) === undefined ? error : disk.failed('read a blob', error);
        }
      },
      cancel: () => file.close(),
    },
    { highWaterMark: 0 },
  );
}
