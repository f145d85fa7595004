import { seededRandom } from '@millwright/core';
import { afterAll, describe, expect, test } from 'vitest';
import { FEW_BUYERS, MANY_BUYERS, playRevenue, type RevenueResult } from '../support/revenue-lab.js';
import {
  atMarginOf,
  CLINIC,
  crowd,
  fixedHorizon,
  playRamp,
  playUnits,
  type RampResult,
  requestsToDetect,
  type Scenario,
  SHOP,
} from '../support/rollout-lab.js';
import { type Claim, playUntilClear } from '../support/until-clear.js';

/**
 * The stated errors under 240 looks, a ramp, drifting rates and people who come again and again: up to 2,000 rollouts of
 * 24,000 requests each, fewer where it is clear before (`playUntilClear`), and some on a scenario that nothing was chosen on.
 * `MILLWRIGHT_RUNS=10000 npm run bench -- serving/simulation` plays 10,000 of 120,000 requests, all of them.
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

/** The share that a stated one may come to by chance: three standard errors above. */
const allowed = (stated: number, runs: number) => stated + threeErrors(stated, runs);
const shareOf = <T>(all: readonly T[], is: (one: T) => boolean) => all.filter(is).length / all.length;

/** Plays until all claims are clear, and holds the runs to them. */
function holdTo<T>(runs: number, play: () => T, ...claims: readonly Claim<T>[]): readonly T[] {
  const all = playUntilClear(runs, play, claims);
  for (const { is, atMost = 1, atLeast = 0 } of claims) {
    expect(shareOf(all, is)).toBeLessThanOrEqual(atMost);
    expect(shareOf(all, is)).toBeGreaterThanOrEqual(atLeast);
  }
  return all;
}

describe('error rates under continuous looking', { timeout: 600_000 }, () => {
  test.each(SCENARIOS)(
    'a challenger that is no worse is rolled back, or its arms called uneven, no more often than stated ($name)',
    ({ name, scenario, runs }) => {
      const random = seededRandom(1);
      const rolledBack = ({ end }: RampResult) => end === 'rollBack';
      const paused = ({ end }: RampResult) => end === 'pause';
      const all = holdTo(
        runs,
        () => playRamp(people, random, { scenario, requestsPerLook: 100, toTheEnd: true }),
        { is: rolledBack, atMost: allowed(0.05, runs) },
        { is: paused, atMost: allowed(0.01, runs) },
      );
      const others = (['z', 'threshold', 'asymptotic'] as const).map((other) =>
        shareOf(all, (one) => one.naive[other]),
      );
      show(`${name}, no difference: rolled back, paused`, all.length, shareOf(all, rolledBack), shareOf(all, paused));
      show(`${name}, no difference: z-test at each look, fixed threshold, asymptotic sequence`, all.length, ...others);
    },
  );

  /** The same ramp in a hurry and with new people only, so that margins come within reach. */
  const hurried = (scenario: Scenario, seed: number, factors: readonly number[]) => {
    const random = seededRandom(seed);
    const { tolerant } = scenario;
    const definition = { ...tolerant, stages: tolerant.stages.map((stage) => ({ ...stage, minDwellMs: 4 })) };
    return () => playUnits(random, { scenario, definition, factors }).end;
  };
  const isPromoted = (end: RampResult['end']) => end === 'promote';

  test.each(SCENARIOS)(
    'a challenger that is as good, or much better, is promoted: the next tests do not pass for lack of traffic ($name)',
    ({ scenario }) => {
      holdTo(100, hurried(scenario, 6, [1, 1, 1, 1]), { is: isPromoted, atLeast: 0.81 });
      holdTo(100, hurried(scenario, 6, [0.5, 0.5, 1.5, 0.5]), { is: isPromoted, atLeast: 0.96 });
    },
  );

  test.each(
    SCENARIOS.flatMap(({ name, scenario, runs }) =>
      scenario.metrics.map(({ id }, at) => ({ name, id, at, scenario, runs })),
    ),
  )(
    'exactly at the margin of $id, and much better in all else, it is promoted no more often than stated ($name)',
    ({ name, id, at, scenario, runs }) => {
      const claim = { is: isPromoted, atMost: allowed(0.05, runs) };
      const all = holdTo(runs, hurried(scenario, 2, atMarginOf(scenario, at)), claim);
      show(`${name}, exactly at the margin of ${id}: promoted`, all.length, shareOf(all, isPromoted));
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
      const ours = (one: RevenueResult) => one.ours;
      const harmless = holdTo(runs, () => playRevenue(1, random, { market }), {
        is: ours,
        atMost: allowed(0.05, runs),
      });
      const harmful = holdTo(runs, () => playRevenue(0.6, random, { market, untilFound: true }), {
        is: ours,
        atLeast: 0.9,
      });
      const asymptotic = shareOf(harmless, (one) => one.asymptotic);
      show(
        `${name}, revenue, no difference: rolled back, asymptotic sequence`,
        harmless.length,
        shareOf(harmless, ours),
        asymptotic,
      );
      show(`${name}, revenue, 40 % fewer pay: rolled back`, harmful.length, shareOf(harmful, ours));
    },
  );

  test('a tenth of the challenger’s records lost is found within 50,000 requests', () => {
    const random = seededRandom(5);
    const options = { requestsPerLook: 500, lostRecords: 0.1 };
    const isFound = ({ end }: Pick<RampResult, 'end'>) => end === 'pause';
    const all = holdTo(RUNS, () => playUnits(random, options), { is: isFound, atLeast: 0.8 });
    const requests = median(all.filter(isFound).map((one) => one.requests));
    show(`records lost: found, in the median after ${requests} requests`, all.length, shareOf(all, isFound));
    expect(requests).toBeLessThanOrEqual(50_000);
  });
});
