import { type Digest, parseDigest } from '../foundation/digest.js';
import { invalidInput } from '../foundation/errors.js';
import { checkedChunks, collect, streamOf } from './body.js';
import type { BlobStore, ByteRange } from './types.js';

/** Blobs in memory. Bytes are copied in and out and checked against their digest. Closing forgets nothing. */
export function memoryBlobs(): BlobStore {
  const blobs = new Map<Digest, Uint8Array>();
  return {
    id: 'memory',
    async put(digest, body, options) {
      const bytes = await collect(
        checkedChunks(body, { digest: parseDigest(digest), size: options.size, signal: options.signal }),
      );
      if (blobs.has(digest)) return 'exists';
      blobs.set(digest, bytes);
      return 'created';
    },
    async get(digest, options) {
      options?.signal?.throwIfAborted();
      const bytes = blobs.get(parseDigest(digest));
      if (bytes === undefined) return undefined;
      const { start, end } = clampRange(options?.range, bytes.byteLength);
      return streamOf(pieces(bytes, start, end, options?.signal));
    },
    async stat(digest, options) {
      options?.signal?.throwIfAborted();
      const bytes = blobs.get(parseDigest(digest));
      return bytes === undefined ? undefined : { digest, size: bytes.byteLength };
    },
    async *list(options) {
      const after = options?.after ?? '';
      for (const digest of [...blobs.keys()].sort()) {
        options?.signal?.throwIfAborted();
        const bytes = blobs.get(digest);
        if (digest > after && bytes !== undefined) yield { digest, size: bytes.byteLength };
      }
    },
    async open(digest, options) {
      options?.signal?.throwIfAborted();
      const bytes = blobs.get(parseDigest(digest));
      return bytes && { size: bytes.byteLength, read: ({ start, end }) => bytes.slice(start, end) };
    },
    async delete(digest, options) {
      options?.signal?.throwIfAborted();
      return blobs.delete(parseDigest(digest));
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** The part of a range that lies inside a blob of `size` bytes. @throws `input/invalid` when start or end make no range */
export function clampRange(range: ByteRange | undefined, size: number): ByteRange {
  if (range === undefined) return { start: 0, end: size };
  const { start, end } = range;
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start)
    throw invalidInput('range', '0 <= start <= end', `${start}..${end}`);
  return { start: Math.min(start, size), end: Math.min(end, size) };
}

const PIECE = 65_536;

async function* pieces(bytes: Uint8Array, start: number, end: number, signal: AbortSignal | undefined) {
  for (let at = start; at < end; at += PIECE) {
    signal?.throwIfAborted();
    yield bytes.slice(at, Math.min(at + PIECE, end));
  }
}
