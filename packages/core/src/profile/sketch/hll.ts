import { invalidInput } from '../../foundation/errors.js';
import { CouponSet } from './coupon-set.js';
import { encodeHll } from './hll-encode.js';
import { ADDRESS_BITS, COUPON_ERROR, compositeEstimate, couponEstimate, relativeError } from './hll-estimate.js';
import type { HllBits, HllState } from './hll-state.js';
import { type ItemHash, itemHash, type SketchItem } from './item-hash.js';

/**
 * Counts distinct items within 0.83 / √2^lgK (1.3 % with the default of 12) in 2^lgK / 2 to 2^lgK bytes: HyperLogLog
 * with historic inverse probability, in the layout of Apache DataSketches. Few items are kept as coupons, exactly.
 * The same items in the same order give the bytes that DataSketches writes. @throws `input/invalid`
 */
export function hllSketch(options: HllOptions = {}): HllSketch {
  const { lgK = 12, bits = 4 } = options;
  if (!Number.isInteger(lgK) || lgK < MIN_LG_K || lgK > MAX_LG_K) {
    throw invalidInput('lgK', `an integer from ${MIN_LG_K} to ${MAX_LG_K}`, lgK);
  }
  return new HllSketch({ lgK, bits, coupons: new CouponSet(lgK), registers: undefined, historic: 0, merged: false });
}

/** How exactly distinct items are counted, and in how many bytes. */
export interface HllOptions {
  /** Log2 of the number of registers, 4 to 21. Default 12. */
  readonly lgK?: number | undefined;
  /** Bits per register in the bytes that are written. Default 4, the smallest. */
  readonly bits?: HllBits | undefined;
}

export const MIN_LG_K = 4;
export const MAX_LG_K = 21;

/** Made by `hllSketch`, `decodeHll` and `mergeHll`. */
export class HllSketch {
  readonly lgK: number;
  readonly bits: HllBits;
  /** Made at the first update: merged sketches never hash. */
  #hash: ItemHash | undefined;
  #coupons: CouponSet | undefined;
  #registers: Uint8Array | undefined;
  #historic: number;
  #merged: boolean;
  #zeros = 0;
  /** Σ 2^-register over registers below 32, and over the others: two exact sums. */
  #low = 0;
  #high = 0;

  /** @internal Use `hllSketch`, `decodeHll` or `mergeHll`. */
  constructor(state: HllState) {
    this.lgK = state.lgK;
    this.bits = state.bits;
    this.#coupons = state.coupons;
    this.#registers = state.registers;
    this.#historic = state.historic;
    this.#merged = state.merged;
    if (state.registers !== undefined) this.#sum(state.registers);
  }

  get empty(): boolean {
    return this.#coupons?.size === 0;
  }

