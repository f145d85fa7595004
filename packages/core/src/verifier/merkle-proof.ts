import { HASH_BYTES, nodeHash, sameHash } from './merkle-hash.js';

/** Longer proofs cannot belong to a tree whose size is a safe integer; they are refused before any hashing. */
export const MAX_PROOF_HASHES = 64;

/**
 * True when `path` proves that `leaf` is leaf `index` of the tree with this size and root (RFC 9162 §2.1.3.2).
 * Anything malformed is false.
 */
export function includes(proof: {
  readonly index: number;
  readonly size: number;
  readonly leaf: Uint8Array;
  readonly path: readonly Uint8Array[];
  readonly root: Uint8Array;
}): boolean {
  const { index, size, leaf, path, root } = proof;
  if (!isCount(index) || !isCount(size) || index >= size || !isPath([leaf, ...path])) return false;
  let at = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of path) {
    if (last === 0) return false;
    if (isOdd(at) || at === last) {
      hash = nodeHash(sibling, hash);
      while (!isOdd(at) && at !== 0) {
        at = half(at);
        last = half(last);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 && sameHash(hash, root);
}

/**
 * True when `path` proves that the tree (`first`, `firstRoot`) is a prefix of the tree (`second`, `secondRoot`)
 * (RFC 9162 §2.1.4.2). An empty first tree proves nothing and is refused, as is anything malformed.
 */
export function extendsTree(proof: {
  readonly first: number;
  readonly firstRoot: Uint8Array;
  readonly second: number;
  readonly secondRoot: Uint8Array;
  readonly path: readonly Uint8Array[];
}): boolean {
  const { first, firstRoot, second, secondRoot } = proof;
  if (!isCount(first) || !isCount(second) || first === 0 || first > second) return false;
  if (!isPath(proof.path)) return false;
  if (first === second) return proof.path.length === 0 && sameHash(firstRoot, secondRoot);
  const path = isPowerOfTwo(first) ? [firstRoot, ...proof.path] : proof.path;
  if (path.length === 0 || proof.path.length === 0) return false;
  let at = first - 1;
  let last = second - 1;
  while (isOdd(at)) {
    at = half(at);
    last = half(last);
  }
  let older = path[0]!;
  let newer = path[0]!;
  for (let i = 1; i < path.length; i++) {
    const sibling = path[i]!;
    if (last === 0) return false;
    if (isOdd(at) || at === last) {
      older = nodeHash(sibling, older);
      newer = nodeHash(sibling, newer);
      while (!isOdd(at) && at !== 0) {
        at = half(at);
        last = half(last);
      }
    } else {
      newer = nodeHash(newer, sibling);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 && sameHash(older, firstRoot) && sameHash(newer, secondRoot);
}

// Sizes may exceed 2^31, where JavaScript's bit operators wrap; these do not.
const half = (n: number) => Math.floor(n / 2);
const isOdd = (n: number) => n % 2 === 1;
const isCount = (n: number) => Number.isSafeInteger(n) && n >= 0;

function isPath(path: readonly Uint8Array[]): boolean {
  return path.length <= MAX_PROOF_HASHES && path.every((hash) => hash.byteLength === HASH_BYTES);
}

function isPowerOfTwo(n: number): boolean {
  return Number.isInteger(Math.log2(n)) && 2 ** Math.log2(n) === n;
}
