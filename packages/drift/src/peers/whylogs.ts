import { seededRandom } from '@millwright/core';
import { type KllSketch, kllSketch } from '@millwright/core/sketch';
import { ksLogSf } from '@millwright/core/statistics';
import { quantilesOf } from '../test/certified.js';
import type { TestOptions, TestResult, TwoSampleTest } from '../test/types.js';
import { isNumbers, sampleOf, verdictOf } from './door.js';

/** Size of its sketches. */
const K = 1_024;
/** Quantiles of each sketch at which the distribution functions are compared. */
const PROBES = 100;
/** Its bound for "drift"; 0.15 is "possible". */
const THRESHOLD = 0.05;
const ID = 'ks.whylogs';

const ks: TwoSampleTest = {
  id: ID,
  accepts: 'number',
  fromSamples: (reference, current, options) => compareSketches(sketchOf(reference), sketchOf(current), options),
  fromProfiles: (reference, current, options) => compareSketches(quantilesOf(reference), quantilesOf(current), options),
};

/**
 * Kolmogorov-Smirnov as whylogs takes it: the distribution functions of two KLL sketches at 100 quantiles of each, as if the
 * sketches were the samples. On large samples it finds a difference in every pair; `certifiedKs` does not.
 */
export const whylogs = { [ID]: ks } as const;

function compareSketches(
  reference: KllSketch,
  current: KllSketch,
  { alpha = THRESHOLD }: TestOptions = {},
): TestResult {
  const rows = { reference: reference.n, current: current.n };
  return verdictOf(ID, sketchedKs(reference, current), alpha, 'below', rows);
}

/** The p-value; NaN when a sketch is empty. */
export function sketchedKs(reference: KllSketch, current: KllSketch): number {
  const [n, m] = [reference.n, current.n];
  if (n === 0 || m === 0) return Number.NaN;
  let largest = 0;
  for (const sketch of [reference, current])
    for (let i = 0; i < PROBES; i++) {
      const value = sketch.quantile(i / (PROBES - 1));
      largest = Math.max(largest, Math.abs(reference.rank(value) - current.rank(value)));
    }
  return Math.exp(ksLogSf(largest, Math.round((n * m) / (n + m))));
}

function sketchOf(column: Parameters<typeof sampleOf>[0]): KllSketch {
  const values = sampleOf(column);
  const sketch = kllSketch({ k: K, random: seededRandom(1) });
  if (isNumbers(values)) for (const value of values) sketch.update(value);
  return sketch;
}
