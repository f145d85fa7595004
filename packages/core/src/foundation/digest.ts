import { createSha256, sha256Bytes } from '#sha256';
import { canonicalJson } from './canonical-json.js';
import { invalidInput } from './errors.js';
import type { Branded } from './ids.js';

/** `sha256:` and 64 lower-case hexadecimal digits. */
export type Digest = Branded<'Digest'>;

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Parses a digest. @throws `input/invalid` */
export function parseDigest(input: unknown, name = 'digest'): Digest {
  if (typeof input === 'string' && DIGEST.test(input)) return input as Digest;
  throw invalidInput(name, '`sha256:` and 64 lower-case hexadecimal digits', input);
}

/** The digest of bytes. */
export function digestBytes(bytes: Uint8Array): Digest {
  return toDigest(sha256Bytes(bytes));
}

/** The digest of a value's canonical JSON (RFC 8785). Equal values have equal digests, whatever their key order. */
export function digestJson(value: unknown): Digest {
  return digestBytes(encodeUtf8(canonicalJson(value)));
}

/** The digest of a stream, without holding it. `size` counts its bytes. */
export async function digestStream(
  body: AsyncIterable<Uint8Array>,
): Promise<{ readonly digest: Digest; readonly size: number }> {
  const hash = createSha256();
  let size = 0;
  for await (const chunk of body) {
    hash.update(chunk);
    size += chunk.byteLength;
  }
  return { digest: toDigest(hash.digest()), size };
}

/** The digest that these 32 bytes of SHA-256 are. */
export function toDigest(hash: Uint8Array): Digest {
  return `sha256:${toHex(hash)}` as Digest;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Bytes as lower-case hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; i++) out += HEX[bytes[i]!];
  return out;
}

/** Bytes of an even number of hexadecimal digits. @throws `input/invalid` */
export function fromHex(hex: string): Uint8Array {
  if (hex.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(hex))
    throw invalidInput('hex', 'an even number of hexadecimal digits', hex);
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A text as UTF-8. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The text that bytes of UTF-8 hold. @throws `input/invalid` when the bytes are not UTF-8 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw invalidInput('bytes', 'UTF-8', `${bytes.byteLength} bytes (${String(cause)})`);
  }
}
