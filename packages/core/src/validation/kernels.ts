/**
 * Counting loops, one per operation and array type. They look alike on purpose: a loop that sees two array types is
 * compiled for neither and runs about four times slower, so each of the common types has its own. Slots without a value
 * are counted like any other; callers take them out again (`failuresAmongNulls`). Each costs about 1 ns per slot.
 */
export function outsideF64(values: Float64Array, from: number, to: number, min: number, max: number): number {
  let bad = 0;
  // Written so that NaN, which compares false, counts.
  for (let i = from; i < to; i++) bad += values[i]! >= min && values[i]! <= max ? 0 : 1;
  return bad;
}

export function outsideF32(values: Float32Array, from: number, to: number, min: number, max: number): number {
  let bad = 0;
  for (let i = from; i < to; i++) bad += values[i]! >= min && values[i]! <= max ? 0 : 1;
  return bad;
}

export function outsideI32(values: Int32Array, from: number, to: number, min: number, max: number): number {
  let bad = 0;
  for (let i = from; i < to; i++) bad += values[i]! >= min && values[i]! <= max ? 0 : 1;
  return bad;
}

export function outsideI16(values: Int16Array, from: number, to: number, min: number, max: number): number {
  let bad = 0;
  for (let i = from; i < to; i++) bad += values[i]! >= min && values[i]! <= max ? 0 : 1;
  return bad;
}

export function outsideI8(values: Int8Array, from: number, to: number, min: number, max: number): number {
  let bad = 0;
  for (let i = from; i < to; i++) bad += values[i]! >= min && values[i]! <= max ? 0 : 1;
  return bad;
}

export function outsideU32(values: Uint32Array, from: number, to: number, min: number, max: number): number {
  let bad = 0;
  for (let i = from; i < to; i++) bad += values[i]! >= min && values[i]! <= max ? 0 : 1;
  return bad;
}

export function outsideU16(values: Uint16Array, from: number, to: number, min: number, max: number): number {
  let bad = 0;
  for (let i = from; i < to; i++) bad += values[i]! >= min && values[i]! <= max ? 0 : 1;
  return bad;
}

export function outsideU8(values: Uint8Array, from: number, to: number, min: number, max: number): number {
  let bad = 0;
  for (let i = from; i < to; i++) bad += values[i]! >= min && values[i]! <= max ? 0 : 1;
  return bad;
}

export function outsideI64(values: BigInt64Array, from: number, to: number, min: bigint, max: bigint): number {
  let bad = 0;
  for (let i = from; i < to; i++) bad += values[i]! >= min && values[i]! <= max ? 0 : 1;
  return bad;
}

export function outsideU64(values: BigUint64Array, from: number, to: number, min: bigint, max: bigint): number {
  let bad = 0;
  for (let i = from; i < to; i++) bad += values[i]! >= min && values[i]! <= max ? 0 : 1;
  return bad;
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
