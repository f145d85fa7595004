import { createSha256 } from '#sha256';
import type { Abortable } from '../foundation/abort.js';
import { type Digest, digestBytes, toDigest } from '../foundation/digest.js';
import { isMillwrightError, MillwrightError } from '../foundation/errors.js';
import { chunksOf, collect, streamOf } from '../storage/body.js';
import type { BlobStore } from '../storage/types.js';
import { decodeManifest, MAX_MANIFEST_BYTES } from './manifest.js';
import { invalidArtifact } from './path.js';
import type { ManifestFile, Progress, VerifiedArtifact } from './types.js';

/**
 * Opens an artifact by its digest. The manifest is read and checked now, each file whenever it is read.
 * @throws `artifact/missing`, `artifact/mismatch`, `artifact/invalid`
 */
export async function openArtifact(
  blobs: BlobStore,
  digest: Digest,
  options: Abortable = {},
): Promise<VerifiedArtifact> {
  const bytes = await readManifest(blobs, digest, options);
  const manifest = decodeManifest(bytes);
  const files = new Map(manifest.files.map((file) => [file.path, file]));

  const read = async function* (path: string, o: Abortable = {}): AsyncGenerator<Uint8Array, void, undefined> {
    yield* checkedFile(blobs, fileOf(files, path), o);
  };
  return {
    digest,
    manifest,
    async bytes(path, o = {}) {
      const file = fileOf(files, path);
      // Before memory is taken for a size that only the manifest claims.
      const stat = await blobs.stat(file.digest, o);
      if (stat !== undefined && stat.size !== file.size)
        throw mismatch(path, `${file.size} bytes`, `${stat.size} bytes`);
      const whole = new Uint8Array(file.size);
      let offset = 0;
      for await (const chunk of checkedFile(blobs, file, o)) {
        whole.set(chunk, offset);
        offset += chunk.byteLength;
      }
      return whole;
    },
    async stream(path, o) {
      fileOf(files, path);
      return streamOf(read(path, o));
    },
  };
}

/** What hears how far verifying has come. */
export interface VerifyArtifactOptions extends Abortable {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** What a check of every byte found. */
export interface ArtifactReport {
  readonly ok: boolean;
  /** Files whose bytes are missing or are not what the manifest says. */
  readonly bad: readonly { readonly path: string; readonly reason: 'missing' | 'mismatch' }[];
  readonly bytes: number;
}

/** Reads every file of the artifact and compares it with the manifest; memory stays at one chunk. */
export async function verifyArtifact(
  artifact: VerifiedArtifact,
  options: VerifyArtifactOptions = {},
): Promise<ArtifactReport> {
  const total = artifact.manifest.files.reduce((sum, file) => sum + file.size, 0);
  const bad: ArtifactReport['bad'][number][] = [];
  let done = 0;
  for (const { path } of artifact.manifest.files) {
    try {
      for await (const chunk of chunksOf(await artifact.stream(path, options))) {
        done += chunk.byteLength;
        options.onProgress?.({ path, done, total });
      }
    } catch (error) {
      if (isMillwrightError(error, 'artifact/missing')) bad.push({ path, reason: 'missing' });
      else if (isMillwrightError(error, 'artifact/mismatch')) bad.push({ path, reason: 'mismatch' });
      else throw error;
    }
  }
  return { ok: bad.length === 0, bad, bytes: done };
}

async function readManifest(blobs: BlobStore, digest: Digest, { signal }: Abortable): Promise<Uint8Array> {
  const stat = await blobs.stat(digest, { signal });
  if (stat !== undefined && stat.size > MAX_MANIFEST_BYTES)
    throw invalidArtifact('manifest', `it is larger than ${MAX_MANIFEST_BYTES} bytes`);
  const body = stat && (await blobs.get(digest, { signal }));
  if (body === undefined) throw missing('manifest', digest);
  const bytes = await collect(body);
  const actual = digestBytes(bytes);
  if (actual !== digest) throw mismatch('manifest', digest, actual);
  return bytes;
}

function fileOf(files: ReadonlyMap<string, ManifestFile>, path: string): ManifestFile {
  const file = files.get(path);
  if (file === undefined) {
    const some = [...files.keys()].slice(0, 5).join('`, `');
    throw new MillwrightError('state/not-found', `The artifact has no file \`${path}\`. It has \`${some}\`.`, {
      details: { what: 'file', id: path },
    });
  }
  return file;
}

/** The file's chunks; the last is handed out only after the whole file has the right digest. */
async function* checkedFile(blobs: BlobStore, file: ManifestFile, { signal }: Abortable) {
  signal?.throwIfAborted();
  const body = await blobs.get(file.digest, { signal });
  if (body === undefined) throw missing(file.path, file.digest);
  const hash = createSha256();
  let size = 0;
  let held: Uint8Array | undefined;
  for await (const chunk of chunksOf(body)) {
    signal?.throwIfAborted();
    size += chunk.byteLength;
    if (size > file.size) throw mismatch(file.path, `${file.size} bytes`, `more`);
    hash.update(chunk);
    if (held !== undefined) yield held;
    held = chunk;
  }
  if (size !== file.size) throw mismatch(file.path, `${file.size} bytes`, `${size} bytes`);
  const actual = toDigest(hash.digest());
  if (actual !== file.digest) throw mismatch(file.path, file.digest, actual);
  if (held !== undefined) yield held;
}

function missing(path: string, digest: Digest): MillwrightError<'artifact/missing'> {
  return new MillwrightError(
    'artifact/missing',
    `The bytes of \`${path}\` (${digest}) are not in the blob store. Were they collected, or is it another store?`,
    { details: { path, digest } },
  );
}

function mismatch(path: string, expected: string, actual: string): MillwrightError<'artifact/mismatch'> {
  return new MillwrightError(
    'artifact/mismatch',
    `Expected \`${path}\` to have ${expected}, got ${actual}. Its bytes were changed after it was registered; do not use them.`,
    { details: { path, expected, actual } },
  );
}
