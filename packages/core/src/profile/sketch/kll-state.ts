/** How many bits the numbers of a KLL sketch have: 32 or 64. */
export type KllKind = 'float' | 'double';

/** What a KLL sketch holds. Level i, of weight 2^i, lies from `starts[i]` to `starts[i + 1]`; levels ≥ 1 are sorted. */
export interface KllState<T, Items extends ArrayLike<T> = ArrayLike<T>> {
  readonly k: number;
  /** The smallest width that was merged in: it bounds the error. */
  readonly minK: number;
  readonly n: number;
  readonly min: T;
  readonly max: T;
  readonly starts: readonly number[];
  readonly items: Items;
  /** Level 0 is sorted too. */
  readonly ordered: boolean;
}
