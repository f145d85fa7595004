import type { ByteTable } from './pattern/byte-table.js';

/**
 * Counting loops, one per operation and array type. They look alike on purpose: a loop that sees two array types is
 * compiled for neither and runs about four times slower, so each of the common types has its own. Slots without a value
 * are counted like any other; callers take them out again (`failuresAmongNulls`). Each costs about 1 ns per slot.
 */
export function outsideF64(values: Float64Array, from: number, to: number, min: number, max: number): number {
  let bad = 0;
  // Without branches, and written so that NaN, which compares false, counts.
  for (let i = from; i < to; i++) bad += +!(values[i]! >= min) | +!(values[i]! <= max);
  return bad;
}

export function outsideF32(values: Float32Array, from: number, to: number, min: number, max: number): number {
  let bad = 0;
  for (let i = from; i < to; i++) bad += +!(values[i]! >= min) | +!(values[i]! <= max);
  return bad;
}

export function outsideI32(values: Int32Array, from: number, to: number, min: number, max: number): number {
  let bad = 0;
  for (let i = from; i < to; i++) if (values[i]! < min || values[i]! > max) bad++;
  return bad;
}

export function outsideI16(values: Int16Array, from: number, to: number, min: number, max: number): number {
  let bad = 0;
  for (let i = from; i < to; i++) if (values[i]! < min || values[i]! > max) bad++;
  return bad;
}

export function outsideI8(values: Int8Array, from: number, to: number, min: number, max: number): number {
  let bad = 0;
  for (let i = from; i < to; i++) if (values[i]! < min || values[i]! > max) bad++;
  return bad;
}

export function outsideU32(values: Uint32Array, from: number, to: number, min: number, max: number): number {
  let bad = 0;
  for (let i = from; i < to; i++) if (values[i]! < min || values[i]! > max) bad++;
  return bad;
}

export function outsideU16(values: Uint16Array, from: number, to: number, min: number, max: number): number {
  let bad = 0;
  for (let i = from; i < to; i++) if (values[i]! < min || values[i]! > max) bad++;
  return bad;
}

export function outsideU8(values: Uint8Array, from: number, to: number, min: number, max: number): number {
  let bad = 0;
  for (let i = from; i < to; i++) if (values[i]! < min || values[i]! > max) bad++;
  return bad;
}

/**
 * 64-bit integers as pairs of words, low word first: compared by their high words, and by their low words only where
 * those are equal to a bound's. Exact, and steadier than comparing bigints.
 */
export function outsideI64(words: Uint32Array, from: number, to: number, min: Words, max: Words): number {
  const { high: minHigh, low: minLow } = min;
  const { high: maxHigh, low: maxLow } = max;
  let bad = 0;
  for (let i = from; i < to; i++) {
    const high = words[2 * i + 1]! | 0;
    if (high > minHigh && high < maxHigh) continue;
    const low = words[2 * i]!;
    if (high < minHigh || high > maxHigh || (high === minHigh && low < minLow) || (high === maxHigh && low > maxLow))
      bad++;
  }
  return bad;
}

export function outsideU64(words: Uint32Array, from: number, to: number, min: Words, max: Words): number {
  const { high: minHigh, low: minLow } = min;
  const { high: maxHigh, low: maxLow } = max;
  let bad = 0;
  for (let i = from; i < to; i++) {
    const high = words[2 * i + 1]!;
    if (high > minHigh && high < maxHigh) continue;
    const low = words[2 * i]!;
    if (high < minHigh || high > maxHigh || (high === minHigh && low < minLow) || (high === maxHigh && low > maxLow))
      bad++;
  }
  return bad;
}

/** A 64-bit integer; the high word has the sign. */
export interface Words {
  readonly high: number;
  readonly low: number;
}

export function nanF64(values: Float64Array, from: number, to: number): number {
  let bad = 0;
  for (let i = from; i < to; i++) bad += Number.isNaN(values[i]!) ? 1 : 0;
  return bad;
}

export function fractionsF64(values: Float64Array, from: number, to: number): number {
  let bad = 0;
  for (let i = from; i < to; i++) bad += Number.isInteger(values[i]!) ? 0 : 1;
  return bad;
}

/** `fails[code]` is 1 for entries of the dictionary that do not keep the expectation; codes of nulls may lie outside it. */
export function failingCodesI32(codes: Int32Array, from: number, to: number, fails: Uint8Array): number {
  let bad = 0;
  for (let i = from; i < to; i++) bad += fails[codes[i]!]! | 0;
  return bad;
}

export function failingCodesI8(codes: Int8Array, from: number, to: number, fails: Uint8Array): number {
  let bad = 0;
  for (let i = from; i < to; i++) bad += fails[codes[i]!]! | 0;
  return bad;
}

export function failingCodesOther(
  codes: Int16Array | Uint8Array | Uint16Array | Uint32Array,
  from: number,
  to: number,
  fails: Uint8Array,
): number {
  let bad = 0;
  for (let i = from; i < to; i++) bad += fails[codes[i]!]! | 0;
  return bad;
}

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
  let start = offsets[from]!;
  for (let i = from; i < to; i++) {
    const end = offsets[i + 1]!;
    const size = end - start;
    start = end;
    if (size >= surelyMin && size <= max) continue;
    if (size < min || size > surelyMax) bad++;
    else unsure[open++] = i;
  }
  unsure[unsure.length - 1] = open;
  return bad;
}

/**
 * Texts that an automaton does not accept. Four at a time: one text is a chain of loads that each wait for the one
 * before, four chains fill the gaps. Undecided texts are written to `unsure`, their number to its last element.
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
    const shared = Math.min(endA - a, endB - b, endC - c, endD - d);
    for (let k = 0; k < shared; k++) {
      s = next[s + bytes[a + k]!]!;
      t = next[t + bytes[b + k]!]!;
      u = next[u + bytes[c + k]!]!;
      v = next[v + bytes[d + k]!]!;
    }
    for (a += shared; a < endA; a++) s = next[s + bytes[a]!]!;
    for (b += shared; b < endB; b++) t = next[t + bytes[b]!]!;
    for (c += shared; c < endC; c++) u = next[u + bytes[c]!]!;
    for (d += shared; d < endD; d++) v = next[v + bytes[d]!]!;
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
