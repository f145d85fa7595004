import { invalidInput } from '@millwright/core';
import { betaQuantile, findRoot } from '@millwright/core/statistics';

/** A reference sample as a few of its order statistics: what is above or below them has a law that needs no distribution. */
export interface Cells {
  /** Ascending; equal ones where the reference has ties. */
  readonly edges: readonly number[];
  /** Their ranks in the reference, from 1. */
  readonly ranks: readonly number[];
  readonly rows: number;
}

/** Order statistics at evenly spaced ranks, as many as the reference allows. @throws `input/invalid` */
export function cellsOf(reference: ArrayLike<number> | undefined, count: number): Cells {
  const sorted = Float64Array.from(reference ?? []).sort();
  const rows = sorted.length;
  // NaN sorts to the end, -∞ to the start.
  if (rows < 20 || !Number.isFinite(sorted[0]!) || !Number.isFinite(sorted[rows - 1]!))
    throw invalidInput('reference', '20 finite values or more, of a time when nothing changed', rows);
  if (!(Number.isInteger(count) && count >= 1)) throw invalidInput('cells', 'an integer of 1 or more', count);
  const edges = Math.min(count, Math.floor(rows / 4));
  const ranks = Array.from({ length: edges }, (_, j) => Math.round(((j + 1) * (rows + 1)) / (edges + 1)));
  return { edges: ranks.map((rank) => sorted[rank - 1]!), ranks, rows };
}

/** How many edges lie below the value. */
export function edgesBelow(edges: readonly number[], value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many edges lie above it, when so many lie below: the rest are equal to it. */
export function edgesAbove(edges: readonly number[], value: number, below: number): number {
  let at = below;
  while (at < edges.length && edges[at] === value) at++;
  return edges.length - at;
}

/**
 * The upper confidence bound, at 1 - `error`, of the chance that a value lies above the edge of this rank: with a
 * continuous distribution that chance is Beta(rows + 1 - rank, rank) over references, and with ties it is smaller.
 * The chance that a value lies below is that of the rank counted from the other end.
 */
export function chanceAbove(rank: number, rows: number, error: number): number {
  return betaQuantile(1 - error, rows + 1 - rank, rank);
}

/**
 * The upper confidence bound, at 1 - `error`, of the mean share of edges that lie below a value. Over references, that
 * mean is at most Σ cᵢDᵢ with D Dirichlet of the gaps between ranks and cᵢ the share of edges below gap i. As gamma
 * variables Gᵢ, P(Σ cᵢDᵢ ≥ t) = P(Σ (cᵢ - t)Gᵢ ≥ 0) ≤ Π (1 - s(cᵢ - t))^-gapᵢ for each s (Chernoff), the least of which is solved for t.
 */
export function meanShareBelow({ ranks, rows }: Pick<Cells, 'ranks' | 'rows'>, error: number): number {
  const stops = [0, ...ranks, rows + 1];
  const gaps = stops.slice(1).map((stop, i) => stop - stops[i]!);
  const shares = gaps.map((_, i) => i / ranks.length);
  const expected = shares.reduce((sum, share, i) => sum + (share * gaps[i]!) / (rows + 1), 0);
  const logChance = (t: number) => {
    const slope = (s: number) =>
      shares.reduce((sum, share, i) => sum + (gaps[i]! * (share - t)) / (1 - s * (share - t)), 0);
    const s = findRoot(slope, 0, (1 - 1e-9) / (1 - t), 1e-9);
    return -shares.reduce((sum, share, i) => sum + gaps[i]! * Math.log1p(-s * (share - t)), 0);
  };
  return findRoot((t) => logChance(t) - Math.log(error), expected, 1 - 1e-6, 1e-9);
}
