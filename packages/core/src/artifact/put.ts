import type { Abortable } from '../foundation/abort.js';
import { type Digest, digestBytes } from '../foundation/digest.js';
import { MillwrightError } from '../foundation/errors.js';
import { chunksOf } from '../storage/body.js';
import type { BlobBody, BlobStore } from '../storage/types.js';
import { fileFacts } from './chunks.js';
import { encodeManifest, manifestOf } from './manifest.js';
import { mediaTypeOf } from './media-type.js';
import { checkPath } from './path.js';
import type { Manifest, ManifestFile, Progress } from './types.js';

/** Where a file's bytes come from. */
export type FileSource =
  | Uint8Array
  | Blob
  | { readonly bytes: Uint8Array; readonly mediaType?: string | undefined }
  /** For what does not fit in memory. `open` is called twice: once to compute the digest, once to store. */
  | { open(): BlobBody | Promise<BlobBody>; readonly mediaType?: string | undefined }
  /**
   * A file that the store already has, such as an entry of an earlier manifest: only looked up, never read. Pass the whole
   * entry; without its `chunks` a large file is another entry, and the artifact another artifact.
   */
  | {
      readonly digest: Digest;
      readonly size: number;
      readonly mediaType?: string | undefined;
      readonly chunks?: Digest | undefined;
    };

/** What hears how far storing has come. */
export interface PutOptions extends Abortable {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * Stores files and their manifest, the manifest last, and returns the artifact's identity. Putting the same files again
 * is harmless and gives the same digest. After an abort, files may be left in the store, but no artifact.
 *
 * @throws `artifact/invalid` for a path that breaks the rules, `artifact/missing` for a stored file that is not there
 * @example
 * const { digest } = await putArtifact(storage.blobs, { 'model.onnx': bytes, 'README.md': { bytes: text } });
 */
export async function putArtifact(
  blobs: BlobStore,
  files: Readonly<Record<string, FileSource>>,
  options: PutOptions = {},
): Promise<{ readonly manifest: Manifest; readonly digest: Digest }> {
  const described = await describeAll(files, options);
  const manifest = manifestOf(described.map(({ file }) => file));
  const total = manifest.files.reduce((sum, file) => sum + file.size, 0);
  let done = 0;
  const report = (path: string, bytes: number) => {
    done += bytes;
    options.onProgress?.({ path, done, total });
  };
  for (const file of described) await storeFile(blobs, file, options, report);

  const bytes = encodeManifest(manifest);
  const digest = digestBytes(bytes);
  await blobs.put(digest, bytes, { size: bytes.byteLength, signal: options.signal });
  return { manifest, digest };
}

/**
 * The manifest that `putArtifact` would make, without storing anything: to compare files with a manifest or a signature.
 * @throws `artifact/invalid`
 */
export async function describeFiles(
  files: Readonly<Record<string, FileSource>>,
  options: Abortable = {},
): Promise<Manifest> {
  return manifestOf((await describeAll(files, options)).map(({ file }) => file));
}

async function describeAll(
  files: Readonly<Record<string, FileSource>>,
  options: Abortable,
): Promise<readonly DescribedFile[]> {
  for (const path of Object.keys(files)) checkPath(path);
  const described: DescribedFile[] = [];
  for (const [path, source] of Object.entries(files)) {
    options.signal?.throwIfAborted();
    described.push(await describeFile(path, source, options));
  }
  return described;
}

interface DescribedFile {
  readonly file: ManifestFile;
  readonly source: FileSource;
  readonly chunkList: Uint8Array | undefined;
}

async function describeFile(path: string, source: FileSource, { signal }: Abortable): Promise<DescribedFile> {
  const mediaType = givenMediaType(source) ?? mediaTypeOf(path);
  const typed = mediaType === undefined ? {} : { mediaType };
  if ('digest' in source) {
    const { digest, size, chunks } = source;
    return { file: { path, digest, size, ...typed, ...(chunks && { chunks }) }, source, chunkList: undefined };
  }
  const body = bytesOf(source) ?? (await openSource(source));
  const { digest, size, chunkList } = await fileFacts(watched(body, signal));
  const chunks = chunkList && { chunks: digestBytes(chunkList) };
  return { file: { path, digest, size, ...typed, ...chunks }, source, chunkList };
}

async function storeFile(
  blobs: BlobStore,
  { file: { path, digest, size, chunks }, source, chunkList }: DescribedFile,
  { signal }: PutOptions,
  report: (path: string, bytes: number) => void,
): Promise<void> {
  if ('digest' in source) {
    const stored = await blobs.stat(digest, { signal });
    if (stored?.size === size) return report(path, size);
    throw new MillwrightError(
      'artifact/missing',
      `Expected the store to have \`${path}\` already (${digest}, ${size} bytes); it has not. Put its bytes.`,
      { details: { path, digest } },
    );
  }
  if (chunks !== undefined && chunkList !== undefined)
    await blobs.put(chunks, chunkList, { size: chunkList.byteLength, signal });
  // A blob that is there may be about to be collected as garbage; putting it again makes sure, at the price of the bytes.
  const body = bytesOf(source) ?? watched(await openSource(source), signal, (n) => report(path, n));
  await blobs.put(digest, body, { size, signal });
  if (body instanceof Uint8Array) report(path, size);
}

function bytesOf(source: FileSource): Uint8Array | undefined {
  if (source instanceof Uint8Array) return source;
  return 'bytes' in source && source.bytes instanceof Uint8Array ? source.bytes : undefined;
}

function openSource(source: FileSource): BlobBody | Promise<BlobBody> {
  if (source instanceof Blob) return source.stream();
  if ('open' in source) return source.open();
  throw new MillwrightError(
    'input/invalid',
    'Expected a file to be bytes, a Blob, { bytes }, { open } or { digest }.',
    {
      details: { name: 'file', expected: 'a FileSource', received: typeof source },
    },
  );
}

function givenMediaType(source: FileSource): string | undefined {
  if (source instanceof Uint8Array) return undefined;
  if (source instanceof Blob) return source.type === '' ? undefined : source.type.split(';')[0]!.trim().toLowerCase();
  return source.mediaType;
}

async function* watched(body: BlobBody, signal: AbortSignal | undefined, onBytes?: (bytes: number) => void) {
  for await (const chunk of chunksOf(body)) {
    signal?.throwIfAborted();
    yield chunk;
    onBytes?.(chunk.byteLength);
  }
}