  /** Takes one item. Doubles, 64-bit integers (bigint) and strings are different items; empty strings are left out. */
  update(item: SketchItem): void {
    this.#hash ??= itemHash();
    if (!this.#hash.hash(item)) return;
    const { words } = this.#hash;
    const high = words[3]!;
    const zeros = high !== 0 ? Math.clz32(high) : 32 + Math.clz32(words[2]!);
    this.addCoupon((((Math.min(zeros, 62) + 1) << ADDRESS_BITS) | (words[0]! & ADDRESS_MASK)) >>> 0);
  }

  updateAll(items: Iterable<SketchItem>): void {
    for (const item of items) this.update(item);
  }

  /** @internal Takes an item that was hashed elsewhere: 26 bits of address, 6 of value. */
  addCoupon(coupon: number): void {
    if (this.#registers !== undefined) this.#raise(this.#registers, coupon);
    else if (this.#coupons!.add(coupon)) this.#promote();
  }

  /** About how many distinct items were seen. */
  estimate(): number {
    if (this.#coupons !== undefined) return couponEstimate(this.#coupons.size);
    return this.#merged ? this.compositeEstimate() : this.#historic;
  }

  /** The estimate from the registers alone, which does not depend on the order of updates and merges. */
  compositeEstimate(): number {
    if (this.#coupons !== undefined) return couponEstimate(this.#coupons.size);
    return compositeEstimate(this.lgK, this.#low + this.#high, this.#zeros);
  }

  /** The bounds that hold the true count with the confidence of 1, 2 or 3 standard deviations. */
  bounds(deviations: 1 | 2 | 3 = 2): { readonly lower: number; readonly upper: number } {
    const estimate = this.estimate();
    if (this.#coupons !== undefined) {
      const error = deviations * COUPON_ERROR;
      return { lower: Math.max(estimate / (1 + error), this.#coupons.size), upper: estimate / (1 - error) };
    }
    const seen = 2 ** this.lgK - this.#zeros;
    return {
      lower: Math.max(estimate / (1 + relativeError(this.lgK, !this.#merged, deviations)), seen),
      upper: estimate / (1 + relativeError(this.lgK, !this.#merged, -deviations)),
    };
  }

  /**
   * Apache DataSketches bytes (family 7): the compact image, or the `updatable` one that Spark's HLL functions store.
   */
  encode(options: { readonly updatable?: boolean | undefined } = {}): Uint8Array {
    const sums = { low: this.#low, high: this.#high, zeros: this.#zeros };
    return encodeHll(this.state(), sums, options.updatable ?? false);
  }

  /** What is held, for codecs and merges; not a copy. */
  state(): HllState {
    return {
      lgK: this.lgK,
      bits: this.bits,
      coupons: this.#coupons,
      registers: this.#registers,
      historic: this.#historic,
      merged: this.#merged,
    };
  }

  #raise(registers: Uint8Array, coupon: number): void {
    const slot = coupon & (registers.length - 1);
    const value = coupon >>> ADDRESS_BITS;
    const before = registers[slot]!;
    if (value <= before) return;
    registers[slot] = value;
    if (before === 0) this.#zeros--;
    this.#historic += registers.length / (this.#low + this.#high);
    if (before < 32) this.#low -= POWERS[before]!;
    else this.#high -= POWERS[before]!;
    if (value < 32) this.#low += POWERS[value]!;
    else this.#high += POWERS[value]!;
  }

  #promote(): void {
    const coupons = this.#coupons!;
    const registers = new Uint8Array(2 ** this.lgK);
    this.#zeros = registers.length;
    this.#low = registers.length;
    this.#coupons = undefined;
    this.#registers = registers;
    for (const coupon of coupons) this.#raise(registers, coupon);
    this.#historic = couponEstimate(coupons.size);
  }

  #sum(registers: Uint8Array): void {
    const tally = new Uint32Array(64);
    for (let slot = 0; slot < registers.length; slot++) tally[registers[slot]!]!++;
    this.#zeros = tally[0]!;
    for (let value = 0; value < 32; value++) this.#low += tally[value]! * POWERS[value]!;
    for (let value = 32; value < 64; value++) this.#high += tally[value]! * POWERS[value]!;
  }
}

/**
 * The union of two sketches: what one sketch of both streams would hold. Associative and commutative to the bit; the
 * smaller lgK wins. Neither is changed.
 */
export function mergeHll(a: HllSketch, b: HllSketch): HllSketch {
  const lgK = Math.min(a.lgK, b.lgK);
  const bits = Math.max(a.bits, b.bits) as HllBits;
  const [x, y] = [a.state(), b.state()];
  if (x.coupons !== undefined && y.coupons !== undefined) {
    // In order of coupons, so that the table does not tell who came first.
    const all = [...new Set([...x.coupons, ...y.coupons])].sort((one, other) => one - other);
    const union = new CouponSet(lgK);
    // A full table takes no more: registers take over.
    const full = all.some((coupon) => union.add(coupon));
    if (!full) return new HllSketch({ lgK, bits, coupons: union, registers: undefined, historic: 0, merged: false });
  }
  const registers = new Uint8Array(2 ** lgK);
  raiseAll(registers, x);
  raiseAll(registers, y);
  return new HllSketch({ lgK, bits, coupons: undefined, registers, historic: 0, merged: true });
}

function raiseAll(registers: Uint8Array, { coupons, registers: from }: HllState): void {
  const mask = registers.length - 1;
  if (from !== undefined) {
    for (let slot = 0; slot < from.length; slot++) {
      const value = from[slot]!;
      if (value > registers[slot & mask]!) registers[slot & mask] = value;
    }
    return;
  }
  for (const coupon of coupons ?? []) {
    const value = coupon >>> ADDRESS_BITS;
    if (value > registers[coupon & mask]!) registers[coupon & mask] = value;
  }
}

const ADDRESS_MASK = 2 ** ADDRESS_BITS - 1;
const POWERS = Float64Array.from({ length: 64 }, (_, value) => 2 ** -value);
