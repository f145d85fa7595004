import type { ByteTable } from './pattern/byte-table.js';

/**
 * Counting loops, one per operation and array type. They look alike on purpose: a loop that sees two array types is
 * compiled for neither and runs about four times slower, so each of the common types has its own. Slots without a value
 * are counted like any other; callers take them out again. Four slots a turn where a column of that type is usual: 0.6 to
 * 0.9 ns per slot, 1.1 to 1.4 one at a time.
 */
export function outsideF64(values: Float64Array, from: number, to: number, min: number, max: number): number {
  let bad = 0;
  let i = from;
  // NaN compares false and so is outside.
  for (; i + 3 < to; i += 4) {
    const a = values[i]!;
    const b = values[i + 1]!;
    const c = values[i + 2]!;
    const d = values[i + 3]!;
    // Four that are all inside, as most are, take branches that are foreseen; the others are counted without any.
    if (a >= min && a <= max && b >= min && b <= max && c >= min && c <= max && d >= min && d <= max) continue;
    const inside = (+(a >= min) & +(a <= max)) + (+(b >= min) & +(b <= max));
    bad += 4 - inside - (+(c >= min) & +(c <= max)) - (+(d >= min) & +(d <= max));
  }
  for (; i < to; i++) bad += 1 - (+(values[i]! >= min) & +(values[i]! <= max));
  return bad;
}

export function outsideF32(values: Float32Array, from: number, to: number, min: number, max: number): number {
  let inside = 0;
  for (let i = from; i < to; i++) inside += +(values[i]! >= min) & +(values[i]! <= max);
  return to - from - inside;
}

/** Integers: one comparison, because below `min` the unsigned difference is larger than every span. */
export function outsideI32(values: Int32Array, from: number, to: number, min: number, max: number): number {
  const span = (max - min) >>> 0;
  let bad = 0;
  let i = from;
  for (; i + 3 < to; i += 4) {
    if ((values[i]! - min) >>> 0 > span) bad++;
    if ((values[i + 1]! - min) >>> 0 > span) bad++;
    if ((values[i + 2]! - min) >>> 0 > span) bad++;
    if ((values[i + 3]! - min) >>> 0 > span) bad++;
  }
  for (; i < to; i++) if ((values[i]! - min) >>> 0 > span) bad++;
  return bad;
}

export function outsideI16(values: Int16Array, from: number, to: number, min: number, max: number): number {
  const span = (max - min) >>> 0;
  let bad = 0;
  for (let i = from; i < to; i++) if ((values[i]! - min) >>> 0 > span) bad++;
  return bad;
}

export function outsideI8(values: Int8Array, from: number, to: number, min: number, max: number): number {
  const span = (max - min) >>> 0;
  let bad = 0;
  for (let i = from; i < to; i++) if ((values[i]! - min) >>> 0 > span) bad++;
  return bad;
}

export function outsideU32(values: Uint32Array, from: number, to: number, min: number, max: number): number {
  const span = (max - min) >>> 0;
  let bad = 0;
  for (let i = from; i < to; i++) if ((values[i]! - min) >>> 0 > span) bad++;
  return bad;
}

export function outsideU16(values: Uint16Array, from: number, to: number, min: number, max: number): number {
  const span = (max - min) >>> 0;
  let bad = 0;
  for (let i = from; i < to; i++) if ((values[i]! - min) >>> 0 > span) bad++;
  return bad;
}

export function outsideU8(values: Uint8Array, from: number, to: number, min: number, max: number): number {
  const span = (max - min) >>> 0;
  let bad = 0;
  for (let i = from; i < to; i++) if ((values[i]! - min) >>> 0 > span) bad++;
  return bad;
}

/** 64-bit integers one by one, 2.5 ns each: for bounds that `outsideF64` cannot take. */
export function outsideI64(values: BigInt64Array, from: number, to: number, min: bigint, max: bigint): number {
  let bad = 0;
  for (let i = from; i < to; i++) if (values[i]! < min || values[i]! > max) bad++;
  return bad;
}

export function outsideU64(values: BigUint64Array, from: number, to: number, min: bigint, max: bigint): number {
  let bad = 0;
  for (let i = from; i < to; i++) if (values[i]! < min || values[i]! > max) bad++;
  return bad;
}

export function fractionsF64(values: Float64Array, from: number, to: number): number {
  let bad = 0;
  for (let i = from; i < to; i++) bad += Number.isInteger(values[i]!) ? 0 : 1;
  return bad;
}

/** `fails[code]` is 1 for entries of the dictionary that do not keep the expectation; codes of nulls may lie outside it. */
export function failingCodesI32(codes: Int32Array, from: number, to: number, fails: Uint8Array): number {
  let even = 0;
  let odd = 0;
  let i = from;
  for (; i + 3 < to; i += 4) {
    even += fails[codes[i]!]! | 0;
    odd += fails[codes[i + 1]!]! | 0;
    even += fails[codes[i + 2]!]! | 0;
    odd += fails[codes[i + 3]!]! | 0;
  }
  for (; i < to; i++) even += fails[codes[i]!]! | 0;
  return even + odd;
}

