import { sha256Bytes } from '#sha256';

/** Hashes of RFC 6962 §2.1: a leaf is SHA-256(0x00 || entry), a node SHA-256(0x01 || left || right), nothing SHA-256(""). */
export const HASH_BYTES = 32;

/** The root of a tree without leaves: the hash of nothing (RFC 6962). */
export function emptyRoot(): Uint8Array {
  return sha256Bytes(new Uint8Array());
}

/** The hash of a leaf: SHA-256 of a zero byte and the entry (RFC 6962). */
export function leafHash(entry: Uint8Array): Uint8Array {
  const size = 1 + entry.byteLength;
  // Hashing is synchronous, so one buffer serves all: making an array per leaf costs more than hashing it.
  const prefixed = size <= scratch.length ? scratch.subarray(0, size) : new Uint8Array(size);
  prefixed[0] = 0;
  prefixed.set(entry, 1);
  return sha256Bytes(prefixed);
}

/** The hash of two subtrees: SHA-256 of a one byte and both hashes (RFC 6962). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  const size = 1 + left.byteLength + right.byteLength;
  const bytes = size === node.length ? node : new Uint8Array(size);
  bytes[0] = 1;
  bytes.set(left, 1);
  bytes.set(right, 1 + left.byteLength);
  return sha256Bytes(bytes);
}

const scratch = new Uint8Array(4_096);
const node = new Uint8Array(1 + 2 * HASH_BYTES);

export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength > 0 && a.byteLength === b.byteLength && a.every((byte, i) => byte === b[i]);
}
