import { sha256Bytes } from '#sha256';
import type { Manifest } from '../artifact/types.js';
import { encodeUtf8, fromHex, toHex } from '../foundation/bytes.js';
import { canonicalJson } from '../foundation/canonical-json.js';
import { hexOf } from '../foundation/digest.js';
import { signEnvelope } from './dsse.js';
import type { SigningKey } from './key.js';
import { IN_TOTO_PAYLOAD, type InTotoStatement, STATEMENT_TYPE } from './statement.js';

/** Predicate type of an OpenSSF model signature. */
export const MODEL_SIGNATURE_TYPE = 'https://model_signing/signature/v1.0';
const BUNDLE_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** What the model is called, and which keys sign it. */
export interface SignModelOptions {
  /** What the model is called. It is signed, but no identity: the files are. */
  readonly name: string;
  /** The first is the one that other tools verify; more than one serves `need` of `verifyModelSignature`. */
  readonly keys: readonly SigningKey[];
}

/**
 * Signs the files of an artifact in the format of OpenSSF model-signing 1.0: a Sigstore bundle with a DSSE envelope around
 * an in-toto statement that lists every file with its SHA-256. Returns the text of the file `model.sig`, which
 * `model_signing verify key` accepts beside the files.
 * @throws `input/invalid` without a key
 */
export async function signModel(manifest: Manifest, { name, keys }: SignModelOptions): Promise<string> {
  const payload = encodeUtf8(canonicalJson(modelStatement(name, manifest)));
  const dsseEnvelope = await signEnvelope(IN_TOTO_PAYLOAD, payload, keys);
  const publicKey = { hint: keys[0]!.keyId };
  return canonicalJson({ mediaType: BUNDLE_TYPE, verificationMaterial: { publicKey, tlogEntries: [] }, dsseEnvelope });
}

/** What is signed: the files in the order of the manifest, and as subject their root. */
export function modelStatement(name: string, { files }: Manifest): InTotoStatement {
  const resources = files.map(({ path, digest }) => ({
    name: path,
    algorithm: 'sha256',
    digest: hexOf(digest),
  }));
  return {
    _type: STATEMENT_TYPE,
    subject: [{ name, digest: { sha256: rootOf(resources) } }],
    predicateType: MODEL_SIGNATURE_TYPE,
    predicate: { serialization: { method: 'files', hash_type: 'sha256', allow_symlinks: false }, resources },
  };
}

/** SHA-256 of the files' digests one after the other. It says nothing about their names; those are in the list. */
export function rootOf(resources: readonly { readonly digest: string }[]): string {
  return toHex(sha256Bytes(fromHex(resources.map(({ digest }) => digest).join(''))));
}
