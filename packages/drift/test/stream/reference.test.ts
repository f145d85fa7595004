import { seededRandom } from '@millwright/core';
import {
  adwin,
  calibrate,
  conformalRank,
  type Detector,
  eDetector,
  ksBetting,
  kswin,
  pageHinkley,
  stepd,
} from '@millwright/drift/stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cellsOf, chanceAbove, meanShareBelow } from '../../src/stream/cells.js';

const normal = (seed: number) => {
  const random = seededRandom(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
};
const draws = (n: number, next: () => number) => Float64Array.from({ length: n }, next);

function firstAlarm(detector: Detector, values: Float64Array): number {
  const at = new Uint32Array(1);
  return detector.updateBatch(values, at) === 0 ? Number.POSITIVE_INFINITY : at[0]!;
}

const reference = draws(5_000, normal(1));

describe('what a reference leaves unknown', () => {
  test('the bound of a chance and of a mean rank fail for no more than their share of references', () => {
    const random = seededRandom(2);
    const ROWS = 200;
    const RUNS = 2_000;
    const { ranks } = cellsOf(
      Float64Array.from({ length: ROWS }, (_, i) => i),
      7,
    );
    const chance = chanceAbove(ranks[3]!, ROWS, 0.1);
    const share = meanShareBelow({ ranks, rows: ROWS }, 0.1);
    let [chanceFailed, shareFailed] = [0, 0];
    for (let run = 0; run < RUNS; run++) {
      // Uniform values: the chance to lie above an edge is 1 minus the edge.
      const { edges } = cellsOf(draws(ROWS, random.next), 7);
      if (1 - edges[3]! > chance) chanceFailed++;
      if (edges.reduce((sum, edge) => sum + 1 - edge, 0) / edges.length > share) shareFailed++;
    }
    const atMost = 0.1 + 3 * Math.sqrt((0.1 * 0.9) / RUNS);
    expect(chanceFailed / RUNS).toBeLessThan(atMost);
    // The first is exact, the second on the safe side.
    expect(chanceFailed / RUNS).toBeGreaterThan(0.08);
    expect(shareFailed / RUNS).toBeLessThan(0.1);
    expect(shareFailed / RUNS).toBeGreaterThan(0);
  });

  test('longer references leave less', () => {
    const bound = (rows: number) => {
      const { ranks } = cellsOf(
        Float64Array.from({ length: rows }, (_, i) => i),
        15,
      );
      return meanShareBelow({ ranks, rows }, 0.1);
    };
    expect(bound(100)).toBeGreaterThan(bound(1_000));
    expect(bound(100_000) - 0.5).toBeLessThan(0.003);
  });

  test('a mean that was learnt from values is above theirs, and less so the more they are', () => {
    const next = normal(3);
    const values = (n: number) => draws(n, () => 1 / (1 + Math.exp(-next())));
    const delay = (n: number) => {
      let total = 0;
      for (let run = 0; run < 10; run++)
        total += firstAlarm(
          eDetector.init({ baseline: values(n) }),
          draws(3_000, () => 1 / (1 + Math.exp(-(next() + 0.5)))),
        );
      return total / 10;
    };
    const [short, long] = [delay(200), delay(10_000)];
    expect(long).toBeLessThan(short);
    expect(short).toBeLessThan(3_000);
  });

  test('zeros and ones are counted, so both ways of saying it agree', () => {
    const bits = Float64Array.from({ length: 1_000 }, (_, i) => Number(i % 10 === 0));
    const snapshot = (baseline: Float64Array | { count: number; rows: number }) =>
      new TextDecoder().decode(eDetector.init({ baseline }).snapshot());
    expect(snapshot(bits)).toBe(snapshot({ count: 100, rows: 1_000 }));
  });
});

describe.each([
  ['conformal rank', conformalRank],
  ['KS betting', ksBetting],
])('%s', (name, kind) => {
  test('finds a shift of half a deviation within 200 values', () => {
    const next = normal(4);
    const detector = kind.init({ reference });
    expect(detector.updateBatch(draws(2_000, next))).toBe(0);
    expect(
      firstAlarm(
        detector,
        draws(2_000, () => next() + 0.5),
      ),
    ).toBeLessThan(200);
    expect(
      firstAlarm(
        detector,
        draws(2_000, () => next() - 0.5),
      ),
    ).toBeLessThan(200);
  });

  test('scale, place and any monotone change of scale leave the alarms where they are', () => {
    const next = normal(5);
    const values = draws(3_000, () => next() + 0.2);
    const at = (f: (x: number) => number) =>
      firstAlarm(kind.init({ reference: reference.map(f), arl: 500 }), values.map(f));
    const plain = at((x) => x);
    expect(plain).toBeLessThan(3_000);
    expect(at((x) => 1e9 + 10 * x)).toBe(plain);
    expect(at((x) => Math.exp(x))).toBe(plain);
  });

  test('ties cost power, not the promise', () => {
    const random = seededRandom(6);
    const draw = (rate: number) => () => Math.floor(3 * random.next() ** rate);
    const detector = kind.init({ reference: draws(5_000, draw(1)), arl: 2_000 });
    expect(detector.updateBatch(draws(10_000, draw(1)))).toBeLessThanOrEqual(5);
    expect(
      firstAlarm(kind.init({ reference: draws(5_000, draw(1)), arl: 2_000 }), draws(3_000, draw(0.4))),
    ).toBeLessThan(1_500);
  });

  test('a change within the margin is none, a larger one is found', () => {
    const next = normal(11);
    const make = () => kind.init({ reference, margin: 0.1 });
    // A fifth of a deviation moves the mean rank by 0.056 and the distribution function by 0.08.
    expect(make().updateBatch(draws(20_000, () => next() + 0.2))).toBe(0);
    expect(
      firstAlarm(
        make(),
        draws(3_000, () => next() + 0.8),
      ),
    ).toBeLessThan(300);
  });

  test('an e-process never alarms again and again', () => {
    const next = normal(7);
    const detector = kind.init({ reference, form: 'e-process', arl: 100 });
    expect(detector.updateBatch(draws(20_000, next))).toBe(0);
  });

  test.each<
    [{ reference?: number[] | Float64Array; cells?: number; arl?: number; shares?: number[]; margin?: number }, string]
  >([
    [{}, 'without a reference'],
    [{ reference: [1, 2, 3] }, 'a reference of three'],
    [{ reference: new Float64Array(100).fill(Number.NaN) }, 'missing values'],
    [{ reference, cells: 0 }, 'no cells'],
    [{ reference, arl: 0 }, 'no run length'],
    [{ reference, shares: [1] }, 'a ruinous bet'],
    [{ reference, margin: -1 }, 'a negative margin'],
  ])('refuses %o (%s)', (options, _why) => {
    expect(() => kind.init(options)).toThrow(/Expected/);
  });

  test(`${name} bets fairly: no stake gains on average while the reference's law holds`, () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), (seed) => {
        const next = normal(seed);
        // A promise of a run length of 50, looked at for 50 values: e^-1 of runs may end before at the most.
        let ended = 0;
        for (let run = 0; run < 20; run++)
          if (firstAlarm(kind.init({ reference, arl: 50 }), draws(50, next)) < 50) ended++;
        expect(ended).toBeLessThan(20);
      }),
      { numRuns: 5, seed: 1 },
    );
  });
});

