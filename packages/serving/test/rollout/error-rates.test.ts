import { seededRandom } from '@millwright/core';
import { afterAll, describe, expect, test } from 'vitest';
import { FEW_BUYERS, MANY_BUYERS, playRevenue } from '../support/revenue-lab.js';
import {
  atMarginOf,
  CLINIC,
  crowd,
  fixedHorizon,
  playRamp,
  playUnits,
  requestsToDetect,
  type Scenario,
  SHOP,
} from '../support/rollout-lab.js';

/**
 * The stated errors under 240 looks, a ramp, drifting rates and people who come again and again: 2,000 rollouts of 24,000
 * requests each, and some on a scenario that nothing was chosen on. `bench/simulation.bench.ts` plays 10,000 of 120,000
 * requests of both.
 */
const RUNS = 2_000;
const SOME = 400;
const SCENARIOS = [
  { name: 'shop', scenario: SHOP, market: FEW_BUYERS, runs: RUNS },
  { name: 'clinic', scenario: CLINIC, market: MANY_BUYERS, runs: SOME },
] as const;
const people = crowd(8_000, 1);
const threeErrors = (share: number, runs: number) => 3 * Math.sqrt((share * (1 - share)) / runs);
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

const table: string[] = [];
afterAll(() => void process.stdout.write(`${table.join('\n')}\n`));
const show = (what: string, runs: number, ...shares: readonly number[]) =>
  table.push(`${what}: ${shares.map((share) => `${(100 * share).toFixed(2)} %`).join(', ')} of ${runs}`);

/** Shares of runs, by what is asked of each. */
function sharesOf<T>(runs: number, play: () => T, ...questions: readonly ((one: T) => boolean)[]): readonly number[] {
  const all = Array.from({ length: runs }, play);
  return questions.map((is) => all.filter(is).length / runs);
}

describe('error rates under continuous looking', { timeout: 600_000 }, () => {
  test.each(SCENARIOS)(
    'a challenger that is no worse is rolled back, or its arms called uneven, no more often than stated ($name)',
    ({ name, scenario, runs }) => {
      const random = seededRandom(1);
      const [rolledBack, paused, ...others] = sharesOf(
        runs,
        () => playRamp(people, random, { scenario, requestsPerLook: 100, toTheEnd: true }),
        ({ end }) => end === 'rollBack',
        ({ end }) => end === 'pause',
        ({ naive }) => naive.z,
        ({ naive }) => naive.threshold,
        ({ naive }) => naive.asymptotic,
      );
      show(`${name}, no difference: rolled back, paused`, runs, rolledBack!, paused!);
      show(`${name}, no difference: z-test at each look, fixed threshold, asymptotic sequence`, runs, ...others);
      expect(rolledBack).toBeLessThanOrEqual(0.05 + threeErrors(0.05, runs));
      expect(paused).toBeLessThanOrEqual(0.01 + threeErrors(0.01, runs));
    },
  );

  /** The same ramp in a hurry and with new people only, so that margins come within reach. */
  const promoted = (scenario: Scenario, seed: number, runs: number, factors: readonly number[]) => {
    const random = seededRandom(seed);
    const { tolerant } = scenario;
    const definition = { ...tolerant, stages: tolerant.stages.map((stage) => ({ ...stage, minDwellMs: 4 })) };
    const ends = Array.from({ length: runs }, () => playUnits(random, { scenario, definition, factors }).end);
    return ends.filter((end) => end === 'promote').length / runs;
  };

  test.each(SCENARIOS)(
    'a challenger that is as good, or much better, is promoted: the next tests do not pass for lack of traffic ($name)',
    ({ scenario }) => {
      expect(promoted(scenario, 6, 100, [1, 1, 1, 1])).toBeGreaterThan(0.8);
      expect(promoted(scenario, 6, 100, [0.5, 0.5, 1.5, 0.5])).toBeGreaterThan(0.95);
    },
  );

  test.each(
    SCENARIOS.flatMap(({ name, scenario, runs }) =>
      scenario.metrics.map(({ id }, at) => ({ name, id, at, scenario, runs })),
    ),
  )(
    'exactly at the margin of $id, and much better in all else, it is promoted no more often than stated ($name)',
    ({ name, id, at, scenario, runs }) => {
      const share = promoted(scenario, 2, runs, atMarginOf(scenario, at));
      show(`${name}, exactly at the margin of ${id}: promoted`, runs, share);
      expect(share).toBeLessThanOrEqual(0.05 + threeErrors(0.05, runs));
    },
  );

  test.each([
    { share: 0.05, rate: 0.01, ratio: 2, part: 0.75 },
    { share: 0.05, rate: 0.01, ratio: 5, part: 0.5 },
    { share: 0.05, rate: 0.001, ratio: 2, part: 0.75 },
    { share: 0.05, rate: 0.001, ratio: 5, part: 0.5 },
  ])(
    'errors ($rate) times $ratio are found, in the median, in $part of the requests of a fixed-horizon plan',
    ({ part, ...errors }) => {
      const random = seededRandom(3);
      const plan = fixedHorizon(errors);
      const requests = Array.from({ length: RUNS }, () => requestsToDetect(errors, random, 10 * plan));
      const inTime = requests.filter((n) => n <= 2 * plan).length / RUNS;
      const found = (median(requests) / plan).toFixed(3);
      show(`errors of ${errors.rate} times ${errors.ratio}: found after ${found} plans, within two`, RUNS, inTime);
      expect(median(requests)).toBeLessThanOrEqual(part * plan);
      expect(inTime).toBeGreaterThanOrEqual(0.9);
    },
  );

  test.each(SCENARIOS)(
    'revenue with a long tail: from the first unit on no more false alarms than stated, and losses are found ($name)',
    ({ name, market, runs }) => {
      const random = seededRandom(4);
      const harmless = sharesOf(
        runs,
        () => playRevenue(1, random, { market }),
        ({ ours }) => ours,
        ({ asymptotic }) => asymptotic,
      );
      const [found] = sharesOf(
        runs,
        () => playRevenue(0.6, random, { market, untilFound: true }),
        ({ ours }) => ours,
      );
      show(`${name}, revenue, no difference: rolled back, asymptotic sequence`, runs, ...harmless);
      show(`${name}, revenue, 40 % fewer pay: rolled back`, runs, found!);
      expect(harmless[0]).toBeLessThanOrEqual(0.05 + threeErrors(0.05, runs));
      expect(found).toBeGreaterThanOrEqual(0.9);
    },
  );

  test('a tenth of the challenger’s records lost is found within 50,000 requests', () => {
    const random = seededRandom(5);
    const options = { requestsPerLook: 500, lostRecords: 0.1 };
    const found = Array.from({ length: RUNS }, () => playUnits(random, options)).filter(({ end }) => end === 'pause');
    const requests = median(found.map((one) => one.requests));
    show(`records lost: found, in the median after ${requests} requests`, RUNS, found.length / RUNS);
    expect(found.length / RUNS).toBeGreaterThan(0.8);
    expect(requests).toBeLessThanOrEqual(50_000);
  });
});
