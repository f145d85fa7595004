import { jensenShannon, lInfinity } from '../test/distances.js';
import { equalEdges, histogram, rangeOf } from './bins.js';
import { isNumbers, peer, type Sample, valueCounts } from './door.js';

/** Buckets of its standard histogram. */
const BUCKETS = 10;

/** Comparators of TensorFlow Data Validation. It has no thresholds of its own; 0.1 stands for yours here. */
export const tfdv = {
  'l-infinity.tfdv': peer('l-infinity.tfdv', 0.1, (reference, current) =>
    lInfinity(...valueCounts(reference, current)),
  ),
  'js.tfdv': peer('js.tfdv', 0.1, (reference, current) =>
    jensenShannon(...alignedCounts(reference, current), { form: 'divergence' }),
  ),
  'normalized-difference.tfdv': peer('normalized-difference.tfdv', 0.1, (reference, current) => {
    const [p, q] = valueCounts(reference, current);
    return Math.max(...p.map((count, k) => Math.abs(count - q[k]!))) / (reference.length + current.length);
  }),
} as const;

/** Each side in ten equal buckets of its own range, spread evenly over the buckets that both sets of edges make. */
function alignedCounts(reference: Sample, current: Sample): [Float64Array, Float64Array] {
  if (!isNumbers(reference) || !isNumbers(current)) return valueCounts(reference, current);
  const [mine, others] = [reference, current].map((side) => equalEdges(...rangeOf(side), BUCKETS));
  const edges = Float64Array.from(new Set([...mine!, ...others!])).sort();
  return [spread(reference, mine!, edges), spread(current, others!, edges)];
}

function spread(values: Float64Array, own: Float64Array, edges: Float64Array): Float64Array {
  const counts = histogram(values, own);
  const shared = new Float64Array(edges.length - 1);
  let bucket = 0;
  for (let k = 0; k < shared.length; k++) {
    while (bucket < BUCKETS && own[bucket + 1]! <= edges[k]!) bucket++;
    if (bucket === BUCKETS || edges[k]! < own[0]!) continue;
    shared[k] = (counts[bucket]! * (edges[k + 1]! - edges[k]!)) / (own[bucket + 1]! - own[bucket]!);
  }
  return shared;
}
