import { seededRandom } from '@millwright/core';
import { detectorCases } from '@millwright/drift/conformance';
import {
  adwin,
  bocd,
  conformalRank,
  cusum,
  type DetectorKind,
  ddm,
  deviationSum,
  ecdd,
  eDetector,
  eddm,
  ewma,
  hddmA,
  hddmW,
  ksBetting,
  kswin,
  pageHinkley,
  rddm,
  type Signal,
  shewhart,
  stepd,
} from '@millwright/drift/stream';
import { describe, expect, test } from 'vitest';

const random = seededRandom;

/** Values of any scale: a bump, moved after the change. */
const draw = (random: { next(): number }, changed: boolean) =>
  50 + 10 * (random.next() + random.next() + random.next()) + (changed ? 15 : 0);
const generator = random(99);
const reference = Float64Array.from({ length: 3_000 }, () => draw(generator, false));

describe.each([
  ['e-detector', detectorCases(eDetector, { random, options: { baseline: 0.2, arl: 2_000 }, arl: 2_000 })],
  ['adwin', detectorCases(adwin, { random })],
  ['page-hinkley', detectorCases(pageHinkley, { random })],
  ['cusum', detectorCases(cusum, { random })],
  ['ddm', detectorCases(ddm, { random })],
  ['eddm', detectorCases(eddm, { random })],
  ['hddm-a', detectorCases(hddmA, { random })],
  ['hddm-w', detectorCases(hddmW, { random })],
  ['deviation-sum', detectorCases(deviationSum, { random, options: { threshold: 20, floor: true } })],
  ['kswin', detectorCases(kswin, { random })],
  ['rddm', detectorCases(rddm, { random })],
  ['stepd', detectorCases(stepd, { random })],
  ['ecdd', detectorCases(ecdd, { random })],
  ['ewma', detectorCases(ewma, { random, draw })],
  ['shewhart', detectorCases(shewhart, { random, draw })],
  ['bocd', detectorCases(bocd, { random, draw })],
  ['conformal-rank', detectorCases(conformalRank, { random, draw, options: { reference, arl: 2_000 }, arl: 2_000 })],
  ['ks-betting', detectorCases(ksBetting, { random, draw, options: { reference, arl: 2_000 }, arl: 2_000 })],
])('%s', (_, cases) => {
  for (const c of cases) test.skipIf(c.skip)(c.name, c.run);
});

/** A detector with one fault, over a plain counter of ones. */
function broken(
  fault: 'moody' | 'forgetful' | 'greedy' | 'blind' | 'tolerant' | 'shared' | 'nervous',
): DetectorKind<object> {
  let calls = 0;
  const make = (state: number[]) => ({
    id: 'broken',
    update(value: number): Signal {
      if (!Number.isFinite(value) && fault !== 'tolerant') throw new TypeError('not finite');
      state[0] = 0.99 * state[0]! + value;
      if (fault === 'moody' && ++calls % 977 === 0) return 2;
      if (fault === 'nervous' && state[1]!++ % 50 === 49) return 2;
      return fault !== 'blind' && state[0]! > 60 ? 2 : 0;
    },
    updateBatch(values: Float64Array, at?: Uint32Array) {
      let found = 0;
      for (const [i, value] of values.entries()) {
        if (this.update(value) !== 2) continue;
        if (at !== undefined && found < at.length) at[found] = i;
        found++;
      }
      if (fault === 'greedy') values.fill(0);
      return found;
    },
    reset: () => void state.splice(0, 2, fault === 'forgetful' ? state[0]! : 0, 0),
    snapshot: () => (fault === 'shared' ? shared(state) : new TextEncoder().encode(JSON.stringify(state))),
  });
  return {
    id: 'broken',
    init: () => make([0, 0]),
    restore: (bytes) => make(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))),
  };
}

/** Bytes that lack half of the state. */
function shared(state: readonly number[]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify([Math.round(state[0]!), 0]));
}

test.each(['moody', 'forgetful', 'greedy', 'blind', 'tolerant', 'shared', 'nervous'] as const)(
  'the suite finds the %s detector',
  async (fault) => {
    const failures: string[] = [];
    for (const c of detectorCases(broken(fault), { random, ...(fault === 'nervous' ? { arl: 1_000 } : {}) })) {
      if (c.skip !== undefined) continue;
      await c.run().catch(() => failures.push(c.name));
    }
    expect(failures).not.toEqual([]);
  },
);
