import { seededRandom } from '../src/foundation/random.js';
import {
  decodeHll,
  decodeKll,
  frequentItems,
  hllSketch,
  kllSketch,
  mergeHll,
  thetaSketch,
} from '../src/profile/sketch/index.js';

/** Nanoseconds per item into each sketch, beside keeping everything: a sorted array for ranks, a Set for distinct. */
const ITEMS = 1_000_000;
const random = seededRandom(1);
const values = Float64Array.from({ length: ITEMS }, () => random.next());
const keys = Array.from({ length: ITEMS }, (_, i) => `key_${(i * 7919) % 500_000}`);
const skewed = Array.from({ length: ITEMS }, () => `item ${Math.floor(1 / (random.next() + 1e-5))}`);

const kll = (k: number) => {
  const sketch = kllSketch({ k, random: seededRandom(2) });
  sketch.updateAll(values);
  return sketch;
};
const hll = () => {
  const sketch = hllSketch();
  sketch.updateAll(keys);
  return sketch;
};

const rows: [name: string, bytes: number, work: () => unknown][] = [
  ['quantiles: sort a copy of the array', ITEMS * 8, () => Float64Array.from(values).sort()],
  ['quantiles: KLL, k 200', kll(200).encode().length, () => kll(200)],
  ['quantiles: KLL, k 1024', kll(1024).encode().length, () => kll(1024)],
  ['distinct strings: a Set', 0, () => new Set(keys)],
  ['distinct strings: HLL, lgK 12', hll().encode().length, hll],
  ['distinct strings: theta, lgK 12', thetaOf().set().encode().length, thetaOf],
  ['distinct numbers: a Set', 0, () => new Set(values)],
  ['distinct numbers: HLL, lgK 12', 0, () => hllSketch().updateAll(values)],
  ['frequent strings: a Map of counts', 0, () => countAll()],
  ['frequent strings: lgMax 10', 0, () => frequentItems().updateAll(skewed)],
];
for (const [name, bytes, work] of rows) {
  const size = bytes === 0 ? '' : `${bytes.toLocaleString('en')} bytes`;
  console.log(`${name.padEnd(38)} ${(best(work) / ITEMS).toFixed(1).padStart(7)} ns per item   ${size}`);
}

const parts = Array.from({ length: 1_000 }, (_, i) => {
  const sketch = kllSketch({ random: seededRandom(i) });
  sketch.updateAll(values, i * 1_000, (i + 1) * 1_000);
  return sketch.encode();
});
const counters = Array.from({ length: 1_000 }, (_, i) => {
  const sketch = hllSketch();
  sketch.updateAll(keys.slice(i * 1_000, (i + 1) * 1_000));
  return sketch.encode();
});
console.log(`read and merge 1,000 KLL sketches      ${(best(mergeKlls) / 1e6).toFixed(2).padStart(7)} µs each`);
console.log(`read and merge 1,000 HLL sketches      ${(best(mergeHlls) / 1e6).toFixed(2).padStart(7)} µs each`);

function mergeKlls() {
  const all = kllSketch({ random: seededRandom(3) });
  for (const bytes of parts) all.merge(decodeKll(bytes, 'double'));
  return all;
}

function mergeHlls() {
  return counters.reduce((all, bytes) => mergeHll(all, decodeHll(bytes)), hllSketch());
}

function thetaOf() {
  const sketch = thetaSketch();
  sketch.updateAll(keys);
  return sketch;
}

function countAll() {
  const counts = new Map<string, number>();
  for (const item of skewed) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

/** The shortest of five runs, in nanoseconds. */
function best(work: () => unknown): number {
  let shortest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    work();
    shortest = Math.min(shortest, performance.now() - start);
  }
  return shortest * 1e6;
}
