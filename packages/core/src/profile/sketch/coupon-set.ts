import { ADDRESS_BITS } from './hll-estimate.js';

/**
 * The distinct coupons of a small sketch: a list of up to 8, then an open-addressed table that doubles at three
 * quarters, until registers are smaller. The places in the table are part of the format.
 */
export class CouponSet {
  readonly lgK: number;
  #lgLength = LG_LIST;
  #slots = new Uint32Array(2 ** LG_LIST);
  #size = 0;

  constructor(lgK: number) {
    this.lgK = lgK;
  }

  get size(): number {
    return this.#size;
  }

  /** Still a list, in the order of arrival. */
  get isList(): boolean {
    return this.#lgLength === LG_LIST;
  }

  get lgLength(): number {
    return this.#lgLength;
  }

  /** The list or the table with its free places (0). */
  get slots(): Uint32Array {
    return this.#slots;
  }

  /** Adds one; true when the set is now so large that registers should take over. */
  add(coupon: number): boolean {
    if (this.isList) {
      if (this.#slots.subarray(0, this.#size).includes(coupon)) return false;
      this.#slots[this.#size++] = coupon;
      if (this.#size < this.#slots.length) return false;
      if (this.lgK < MIN_LG_K_OF_TABLE) return true;
      this.#rehash(LG_FIRST_TABLE);
      return false;
    }
    if (!place(this.#slots, this.#lgLength, coupon)) return false;
    this.#size++;
    if (4 * this.#size <= 3 * this.#slots.length) return false;
    if (this.#lgLength >= this.lgK - 3) return true;
    this.#rehash(this.#lgLength + 1);
    return false;
  }

  *[Symbol.iterator](): Generator<number> {
    for (const coupon of this.#slots) if (coupon !== 0) yield coupon;
  }

  #rehash(lgLength: number): void {
    const slots = new Uint32Array(2 ** lgLength);
    for (const coupon of this.#slots) if (coupon !== 0) place(slots, lgLength, coupon);
    this.#slots = slots;
    this.#lgLength = lgLength;
  }
}

/** Log2 of the length of the list and of the first table. */
const LG_LIST = 3;
const LG_FIRST_TABLE = 5;
/** Smaller sketches go from the list to registers at once. */
const MIN_LG_K_OF_TABLE = 8;

/** Puts a key at its place in an open-addressed table of length 2^lgLength; false if it is there already. */
function place(slots: Uint32Array, lgLength: number, coupon: number): boolean {
  const mask = slots.length - 1;
  const stride = ((coupon & (2 ** ADDRESS_BITS - 1)) >>> lgLength) | 1;
  let at = coupon & mask;
  while (slots[at] !== 0) {
    if (slots[at] === coupon) return false;
    at = (at + stride) & mask;
  }
  slots[at] = coupon;
  return true;
}
