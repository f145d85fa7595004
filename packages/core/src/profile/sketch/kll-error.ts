/**
 * The rank error that a KLL sketch of this width keeps with 99 % confidence, for one rank or (`pmf`) for all at once.
 * Constants as measured and published by Apache DataSketches.
 */
export function kllRankError(k: number, pmf = false): number {
  return pmf ? 2.446 / k ** 0.9433 : 2.296 / k ** 0.9723;
}
