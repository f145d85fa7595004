/**
 * MurmurHash3 x86-32 (Austin Appleby) of a string's UTF-8 bytes; an unsigned 32-bit number. Lone surrogates hash as
 * U+FFFD, as TextEncoder writes them.
 */
export function murmur3(text: string, seed = 0): number {
  return hashFrom({ hash: seed | 0, partial: 0, length: 0 }, text);
}

/** The state of a hash after a prefix: `hash` over whole words, the 0-3 bytes of an unfinished word, bytes so far. */
export interface HashPrefix {
  readonly hash: number;
  readonly partial: number;
  readonly length: number;
}

/** Hashes a prefix once, so that each text after it costs only its own bytes. */
export function hashPrefix(prefix: string, seed = 0): HashPrefix {
  const bytes = new TextEncoder().encode(prefix);
  let hash = seed | 0;
  let partial = 0;
  for (let i = 0; i < bytes.length; i++) {
    partial |= bytes[i]! << ((i & 3) << 3);
    if ((i & 3) === 3) {
      hash = mixWord(hash, partial);
      partial = 0;
    }
  }
  return { hash, partial, length: bytes.length };
}

/** The hash of the prefix followed by `text`. Allocates nothing for texts of up to 341 UTF-16 units (any, when ASCII). */
export function hashFrom(prefix: HashPrefix, text: string): number {
  return hashBits(prefix, text, false) >>> 0;
}

/**
 * The same as a signed 32-bit number, which engines keep without allocating; on request of the text's normal form C.
 * One pass, a word at a time after the prefix's last word is full; a second one over the bytes of text that is not ASCII.
 */
export function hashBits(prefix: HashPrefix, text: string, normalize: boolean): number {
  const length = text.length;
  let { hash, partial } = prefix;
  let shift = (prefix.length & 3) << 3;
  let i = 0;
  let seen = 0;
  for (; shift !== 0 && i < length; i++) {
    const code = text.charCodeAt(i);
    seen |= code;
    partial |= code << shift;
    shift = (shift + 8) & 31;
    if (shift === 0) {
      hash = mixWord(hash, partial);
      partial = 0;
    }
  }
  for (const whole = length - 3; i < whole; i += 4) {
    const a = text.charCodeAt(i);
    const b = text.charCodeAt(i + 1);
    const c = text.charCodeAt(i + 2);
    const d = text.charCodeAt(i + 3);
    seen |= a | b | c | d;
    hash = mixWord(hash, a | (b << 8) | (c << 16) | (d << 24));
  }
  for (; i < length; i++) {
    const code = text.charCodeAt(i);
    seen |= code;
    partial |= code << shift;
    shift += 8;
  }
  if (seen > 0x7f) return hashWide(prefix, normalize ? text.normalize('NFC') : text);
  return finish(hash, partial, prefix.length + length);
}

const encoder = new TextEncoder();
const scratch = new Uint8Array(1024);

function hashWide(prefix: HashPrefix, text: string): number {
  let bytes = scratch;
  let size = 0;
  if (text.length * 3 <= scratch.length) {
    size = encoder.encodeInto(text, scratch).written;
  } else {
    bytes = encoder.encode(text);
    size = bytes.length;
  }
  let hash = prefix.hash;
  let partial = prefix.partial;
  const start = prefix.length;
  for (let i = 0; i < size; i++) {
    const lane = (start + i) & 3;
    partial |= bytes[i]! << (lane << 3);
    if (lane === 3) {
      hash = mixWord(hash, partial);
      partial = 0;
    }
  }
  return finish(hash, partial, start + size);
}

function mixWord(hash: number, word: number): number {
  const k = Math.imul(word, 0xcc9e2d51);
  const h = hash ^ Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number, partial: number, length: number): number {
  let h = hash;
  if ((length & 3) !== 0) {
    const k = Math.imul(partial, 0xcc9e2d51);
    h ^= Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  }
  h ^= length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
