import { seededRandom } from '@millwright/core';
import {
  adaptiveAlpha,
  adaptiveConformalGuard,
  classThresholds,
  conformalGuard,
  conformalInterval,
  conformalSet,
  conformalSetGuard,
  conformalThreshold,
} from '@millwright/serving';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const SEEDS = 1_000;

/**
 * Share of alarms over 1,000 calibrations of n scores, `fresh` new ones each, and the standard error of that share: the
 * rate of one calibration is Beta distributed, and its spread over seeds dominates.
 */
function falseAlarms(
  n: number,
  alpha: number,
  alarm: (draw: () => number, n: number) => (fresh: () => number) => boolean,
) {
  const fresh = 20;
  let alarms = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = seededRandom(seed);
    const draw = () => -Math.log(1 - random.next());
    const isAlarm = alarm(draw, n);
    for (let i = 0; i < fresh; i++) if (isAlarm(draw)) alarms++;
  }
  const variance = alpha * (1 - alpha);
  return { rate: alarms / (SEEDS * fresh), sigma: Math.sqrt(variance / (n + 2) / SEEDS + variance / (SEEDS * fresh)) };
}

describe('false alarms over 1,000 seeds are alpha, give or take two standard errors', () => {
  // With (n + 1) alpha whole the promise is exact, not only an upper bound.
  test.each([
    [99, 0.1],
    [99, 0.05],
    [199, 0.2],
    [499, 0.01],
  ])('a guard on %i scores at %f', (n, alpha) => {
    const { rate, sigma } = falseAlarms(n, alpha, (draw) => {
      const scores = Array.from({ length: n }, draw);
      const guard = conformalGuard<number, unknown>({ scores, alpha, ofInput: (x) => x });
      return (fresh) => guard.input!(fresh()) !== undefined;
    });
    expect(Math.abs(rate - alpha)).toBeLessThan(2 * sigma);
  });

  test('intervals leave out the truth as often', () => {
    const { rate, sigma } = falseAlarms(99, 0.1, (draw) => {
      const residuals = Array.from({ length: 99 }, draw);
      const q = conformalThreshold(residuals, 0.1);
      return (fresh) => {
        const [low, high] = conformalInterval(10, q);
        const truth = 10 + fresh();
        return truth < low || truth > high;
      };
    });
    expect(Math.abs(rate - 0.1)).toBeLessThan(2 * sigma);
  });

  test('when (n + 1) alpha is not whole, they are fewer, never more', () => {
    const { rate, sigma } = falseAlarms(25, 0.1, (draw) => {
      const threshold = conformalThreshold(Array.from({ length: 25 }, draw), 0.1);
      return (fresh) => fresh() > threshold;
    });
    expect(rate).toBeLessThan(0.1 + 2 * sigma);
    expect(rate).toBeGreaterThan(2 / 26 - 3 * sigma);
  });
});

