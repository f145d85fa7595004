import { createSha256 } from '#sha256';
import { abortable } from '../foundation/abort.js';
import { type Digest, toDigest } from '../foundation/digest.js';
import { MillwrightError } from '../foundation/errors.js';
import type { BlobBody } from './types.js';

/** The chunks of any body. An abort is heard also while the body stalls; a body that is left early is cancelled. */
export async function* chunksOf(body: BlobBody, signal?: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  if (body instanceof Uint8Array) {
    yield body;
    return;
  }
  const chunks = body instanceof ReadableStream ? readerOf(body) : body[Symbol.asyncIterator]();
  let ended = false;
  try {
    while (true) {
      const { done, value } = await abortable(chunks.next(), signal);
      ended = done === true;
      if (ended) return;
      yield value;
    }
  } finally {
    // Not awaited: a producer that stalls would stall us.
    if (!ended) void Promise.resolve(chunks.return?.()).catch(() => undefined);
  }
}

function readerOf(stream: ReadableStream<Uint8Array>): AsyncIterator<Uint8Array, undefined> {
  const reader = stream.getReader();
  return {
    async next() {
      const { done, value } = await reader.read();
      return done ? { done, value: undefined } : { done, value };
    },
    async return() {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
}

/** What a body must turn out to be. */
export interface ExpectedBody {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Passes the body's chunks on and checks them: stores write what comes out and undo when it throws. More bytes than
 * `size` are refused at once, a wrong digest after the last chunk.
 * @throws `storage/corrupt`, the signal's reason
 */
export async function* checkedChunks(
  body: BlobBody,
  expected: ExpectedBody,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createSha256();
  let size = 0;
  for await (const chunk of chunksOf(body, expected.signal)) {
    size += chunk.byteLength;
    if (size > expected.size) throw corrupt(expected, `more than ${expected.size} bytes`);
    hash.update(chunk);
    yield chunk;
  }
  expected.signal?.throwIfAborted();
  if (size !== expected.size) throw corrupt(expected, `${size} bytes instead of ${expected.size}`);
  const actual = toDigest(hash.digest());
  if (actual !== expected.digest) throw corrupt(expected, actual);
}

function corrupt({ digest, size }: ExpectedBody, actual: string): MillwrightError<'storage/corrupt'> {
  return new MillwrightError('storage/corrupt', `Expected ${size} bytes with digest ${digest}, got ${actual}.`, {
    details: { digest, actual },
  });
}

/** A web stream of the chunks, pulled as they are read. */
export function streamOf(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}

/** All bytes of a body in one array. */
export async function collect(body: BlobBody): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunksOf(body)) {
    chunks.push(chunk);
    size += chunk.byteLength;
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}
