import { hashFrom, hashPrefix } from '../routing/murmur3.js';

/**
 * Remembers texts by 64 bits of hash (two seeds of murmur3) with two 32-bit numbers each: 16 bytes per place, at most three
 * quarters full, nothing per entry on the heap. With a million texts, two share a hash with probability 3e-8.
 */
export interface IdentityTable {
  readonly size: number;
  /** The place of a text, or -1. Places move when something is added. */
  find(text: string): number;
  /** Sets the numbers of a text. */
  set(text: string, a: number, b: number): void;
  /** First and second number of each place. Read them anew after `set`: growing replaces them. */
  readonly first: Uint32Array;
  readonly second: Uint32Array;
  /** Forgets the entries that `keep` does not want. */
  retain(keep: (first: number, second: number) => boolean): void;
}

export function identityTable(expected = 1024): IdentityTable {
  let capacity = 1024;
  while (capacity * 0.75 < expected) capacity *= 2;
  let size = 0;
  let low = new Uint32Array(capacity);
  let high = new Uint32Array(capacity);
  let first = new Uint32Array(capacity);
  let second = new Uint32Array(capacity);

  /** The place of a hash or, negative, `-1 - place` where it would go. A high half of 0 marks a free place. */
  const probe = (lo: number, hi: number): number => {
    const mask = capacity - 1;
    let place = lo & mask;
    while (high[place] !== 0) {
      if (low[place] === lo && high[place] === hi) return place;
      place = (place + 1) & mask;
    }
    return -1 - place;
  };

  const rebuild = (nextCapacity: number, keep: (a: number, b: number) => boolean) => {
    const old = { capacity, low, high, first, second };
    capacity = nextCapacity;
    low = new Uint32Array(capacity);
    high = new Uint32Array(capacity);
    first = new Uint32Array(capacity);
    second = new Uint32Array(capacity);
    size = 0;
    for (let i = 0; i < old.capacity; i++) {
      if (old.high[i] === 0 || !keep(old.first[i]!, old.second[i]!)) continue;
      const place = -1 - probe(old.low[i]!, old.high[i]!);
      low[place] = old.low[i]!;
      high[place] = old.high[i]!;
      first[place] = old.first[i]!;
      second[place] = old.second[i]!;
      size++;
    }
  };

  return {
    get size() {
      return size;
    },
    get first() {
      return first;
    },
    get second() {
      return second;
    },
    find(text) {
      return Math.max(-1, probe(hashFrom(LOW, text), hashFrom(HIGH, text) || 1));
    },
    set(text, a, b) {
      const lo = hashFrom(LOW, text);
      const hi = hashFrom(HIGH, text) || 1;
      let place = probe(lo, hi);
      if (place < 0) {
        if (size + 1 > capacity * 0.75) {
          rebuild(capacity * 2, () => true);
          place = probe(lo, hi);
        }
        place = -1 - place;
        low[place] = lo;
        high[place] = hi;
        size++;
      }
      first[place] = a;
      second[place] = b;
    },
    retain: (keep) => rebuild(capacity, keep),
  };
}

const LOW = hashPrefix('', 0x51ed270b);
const HIGH = hashPrefix('', 0x2127599b);
