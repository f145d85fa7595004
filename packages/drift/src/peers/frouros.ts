import { hellinger, jensenShannon } from '../test/distances.js';
import { binEdges, equalEdges, histogram, rangeOf } from './bins.js';
import { joined, ofNumbers, peer } from './door.js';

/** Bins over both samples together, and points at which distribution functions are read. */
const BINS = 10;
/** What an empty bin counts as: the least normal double, so that a single one makes the index a hundred. */
const LEAST = 2.2250738585072014e-308;

/** Added to shares so that their overlap is never 0. */
const EPSILON = Number.EPSILON;

/** Distances of Frouros 0.9 between numbers. It leaves thresholds to the user; 0.1 stands for yours here. */
export const frouros = {
  'psi.frouros': ofBins('psi.frouros', (p, q) => {
    let sum = 0;
    for (let k = 0; k < BINS; k++) {
      const [was, now] = [p[k]! || LEAST, q[k]! || LEAST];
      sum += (now - was) * Math.log(now / was);
    }
    return sum;
  }),
  'hellinger.frouros': ofBins('hellinger.frouros', hellinger),
  'bhattacharyya.frouros': ofBins(
    'bhattacharyya.frouros',
    (p, q) => -Math.log(p.reduce((sum, share, k) => sum + Math.sqrt((share + EPSILON) * (q[k]! + EPSILON)), 0)),
  ),
  'intersection.frouros': ofBins(
    'intersection.frouros',
    (p, q) => 1 - p.reduce((sum, share, k) => sum + Math.min(share, q[k]!), 0),
  ),
  'js.frouros': ofSteps('js.frouros', (p, q) => jensenShannon(p, q, { base: 'e' })),
  // Not divided by totals, which are below 1 where a histogram reaches beyond its sample.
  'kl.frouros': ofSteps('kl.frouros', (p, q) =>
    q.reduce((sum, now, k) => sum + (now === 0 ? 0 : now * Math.log(now / p[k]!)), 0),
  ),
} as const;

type Score = (reference: Float64Array, current: Float64Array) => number;

function ofBins(id: string, score: Score) {
  return peer(
    id,
    0.1,
    ofNumbers((reference, current) => {
      const edges = equalEdges(...rangeOf(joined(reference, current)), BINS);
      const share = (values: Float64Array) => histogram(values, edges).map((count) => count / values.length);
      return score(share(reference), share(current));
    }),
  );
}

/** Of how much two histograms, each in bins of its own, rise between ten points. */
function ofSteps(id: string, score: Score) {
  return peer(
    id,
    0.1,
    ofNumbers((reference, current) => {
      const [low, high] = rangeOf(joined(reference, current));
      const points = Array.from({ length: BINS }, (_, i) => low + (i * (high - low)) / (BINS - 1));
      const steps = (values: Float64Array) => {
        const below = cumulative(values);
        return Float64Array.from({ length: BINS - 1 }, (_, i) => below(points[i + 1]!) - below(points[i]!));
      };
      return score(steps(reference), steps(current));
    }),
  );
}

/** The distribution function of the sample's histogram: straight lines between edges. */
function cumulative(values: Float64Array): (at: number) => number {
  const edges = binEdges(values, 'auto');
  const counts = histogram(values, edges);
  return (at) => {
    let below = 0;
    for (let k = 0; k < counts.length; k++) {
      const part = (at - edges[k]!) / (edges[k + 1]! - edges[k]!);
      below += counts[k]! * Math.min(1, Math.max(0, part));
    }
    return below / values.length;
  };
}
