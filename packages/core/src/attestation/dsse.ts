import { encodeUtf8, fromBase64, toBase64 } from '../foundation/bytes.js';
import { invalidInput } from '../foundation/errors.js';
import type { SigningKey, VerifyingKey } from './key.js';

/** A DSSE envelope: a payload in base64 and signatures over it and its type (secure-systems-lab/dsse v1). */
export interface Envelope {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly EnvelopeSignature[];
}

/** One signature of an envelope, in base64. */
export interface EnvelopeSignature {
  readonly sig: string;
  /** Not authenticated; verification tries every key whatever it says. */
  readonly keyid?: string | null | undefined;
}

/** The signed bytes of an envelope, or why it is not believed. */
export type EnvelopeVerdict =
  | {
      readonly ok: true;
      readonly payloadType: string;
      /** Exactly the bytes that were signed. Parse these, never `envelope.payload` again. */
      readonly payload: Uint8Array;
      /** The different keys whose signatures are right. */
      readonly keyIds: readonly string[];
    }
  | { readonly ok: false; readonly reason: string };

const MAX_SIGNATURES = 32;

/** Signs a payload with every key. @throws `input/invalid` without a key */
export async function signEnvelope(
  payloadType: string,
  payload: Uint8Array,
  keys: readonly SigningKey[],
): Promise<Envelope> {
  if (keys.length === 0) throw invalidInput('keys', 'at least one signing key', 'none');
  const bytes = preAuthEncode(payloadType, payload);
  const signatures = await Promise.all(
    keys.map(async (key) => ({ keyid: key.keyId, sig: toBase64(await key.sign(bytes)) })),
  );
  return { payloadType, payload: toBase64(payload), signatures };
}

/** Whose signatures count, and how many there must be. */
export interface VerifyEnvelopeOptions {
  readonly keys: readonly VerifyingKey[];
  /** How many different keys must have signed. Default 1. */
  readonly need?: number | undefined;
  /** What is signed. Default the DSSE v1 encoding. */
  readonly encode?: ((payloadType: string, payload: Uint8Array) => Uint8Array) | undefined;
}

/** Checks that enough of the trusted keys signed the envelope. Anything malformed is refused, never thrown. */
export async function verifyEnvelope(envelope: unknown, options: VerifyEnvelopeOptions): Promise<EnvelopeVerdict> {
  const { keys, need = 1, encode = preAuthEncode } = options;
  const opened = openEnvelope(envelope);
  if (opened === undefined) return { ok: false, reason: 'it is no DSSE envelope' };
  const { payloadType, payload, signatures } = opened;
  const bytes = encode(payloadType, payload);
  const keyIds = new Set<string>();
  for (const key of keys) {
    for (const signature of signatures) {
      if (!(await key.verify(bytes, signature))) continue;
      keyIds.add(key.keyId);
      break;
    }
  }
  const needed = Math.max(1, need);
  if (keyIds.size < needed) return { ok: false, reason: `${keyIds.size} of ${needed} trusted signatures` };
  return { ok: true, payloadType, payload, keyIds: [...keyIds] };
}

/** The pre-authentication encoding, PAE: what a signature is over. */
export function preAuthEncode(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = encodeUtf8(payloadType);
  const head = encodeUtf8(`DSSEv1 ${type.byteLength} ${payloadType} ${payload.byteLength} `);
  const bytes = new Uint8Array(head.byteLength + payload.byteLength);
  bytes.set(head);
  bytes.set(payload, head.byteLength);
  return bytes;
}

interface OpenedEnvelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signatures: readonly Uint8Array[];
}

function openEnvelope(value: unknown): OpenedEnvelope | undefined {
  const { payloadType, payload, signatures } = (value ?? {}) as Partial<Record<keyof Envelope, unknown>>;
  if (typeof payloadType !== 'string' || !Array.isArray(signatures) || signatures.length > MAX_SIGNATURES)
    return undefined;
  const bytes = fromAnyBase64(payload);
  const sigs = signatures.map((each: { readonly sig?: unknown } | null) => fromAnyBase64(each?.sig));
  if (bytes === undefined || sigs.includes(undefined)) return undefined;
  return { payloadType, payload: bytes, signatures: sigs as Uint8Array[] };
}

/** Standard or URL-safe base64, padded or not: DSSE allows both. */
export function fromAnyBase64(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string') return undefined;
  const standard = text.replace(/-/g, '+').replace(/_/g, '/').replace(/=+$/, '');
  return fromBase64(standard.padEnd(Math.ceil(standard.length / 4) * 4, '='));
}
