import { sha256Bytes } from '#sha256';
import { encodeUtf8, toHex } from '../foundation/bytes.js';
import { invalidInput } from '../foundation/errors.js';
import { bitsOf, childrenOf, DER, readDer, writeDer } from './der.js';
import { readPem, writePem } from './pem.js';

/** Something that signs: a WebCrypto key (`signingKey`), or your own call to a key service. */
export interface SigningKey {
  /** Tells verifiers which key to try. It is not authenticated. */
  readonly keyId: string;
  /** Ed25519, or ECDSA in DER with the hash of the curve's size (P-256: SHA-256, P-384: SHA-384, P-521: SHA-512). */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** A public key that is trusted to have signed. */
export interface VerifyingKey {
  /** SHA-256 of the key's PEM, in hexadecimal: one key has one id. */
  readonly keyId: string;
  verify(bytes: Uint8Array, signature: Uint8Array): Promise<boolean>;
}

/** The hash that an ECDSA signature is over. */
export type SignatureHash = 'SHA-256' | 'SHA-384' | 'SHA-512';

/**
 * A signing key over WebCrypto: Ed25519, or ECDSA on P-256, P-384 or P-521. The private key may be unextractable.
 * @throws `input/invalid`
 */
export async function signingKey(pair: {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}): Promise<SigningKey> {
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey));
  const { curve, hash } = keyKindOf(spki);
  return {
    keyId: keyIdOf(spki),
    async sign(bytes) {
      const algorithm = curve === undefined ? 'Ed25519' : { name: 'ECDSA', hash };
      const signature = new Uint8Array(await crypto.subtle.sign(algorithm, pair.privateKey, bytes as BufferSource));
      return curve === undefined ? signature : toDerSignature(signature);
    },
  };
}

/** Which hash the signer uses, where that is not the usual one. */
export interface VerifyingKeyOptions {
  /** Hash of ECDSA signatures. Default: the one of the curve's size. */
  readonly hash?: SignatureHash | undefined;
}

/**
 * A verifying key from a public key: PEM, DER (SubjectPublicKeyInfo) or an extractable `CryptoKey`. ECDSA signatures may be
 * DER, as most tools write them, or r || s, as WebCrypto does.
 * @throws `input/invalid` for anything but Ed25519, P-256, P-384 and P-521
 */
export async function verifyingKey(
  key: string | Uint8Array | CryptoKey,
  options: VerifyingKeyOptions = {},
): Promise<VerifyingKey> {
  const spki = await spkiOf(key);
  const { curve, hash, scalarBytes } = keyKindOf(spki);
  const importAs = curve === undefined ? 'Ed25519' : { name: 'ECDSA', namedCurve: curve };
  const verifyAs = curve === undefined ? 'Ed25519' : { name: 'ECDSA', hash: options.hash ?? hash };
  const imported = await crypto.subtle.importKey('spki', spki as BufferSource, importAs, true, ['verify']);
  return {
    keyId: keyIdOf(spki),
    async verify(bytes, signature) {
      const forms = curve === undefined ? [signature] : signatureForms(signature, scalarBytes);
      for (const form of forms)
        if (await crypto.subtle.verify(verifyAs, imported, form as BufferSource, bytes as BufferSource)) return true;
      return false;
    },
  };
}

/** The id of a public key given as SubjectPublicKeyInfo: SHA-256 of its PEM, as model-signing 1.1 computes its hint. */
function keyIdOf(spki: Uint8Array): string {
  return toHex(sha256Bytes(encodeUtf8(writePem('PUBLIC KEY', spki))));
}

async function spkiOf(key: string | Uint8Array | CryptoKey): Promise<Uint8Array> {
  if (key instanceof Uint8Array) return key;
  if (typeof key === 'string') return readPem(key, 'PUBLIC KEY')[0]!;
  return new Uint8Array(await crypto.subtle.exportKey('spki', key));
}

interface KeyKind {
  /** Undefined for Ed25519. */
  readonly curve: 'P-256' | 'P-384' | 'P-521' | undefined;
  readonly hash: SignatureHash;
  readonly scalarBytes: number;
}

/** By the object identifiers in the key's AlgorithmIdentifier (RFC 5480, RFC 8410). Nothing else is allowed. */
const KINDS: Readonly<Record<string, KeyKind>> = {
  '06032b6570': { curve: undefined, hash: 'SHA-512', scalarBytes: 32 },
  '06072a8648ce3d020106082a8648ce3d030107': { curve: 'P-256', hash: 'SHA-256', scalarBytes: 32 },
  '06072a8648ce3d020106052b81040022': { curve: 'P-384', hash: 'SHA-384', scalarBytes: 48 },
  '06072a8648ce3d020106052b81040023': { curve: 'P-521', hash: 'SHA-512', scalarBytes: 66 },
};

function keyKindOf(spki: Uint8Array): KeyKind {
  const [algorithm, key] = childrenOf(readDer(spki, DER.sequence));
  bitsOf(key);
  const kind = KINDS[toHex(algorithm!.content)];
  if (kind === undefined) throw invalidInput('key', 'an Ed25519, P-256, P-384 or P-521 public key', 'another key');
  return kind;
}

/** The ways in which bytes can be an ECDSA signature, as r || s. */
function signatureForms(signature: Uint8Array, scalarBytes: number): Uint8Array[] {
  const forms = signature.byteLength === 2 * scalarBytes ? [signature] : [];
  try {
    const scalars = childrenOf(readDer(signature, DER.sequence));
    if (scalars.length !== 2 || scalars.some(({ tag }) => tag !== DER.integer)) return forms;
    const raw = new Uint8Array(2 * scalarBytes);
    scalars.forEach(({ content }, i) => {
      const start = content.findIndex((byte) => byte !== 0);
      const digits = content.subarray(start < 0 ? content.byteLength : start);
      raw.set(digits, (i + 1) * scalarBytes - digits.byteLength);
    });
    forms.push(raw);
  } catch {
    // Not DER, or a scalar that is too long for the curve.
  }
  return forms;
}

function toDerSignature(raw: Uint8Array): Uint8Array {
  const half = raw.byteLength / 2;
  const integer = (scalar: Uint8Array) => {
    const start = Math.min(scalar.findIndex((byte) => byte !== 0) >>> 0, half - 1);
    const digits = scalar.subarray(start);
    return writeDer(DER.integer, digits[0]! >= 0x80 ? Uint8Array.of(0) : new Uint8Array(), digits);
  };
  return writeDer(DER.sequence, integer(raw.subarray(0, half)), integer(raw.subarray(half)));
}
