import { type Abortable, type Digest, hexOf, MillwrightError, toDigest } from '@millwright/core';
import { CHUNK_BYTES, type ManifestFile } from '@millwright/core/artifact';
import type { DeviceStore, PieceBatch } from './device-store.js';

/** How far the way of a model into this page has come. */
export interface DownloadProgress {
  /** `download`: from the network. `cache`: from this device. `load`: into the runtime. */
  readonly phase: 'download' | 'cache' | 'load';
  /** The file in question. */
  readonly path: string;
  /** Bytes that are here and verified. */
  readonly done: number;
  /** Bytes of all files. */
  readonly total: number;
}

/** How a published model is fetched, and where its pieces are kept. */
export interface DownloadOptions extends Abortable {
  readonly fetch?: typeof fetch | undefined;
  /** Where verified pieces are kept for the next visit, by digest. Without it nothing is kept. */
  readonly store?: DeviceStore | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** How often a broken connection is taken up again where it ended. Default 3. */
  readonly retries?: number | undefined;
}

/**
 * The file's bytes, piece by piece (1 MiB) from the store or the network; a piece is verified before it is kept, and the
 * first wrong one ends the download. Whatever ends a visit, the next one fetches again at most one piece that had come.
 *
 * @param pieces digests of the file's pieces, or the file's own when it is one
 * @throws `artifact/mismatch`, `artifact/missing`, or the signal's reason
 */
export async function download(
  url: URL,
  file: ManifestFile,
  pieces: readonly Digest[],
  options: DownloadOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { store, onProgress, signal } = options;
  const { path, size } = file;
  const into = new Uint8Array(size);
  const start = (piece: number) => piece * CHUNK_BYTES;
  const end = (piece: number) => (piece === pieces.length - 1 ? size : start(piece + 1));
  const have = new Uint8Array(pieces.length);
  let target: Pick<PieceBatch, 'put'> | undefined = store;
  let done = 0;

  function count(piece: number, phase: DownloadProgress['phase']): void {
    have[piece] = 1;
    done += end(piece) - start(piece);
    onProgress?.({ phase, path, done, total: size });
  }

  /** A store that lost or changed a piece is no reason to fail while there is a network. */
  async function recall(piece: number): Promise<void> {
    const bytes = await store?.get(nameOf(pieces[piece]!)).catch(() => undefined);
    if (bytes?.byteLength !== end(piece) - start(piece) || (await digestOf(bytes)) !== pieces[piece]) return;
    into.set(bytes, start(piece));
    count(piece, 'cache');
  }

  async function accept(piece: number): Promise<void> {
    const bytes = into.subarray(start(piece), end(piece));
    const actual = await digestOf(bytes);
    if (actual !== pieces[piece]) throw mismatch(file, piece, pieces[piece]!, actual);
    // A full disk is no reason to fail either.
    await target?.put(nameOf(actual), bytes).catch(() => undefined);
    count(piece, 'download');
  }

  async function fetchMissing(): Promise<void> {
    const accepting = oneBehind();
    for (let piece = 0; piece < pieces.length; ) {
      if (have[piece] === 1) {
        piece++;
        continue;
      }
      let last = piece;
      while (last + 1 < pieces.length && have[last + 1] === 0) last++;
      await fetchRange(url, file, { start: start(piece), end: end(last) }, into, options, async (at) => {
        for (; piece <= last && at >= end(piece); piece++) {
          const come = piece;
          await accepting.next(() => accept(come));
        }
        accepting.check();
      }).finally(accepting.done);
      accepting.check();
    }
  }

  if (size === 0) {
    await accept(0);
    return into;
  }
  if (store !== undefined) await inTurns(pieces.length, AT_ONCE, recall);
  signal?.throwIfAborted();
  const expected = pieces
    .map((digest, i) => ({ name: nameOf(digest), size: end(i) - start(i) }))
    .filter((_, i) => have[i] === 0);
  const batch = await store?.batch?.(expected).catch(() => undefined);
  target = batch ?? store;
  try {
    await fetchMissing();
  } finally {
    await batch?.close();
  }
  return into;
}

/**
 * Lets one piece be verified and kept while the next one comes: no more, because what is lost when a visit ends there is
 * fetched again.
 */
function oneBehind() {
  let last: Promise<unknown> = Promise.resolve();
  let failure: { readonly error: unknown } | undefined;
  const check = () => {
    if (failure !== undefined) throw failure.error;
  };
  return {
    check,
    async next(work: () => Promise<void>): Promise<void> {
      await last;
      check();
      last = work().catch((error: unknown) => {
        failure ??= { error };
      });
    },
    done: async () => void (await last),
  };
}

