import { seededRandom } from '@millwright/core';
import { describe, expect, test } from 'vitest';
import {
  atMarginOf,
  crowd,
  fixedHorizon,
  METRICS,
  playRamp,
  playRevenue,
  playUnits,
  type RampOptions,
  type RampResult,
  requestsToDetect,
  TOLERANT,
} from '../support/rollout-lab.js';

/**
 * The stated errors under 240 looks, a ramp, drifting rates and people who come again and again: 2,000 rollouts of 24,000
 * requests each. `bench/simulation.bench.ts` plays 10,000 of 120,000 requests beside what others do.
 */
const RUNS = 2_000;
const people = crowd(8_000, 1);
const threeErrors = (share: number) => 3 * Math.sqrt((share * (1 - share)) / RUNS);
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

function play(seed: number, options: RampOptions): Readonly<Record<RampResult['end'], number>> {
  const random = seededRandom(seed);
  const ends = { rollBack: 0, pause: 0, promote: 0, hold: 0 };
  for (let run = 0; run < RUNS; run++) ends[playRamp(people, random, { requestsPerLook: 100, ...options }).end]++;
  return ends;
}

describe('error rates under continuous looking', { timeout: 240_000 }, () => {
  test('a challenger that is no worse is rolled back, or its arms called uneven, no more often than stated', () => {
    const { rollBack, pause } = play(1, {});
    expect(rollBack / RUNS).toBeLessThanOrEqual(0.05 + threeErrors(0.05));
    expect(pause / RUNS).toBeLessThanOrEqual(0.01 + threeErrors(0.01));
  });

  /** The same ramp in a hurry and with new people only, so that margins come within reach. */
  const quick = { ...TOLERANT, stages: TOLERANT.stages.map((stage) => ({ ...stage, minDwellMs: 4 })) };
  const promoted = (seed: number, runs: number, factors: readonly number[]) => {
    const random = seededRandom(seed);
    const ends = Array.from({ length: runs }, () => playUnits(random, { definition: quick, factors }));
    return ends.filter((end) => end === 'promote').length / runs;
  };

  test('a challenger that is as good, or much better, is promoted: the next tests do not pass for lack of traffic', () => {
    expect(promoted(6, 100, [1, 1, 1, 1])).toBeGreaterThan(0.8);
    expect(promoted(6, 100, [0.5, 0.5, 1.5, 0.5])).toBeGreaterThan(0.95);
  });

  test.each(METRICS.map(({ id }, at) => ({ id, at })))(
    'a challenger exactly at the margin of $id, and much better in all else, is promoted no more often than stated',
    ({ at }) => {
      expect(promoted(2, RUNS, atMarginOf(at))).toBeLessThanOrEqual(0.05 + threeErrors(0.05));
    },
  );

  test.each([
    [2, 0.75],
    [5, 0.5],
  ])('errors times %i are found, in the median, in %f of the requests of a fixed-horizon plan', (ratio, part) => {
    const random = seededRandom(3);
    const plan = fixedHorizon(ratio);
    const requests = Array.from({ length: RUNS }, () => requestsToDetect(ratio, random, 10 * plan));
    expect(median(requests)).toBeLessThanOrEqual(part * plan);
    expect(requests.filter((n) => n <= 2 * plan).length / RUNS).toBeGreaterThanOrEqual(0.9);
  });

  test('revenue with a long tail: from the first unit on no more false alarms than stated, and losses are found', () => {
    const random = seededRandom(4);
    const count = (conversion: number, runs: number) => {
      let found = 0;
      for (let run = 0; run < runs; run++) if (playRevenue(conversion, random).ours) found++;
      return found / runs;
    };
    expect(count(1, RUNS)).toBeLessThanOrEqual(0.05 + threeErrors(0.05));
    // The power is 0.95; 400 runs cannot confuse it with 0.9.
    expect(count(0.6, 400)).toBeGreaterThanOrEqual(0.9);
  });

  test('a tenth of the challenger’s records lost is found within 50,000 requests', () => {
    const random = seededRandom(5);
    const many = crowd(200_000, 2);
    const found = Array.from({ length: 60 }, () => playRamp(many, random, { requestsPerLook: 500, lostRecords: 0.1 }));
    const paused = found.filter(({ end }) => end === 'pause');
    expect(paused.length / found.length).toBeGreaterThan(0.8);
    expect(median(paused.map(({ requests }) => requests))).toBeLessThanOrEqual(50_000);
  });
});
