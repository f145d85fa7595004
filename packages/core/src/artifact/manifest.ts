import { decodeUtf8, encodeUtf8, sameBytes } from '../foundation/bytes.js';
import { canonicalJson } from '../foundation/canonical-json.js';
import { type Digest, digestBytes, parseDigest } from '../foundation/digest.js';
import { checkCollisions, checkPath, invalidArtifact } from './path.js';
import type { Manifest, ManifestFile } from './types.js';

/** What the `format` of a manifest says. */
export const MANIFEST_FORMAT = 'millwright.manifest/1';
/** A manifest of a hundred thousand files fits. */
export const MAX_MANIFEST_BYTES = 32 * 1_048_576;

/** A manifest of the files, sorted by path (UTF-16 code units). @throws `artifact/invalid` */
export function manifestOf(files: Iterable<ManifestFile>): Manifest {
  const sorted = [...files].map(checkFile).sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  if (sorted.length === 0) throw invalidArtifact('', 'an artifact needs at least one file');
  checkCollisions(sorted.map((file) => file.path));
  return { format: MANIFEST_FORMAT, files: sorted };
}

/** The artifact's identity: the digest of the manifest's canonical JSON. */
export function manifestDigest(manifest: Manifest): Digest {
  return digestBytes(encodeManifest(manifest));
}

/** Every blob that the manifest's files consist of: contents and chunk lists. */
export function blobsOf({ files }: Manifest): Digest[] {
  return files.flatMap(({ digest, chunks }) => (chunks === undefined ? [digest] : [digest, chunks]));
}

/** The bytes under which a manifest is stored. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  return encodeUtf8(canonicalJson(manifestOf(manifest.files)));
}

/** Reads a manifest without trusting it. @throws `artifact/invalid` */
export function decodeManifest(bytes: Uint8Array): Manifest {
  if (bytes.byteLength > MAX_MANIFEST_BYTES)
    throw invalidArtifact('manifest', `it is larger than ${MAX_MANIFEST_BYTES} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(decodeUtf8(bytes));
  } catch {
    throw invalidArtifact('manifest', 'it is not JSON');
  }
  if (typeof value !== 'object' || value === null || !('format' in value) || !('files' in value))
    throw invalidArtifact('manifest', 'it is no manifest');
  if (value.format !== MANIFEST_FORMAT) throw invalidArtifact('manifest', `its format is not ${MANIFEST_FORMAT}`);
  if (!Array.isArray(value.files)) throw invalidArtifact('manifest', 'its files are no list');
  const manifest = manifestOf(value.files as ManifestFile[]);
  // Two manifests of the same files would be two identities; only the canonical bytes are one.
  if (!sameBytes(encodeManifest(manifest), bytes)) throw invalidArtifact('manifest', 'it is not in canonical form');
  return manifest;
}

/** Checks one entry, which may come from anywhere, and keeps what belongs to the format. */
function checkFile(file: ManifestFile): ManifestFile {
  if (typeof file !== 'object' || file === null) throw invalidArtifact('manifest', 'an entry is no object');
  const { path, digest, size, mediaType, chunks } = file;
  checkPath(path);
  if (!Number.isSafeInteger(size) || size < 0) throw invalidArtifact(path, 'its size is no count of bytes');
  if (mediaType !== undefined && (typeof mediaType !== 'string' || !MEDIA_TYPE.test(mediaType)))
    throw invalidArtifact(path, 'its media type is malformed');
  return {
    path,
    digest: parseDigest(digest, `digest of ${path}`),
    size,
    ...(mediaType === undefined ? {} : { mediaType }),
    ...(chunks === undefined ? {} : { chunks: parseDigest(chunks, `chunks of ${path}`) }),
  };
}

const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;
