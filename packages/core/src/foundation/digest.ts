import { createSha256, sha256Bytes } from '#sha256';
import { encodeUtf8, toHex } from './bytes.js';
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
  return `${ALGORITHM}${toHex(hash)}` as Digest;
}

/** The 64 hexadecimal digits of a digest. */
export function hexOf(digest: Digest): string {
  return digest.slice(ALGORITHM.length);
}

const ALGORITHM = 'sha256:';
