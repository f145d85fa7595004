import { hellinger, jensenShannon, lInfinity } from '../test/distances.js';
import { kolmogorovSmirnov } from '../test/kolmogorov-smirnov.js';
import { wasserstein } from '../test/wasserstein.js';
import { binEdges, equalEdges, histogram, rangeOf } from './bins.js';
import { isNumbers, ofNumbers, peer, type Sample, shareOf, valueCounts, valueShares } from './door.js';
import { yatesChiSquare } from './rules.js';

/** From so many rows of reference on, distribution functions are compared in as many bins. */
const BINS = 10_000;

/** Scores of NannyML 0.13. Its thresholds are learnt from ten chunks; 0.1 stands for them here. */
export const nannyml = {
  'js.nannyml': peer('js.nannyml', 0.1, (reference, current) => jensenShannon(...doaneShares(reference, current))),
  'hellinger.nannyml': peer('hellinger.nannyml', 0.1, (reference, current) =>
    hellinger(...doaneShares(reference, current)),
  ),
  'l-infinity.nannyml': peer('l-infinity.nannyml', 0.1, (reference, current) =>
    lInfinity(...valueShares(reference, current)),
  ),
  'ks.nannyml': peer('ks.nannyml', 0.1, ofNumbers(largestGap)),
  'w1.nannyml': peer('w1.nannyml', 0.1, ofNumbers(areaBetween)),
  'chi-square.nannyml': peer(
    'chi-square.nannyml',
    0.05,
    (reference, current) => yatesChiSquare(...valueCounts(reference, current)).pValue,
    'below',
  ),
} as const;

/** Doane's bins over the reference and one more for what lies outside. */
function doaneShares(reference: Sample, current: Sample): [Float64Array, Float64Array] {
  if (!isNumbers(reference) || !isNumbers(current)) return valueShares(reference, current);
  const edges = binEdges(reference, 'doane');
  const inside = histogram(current, edges);
  const outside = current.length - inside.reduce((sum, count) => sum + count, 0);
  return [
    shareOf(Float64Array.of(...histogram(reference, edges), 0), reference.length),
    shareOf(Float64Array.of(...inside, outside), current.length),
  ];
}

function largestGap(reference: Float64Array, current: Float64Array): number {
  if (reference.length < BINS) return kolmogorovSmirnov(reference, current).statistic;
  const edges = equalEdges(...rangeOf(reference), BINS);
  let largest = 0;
  overGaps(reference, current, edges, (gap) => {
    largest = Math.max(largest, Math.abs(gap));
  });
  return largest;
}

/** Current values beyond the reference's range count with their distance from it. */
function areaBetween(reference: Float64Array, current: Float64Array): number {
  if (reference.length < BINS) return wasserstein(reference, current);
  const edges = equalEdges(...rangeOf(reference), BINS);
  const [low, high, width] = [edges[0]!, edges[BINS]!, edges[1]! - edges[0]!];
  let area = 0;
  overGaps(reference, current, edges, (gap) => {
    area += Math.abs(gap);
  });
  let beyond = 0;
  for (const value of current) beyond += Math.max(0, low - value, value - high);
  return area * width + beyond / current.length;
}

/** The difference of the distribution functions at the upper edge of every bin; what lies below the first is in it. */
function overGaps(
  reference: Float64Array,
  current: Float64Array,
  edges: Float64Array,
  at: (gap: number) => void,
): void {
  const [was, now] = [histogram(reference, edges), histogram(current, edges)];
  let [below, belowNow] = [0, current.filter((value) => value < edges[0]!).length];
  for (let k = 0; k < BINS; k++) {
    below += was[k]!;
    belowNow += now[k]!;
    at(below / reference.length - belowNow / current.length);
  }
}
