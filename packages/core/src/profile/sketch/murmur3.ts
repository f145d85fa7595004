/**
 * MurmurHash3 x64 128 (Austin Appleby, public domain) of `bytes[0, length)` in 32-bit limbs, without BigInt. Writes
 * `out` = h1 low, h1 high, h2 low, h2 high. Apache DataSketches hashes with seed 9001.
 */
export function murmur3x64(bytes: Uint8Array, length: number, seed: number, out: Uint32Array): void {
  let h1l = seed | 0;
  let h1h = 0;
  let h2l = seed | 0;
  let h2h = 0;
  const blocks = length & ~15;
  for (let at = 0; at <= blocks; at += 16) {
    const left = length - at;
    const last = at === blocks;
    if (last && left === 0) break;
    let k1l = last ? tail(bytes, at, left) : word(bytes, at);
    let k1h = last ? tail(bytes, at + 4, left - 4) : word(bytes, at + 4);
    let k2l = last ? tail(bytes, at + 8, left - 8) : word(bytes, at + 8);
    let k2h = last ? tail(bytes, at + 12, left - 12) : word(bytes, at + 12);
    let t = 0;

    // k1 = rotl(k1 · c1, 31) · c2; h1 ^= k1
    t = (mulHigh(k1l, C1L) + Math.imul(k1h, C1L) + Math.imul(k1l, C1H)) | 0;
    k1l = Math.imul(k1l, C1L);
    k1h = (t << 31) | (k1l >>> 1);
    k1l = (k1l << 31) | (t >>> 1);
    h1h ^= (mulHigh(k1l, C2L) + Math.imul(k1h, C2L) + Math.imul(k1l, C2H)) | 0;
    h1l ^= Math.imul(k1l, C2L);

    if (!last) {
      // h1 = (rotl(h1, 27) + h2) · 5 + 0x52dce729
      t = (h1h << 27) | (h1l >>> 5);
      h1l = (h1l << 27) | (h1h >>> 5);
      h1h = t;
      t = (h1l >>> 0) + (h2l >>> 0);
      h1h = (h1h + h2h + (t > MAX32 ? 1 : 0)) | 0;
      h1l = t | 0;
      t = (h1l >>> 0) * 5 + 0x52dce729;
      h1h = (Math.imul(h1h, 5) + Math.floor(t / 2 ** 32)) | 0;
      h1l = t | 0;
    }

    // k2 = rotl(k2 · c2, 33) · c1; h2 ^= k2
    t = (mulHigh(k2l, C2L) + Math.imul(k2h, C2L) + Math.imul(k2l, C2H)) | 0;
    k2l = Math.imul(k2l, C2L);
    k2h = (k2l << 1) | (t >>> 31);
    k2l = (t << 1) | (k2l >>> 31);
    h2h ^= (mulHigh(k2l, C1L) + Math.imul(k2h, C1L) + Math.imul(k2l, C1H)) | 0;
    h2l ^= Math.imul(k2l, C1L);

    if (!last) {
      // h2 = (rotl(h2, 31) + h1) · 5 + 0x38495ab5
      t = (h2h << 31) | (h2l >>> 1);
      h2l = (h2l << 31) | (h2h >>> 1);
      h2h = t;
      t = (h2l >>> 0) + (h1l >>> 0);
      h2h = (h2h + h1h + (t > MAX32 ? 1 : 0)) | 0;
      h2l = t | 0;
      t = (h2l >>> 0) * 5 + 0x38495ab5;
      h2h = (Math.imul(h2h, 5) + Math.floor(t / 2 ** 32)) | 0;
      h2l = t | 0;
    }
  }
  finish(h1l ^ length, h1h, h2l ^ length, h2h, out);
}

const C1L = 0x114253d5;
const C1H = 0x87c37b91 | 0;
const C2L = 0x2745937f;
const C2H = 0x4cf5ad43;
const MAX32 = 0xffffffff;

function finish(a: number, aHigh: number, b: number, bHigh: number, out: Uint32Array): void {
  let low = (a >>> 0) + (b >>> 0);
  out[0] = low;
  out[1] = aHigh + bHigh + (low > MAX32 ? 1 : 0);
  low = out[0]! + (b >>> 0);
  out[2] = low;
  out[3] = out[1]! + bHigh + (low > MAX32 ? 1 : 0);
  avalanche(out, 0);
  avalanche(out, 2);
  low = out[0]! + out[2]!;
  out[0] = low;
  out[1] = out[1]! + out[3]! + (low > MAX32 ? 1 : 0);
  low = out[0]! + out[2]!;
  out[2] = low;
  out[3] = out[3]! + out[1]! + (low > MAX32 ? 1 : 0);
}

/** The finaliser of 64 bits: xor-shifts by 33 around two multiplications. */
function avalanche(out: Uint32Array, at: number): void {
  let low = out[at]! | 0;
  let high = out[at + 1]! | 0;
  low ^= high >>> 1;
  high = (mulHigh(low, 0xed558ccd) + Math.imul(high, 0xed558ccd) + Math.imul(low, 0xff51afd7)) | 0;
  low = Math.imul(low, 0xed558ccd);
  low ^= high >>> 1;
  high = (mulHigh(low, 0x1a85ec53) + Math.imul(high, 0x1a85ec53) + Math.imul(low, 0xc4ceb9fe)) | 0;
  low = Math.imul(low, 0x1a85ec53);
  out[at] = low ^ (high >>> 1);
  out[at + 1] = high;
}

/** The upper 32 bits of an unsigned 32 × 32 product. */
function mulHigh(a: number, b: number): number {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const bl = b & 0xffff;
  const bh = b >>> 16;
  const middle = ah * bl + ((al * bl) >>> 16);
  return (ah * bh + Math.floor(middle / 0x10000) + (al * bh + (middle & 0xffff)) / 0x10000) | 0;
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** Up to four of the `left` bytes that remain at `at`, zero where there are none. */
function tail(bytes: Uint8Array, at: number, left: number): number {
  if (left >= 4) return word(bytes, at);
  let value = 0;
  for (let i = 0; i < left; i++) value |= bytes[at + i]! << (8 * i);
  return value;
}
