import type { CouponSet } from './coupon-set.js';

/** Bits per register of a HyperLogLog sketch. */
export type HllBits = 4 | 6 | 8;

/** What a sketch holds: coupons while there are few items, then registers. */
export interface HllState {
  readonly lgK: number;
  readonly bits: HllBits;
  readonly coupons: CouponSet | undefined;
  readonly registers: Uint8Array | undefined;
  /** The estimate kept along the way (HIP); it means nothing once `merged`. */
  readonly historic: number;
  /** The registers were merged, so that their order is not known (DataSketches' out-of-order flag). */
  readonly merged: boolean;
}
