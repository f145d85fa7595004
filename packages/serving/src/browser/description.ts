import {
  canonicalJson,
  type Digest,
  encodeUtf8,
  invalidInput,
  MillwrightError,
  parseDigest,
  type ResolvedModel,
} from '@millwright/core';
import { type Manifest, manifestDigest, manifestOf } from '@millwright/core/artifact';
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
  /** Base64 of the publisher's signature over the canonical JSON of everything else. */
  readonly signature?: string | undefined;
}

/** The description of a model, to be put as JSON beside its files. With a private key, signed. */
export async function describeModel(model: ResolvedModel, signWith?: CryptoKey): Promise<ModelDescription> {
  const { id, digest, contract, artifact } = model;
  const plain = { format: 'millwright.model/1', id, digest, manifest: artifact.manifest, contract } as const;
  if (signWith === undefined) return plain;
  const signature = await crypto.subtle.sign(algorithmOf(signWith), signWith, signedBytes(plain));
  return { ...plain, signature: btoa(String.fromCharCode(...new Uint8Array(signature))) };
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
  return { format: 'millwright.model/1', id, digest, manifest, contract: checked, signature };
}

/** @throws `serving/untrusted-model` unless the description carries a signature of this key */
export async function checkSignature(description: ModelDescription, key: CryptoKey): Promise<void> {
  const { signature } = description;
  const bytes = signature === undefined ? undefined : Uint8Array.from(atob(signature), (char) => char.charCodeAt(0));
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
