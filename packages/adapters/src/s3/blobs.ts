import { type Digest, hexOf, parseDigest } from '@millwright/core';
import { type BlobStore, checkedChunks, chunksOf, clampRange, streamOf } from '@millwright/core/storage';
import { failed, type S3Body, type S3Requests } from './requests.js';

/** Blobs as objects named by their digest, `blobs/<64 hexadecimal digits>`. Large ones go up in parts. */
export function s3Blobs(requests: S3Requests): BlobStore {
  const { store, repeating, run } = requests;
  const keyOf = (digest: Digest) => FOLDER + hexOf(parseDigest(digest));
  const statOf = async (digest: Digest, signal: AbortSignal | undefined) => {
    const found = await repeating({ signal }, () => requests.stat(keyOf(digest), { signal }));
    return found && { digest, ...found };
  };

  /** Parts of one size, and the rest. The parts are one object when the last byte has been checked, or never. */
  async function putParts(
    key: string,
    body: AsyncIterable<Uint8Array>,
    size: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const upload = await requests.upload(key, { signal });
    try {
      let number = 0;
      for await (const part of partsOf(body, Math.max(PART, Math.ceil(size / MAX_PARTS)))) {
        const next = ++number;
        await repeating({ signal }, () => upload.part(next, part));
      }
      await repeating({ signal }, () => upload.complete());
    } catch (error) {
      // An upload that cannot be aborted is invisible; a lifecycle rule of the bucket removes it.
      await upload.abort().catch(() => undefined);
      throw error;
    }
  }

  return {
    id: store,
    put: (digest, body, { size, signal }) =>
      run('store a blob', { signal }, async () => {
        const key = keyOf(digest);
        if ((await statOf(digest, signal))?.size === size) {
          if (body instanceof ReadableStream) await body.cancel();
          return 'exists';
        }
        const chunks = checkedChunks(body, { digest, size, signal });
        if (size > PART) await putParts(key, chunks, size, signal);
        else {
          let bytes = new Uint8Array();
          for await (const part of partsOf(chunks, PART)) bytes = part;
          await repeating({ signal }, () => requests.put(key, bytes, { signal }));
        }
        return 'created';
      }),
    get: (digest, options) =>
      run('read a blob', options, async () => {
        const { start, end } = clampRange(options?.range, Number.MAX_SAFE_INTEGER);
        const signal = options?.signal;
        if (start === end) return (await statOf(digest, signal)) && new Blob([]).stream();
        const read = (from: number) =>
          repeating(options, () => requests.get(keyOf(digest), { range: rangeOf(from, end), signal }));
        const body = await read(start);
        if (body === undefined) return undefined;
        return body === 'empty' ? new Blob([]).stream() : streamOf(resumed(body, start, read, store, signal));
      }),
    stat: (digest, options) => run('look at a blob', options, () => statOf(digest, options?.signal)),
    async *list(options) {
      let after = options?.after === undefined ? '' : hexOf(parseDigest(options.after, 'after'));
      for (;;) {
        const page = await run('list blobs', options, () =>
          repeating(options, () => requests.list(FOLDER, { after, limit: PAGE, signal: options?.signal })),
        );
        for (const { name, size, storedAt } of page) {
          options?.signal?.throwIfAborted();
          if (NAME.test(name)) yield { digest: parseDigest(`sha256:${name}`), size, storedAt };
        }
        if (page.length < PAGE) return;
        after = page.at(-1)!.name;
      }
    },
    delete: (digest, options) =>
      run('delete a blob', options, async () => {
        if ((await statOf(digest, options?.signal)) === undefined) return false;
        await repeating(options, () => requests.remove(keyOf(digest), options));
        return true;
      }),
    async [Symbol.asyncDispose]() {
      await requests.close();
    },
  };
}

const FOLDER = 'blobs/';
const NAME = /^[0-9a-f]{64}$/;
const PAGE = 1_000;
/** Bytes per part and per request: at least 5 MiB for S3, and what one upload holds in memory. */
const PART = 8 * 2 ** 20;
const MAX_PARTS = 10_000;

/** The same bytes in parts of exactly `size`, the last one shorter. No bytes are one empty part. */
async function* partsOf(chunks: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let part = new Uint8Array(size);
  let filled = 0;
  let parts = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; ) {
      const taken = Math.min(size - filled, chunk.byteLength - at);
      part.set(chunk.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < size) continue;
      yield part;
      parts++;
      part = new Uint8Array(size);
      filled = 0;
    }
  }
  if (filled > 0 || parts === 0) yield part.subarray(0, filled);
}

/** The `Range` header for the bytes from `start` to before `end`; none for all. */
function rangeOf(start: number, end: number): string | undefined {
  if (end < Number.MAX_SAFE_INTEGER) return `bytes=${start}-${end - 1}`;
  return start === 0 ? undefined : `bytes=${start}-`;
}

/**
 * The chunks as plain arrays. When the connection is lost, it goes on with the first byte that is missing: an object named by
 * its digest does not change. It gives up when several connections in a row bring nothing.
 */
async function* resumed(
  first: S3Body,
  start: number,
  read: (from: number) => Promise<S3Body | 'empty' | undefined>,
  store: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  let at = start;
  let inVain = 0;
  for (let body: S3Body = first; ; ) {
    try {
      for await (const { buffer, byteOffset, byteLength } of chunksOf(body, signal)) {
        yield new Uint8Array(buffer, byteOffset, byteLength);
        at += byteLength;
        inVain = 0;
      }
      return;
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      if (++inVain > MAX_IN_VAIN) throw failed(store, 'read a blob', error);
      const rest = await read(at);
      if (rest === 'empty') return;
      if (rest === undefined) throw failed(store, 'read a blob that was deleted meanwhile', error);
      body = rest;
    }
  }
}

const MAX_IN_VAIN = 3;
