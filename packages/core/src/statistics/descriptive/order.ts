/**
 * The indices that sort `values` ascending; equal values keep their order, NaN comes last, -0 equals 0. Radix sort on the
 * upper 32 bits of the doubles (three passes of 11 bits), then comparison inside runs that still tie: about 50 ms for 1e6.
 */
export function sortOrder(values: Float64Array): Uint32Array {
  const { keys, payload } = radixSort(values, undefined);
  settleTies(values, keys, payload, 0);
  return payload;
}

/** Mann and Whitney's U: of all pairs (positive, negative), how many the positive wins; ties count one half. */
export interface MannWhitneyU {
  readonly u: number;
  readonly positives: number;
  readonly negatives: number;
  /** A NaN has no rank; U is then NaN too. */
  readonly hasNaN: boolean;
}

/** U of two groups in one sort, about 65 ms for 1e6 rows: U / (positives × negatives) is the exact area under the ROC curve. */
export function mannWhitneyU(values: Float64Array, positive: Uint8Array): MannWhitneyU {
  const n = values.length;
  const { keys, payload } = radixSort(values, positive);
  settleTies(values, keys, payload, 1);
  let u = 0;
  let below = 0;
  let positives = 0;
  for (let start = 0; start < n; ) {
    const key = keys[start]!;
    let end = start + 1;
    let tied = payload[start]! & 1;
    while (end < n && keys[end] === key && values[payload[end]! >>> 1] === values[payload[start]! >>> 1])
      tied += payload[end++]! & 1;
    const negatives = end - start - tied;
    u += tied * (below + negatives / 2);
    below += negatives;
    positives += tied;
    start = end;
  }
  const hasNaN = n > 0 && Number.isNaN(values[payload[n - 1]! >>> 1]);
  return { u: hasNaN ? Number.NaN : u, positives, negatives: n - positives, hasNaN };
}

/** Sorts by the upper words. The payload is the index, or with tags index × 2 + tag. */
function radixSort(
  values: Float64Array,
  tags: Uint8Array | undefined,
): { readonly keys: Uint32Array; readonly payload: Uint32Array } {
  const n = values.length;
  const words = new Uint32Array(values.buffer, values.byteOffset, 2 * n);
  const high = LITTLE_ENDIAN ? 1 : 0;
  let keys = new Uint32Array(n);
  let payload = new Uint32Array(n);
  const counts = new Uint32Array(3 * RADIX);
  for (let i = 0; i < n; i++) {
    const value = values[i]!;
    // Flip negatives so that unsigned order is numeric order; one key for both zeros and one for NaN.
    const word = value === 0 ? 0 : words[2 * i + high]!;
    const key = Number.isNaN(value) ? 0xffffffff : (word & 0x80000000 ? ~word : word | 0x80000000) >>> 0;
    keys[i] = key;
    payload[i] = tags === undefined ? i : 2 * i + (tags[i] === 1 ? 1 : 0);
    counts[key & MASK]!++;
    counts[RADIX + ((key >>> BITS) & MASK)]!++;
    counts[2 * RADIX + (key >>> (2 * BITS))]!++;
  }
  let nextKeys = new Uint32Array(n);
  let nextPayload = new Uint32Array(n);
  for (let pass = 0; pass < 3; pass++) {
    const base = pass * RADIX;
    const shift = pass * BITS;
    if (n > 0 && counts[base + ((keys[0]! >>> shift) & MASK)] === n) continue;
    let sum = 0;
    for (let digit = 0; digit < RADIX; digit++) {
      const count = counts[base + digit]!;
      counts[base + digit] = sum;
      sum += count;
    }
    for (let i = 0; i < n; i++) {
      const key = keys[i]!;
      const to = counts[base + ((key >>> shift) & MASK)]!++;
      nextKeys[to] = key;
      nextPayload[to] = payload[i]!;
    }
    [keys, nextKeys] = [nextKeys, keys];
    [payload, nextPayload] = [nextPayload, payload];
  }
  return { keys, payload };
}

/** Orders runs of equal keys by the whole double. Runs of equal doubles cost one comparison each. */
function settleTies(values: Float64Array, keys: Uint32Array, payload: Uint32Array, shift: number): void {
  const n = payload.length;
  for (let start = 0; start < n; ) {
    let end = start + 1;
    let sorted = true;
    while (end < n && keys[end] === keys[start]) {
      if (values[payload[end]! >>> shift]! < values[payload[end - 1]! >>> shift]!) sorted = false;
      end++;
    }
    if (!sorted) sortRun(values, payload, start, end, shift);
    start = end;
  }
}

function sortRun(values: Float64Array, payload: Uint32Array, start: number, end: number, shift: number): void {
  if (end - start <= SHORT_RUN) {
    for (let i = start + 1; i < end; i++) {
      const moved = payload[i]!;
      const value = values[moved >>> shift]!;
      let j = i - 1;
      for (; j >= start && values[payload[j]! >>> shift]! > value; j--) payload[j + 1] = payload[j]!;
      payload[j + 1] = moved;
    }
    return;
  }
  payload.subarray(start, end).sort((a, b) => {
    const x = values[a >>> shift]!;
    const y = values[b >>> shift]!;
    return x < y ? -1 : x > y ? 1 : a - b;
  });
}

const BITS = 11;
const RADIX = 1 << BITS;
const MASK = RADIX - 1;
/** Up to here insertion is faster than a call of sort. */
const SHORT_RUN = 24;
const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
