import { sha256Bytes } from '#sha256';
import { fromBase64, sameBytes, toBase64, toHex } from '../foundation/bytes.js';

import { invalidInput } from '../foundation/errors.js';

/** A key that signs notes (C2SP signed-note). What the private key is and where it lives is the implementation's. */
export interface NoteSigner {
  readonly name: string;
  /** 4 bytes, as `noteKeyId` makes them. */
  readonly keyId: Uint8Array;
  sign(text: Uint8Array): Promise<Uint8Array>;
}

/** A key that is trusted to have signed. */
export interface NoteVerifier {
  readonly name: string;
  readonly keyId: Uint8Array;
  verify(text: Uint8Array, signature: Uint8Array): Promise<boolean>;
  /** When it was signed, milliseconds since 1970, if signatures of the key say so, as a witness's do. */
  timeOf?(signature: Uint8Array): number;
}

/** The signed text and who signed it, or why the note is not believed. */
export type NoteVerdict =
  | {
      readonly ok: true;
      readonly text: string;
      readonly signers: readonly string[];
      /** When each witness signed, milliseconds since 1970. */
      readonly cosignedAt: ReadonlyMap<string, number>;
    }
  | { readonly ok: false; readonly reason: string };

/** Type byte of a log's signature (C2SP signed-note). */
export const ED25519 = 0x01;
/** Type byte of a witness's signature, which holds the time (C2SP tlog-cosignature). */
export const COSIGNATURE = 0x04;
const MAX_NOTE_BYTES = 65_536;
const MAX_SIGNATURES = 32;

/** Signs a text that ends in a line feed: `text`, an empty line, and one line per signer. @throws `input/invalid` */
export async function signNote(text: string, signers: readonly NoteSigner[]): Promise<string> {
  if (!text.endsWith('\n') || text.includes('\n\n') || !text.isWellFormed())
    throw invalidInput('text', 'lines that end in a line feed, none of them empty', text);
  if (signers.length === 0) throw invalidInput('signers', 'at least one signer', 0);
  const bytes = new TextEncoder().encode(text);
  let note = `${text}\n`;
  for (const signer of signers) {
    checkName(signer.name);
    note += `— ${signer.name} ${toBase64(concat(signer.keyId, await signer.sign(bytes)))}\n`;
  }
  return note;
}

/**
 * Checks a note: signatures of unknown keys are ignored, one of a known key that is wrong spoils the note, and at least
 * one must be right (or `need` different ones).
 */
export async function verifyNote(
  note: string,
  verifiers: readonly NoteVerifier[],
  { need = 1 }: { readonly need?: number | undefined } = {},
): Promise<NoteVerdict> {
  if (note.length > MAX_NOTE_BYTES) return refuse('the note is too long');
  if (!note.isWellFormed() || hasControl(note)) return refuse('the note holds characters that no note may hold');
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) return refuse('the note has no signatures');
  const text = note.slice(0, split + 1);
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) return refuse('the note has too many signatures');
  const bytes = new TextEncoder().encode(text);
  const signers = new Set<string>();
  const cosignedAt = new Map<string, number>();
  for (const line of lines) {
    const match = /^— ([^\s+]+) ([A-Za-z0-9+/=]+)$/u.exec(line);
    const blob = match && fromBase64(match[2]!);
    if (!match || blob === undefined || blob === null || blob.length < 5)
      return refuse('a signature line is malformed');
    const [name, keyId, signature] = [match[1]!, blob.subarray(0, 4), blob.subarray(4)];
    const verifier = verifiers.find((v) => v.name === name && sameBytes(v.keyId, keyId));
    if (verifier === undefined) continue;
    if (!(await verifier.verify(bytes, signature))) return refuse(`the signature of ${name} is wrong`);
    signers.add(name);
    if (verifier.timeOf !== undefined) cosignedAt.set(name, verifier.timeOf(signature));
  }
  if (signers.size < Math.max(1, need)) return refuse(`${signers.size} of ${Math.max(1, need)} trusted signatures`);
  return { ok: true, text, signers: [...signers], cosignedAt };
}

/** The key id of signed-note: the first 4 bytes of SHA-256(name || 0x0A || type || public key). */
export function noteKeyId(name: string, type: number, publicKey: Uint8Array): Uint8Array {
  const head = new TextEncoder().encode(`${name}\n`);
  return sha256Bytes(concat(head, Uint8Array.of(type), publicKey)).slice(0, 4);
}

/** An Ed25519 signer over WebCrypto. @param publicKey 32 bytes */
export function ed25519Signer(name: string, privateKey: CryptoKey, publicKey: Uint8Array): NoteSigner {
  checkName(name);
  return {
    name,
    keyId: noteKeyId(name, ED25519, publicKey),
    sign: async (text) => new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, new Uint8Array(text))),
  };
}

/**
 * A verifier from a verifier key `name+keyid+base64` of an Ed25519 key: of a log, or of a witness, whose signatures say when.
 * @throws `input/invalid`
 */
export async function ed25519Verifier(verifierKey: string): Promise<NoteVerifier> {
  const [name = '', id = '', ...rest] = verifierKey.split('+');
  const key = fromBase64(rest.join('+'));
  const type = key?.[0];
  if (key?.length !== 33 || (type !== ED25519 && type !== COSIGNATURE))
    throw invalidInput('verifierKey', '`name+keyid+base64` of an Ed25519 key', verifierKey);
  checkName(name);
  const publicKey = key.subarray(1);
  const keyId = noteKeyId(name, type, publicKey);
  if (id !== toHex(keyId)) throw invalidInput('verifierKey', `the key id ${toHex(keyId)}`, id);
  const imported = await crypto.subtle.importKey('raw', publicKey as BufferSource, 'Ed25519', true, ['verify']);
  const verify = (text: Uint8Array, signature: Uint8Array) =>
    crypto.subtle.verify('Ed25519', imported, signature as BufferSource, text as BufferSource);
  if (type === ED25519) return { name, keyId, verify };
  return {
    name,
    keyId,
    async verify(text, signature) {
      if (signature.length !== TIME_BYTES + 64) return false;
      return verify(cosignedText(secondsOf(signature), text), signature.subarray(TIME_BYTES));
    },
    timeOf: (signature) => Number(secondsOf(signature)) * 1000,
  };
}

/** The text that gives an Ed25519 public key to verifiers: `name+keyid+base64`. */
export function verifierKeyOf(name: string, publicKey: Uint8Array, type = ED25519): string {
  checkName(name);
  const key = concat(Uint8Array.of(type), publicKey);
  return `${name}+${toHex(noteKeyId(name, type, publicKey))}+${toBase64(key)}`;
}

const TIME_BYTES = 8;

function secondsOf(signature: Uint8Array): bigint {
  return new DataView(signature.buffer, signature.byteOffset, TIME_BYTES).getBigUint64(0);
}

/** What a witness signs: the time, and the checkpoint without its signatures. */
function cosignedText(seconds: bigint, text: Uint8Array): Uint8Array {
  return concat(new TextEncoder().encode(`cosignature/v1\ntime ${seconds}\n`), text);
}

function checkName(name: string): void {
  if (name === '' || /[\s+]/u.test(name)) throw invalidInput('name', 'a key name without spaces and plus signs', name);
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 32 && text[i] !== '\n') return true;
  return false;
}

function refuse(reason: string): NoteVerdict {
  return { ok: false, reason };
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