/** The name of a piece in the store. */
export function nameOf(digest: Digest): string {
  return hexOf(digest);
}

/**
 * Streams a range into its place and tells after each part how far it is. A connection that breaks is taken up again at
 * the same byte; a server that knows no ranges sends everything, and what is here already is passed over.
 */
async function fetchRange(
  url: URL,
  file: ManifestFile,
  { start, end }: { readonly start: number; readonly end: number },
  into: Uint8Array<ArrayBuffer>,
  { fetch: get = fetch, store, retries = 3, signal }: DownloadOptions,
  reached: (at: number) => Promise<void>,
): Promise<void> {
  let at = start;
  for (let attempt = 0; ; attempt++) {
    let broken: unknown;
    try {
      const headers: Record<string, string> = {};
      if (at > 0 || end < file.size) headers['range'] = `bytes=${at}-${end < file.size ? end - 1 : ''}`;
      // What goes to the store need not go to the browser's cache as well: that would take as much room and half of the time.
      const cache = store === undefined ? 'default' : 'no-store';
      const response = await get(url, { headers, redirect: 'follow', signal: signal ?? null, cache });
      if (!response.ok || response.body === null) throw missing(file, url, response.status);
      let from = response.status === 206 ? at : 0;
      for await (const part of partsOf(response.body)) {
        const fresh = part.subarray(Math.min(part.byteLength, Math.max(0, at - from)));
        from += part.byteLength;
        if (from > file.size) throw tooLong(file);
        // What a server sends beyond the range is not asked for.
        into.set(fresh.subarray(0, end - at), at);
        at = Math.min(end, at + fresh.byteLength);
        await reached(at);
        if (at === end && end < file.size) return;
      }
    } catch (error) {
      if (error instanceof MillwrightError) throw error;
      broken = error;
    }
    if (broken === undefined && at === end) return;
    signal?.throwIfAborted();
    if (attempt >= retries) throw missing(file, url, undefined, broken);
  }
}

/**
 * A stream's parts; leaving the loop cancels the stream. (Not every browser lets one iterate a stream.) A part is valid until
 * the next one is asked for: where the stream fills buffers that it is given, it gets the same one again.
 */
async function* partsOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Uint8Array, void, undefined> {
  const { read, cancel } = readerOf(stream);
  try {
    for (let next = await read(); !next.done; next = await read()) if (next.value !== undefined) yield next.value;
  } finally {
    await cancel().catch(() => undefined);
  }
}

function readerOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array<ArrayBuffer> | undefined }>;
  cancel(): Promise<void>;
} {
  try {
    const reader = stream.getReader({ mode: 'byob' });
    let buffer = new ArrayBuffer(CHUNK_BYTES);
    return {
      async read() {
        const next = await reader.read(new Uint8Array(buffer));
        if (next.value !== undefined) buffer = next.value.buffer;
        return next;
      },
      cancel: () => reader.cancel(),
    };
  } catch {
    // Streams that were made of other things than bytes have ready-made parts only.
    const reader = stream.getReader();
    return { read: () => reader.read(), cancel: () => reader.cancel() };
  }
}

/** Runs `work` for 0 to `count - 1`, so many at a time. */
async function inTurns(count: number, atOnce: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(atOnce, count) }, async () => {
      while (next < count) await work(next++);
    }),
  );
}

/** Reads of the store that overlap: enough to keep the disk and the digests busy. */
const AT_ONCE = 4;

/** The platform's SHA-256: several times the speed of one in JavaScript, and off this thread. */
export async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<Digest> {
  return toDigest(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

function mismatch(
  file: ManifestFile,
  piece: number,
  expected: string,
  actual: string,
): MillwrightError<'artifact/mismatch'> {
  const path = file.size > CHUNK_BYTES ? `${file.path} (chunk ${piece})` : file.path;
  return new MillwrightError('artifact/mismatch', `\`${path}\` has digest ${actual}, expected ${expected}.`, {
    details: { path, expected, actual },
  });
}

function tooLong({ path, size }: ManifestFile): MillwrightError<'artifact/mismatch'> {
  return new MillwrightError('artifact/mismatch', `\`${path}\` is longer than the ${size} bytes of the manifest.`, {
    details: { path, expected: `${size} bytes`, actual: 'more' },
  });
}

function missing(
  { path, digest }: ManifestFile,
  url: URL,
  status: number | undefined,
  cause?: unknown,
): MillwrightError<'artifact/missing'> {
  const why = status === undefined ? 'the connection broke too often' : `the server answered ${status}`;
  return new MillwrightError('artifact/missing', `\`${path}\` could not be fetched from ${url}: ${why}.`, {
    details: { path, digest },
    cause,
  });
}