export function failingCodesOther(
  codes: Int8Array | Int16Array | Uint8Array | Uint16Array | Uint32Array,
  from: number,
  to: number,
  fails: Uint8Array,
): number {
  let bad = 0;
  for (let i = from; i < to; i++) bad += fails[codes[i]!]! | 0;
  return bad;
}

const LARGEST = 0x7fff_ffff;

/**
 * Text whose length cannot be settled by its number of bytes: `length` letters take `length` to `widest * length` bytes.
 * Returns how many are surely outside, and writes the slots that have to be counted to `unsure`, their number to the last.
 */
export function outsideBytes(
  offsets: Int32Array,
  from: number,
  to: number,
  min: number,
  max: number,
  widest: number,
  unsure: Int32Array,
): number {
  let bad = 0;
  let open = 0;
  const surelyMin = min * widest;
  const surelyMax = max * widest;
  // Most texts are of a size that is surely inside: those pass four at a time by one comparison each.
  const span = Math.min(max, LARGEST) - surelyMin;
  const low = span < 0 ? LARGEST : surelyMin;
  const sure = Math.max(0, span);
  let start = offsets[from]!;
  let inside = true;
  for (let i = from; i < to; i++) {
    while (inside && i + 3 < to) {
      const a = offsets[i + 1]!;
      const b = offsets[i + 2]!;
      const c = offsets[i + 3]!;
      const d = offsets[i + 4]!;
      if ((a - start - low) >>> 0 > sure || (b - a - low) >>> 0 > sure) break;
      if ((c - b - low) >>> 0 > sure || (d - c - low) >>> 0 > sure) break;
      start = d;
      i += 4;
    }
    if (i >= to) break;
    const end = offsets[i + 1]!;
    const size = end - start;
    start = end;
    inside = size >= surelyMin && size <= max;
    if (inside) continue;
    if (size < min || size > surelyMax) bad++;
    else unsure[open++] = i;
  }
  unsure[unsure.length - 1] = open;
  return bad;
}

/**
 * Texts that an automaton does not accept: 0.7 ns per byte. Four at a time, because one text is a chain of loads that
 * each wait for the one before and four chains fill the gaps; their bytes come four to a load. Undecided texts are
 * written to `unsure`, their number to its last element.
 */
export function rejectedTexts(
  table: ByteTable,
  bytes: Uint8Array,
  offsets: Int32Array,
  from: number,
  to: number,
  unsure: Int32Array,
): number {
  const { next, start, fails, undecided } = table;
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let bad = 0;
  let open = 0;
  let i = from;
  for (; i + 3 < to; i += 4) {
    let a = offsets[i]!;
    let b = offsets[i + 1]!;
    let c = offsets[i + 2]!;
    let d = offsets[i + 3]!;
    const endA = b;
    const endB = c;
    const endC = d;
    const endD = offsets[i + 4]!;
    let s = start;
    let t = start;
    let u = start;
    let v = start;
    const sharedEnd = a + Math.min(endA - a, endB - b, endC - c, endD - d) - 3;
    for (; a < sharedEnd; a += 4, b += 4, c += 4, d += 4) {
      const wordA = words.getInt32(a, true);
      const wordB = words.getInt32(b, true);
      const wordC = words.getInt32(c, true);
      const wordD = words.getInt32(d, true);
      s = next[s + (wordA & 255)]!;
      t = next[t + (wordB & 255)]!;
      u = next[u + (wordC & 255)]!;
      v = next[v + (wordD & 255)]!;
      s = next[s + ((wordA >>> 8) & 255)]!;
      t = next[t + ((wordB >>> 8) & 255)]!;
      u = next[u + ((wordC >>> 8) & 255)]!;
      v = next[v + ((wordD >>> 8) & 255)]!;
      s = next[s + ((wordA >>> 16) & 255)]!;
      t = next[t + ((wordB >>> 16) & 255)]!;
      u = next[u + ((wordC >>> 16) & 255)]!;
      v = next[v + ((wordD >>> 16) & 255)]!;
      s = next[s + (wordA >>> 24)]!;
      t = next[t + (wordB >>> 24)]!;
      u = next[u + (wordC >>> 24)]!;
      v = next[v + (wordD >>> 24)]!;
    }
    for (; a < endA; a++) s = next[s + bytes[a]!]!;
    for (; b < endB; b++) t = next[t + bytes[b]!]!;
    for (; c < endC; c++) u = next[u + bytes[c]!]!;
    for (; d < endD; d++) v = next[v + bytes[d]!]!;
    bad += fails[s >> 8]! + fails[t >> 8]! + fails[u >> 8]! + fails[v >> 8]!;
    if (s === undecided) unsure[open++] = i;
    if (t === undecided) unsure[open++] = i + 1;
    if (u === undecided) unsure[open++] = i + 2;
    if (v === undecided) unsure[open++] = i + 3;
  }
  for (; i < to; i++) {
    let s = start;
    for (let at = offsets[i]!; at < offsets[i + 1]!; at++) s = next[s + bytes[at]!]!;
    bad += fails[s >> 8]!;
    if (s === undecided) unsure[open++] = i;
  }
  unsure[unsure.length - 1] = open;
  return bad;
}