describe('thresholds by class', () => {
  test('keep alpha for the rare class too, where one threshold for all does not', () => {
    const random = seededRandom(5);
    // The model is worse at class 1, which is one in ten.
    const draw = () => {
      const own = random.next() < 0.1 ? 1 : 0;
      return { own, score: own === 1 ? Math.sqrt(random.next()) : random.next() ** 2 };
    };
    const calibration = Array.from({ length: 5_000 }, draw);
    const scores = calibration.map(({ score }) => score);
    const byClass = classThresholds(
      scores,
      calibration.map(({ own }) => own),
      0.1,
    );
    const forAll = conformalThreshold(scores, 0.1);
    const misses = [0, 0];
    const missesForAll = [0, 0];
    const seen = [0, 0];
    for (let i = 0; i < 20_000; i++) {
      const { own, score } = draw();
      seen[own]!++;
      if (score > byClass[own]!) misses[own]!++;
      if (score > forAll) missesForAll[own]!++;
    }
    for (const own of [0, 1]) expect(misses[own]! / seen[own]!).toBeCloseTo(0.1, 1);
    expect(missesForAll[1]! / seen[1]!).toBeGreaterThan(0.2);
  });

  test('a class with too few rows is never ruled out', () => {
    const [a, b, c] = classThresholds([0.1, 0.2, 0.3], [0, 0, 2], 0.4);
    expect([a, b, c]).toEqual([0.2, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
    expect(conformalSet([0.99, 0.01, 0], [0.05, Number.POSITIVE_INFINITY])).toEqual([0, 1, 2]);
    expect(() => classThresholds([1], [0, 1], 0.1)).toThrow(expect.objectContaining({ code: 'input/invalid' }));
  });

  test('a guard abstains when the set is empty or too large', () => {
    const guard = conformalSetGuard<readonly number[]>({ probabilities: (p) => p, threshold: 0.6 });
    expect(guard.output!([0.9, 0.1], {})).toBeUndefined();
    expect(guard.output!([0.5, 0.5], {})).toContain('2 classes');
    expect(guard.output!([0.3, 0.3, 0.3], {})).toContain('No class');
    expect(guard.output!([Number.NaN, Number.NaN], {})).toContain('No class');
    const two = conformalSetGuard<readonly number[]>({ probabilities: (p) => p, threshold: 0.6, maxSize: 2 });
    expect(two.output!([0.5, 0.5], {})).toBeUndefined();
  });
});

describe('adaptive alpha', () => {
  test('keeps its target within the bound of Gibbs and Candès, whatever the stream does', () => {
    const scores = Array.from({ length: 49 }, (_, i) => i);
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.double({ min: -10, max: 60, noNaN: true }), fc.constant(Number.NaN)), {
          minLength: 1,
          maxLength: 400,
        }),
        fc.constantFrom(0.05, 0.1, 0.5),
        fc.constantFrom(0.01, 0.05, 0.2),
        (stream, alpha, gamma) => {
          const guard = adaptiveConformalGuard<number, unknown>({ scores, alpha, gamma, ofInput: (x) => x });
          let outside = 0;
          for (const score of stream) {
            // At an alpha of 0 and below the set is everything, and NaN in it.
            const isOutside = guard.threshold !== Number.POSITIVE_INFINITY && guard.input!(score) !== undefined;
            if (isOutside) outside++;
            guard.observe(guard.threshold === Number.POSITIVE_INFINITY ? Number.NEGATIVE_INFINITY : score);
          }
          const bound = (Math.max(alpha, 1 - alpha) + gamma) / (stream.length * gamma);
          expect(Math.abs(outside / stream.length - alpha)).toBeLessThanOrEqual(bound + 1e-9);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('follows a stream that has moved, where a fixed threshold cries without end', () => {
    const random = seededRandom(9);
    const scores = Array.from({ length: 999 }, () => random.next());
    const fixed = conformalGuard<number, unknown>({ scores, alpha: 0.1, ofInput: (x) => x });
    const adaptive = adaptiveConformalGuard<number, unknown>({ scores, alpha: 0.1, gamma: 0.02, ofInput: (x) => x });
    const alarms = { fixed: 0, adaptive: 0 };
    for (let i = 0; i < 5_000; i++) {
      const score = random.next() + 0.3;
      if (fixed.input!(score) !== undefined) alarms.fixed++;
      if (adaptive.input!(score) !== undefined) alarms.adaptive++;
      adaptive.observe(score);
    }
    expect(alarms.fixed / 5_000).toBeGreaterThan(0.35);
    expect(alarms.adaptive / 5_000).toBeCloseTo(0.1, 1);
    expect(adaptive.alpha).toBeLessThan(0.1);
  });

  test('a step of nothing is refused', () => {
    for (const gamma of [0, -1, Number.NaN]) expect(() => adaptiveAlpha(0.1, gamma)).toThrow(/gamma/);
    expect(() => adaptiveAlpha(1)).toThrow(/target/);
  });
});
