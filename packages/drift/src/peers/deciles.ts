import { psi } from '../test/distances.js';
import { isNumbers, peer, valueShares } from './door.js';

/** Least share of a decile. */
const FLOOR = 1e-4;

/** The population stability index as scorecards have it: in tenths of the reference, empty ones count as 0.0001. */
export const deciles = {
  'psi.deciles': peer('psi.deciles', 0.1, (reference, current) => {
    if (!isNumbers(reference) || !isNumbers(current))
      return psi(...valueShares(reference, current), { pseudoCount: FLOOR });
    const sorted = reference.slice().sort();
    const inner = Float64Array.from({ length: 9 }, (_, i) => decile(sorted, (i + 1) / 10));
    const share = (values: Float64Array) => {
      const counts = new Float64Array(10);
      for (const value of values) counts[inner.findLastIndex((edge) => edge < value) + 1]!++;
      return counts.map((count) => Math.max(count / values.length, FLOOR));
    };
    const [p, q] = [share(reference), share(current)];
    return p.reduce((sum, was, k) => sum + (was - q[k]!) * Math.log(was / q[k]!), 0);
  }),
} as const;

function decile(sorted: Float64Array, q: number): number {
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)]!;
  return low + (at - Math.floor(at)) * ((sorted[Math.floor(at) + 1] ?? low) - low);
}