test('KS betting finds a change of spread, which leaves mean and mean rank as they are', () => {
  const next = normal(8);
  const wide = draws(3_000, () => 1.5 * next());
  expect(firstAlarm(ksBetting.init({ reference }), wide)).toBeLessThan(250);
  expect(firstAlarm(conformalRank.init({ reference }), wide)).toBe(Number.POSITIVE_INFINITY);
});

describe('calibrate', () => {
  const random = seededRandom(9);
  const bits = draws(5_000, () => Number(random.next() < 0.1));

  test('a setting of Page-Hinkley that keeps a run length of 2,000, on other streams too', () => {
    const found = calibrate(pageHinkley, { targetArl: 2_000, reference: bits, runs: 60 });
    expect(found.arl.lower).toBeGreaterThanOrEqual(2_000);
    // Not more careful than needed: the estimate is above the target only as far as the simulation is uncertain.
    expect(found.arl.estimate).toBeLessThan(3_000);
    const fresh = draws(400_000, () => Number(random.next() < 0.1));
    expect(400_000 / pageHinkley.init(found.options).updateBatch(fresh)).toBeGreaterThan(2_000);
  });

  test('is the same for the same seed, and keeps the other options', () => {
    const plan = { targetArl: 300, reference: bits, runs: 20, options: { warning: 0.2 } };
    const found = calibrate(stepd, plan);
    expect(calibrate(stepd, plan)).toEqual(found);
    expect(found.options).toMatchObject({ warning: 0.2, drift: found.value });
  });

  test('a longer run length is a more careful setting', () => {
    const drift = (targetArl: number) => calibrate(stepd, { targetArl, reference: bits, runs: 20 }).value;
    expect(drift(2_000)).toBeLessThan(drift(400));
  });

  test('blocks keep the dependence of the reference, which asks for a more careful setting', () => {
    let last = 0;
    const next = normal(10);
    const dependent = draws(20_000, () => (last = 0.8 * last + next()));
    const delta = (block: number) =>
      calibrate(adwin, { targetArl: 1_000, reference: dependent, block, runs: 30 }).value;
    expect(delta(200)).toBeLessThan(delta(1) / 10);
  });

  test('third-party detectors name their knob', () => {
    const { knob: _, ...kind } = stepd;
    expect(() => calibrate(kind, { targetArl: 100, reference: bits })).toThrow(/knob/);
    const knob = { option: 'drift', from: 0.05, to: 1e-6 };
    expect(calibrate(kind, { targetArl: 300, reference: bits, knob, runs: 20 }).value).toBeLessThan(0.05);
  });

  test('says so when no setting reaches the target', () => {
    const plan = { targetArl: 100_000, reference: bits, runs: 0.5 };
    expect(() => calibrate(kswin, { ...plan, knob: { option: 'alpha', from: 0.1, to: 0.05 } })).toThrow(/targetArl/);
    expect(() => calibrate(stepd, { targetArl: 0, reference: bits })).toThrow(/targetArl/);
    expect(() => calibrate(stepd, { targetArl: 100, reference: bits, block: 9_999 })).toThrow(/block/);
    expect(() => calibrate(stepd, { targetArl: 100, reference: [] })).toThrow(/block/);
  });
});
