import { type Clock, type Digest, MillwrightError, parseDigest } from '@millwright/core';
import { type BlobStat, type BlobStore, checkedChunks, clampRange, streamOf } from '@millwright/core/storage';
import { BLOBS, type Database, PARTS, resultOf } from './database.js';

/** Blobs in parts of 1 MiB, so that neither the page nor the browser holds a model as a whole. */
export function indexedDbBlobs({ store, transact, run, close }: Database, clock: Clock): BlobStore {
  const entryOf = (digest: Digest, signal: AbortSignal | undefined): Promise<Entry | undefined> =>
    transact('readonly', [BLOBS], { signal }, (stores) => resultOf(stores(BLOBS).get(parseDigest(digest))));

  const dropParts = (upload: string) =>
    transact('readwrite', [PARTS], undefined, (stores) => resultOf(stores(PARTS).delete(partsOf(upload))));

  async function putParts(upload: string, chunks: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined) {
    let number = 0;
    const part = new Uint8Array(PART);
    let filled = 0;
    const flush = async () => {
      const bytes = part.slice(0, filled);
      await transact('readwrite', [PARTS], { signal }, (s) => resultOf(s(PARTS).add(bytes, [upload, number++])));
      filled = 0;
    };
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.byteLength; ) {
        const taken = Math.min(PART - filled, chunk.byteLength - at);
        part.set(chunk.subarray(at, at + taken), filled);
        filled += taken;
        at += taken;
        if (filled === PART) await flush();
      }
    }
    if (filled > 0) await flush();
  }

  /** Makes the parts a blob, unless another upload was faster. */
  function publish(entry: Entry, signal: AbortSignal | undefined): Promise<'created' | 'exists'> {
    return transact('readwrite', [BLOBS], { signal }, async (stores) => {
      if ((await resultOf(stores(BLOBS).count(entry.digest))) > 0) return 'exists';
      await resultOf(stores(BLOBS).add(entry));
      return 'created';
    });
  }

  async function* read({ digest, upload }: Entry, start: number, end: number, signal: AbortSignal | undefined) {
    for (let at = start; at < end; ) {
      const number = Math.floor(at / PART);
      const part: Uint8Array | undefined = await run('read a blob', { signal }, () =>
        transact('readonly', [PARTS], { signal }, (stores) => resultOf(stores(PARTS).get([upload, number]))),
      );
      if (part === undefined)
        throw new MillwrightError('storage/failed', `${store}: ${digest} was deleted while it was read.`, {
          details: { store, operation: 'read a blob' },
        });
      const chunk = part.subarray(at - number * PART, end - number * PART);
      yield chunk;
      at += chunk.byteLength;
    }
  }

  return {
    id: store,
    put: (digest, body, { size, signal }) =>
      run('store a blob', { signal }, async () => {
        if ((await entryOf(digest, signal))?.size === size) {
          if (body instanceof ReadableStream) await body.cancel();
          return 'exists';
        }
        const upload = crypto.randomUUID();
        let outcome: 'created' | 'exists' | undefined;
        try {
          await putParts(upload, checkedChunks(body, { digest, size, signal }), signal);
          outcome = await publish({ digest, size, storedAt: clock.now(), upload }, signal);
        } finally {
          if (outcome !== 'created') await dropParts(upload).catch(() => undefined);
        }
        return outcome;
      }),
    get: (digest, options) =>
      run('read a blob', options, async () => {
        clampRange(options?.range, 0);
        const entry = await entryOf(digest, options?.signal);
        if (entry === undefined) return undefined;
        const { start, end } = clampRange(options?.range, entry.size);
        return streamOf(read(entry, start, end, options?.signal));
      }),
    stat: (digest, options) =>
      run('look at a blob', options, async () => {
        const entry = await entryOf(digest, options?.signal);
        return entry && statOf(entry);
      }),
    async *list(options) {
      let after: string = options?.after === undefined ? '' : parseDigest(options.after, 'after');
      for (;;) {
        const page: Entry[] = await run('list blobs', options, () =>
          transact('readonly', [BLOBS], options, (stores) =>
            resultOf(stores(BLOBS).getAll(IDBKeyRange.lowerBound(after, true), PAGE)),
          ),
        );
        for (const entry of page) {
          options?.signal?.throwIfAborted();
          yield statOf(entry);
        }
        if (page.length < PAGE) return;
        after = page.at(-1)!.digest;
      }
    },
    delete: (digest, options) =>
      run('delete a blob', options, () =>
        transact('readwrite', [BLOBS, PARTS], options, async (stores) => {
          const entry: Entry | undefined = await resultOf(stores(BLOBS).get(parseDigest(digest)));
          if (entry === undefined) return false;
          await resultOf(stores(BLOBS).delete(digest));
          await resultOf(stores(PARTS).delete(partsOf(entry.upload)));
          return true;
        }),
      ),
    [Symbol.asyncDispose]: close,
  };
}

interface Entry extends BlobStat {
  readonly upload: string;
}

const PART = 2 ** 20;
const PAGE = 1_000;

function partsOf(upload: string): IDBKeyRange {
  return IDBKeyRange.bound([upload], [upload, []]);
}

function statOf({ digest, size, storedAt }: Entry): BlobStat {
  return { digest, size, storedAt };
}
