import { seededRandom } from '@millwright/core';
import { profileTable } from '@millwright/core/profile';
import { columnOf, tableFrom } from '@millwright/core/table';
import { compareProfiles } from '../src/monitor/index.js';
import { distribution, kolmogorovSmirnov, peers } from '../src/test/index.js';

/** Tests on a million rows, beside straightforward versions of the same. */
const ROWS = 1_000_000;
const random = seededRandom(1);
const draw = (shift: number) =>
  Float64Array.from({ length: ROWS }, () => random.next() + random.next() + random.next() + shift);
const [was, now] = [draw(0), draw(0.01)];
const reference = profileTable(tableFrom({ x: was }));
const column = (x: Float64Array) => columnOf(tableFrom({ x }), 'x');

report('Kolmogorov-Smirnov, 1 M and 1 M values', () => kolmogorovSmirnov(was, now));
report('  with a comparator sort and a binary search per value', () => naiveKs(was, now));
report('against a stored reference, 1 M values: profile and compare', () => {
  const profile = profileTable(tableFrom({ x: now }), { reference });
  return compareProfiles(reference, profile);
});
report('from both samples, 1 M and 1 M values', () => distribution.fromSamples(column(was), column(now)));
report('PSI as Evidently computes it', () => peers['psi.evidently'].fromSamples(column(was), column(now)));

function report(name: string, work: () => unknown): void {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  }
  console.log(`${name}: ${best.toFixed(1)} ms`);
}

function naiveKs(a: Float64Array, b: Float64Array): number {
  const [x, y] = [Array.from(a).sort((p, q) => p - q), Array.from(b).sort((p, q) => p - q)];
  const below = (sorted: readonly number[], value: number) => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle]! <= value) low = middle + 1;
      else high = middle;
    }
    return low / sorted.length;
  };
  let largest = 0;
  for (const value of [...x, ...y]) largest = Math.max(largest, Math.abs(below(x, value) - below(y, value)));
  return largest;
}
