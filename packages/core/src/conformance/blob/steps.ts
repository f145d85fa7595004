import { encodeUtf8 } from '../../foundation/bytes.js';
import { type Digest, digestBytes } from '../../foundation/digest.js';
import { collect } from '../../storage/body.js';
import type { BlobStore, ByteRange } from '../../storage/types.js';
import { equal } from '../case.js';

/** What a test of blobs works with. */
export interface BlobBench {
  /** The store under test, empty at first; called again, another client of the same store. */
  open(): Promise<BlobStore>;
}

/** Bytes with their name. */
export interface Sample {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  readonly size: number;
}

export function sample(content: string | Uint8Array): Sample {
  const bytes = typeof content === 'string' ? encodeUtf8(content) : content;
  return { bytes, digest: digestBytes(bytes), size: bytes.byteLength };
}

/** The bytes of a blob, undefined when absent. */
export async function bytesOf(blobs: BlobStore, digest: Digest, range?: ByteRange): Promise<Uint8Array | undefined> {
  const stream = await blobs.get(digest, { range });
  return stream && collect(stream);
}

export async function put(blobs: BlobStore, one: Sample): Promise<'created' | 'exists'> {
  return blobs.put(one.digest, one.bytes, { size: one.size });
}

export async function digestsIn(blobs: BlobStore, after?: Digest): Promise<Digest[]> {
  const out: Digest[] = [];
  for await (const { digest } of blobs.list({ after })) out.push(digest);
  return out;
}

/** Nothing is to be seen of the blob, by any way of looking. */
export async function expectAbsent(blobs: BlobStore, digest: Digest): Promise<void> {
  equal(await blobs.stat(digest), undefined, 'stat of an absent blob');
  equal(await blobs.get(digest), undefined, 'get of an absent blob');
  equal((await digestsIn(blobs)).includes(digest), false, 'an absent blob is listed');
}

export async function expectWhole(blobs: BlobStore, one: Sample): Promise<void> {
  equal(await bytesOf(blobs, one.digest), one.bytes, 'the bytes');
  const stat = await blobs.stat(one.digest);
  equal({ digest: stat?.digest, size: stat?.size }, { digest: one.digest, size: one.size }, 'the stat');
}

/** A stream of these chunks that tells whether it was cancelled. At a function it calls it and stalls; an error it fails with. */
export function streamed(...chunks: readonly (Uint8Array | Error | (() => void))[]) {
  let next = 0;
  const state = { cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = chunks[next++];
        if (chunk === undefined) controller.close();
        else if (chunk instanceof Uint8Array) controller.enqueue(chunk);
        else if (chunk instanceof Error) controller.error(chunk);
        else await new Promise(() => chunk());
      },
      cancel() {
        state.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, state };
}
