import { createSha256 } from '#sha256';
import type { Abortable } from '../foundation/abort.js';
import { type Digest, digestBytes, toDigest } from '../foundation/digest.js';
import { MillwrightError } from '../foundation/errors.js';
import { chunksOf, collect } from '../storage/body.js';
import { clampRange } from '../storage/memory-blobs.js';
import type { BlobStore, ByteRange } from '../storage/types.js';
import type { ManifestFile } from './types.js';

/** Files larger than this carry a list of chunk digests, so that parts can be read, resumed and blamed by themselves. */
export const CHUNK_BYTES = 1_048_576;
const HASH_BYTES = 32;

/** What one pass over a file's bytes finds. `chunkList` is the concatenated SHA-256 of its chunks, if it has several. */
export interface FileFacts {
  readonly digest: Digest;
  readonly size: number;
  readonly chunkList: Uint8Array | undefined;
}

/** Digest, size and chunk list of a file in one pass; memory stays at one chunk of the source. */
export async function fileFacts(body: AsyncIterable<Uint8Array>): Promise<FileFacts> {
  const whole = createSha256();
  const hashes: Uint8Array[] = [];
  let part = createSha256();
  let size = 0;
  for await (const piece of body) {
    whole.update(piece);
    for (let at = 0; at < piece.byteLength; ) {
      const room = CHUNK_BYTES - (size % CHUNK_BYTES);
      const taken = piece.subarray(at, at + room);
      part.update(taken);
      at += taken.byteLength;
      size += taken.byteLength;
      if (size % CHUNK_BYTES === 0) {
        hashes.push(part.digest());
        part = createSha256();
      }
    }
  }
  const digest = toDigest(whole.digest());
  if (size <= CHUNK_BYTES) return { digest, size, chunkList: undefined };
  if (size % CHUNK_BYTES !== 0) hashes.push(part.digest());
  const chunkList = new Uint8Array(hashes.length * HASH_BYTES);
  hashes.forEach((hash, i) => {
    chunkList.set(hash, i * HASH_BYTES);
  });
  return { digest, size, chunkList };
}

/**
 * Bytes `start` to `end` of a file, verified: only the 1 MiB chunks that the range touches are read, each is checked
 * before any of its bytes is handed out.
 * @throws `artifact/missing`, `artifact/mismatch` naming the chunk
 */
export async function readRange(
  blobs: BlobStore,
  file: ManifestFile,
  range: ByteRange,
  options: Abortable = {},
): Promise<Uint8Array> {
  const { start, end } = clampRange(range, file.size);
  const out = new Uint8Array(end - start);
  if (out.byteLength === 0) return out;
  const hashes = await chunkHashes(blobs, file, options);
  for (let chunk = Math.floor(start / CHUNK_BYTES); chunk * CHUNK_BYTES < end; chunk++) {
    const bytes = await readChunk(blobs, file, hashes, chunk, options);
    const first = chunk * CHUNK_BYTES;
    const from = Math.max(start, first);
    out.set(bytes.subarray(from - first, Math.min(end, first + bytes.byteLength) - first), from - start);
  }
  return out;
}

/** The first chunk of the file whose bytes are wrong, or undefined when every chunk is right. */
export async function findBadChunk(
  blobs: BlobStore,
  file: ManifestFile,
  options: Abortable = {},
): Promise<ByteRange | undefined> {
  const hashes = await chunkHashes(blobs, file, options);
  for (let start = 0; start < Math.max(file.size, 1); start += CHUNK_BYTES) {
    try {
      await readChunk(blobs, file, hashes, start / CHUNK_BYTES, options);
    } catch {
      options.signal?.throwIfAborted();
      return { start, end: Math.min(start + CHUNK_BYTES, file.size) };
    }
  }
  return undefined;
}

/** Digests of the file's chunks: its own digest when it is one chunk, else its list, which is checked. */
async function chunkHashes(blobs: BlobStore, file: ManifestFile, options: Abortable): Promise<readonly Digest[]> {
  if (file.size <= CHUNK_BYTES) return [file.digest];
  const { path, chunks } = file;
  const count = Math.ceil(file.size / CHUNK_BYTES);
  const body = chunks && (await blobs.get(chunks, options));
  if (!chunks || body === undefined) {
    throw new MillwrightError('artifact/missing', `\`${path}\` has no list of chunk digests; read the whole file.`, {
      details: { path, digest: chunks ?? file.digest },
    });
  }
  const list = await collect(body);
  const actual = digestBytes(list);
  if (actual !== chunks || list.byteLength !== count * HASH_BYTES) throw wrong(`${path} (chunk list)`, chunks, actual);
  return Array.from({ length: count }, (_, i) => toDigest(list.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES)));
}

async function readChunk(
  blobs: BlobStore,
  file: ManifestFile,
  hashes: readonly Digest[],
  chunk: number,
  options: Abortable,
): Promise<Uint8Array> {
  const start = chunk * CHUNK_BYTES;
  const end = Math.min(start + CHUNK_BYTES, file.size);
  const body = await blobs.get(file.digest, { ...options, range: { start, end } });
  if (body === undefined) {
    throw new MillwrightError('artifact/missing', `The bytes of \`${file.path}\` are not in the blob store.`, {
      details: { path: file.path, digest: file.digest },
    });
  }
  const bytes = new Uint8Array(end - start);
  let at = 0;
  for await (const piece of chunksOf(body)) {
    options.signal?.throwIfAborted();
    if (at + piece.byteLength > bytes.byteLength) throw wrong(`${file.path} (chunk ${chunk})`, hashes[chunk]!, 'more');
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  const actual = digestBytes(bytes.subarray(0, at));
  if (actual !== hashes[chunk]) throw wrong(`${file.path} (chunk ${chunk})`, hashes[chunk]!, actual);
  return bytes;
}

function wrong(path: string, expected: string, actual: string): MillwrightError<'artifact/mismatch'> {
  return new MillwrightError('artifact/mismatch', `Expected \`${path}\` to have ${expected}, got ${actual}.`, {
    details: { path, expected, actual },
  });
}
