/**
 * Remembers texts by 64 bits of hash with two 32-bit numbers each: 16 bytes per place, at most three quarters full, nothing
 * per entry on the heap. With a million texts, two share a hash with probability 3e-8.
 */
export interface IdentityTable {
  readonly size: number;
  /** The place of a text, or -1. Places move when something is set. */
  find(text: string): number;
  first(place: number): number;
  second(place: number): number;
  /** Sets the numbers of a text. */
  set(text: string, a: number, b: number): void;
  /** Forgets the entries that `keep` does not want. */
  retain(keep: (first: number, second: number) => boolean): void;
}

export function identityTable(expected = 1024): IdentityTable {
  let capacity = 1024;
  while (capacity * FULL < expected) capacity *= 2;
  let size = 0;
  /** Four words per place, so that one place is one cache line: two of the hash, two numbers. A second word of 0 is free. */
  let words = new Uint32Array(capacity * 4);

  // A text that was not found is often set next: its hash is kept.
  let hashed: string | undefined;
  let low = 0;
  let high = 1;
  const hash = (text: string) => {
    if (text === hashed) return;
    hashed = text;
    // Two multiplicative lanes in one pass, crossed at the end as murmur3 finishes its words. Never leaves the process.
    let a = 0x51ed270b;
    let b = 0x2127599b;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = Math.imul(a ^ code, 0x9e3779b1);
      b = Math.imul(b ^ code, 0x5f356495);
    }
    a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35);
    b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
    low = a >>> 0;
    high = b >>> 0 || 1;
  };

  /** The place of a hash or, negative, `-1 - place` where it would go. */
  const probe = (lo: number, hi: number): number => {
    const mask = capacity * 4 - 1;
    let at = (lo << 2) & mask;
    while (words[at + 1] !== 0) {
      if (words[at] === lo && words[at + 1] === hi) return at;
      at = (at + 4) & mask;
    }
    return -1 - at;
  };

  const rebuild = (nextCapacity: number, keep: ((a: number, b: number) => boolean) | undefined) => {
    const old = words;
    capacity = nextCapacity;
    words = new Uint32Array(capacity * 4);
    size = 0;
    for (let i = 0; i < old.length; i += 4) {
      if (old[i + 1] === 0 || (keep !== undefined && !keep(old[i + 2]!, old[i + 3]!))) continue;
      const at = -1 - probe(old[i]!, old[i + 1]!);
      words[at] = old[i]!;
      words[at + 1] = old[i + 1]!;
      words[at + 2] = old[i + 2]!;
      words[at + 3] = old[i + 3]!;
      size++;
    }
  };

  return {
    get size() {
      return size;
    },
    find(text) {
      hash(text);
      return Math.max(-1, probe(low, high));
    },
    first: (place) => words[place + 2]!,
    second: (place) => words[place + 3]!,
    set(text, a, b) {
      hash(text);
      let at = probe(low, high);
      if (at < 0) {
        if (size + 1 > capacity * FULL) {
          rebuild(capacity * 2, undefined);
          at = probe(low, high);
        }
        at = -1 - at;
        words[at] = low;
        words[at + 1] = high;
        size++;
      }
      words[at + 2] = a;
      words[at + 3] = b;
    },
    retain: (keep) => rebuild(capacity, keep),
  };
}

/** Fuller than this, linear probing takes long walks. */
const FULL = 0.75;
