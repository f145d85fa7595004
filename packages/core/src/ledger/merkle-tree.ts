import { invalidInput } from '../foundation/errors.js';
import { emptyRoot, HASH_BYTES, nodeHash } from '../verifier/merkle-hash.js';

/**
 * An append-only RFC 6962 tree that keeps the hash of every complete subtree: 64 bytes per leaf, amortised one node hash
 * per append, proofs and roots of every past size in O(log n) hashes.
 */
export interface MerkleTree {
  readonly size: number;
  append(leaf: Uint8Array): void;
  /** The root over the first `size` leaves; default all. */
  root(size?: number): Uint8Array;
  leaf(index: number): Uint8Array;
  /** Hashes that lead from leaf `index` to the root over `size` leaves, lowest first. */
  inclusionPath(index: number, size?: number): Uint8Array[];
  /** Hashes that prove the first `first` leaves a prefix of the first `second`. */
  consistencyPath(first: number, second?: number): Uint8Array[];
  /** Forgets the leaves from `size` on, which may not lie before `start`. */
  truncate(size: number): void;
  /** The roots of the complete subtrees that make up the tree, largest first: all that appending needs to go on. */
  range(): Uint8Array[];
  /** The first leaf that the tree knows by itself; what lies before is only in `range`. */
  readonly start: number;
}

/** What a tree can go on from without its leaves. */
export interface CompactRange {
  readonly size: number;
  /** As `MerkleTree.range` gave it. */
  readonly hashes: readonly Uint8Array[];
}

/**
 * A tree that grows by leaves and proves what it holds (RFC 6962).
 *
 * @param base go on from here; leaves and proofs from before are then refused
 */
export function merkleTree(base: CompactRange = { size: 0, hashes: [] }): MerkleTree {
  /** Level k holds the roots of complete subtrees of 2^k leaves, in order. */
  const levels: HashColumn[] = [];
  let size = base.size;

  const level = (k: number): HashColumn => {
    levels[k] ??= hashColumn(Math.floor(base.size / 2 ** k));
    return levels[k];
  };
  if (base.hashes.length !== bitsOf(base.size).length)
    throw invalidInput('base', `${bitsOf(base.size).length} hashes for ${base.size} leaves`, base.hashes.length);
  // Each is the last complete subtree of its level, which is all that later appends and roots ask of that level.
  bitsOf(base.size).forEach((k, i) => {
    levels[k] = hashColumn(Math.floor(base.size / 2 ** k) - 1);
    levels[k].push(base.hashes[i]!);
  });

  /** The root over leaves [start, end) where `start` is a multiple of the largest power of two that is used. */
  const subtree = (start: number, end: number): Uint8Array => {
    const width = end - start;
    const k = floorLog2(width);
    if (2 ** k === width) return level(k).at(start / width);
    return nodeHash(subtree(start, start + 2 ** k), subtree(start + 2 ** k, end));
  };

  const checkSize = (n: number) => {
    if (!Number.isSafeInteger(n) || n < 0 || n > size) throw invalidInput('size', `0 to ${size} leaves`, n);
  };

  return {
    get size() {
      return size;
    },
    start: base.size,
    append(leaf) {
      level(0).push(leaf);
      size++;
      let hash = leaf;
      for (let k = 0, n = size; n % 2 === 0; k++, n /= 2) {
        hash = nodeHash(level(k).view(n - 2), hash);
        level(k + 1).push(hash);
      }
    },
    root(n = size) {
      checkSize(n);
      return n === 0 ? emptyRoot() : subtree(0, n);
    },
    leaf(index) {
      checkSize(index + 1);
      return level(0).at(index);
    },
    inclusionPath(index, n = size) {
      checkSize(n);
      if (!Number.isSafeInteger(index) || index < 0 || index >= n)
        throw invalidInput('index', `a leaf index below ${n}`, index);
      const path: Uint8Array[] = [];
      let start = 0;
      let end = n;
      while (end - start > 1) {
        const middle = start + splitOf(end - start);
        if (index < middle) {
          path.push(subtree(middle, end));
          end = middle;
        } else {
          path.push(subtree(start, middle));
          start = middle;
        }
      }
      return path.reverse();
    },
    consistencyPath(first, second = size) {
      checkSize(second);
      if (!Number.isSafeInteger(first) || first < 1 || first > second)
        throw invalidInput('first', `1 to ${second} leaves`, first);
      const path: Uint8Array[] = [];
      let start = 0;
      let end = second;
      let whole = true;
      while (first !== end) {
        const middle = start + splitOf(end - start);
        if (first <= middle) {
          path.push(subtree(middle, end));
          end = middle;
        } else {
          path.push(subtree(start, middle));
          start = middle;
          whole = false;
        }
      }
      if (!whole) path.push(subtree(start, end));
      return path.reverse();
    },
    truncate(n) {
      checkSize(n);
      if (n < base.size) throw invalidInput('size', `${base.size} leaves or more`, n);
      size = n;
      for (let k = 0, left = n; k < levels.length; k++, left = Math.floor(left / 2)) levels[k]?.truncate(left);
    },
    range: () => bitsOf(size).map((k) => level(k).at(Math.floor(size / 2 ** k) - 1)),
  };
}

interface HashColumn {
  push(hash: Uint8Array): void;
  /** A copy, so that a caller cannot change the tree. */
  at(index: number): Uint8Array;
  /** The bytes themselves, for hashing at once. */
  view(index: number): Uint8Array;
  truncate(length: number): void;
}

/** Hashes side by side in one buffer that doubles; the ones before `first` are not known. */
function hashColumn(first: number): HashColumn {
  let bytes = new Uint8Array(32 * HASH_BYTES);
  let length = 0;
  const column: HashColumn = {
    push(hash) {
      const offset = length * HASH_BYTES;
      if (offset === bytes.length) {
        const wider = new Uint8Array(2 * bytes.length);
        wider.set(bytes);
        bytes = wider;
      }
      bytes.set(hash, offset);
      length++;
    },
    at: (index) => column.view(index).slice(),
    view(index) {
      const at = index - first;
      if (at < 0 || at >= length) throw invalidInput('index', 'a place whose leaves are loaded', index);
      return bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
    },
    truncate(n) {
      length = Math.min(length, Math.max(0, n - first));
    },
  };
  return column;
}

/** The powers of two that make up `n`, largest first. */
function bitsOf(n: number): number[] {
  const bits: number[] = [];
  for (let k = 0, left = n; left > 0; k++, left = Math.floor(left / 2)) if (left % 2 === 1) bits.unshift(k);
  return bits;
}

function floorLog2(n: number): number {
  let k = 0;
  while (2 ** (k + 1) <= n) k++;
  return k;
}

/** The largest power of two below `n` (RFC 6962 §2.1). */
function splitOf(n: number): number {
  return 2 ** floorLog2(n - 1);
}
