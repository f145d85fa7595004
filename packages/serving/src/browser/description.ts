import {
  canonicalJson,
  type Digest,
  digestBytes,
  encodeUtf8,
  fromBase64,
  invalidInput,
  MillwrightError,
  parseDigest,
  type ResolvedModel,
  toBase64,
  toDigest,
} from '@millwright/core';
import { CHUNK_BYTES, type Manifest, type ManifestFile, manifestDigest, manifestOf } from '@millwright/core/artifact';
import { type Contract, parseContract } from '@millwright/core/contract';

/** A model as it is published at a URL: what it is, which files it has, and who says so. The files lie beside it. */
export interface ModelDescription {
  readonly format: 'millwright.model/1';
  /** `name@version` */
  readonly id: string;
  /** Of the manifest. */
  readonly digest: Digest;
  readonly manifest: Manifest;
  readonly contract?: Contract | undefined;
  /** Base64 of the digests of a file's pieces, one after the other, by path: what the manifest's `chunks` is the digest of. */
  readonly pieces?: Readonly<Record<string, string>> | undefined;
  /** Base64 of the publisher's signature over the canonical JSON of everything else. */
  readonly signature?: string | undefined;
}

/** The description of a model, to be put as JSON beside its files. With a private key, signed. */
export async function describeModel(model: ResolvedModel, signWith?: CryptoKey): Promise<ModelDescription> {
  const { id, digest, contract, artifact } = model;
  const pieces: Record<string, string> = {};
  for (const file of artifact.manifest.files)
    if (file.chunks !== undefined) pieces[file.path] = toBase64(await pieceList(await artifact.bytes(file.path)));
  const plain = { format: 'millwright.model/1', id, digest, manifest: artifact.manifest, contract, pieces } as const;
  if (signWith === undefined) return plain;
  const signature = await crypto.subtle.sign(algorithmOf(signWith), signWith, signedBytes(plain));
  return { ...plain, signature: toBase64(new Uint8Array(signature)) };
}

/** The digests of a file's pieces. A file that the manifest has no list for is one piece. */
export function piecesOf(description: ModelDescription, file: ManifestFile): readonly Digest[] {
  const list = description.pieces?.[file.path];
  if (file.chunks === undefined || list === undefined) return [file.digest];
  const bytes = bytesIn(list);
  return Array.from({ length: bytes.length / HASH_BYTES }, (_, i) =>
    toDigest(bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES)),
  );
}

async function pieceList(bytes: Uint8Array): Promise<Uint8Array> {
  const list = new Uint8Array(Math.ceil(bytes.length / CHUNK_BYTES) * HASH_BYTES);
  for (let piece = 0; piece * CHUNK_BYTES < bytes.length; piece++) {
    const part = new Uint8Array(bytes.subarray(piece * CHUNK_BYTES, (piece + 1) * CHUNK_BYTES));
    list.set(new Uint8Array(await crypto.subtle.digest('SHA-256', part)), piece * HASH_BYTES);
  }
  return list;
}

/** @throws `artifact/mismatch` unless the list is the one that the manifest names */
function checkPieces(file: ManifestFile, list: unknown): string | undefined {
  if (file.chunks === undefined || list === undefined) return undefined;
  if (typeof list !== 'string') throw invalidInput('description.pieces', 'base64 by path', list);
  const bytes = bytesIn(list);
  const actual = digestBytes(bytes);
  if (actual !== file.chunks || bytes.length !== Math.ceil(file.size / CHUNK_BYTES) * HASH_BYTES)
    throw mismatch(`${file.path} (list of pieces)`, file.chunks, actual);
  return list;
}

/**
 * Reads a description without trusting it: the digest must be that of the manifest, the contract's that of its fields.
 *
 * @throws `input/invalid`, `artifact/invalid`, `artifact/mismatch`, `contract/invalid`
 */
export function parseDescription(json: unknown): ModelDescription {
  const value = json as Partial<Record<keyof ModelDescription, unknown>> | null;
  if (typeof value !== 'object' || value === null || value.format !== 'millwright.model/1')
    throw invalidInput('description', 'a model description in the format `millwright.model/1`', json);
  const { id, signature, contract } = value;
  if (typeof id !== 'string' || id.length > 256) throw invalidInput('description.id', 'a `name@version`', id);
  if (signature !== undefined && typeof signature !== 'string')
    throw invalidInput('description.signature', 'base64', signature);
  const files = (value.manifest as Manifest | undefined)?.files;
  if (!Array.isArray(files)) throw invalidInput('description.manifest', 'a manifest', value.manifest);
  const manifest = manifestOf(files);
  const [digest, actual] = [parseDigest(value.digest, 'description.digest'), manifestDigest(manifest)];
  if (digest !== actual) throw mismatch('manifest', digest, actual);
  const checked = contract === undefined ? undefined : parseContract(contract);
  const pieces: Record<string, string> = Object.create(null);
  for (const file of manifest.files) {
    const given = value.pieces as Readonly<Record<string, unknown>> | undefined;
    const list = checkPieces(file, given && Object.hasOwn(given, file.path) ? given[file.path] : undefined);
    if (list !== undefined) pieces[file.path] = list;
  }
  return { format: 'millwright.model/1', id, digest, manifest, contract: checked, pieces, signature };
}

/** @throws `serving/untrusted-model` unless the description carries a signature of this key */
export async function checkSignature(description: ModelDescription, key: CryptoKey): Promise<void> {
  const { signature } = description;
  const bytes = signature === undefined ? undefined : bytesIn(signature);
  if (bytes !== undefined && (await crypto.subtle.verify(algorithmOf(key), key, bytes, signedBytes(description))))
    return;
  const reason = signature === undefined ? 'It is not signed.' : 'Its signature is not of the given key.';
  throw new MillwrightError('serving/untrusted-model', `The model \`${description.id}\` is refused: ${reason}`, {
    details: { reasons: [reason] },
  });
}

function signedBytes({ format, id, digest, contract }: ModelDescription): Uint8Array<ArrayBuffer> {
  // The digest stands for the manifest, and that for the files.
  return new Uint8Array(encodeUtf8(canonicalJson({ format, id, digest, contract: contract?.digest ?? null })));
}

function algorithmOf(key: CryptoKey): AlgorithmIdentifier | EcdsaParams {
  return key.algorithm.name === 'ECDSA' ? { name: 'ECDSA', hash: 'SHA-256' } : key.algorithm.name;
}

function mismatch(path: string, expected: string, actual: string): MillwrightError<'artifact/mismatch'> {
  return new MillwrightError('artifact/mismatch', `\`${path}\` has digest ${actual}, expected ${expected}.`, {
    details: { path, expected, actual },
  });
}

const HASH_BYTES = 32;

/** @throws `input/invalid` */
function bytesIn(text: string): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64(text);
  if (bytes === undefined) throw invalidInput('description', 'base64', text);
  return bytes;
}
