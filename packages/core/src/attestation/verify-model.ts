import type { Manifest } from '../artifact/types.js';
import type { Certificate } from './certificate.js';
import { distrust } from './certificate-chain.js';
import { type BadFile, compareFiles } from './compare-files.js';
import { type EnvelopeVerdict, verifyEnvelope } from './dsse.js';
import { type VerifyingKey, type VerifyingKeyOptions, verifyingKey } from './key.js';
import { preAuthEncodeV02 } from './model-signing-v02.js';
import { readSignedModel, readSignedModelV02 } from './signed-model.js';
import { parseBundle, type SignatureBundle } from './sigstore-bundle.js';
import { IN_TOTO_PAYLOAD, parseStatement } from './statement.js';

/** Whose signature is believed, and what of the model it must cover. */
export interface VerifyModelOptions {
  /** Public keys that are trusted to sign models. */
  readonly keys?: readonly VerifyingKey[] | undefined;
  /** Authorities (`readCertificates`): a signature with a certificate that one of them issued is trusted, too. */
  readonly authorities?: readonly Certificate[] | undefined;
  /**
   * When it was signed, milliseconds since 1970, if you know: the certificates must have been valid then. Default, as
   * model-signing has it: when the signer's certificate began to be valid.
   */
  readonly signedAt?: number | undefined;
  /** How many different trusted keys must have signed. Default 1. */
  readonly need?: number | undefined;
  /**
   * Files and folders of the model that need no signature, such as `model.sig`. What the signer would ignore is told in
   * the verdict and never followed: it would let a signer hide files.
   */
  readonly ignorePaths?: readonly string[] | undefined;
  /** Also accept the format of model-signing 0.2. Its ECDSA keys need `{ hash: 'SHA-256' }`. Default false. */
  readonly acceptV02?: boolean | undefined;
}

/** Who signed a model, or why its signature is not believed. */
export type ModelVerdict =
  | {
      readonly ok: true;
      /** What the signer calls the model; undefined in a signature of 0.2. */
      readonly name: string | undefined;
      readonly keyIds: readonly string[];
      readonly ignoredBySigner: readonly string[];
    }
  | ModelRefusal;

/** Why a model's signature is not believed. */
export interface ModelRefusal {
  readonly ok: false;
  /**
   * `malformed`: it is no signature of a model. `unsupported`: signed in a way that is not checked here. `untrusted`: not
   * signed by enough trusted keys. `mismatch`: signed, but not these files.
   */
  readonly why: 'malformed' | 'unsupported' | 'untrusted' | 'mismatch';
  readonly reason: string;
  /** With `mismatch`: the files that are not what was signed. */
  readonly bad?: readonly BadFile[] | undefined;
}

/**
 * Checks that trusted keys signed exactly these files (OpenSSF model-signing, `model.sig`). The manifest is an artifact's,
 * or `describeFiles` makes it; its digests are believed, so load the bytes through `openArtifact`, which checks them.
 * A right signature says who signed, not what it may be used for: that is for policy.
 */
export async function verifyModelSignature(
  signature: string,
  manifest: Manifest,
  options: VerifyModelOptions,
): Promise<ModelVerdict> {
  const bundle = parseBundle(signature);
  if (bundle === undefined) return refuse('malformed', 'it is no Sigstore bundle with a DSSE envelope');
  const { envelope, old } = await openBundle(bundle, options);
  if (!envelope.ok) return refuse('untrusted', envelope.reason);
  if (envelope.payloadType !== IN_TOTO_PAYLOAD) return refuse('malformed', `its payload is ${envelope.payloadType}`);
  const statement = parseStatement(envelope.payload);
  if (statement === undefined) return refuse('malformed', 'it signs no in-toto statement with SHA-256 subjects');
  const signed = old ? readSignedModelV02(statement) : readSignedModel(statement);
  if ('why' in signed) return { ok: false, ...signed };
  const bad = compareFiles(signed.files, manifest, options.ignorePaths ?? []);
  if (bad.length > 0) {
    const some = bad.slice(0, 5).map(({ path, reason }) => `${path} is ${reason}`);
    return { ...refuse('mismatch', `${bad.length} files differ: ${some.join(', ')}`), bad };
  }
  return { ok: true, name: signed.name, keyIds: envelope.keyIds, ignoredBySigner: signed.ignoredBySigner };
}

/** The envelope's verdict, and whether it is of the old format. */
async function openBundle(
  bundle: SignatureBundle,
  options: VerifyModelOptions,
): Promise<{ readonly envelope: EnvelopeVerdict; readonly old: boolean }> {
  const { keys = [], need, acceptV02 = false } = options;
  const signer = await vouchedSigner(bundle, options);
  const envelope = await verifyEnvelope(bundle.envelope, { keys: [...keys, ...(await signer.keys())], need });
  if (!envelope.ok && acceptV02) {
    const oldKeys = [...keys, ...(await signer.keys({ hash: 'SHA-256' }))];
    const old = await verifyEnvelope(bundle.envelope, { keys: oldKeys, need, encode: preAuthEncodeV02 });
    if (old.ok) return { envelope: old, old: true };
  }
  if (envelope.ok || signer.distrust === undefined) return { envelope, old: false };
  return { envelope: { ok: false, reason: `${envelope.reason}; ${signer.distrust}` }, old: false };
}

interface VouchedSigner {
  /** The key of the signer's certificate; none when no authority vouches for it. */
  keys(options?: VerifyingKeyOptions): Promise<readonly VerifyingKey[]>;
  readonly distrust?: string | undefined;
}

async function vouchedSigner({ certificates }: SignatureBundle, options: VerifyModelOptions): Promise<VouchedSigner> {
  const { authorities = [], signedAt } = options;
  const [signer] = certificates;
  const nobody = { keys: async () => [] };
  if (signer === undefined || authorities.length === 0) return nobody;
  const why = await distrust(certificates, authorities, signedAt ?? signer.notBefore);
  if (why !== undefined) return { ...nobody, distrust: why };
  try {
    await verifyingKey(signer.publicKey);
  } catch {
    return { ...nobody, distrust: "the signer's key is neither Ed25519 nor on P-256, P-384 or P-521" };
  }
  return { keys: async (o) => [await verifyingKey(signer.publicKey, o)] };
}

function refuse(why: ModelRefusal['why'], reason: string): ModelRefusal {
  return { ok: false, why, reason };
}
