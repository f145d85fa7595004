import { type Abortable, MillwrightError, toDigest } from '@millwright/core';
import type { ManifestFile } from '@millwright/core/artifact';
import type { BlobStore } from '@millwright/core/storage';

export interface DownloadProgress {
  readonly phase: 'download' | 'cache' | 'verify' | 'load';
  readonly path: string;
  /** Bytes. */
  readonly done: number;
  readonly total: number;
}

export interface DownloadOptions extends Abortable {
  readonly fetch?: typeof fetch | undefined;
  /** Where verified files are kept for the next visit, by digest. */
  readonly cache?: BlobStore | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** How often a broken download is taken up again where it ended. Default 3. */
  readonly retries?: number | undefined;
}

/**
 * The file's bytes, from the cache or the network, verified before anyone sees them. A connection that breaks is taken
 * up again with a range request; more bytes than the manifest says are refused as they come.
 *
 * @throws `artifact/mismatch`, `artifact/missing`, or the signal's reason
 */
export async function download(url: URL, file: ManifestFile, options: DownloadOptions = {}): Promise<Uint8Array> {
  const { cache, onProgress, signal } = options;
  const { path, size, digest } = file;
  const cached = await cache?.get(digest, { signal });
  if (cached !== undefined) {
    const bytes = await collect(cached, new Uint8Array(size), 0, file, (done) =>
      onProgress?.({ phase: 'cache', path, done, total: size }),
    );
    // A cache that lost or changed bytes is no reason to fail while there is a network.
    if (bytes.done === size && (await digestOf(bytes.into)) === digest) return bytes.into;
    await cache?.delete(digest, { signal });
  }
  const bytes = await fetchAll(url, file, options);
  onProgress?.({ phase: 'verify', path, done: 0, total: size });
  const actual = await digestOf(bytes);
  if (actual !== digest) {
    throw new MillwrightError(
      'artifact/mismatch',
      `\`${path}\` from ${url} has digest ${actual}, expected ${digest}.`,
      {
        details: { path, expected: digest, actual },
      },
    );
  }
  onProgress?.({ phase: 'verify', path, done: size, total: size });
  await cache?.put(digest, bytes, { size, signal });
  return bytes;
}

async function fetchAll(url: URL, file: ManifestFile, options: DownloadOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { fetch: get = fetch, onProgress, retries = 3, signal } = options;
  const { path, size } = file;
  const into = new Uint8Array(size);
  let done = 0;
  for (let attempt = 0; ; attempt++) {
    const headers: Record<string, string> = done === 0 ? {} : { range: `bytes=${done}-` };
    let broken: unknown;
    try {
      const response = await get(url, { headers, redirect: 'follow', signal: signal ?? null });
      if (!response.ok || response.body === null) throw missing(file, url, response.status);
      // A server without ranges starts over.
      if (response.status !== 206) done = 0;
      const got = await collect(response.body, into, done, file, (at) =>
        onProgress?.({ phase: 'download', path, done: at, total: size }),
      );
      done = got.done;
      broken = got.broken;
    } catch (error) {
      if (error instanceof MillwrightError) throw error;
      broken = error;
    }
    if (broken === undefined && done === size) return into;
    signal?.throwIfAborted();
    if (attempt >= retries) throw missing(file, url, undefined, broken);
  }
}

/** Reads into `into` from `start`. What came before a stream broke is kept. */
async function collect(
  stream: ReadableStream<Uint8Array>,
  into: Uint8Array<ArrayBuffer>,
  start: number,
  file: ManifestFile,
  report: (done: number) => void,
): Promise<{ readonly into: Uint8Array<ArrayBuffer>; readonly done: number; readonly broken: unknown }> {
  const reader = stream.getReader();
  let done = start;
  try {
    for (;;) {
      const next = await reader.read();
      if (next.done) return { into, done, broken: undefined };
      if (done + next.value.byteLength > into.byteLength) throw tooLong(file);
      into.set(next.value, done);
      done += next.value.byteLength;
      report(done);
    }
  } catch (error) {
    if (error instanceof MillwrightError) {
      await reader.cancel().catch(() => undefined);
      throw error;
    }
    return { into, done, broken: error };
  }
}

/** The platform's SHA-256: several times the speed of one in JavaScript, and off this thread. */
async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toDigest(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
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
