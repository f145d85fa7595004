import { invalidInput } from '@millwright/core';
import { quantileSorted } from '@millwright/core/statistics';
import { meanOf } from '../sums.js';

/** Rules for equal-width bins, as numpy's `histogram_bin_edges` knows them. */
export type BinRule = 'sturges' | 'doane' | 'fd' | 'scott' | 'rice' | 'sqrt' | 'auto';

/**
 * Edges of equal-width bins over the range of `values`, as numpy computes them. For scores of other tools; equal widths
 * hide drift in heavy tails, which is why our own cells are quantiles.
 *
 * @throws `input/invalid` when there is no value
 */
export function binEdges(values: Float64Array, rule: BinRule): Float64Array {
  if (values.length === 0) throw invalidInput('values', 'at least one number', values);
  const sorted = values.slice().sort();
  const [low, high] = [sorted[0]!, sorted[sorted.length - 1]!];
  const width = WIDTHS[rule](sorted, high - low);
  return equalEdges(low, high, width > 0 ? Math.ceil((high - low) / width) : 1);
}

/** Edges of `bins` bins of one width. Around a single value lies one unit, as in numpy. */
export function equalEdges(least: number, most: number, bins: number): Float64Array {
  const [low, high] = least === most ? [least - 0.5, most + 0.5] : [least, most];
  const step = (high - low) / bins;
  return Float64Array.from({ length: bins + 1 }, (_, i) => (i === bins ? high : low + i * step));
}

/** Least and largest value. */
export function rangeOf(values: Float64Array): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** Counts per bin; the last bin is closed on the right, values outside are in none. */
export function histogram(values: Float64Array, edges: Float64Array): Float64Array {
  const bins = edges.length - 1;
  const counts = new Float64Array(bins);
  for (const value of values) {
    if (!(value >= edges[0]! && value <= edges[bins]!)) continue;
    let low = 0;
    let high = bins;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (edges[middle]! <= value) low = middle;
      else high = middle;
    }
    counts[low]!++;
  }
  return counts;
}

const WIDTHS: Readonly<Record<BinRule, (sorted: Float64Array, range: number) => number>> = {
  sturges: (x, range) => range / (Math.log2(x.length) + 1),
  doane(x, range) {
    const n = x.length;
    const sigma = deviation(x);
    if (n <= 2 || !(sigma > 0)) return 0;
    const center = meanOf(x);
    const skew = meanOf(x.map((value) => ((value - center) / sigma) ** 3));
    const spread = Math.sqrt((6 * (n - 2)) / ((n + 1) * (n + 3)));
    return range / (1 + Math.log2(n) + Math.log2(1 + Math.abs(skew) / spread));
  },
  fd: (x) => (2 * (quantileSorted(x, 0.75) - quantileSorted(x, 0.25))) / x.length ** (1 / 3),
  scott: (x) => ((24 * Math.sqrt(Math.PI)) / x.length) ** (1 / 3) * deviation(x),
  rice: (x, range) => range / (2 * x.length ** (1 / 3)),
  sqrt: (x, range) => range / Math.sqrt(x.length),
  auto(x, range) {
    const [fd, sturges] = [WIDTHS.fd(x, range), WIDTHS.sturges(x, range)];
    return fd > 0 ? Math.min(fd, sturges) : sturges;
  },
};

/** Population standard deviation. */
export function deviation(values: Float64Array): number {
  const center = meanOf(values);
  return Math.sqrt(meanOf(values.map((value) => (value - center) ** 2)));
}
