import { wasserstein } from '../test/wasserstein.js';
import { rangeOf } from './bins.js';
import { joined, ofNumbers, peer } from './door.js';

/** Deepchecks' earth mover's distance: of values scaled to 0 to 1 by the range of both samples. */
export const deepchecks = {
  'w1.deepchecks': peer(
    'w1.deepchecks',
    0.1,
    ofNumbers((reference, current) => {
      const [low, high] = rangeOf(joined(reference, current));
      return low === high ? 0 : wasserstein(reference, current) / (high - low);
    }),
  ),
} as const;
