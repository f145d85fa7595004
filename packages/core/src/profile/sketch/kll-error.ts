import { levelCapacity } from './kll-capacity.js';

/**
 * The rank error that a KLL sketch of this width keeps with 99 % confidence, for one rank or (`pmf`) for all at once.
 * Constants as measured and published by Apache DataSketches.
 */
export function kllRankError(k: number, pmf = false): number {
  return pmf ? 2.446 / k ** 0.9433 : 2.296 / k ** 0.9723;
}

/**
 * An upper bound for what the coins of compaction add to a rank, as a share of all values: whatever the values are, a
 * rank is off by `t` or more with a chance of at most 2 exp(-t² / (2 v)). Each compaction at level h moves a rank by at
 * most 2^h, up or down by a fair coin (Hoeffding; Karnin, Lang and Liberty 2016, section 3), and hands on at least half
 * of the level's capacity, so what lies above the level says how many there were at most. 0 while every value is held.
 *
 * @param starts where each level begins among the items, and the end
 */
export function kllRankVariance(k: number, n: number, starts: readonly number[]): number {
  const levels = starts.length - 1;
  let above = 0;
  let squares = 0;
  for (let level = levels - 2; level >= 0; level--) {
    above += 2 ** (level + 1) * (starts[level + 2]! - starts[level + 1]!);
    const capacity = levelCapacity(k, levels, level);
    squares += (above * 2 ** level) / (capacity - (capacity & 1));
  }
  return squares / n ** 2;
}
