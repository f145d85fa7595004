/**
 * 63-bit hashes as pairs of 32-bit words, low first, so that no BigInt is made per hash. All platforms of JavaScript are
 * little-endian: the same memory is an array of 64-bit words where it is sorted.
 */
export type Hashes = Uint32Array<ArrayBuffer>;

/** Sorts hashes in place, smallest first. */
export function sortHashes(hashes: Hashes): Hashes {
  new BigUint64Array(hashes.buffer, hashes.byteOffset, hashes.length / 2).sort();
  return hashes;
}

/** How many hashes of a sorted array are below (`high`, `low`). */
export function countBelow(hashes: Hashes, high: number, low: number): number {
  let from = 0;
  let to = hashes.length / 2;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (isBelow(hashes[2 * middle + 1]!, hashes[2 * middle]!, high, low)) from = middle + 1;
    else to = middle;
  }
  return from;
}

export function isBelow(high: number, low: number, otherHigh: number, otherLow: number): boolean {
  return high < otherHigh || (high === otherHigh && low < otherLow);
}

/** Distinct hashes in an open-addressed table of fixed length. */
export class HashTable {
  readonly #slots: Hashes;
  readonly #mask: number;
  size = 0;

  /** `lgLength` must leave free places: the table does not grow. */
  constructor(lgLength: number) {
    this.#slots = new Uint32Array(2 * 2 ** lgLength);
    this.#mask = 2 ** lgLength - 1;
  }

  /** Adds a hash; false if it was there. 0 is no hash. */
  add(high: number, low: number): boolean {
    const slots = this.#slots;
    let at = (low & this.#mask) << 1;
    while (slots[at] !== 0 || slots[at + 1] !== 0) {
      if (slots[at] === low && slots[at + 1] === high) return false;
      at = (at + 2) & (2 * this.#mask + 1);
    }
    slots[at] = low;
    slots[at + 1] = high;
    this.size++;
    return true;
  }

  addAll(hashes: Hashes): void {
    for (let i = 0; i < hashes.length; i += 2) this.add(hashes[i + 1]!, hashes[i]!);
  }

  clear(): void {
    this.#slots.fill(0);
    this.size = 0;
  }

  /** A sorted copy. */
  sorted(): Hashes {
    const hashes = new Uint32Array(2 * this.size);
    let n = 0;
    for (let at = 0; at < this.#slots.length; at += 2) {
      if (this.#slots[at] === 0 && this.#slots[at + 1] === 0) continue;
      hashes[n++] = this.#slots[at]!;
      hashes[n++] = this.#slots[at + 1]!;
    }
    return sortHashes(hashes);
  }
}
