import { seededRandom } from '@millwright/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  exp3Shares,
  exp3Update,
  guardedShares,
  inverseGapWeights,
  probabilityBest,
  topTwoWeights,
} from '../../src/routing/index.js';
import vectors from '../vectors/bandits.json' with { type: 'json' };

const close = (actual: readonly number[], expected: readonly number[], digits = 7) =>
  actual.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, digits);
  });

describe('the probability to be best', () => {
  test('of rates equals quadrature by the reference', () => {
    for (const { posterior, prob_best, floored_additive_1pct } of vectors.beta) {
      const arms = posterior.map(([a, b]) => ({ kind: 'beta', successes: a!, failures: b! }) as const);
      close(probabilityBest(arms), prob_best);
      close(guardedShares(probabilityBest(arms), { championFloor: 0 }), floored_additive_1pct);
    }
  });

  test('of means, also where lower is better', () => {
    for (const { mean, sd, prob_best, prob_best_lower_is_better } of vectors.gaussian) {
      const arms = mean.map((m, i) => ({ kind: 'gaussian', mean: m, sd: sd[i]! }) as const);
      close(probabilityBest(arms), prob_best);
      close(probabilityBest(arms, 'lower'), prob_best_lower_is_better);
    }
  });

  test('no arms, or an impossible posterior, is refused', () => {
    expect(() => probabilityBest([])).toThrow(/at least one arm/);
    expect(() => probabilityBest([{ kind: 'beta', successes: 0, failures: 1 }])).toThrow(/positive counts/);
  });
});

test('inverse gap weighting', () => {
  for (const { scores, gamma, floor, weights } of vectors.falcon) {
    const names = Object.keys(scores);
    const expected = weights as Readonly<Record<string, number | undefined>>;
    const actual = inverseGapWeights(Object.values(scores), { gamma, floor });
    const best = Math.max(...Object.values(scores));
    names.forEach((name, i) => {
      if (Object.values(scores).filter((score) => score === best).length === 1)
        expect(actual[i]).toBeCloseTo(expected[name]!, 12);
    });
    expect(actual.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
  }
});

test('EXP3 follows the trace', () => {
  const { gamma, arms, trace, final_weights } = vectors.exp3;
  let state: readonly number[] = new Array(arms).fill(0);
  for (const { p, arm, reward } of trace) {
    const shares = exp3Shares(state, gamma);
    close(shares, p, 12);
    state = exp3Update(state, { arm, reward, gamma, share: shares[arm]! });
  }
  close(exp3Shares(state, 0), final_weights, 12);
});

describe('top-two Thompson sampling', () => {
  test('is the chance to be picked first, or second among those that differ from the first', () => {
    const random = seededRandom(2);
    const best = [0.7, 0.2, 0.1];
    const pick = () => {
      const u = random.next();
      return u < best[0]! ? 0 : u < best[0]! + best[1]! ? 1 : 2;
    };
    const counts = [0, 0, 0];
    for (let i = 0; i < 200_000; i++) {
      const first = pick();
      let chosen = first;
      if (random.next() >= 0.4) while (chosen === first) chosen = pick();
      counts[chosen]!++;
    }
    topTwoWeights(best, { beta: 0.4 }).forEach((share, i) => {
      expect(Math.abs(share - counts[i]! / 200_000)).toBeLessThan(0.005);
    });
  });

  test('sums to one whatever the weights, and leaves the leader no more than beta and its runner-up something', () => {
    const weight = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(weight, { minLength: 2, maxLength: 6 }), (weights) => {
        fc.pre(weights.some((w) => w > 0));
        const shares = topTwoWeights(weights);
        expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
        for (const share of shares) expect(share).toBeLessThanOrEqual(0.5 + 1e-9);
      }),
    );
    expect(topTwoWeights([1, 0, 0])).toEqual([0.5, 0.25, 0.25]);
    expect(topTwoWeights([3, 1], { beta: 1 })).toEqual([0.75, 0.25]);
    expect(() => topTwoWeights([1])).toThrow(/weights/);
    expect(() => topTwoWeights([1, Number.NaN])).toThrow(/weights/);
  });
});

describe('guarded shares', () => {
  test('sum to one, keep the floors and move no further than allowed', () => {
    const weight = fc.double({ min: 0.001, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(weight, { minLength: 2, maxLength: 5 }),
        fc.array(weight, { minLength: 5, maxLength: 5 }),
        (weights, start) => {
          const first = guardedShares(start.slice(0, weights.length));
          const next = guardedShares(weights, { previous: first, maxStep: 0.1 });
          for (const shares of [first, next]) {
            expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
            expect(shares[0]).toBeGreaterThanOrEqual(0.2 - 1e-9);
            expect(Math.min(...shares)).toBeGreaterThan(0);
          }
          next.forEach((share, i) => {
            expect(Math.abs(share - first[i]!)).toBeLessThanOrEqual(0.1 + 1e-9);
          });
        },
      ),
    );
  });

  test('a challenger is capped until it is proved, and the champion gets the rest', () => {
    expect(guardedShares([0.1, 0.9], { challengerCap: 0.3, floor: 0 })).toEqual([0.7, expect.closeTo(0.3, 12)]);
    expect(() => guardedShares([0, 0])).toThrow(/weights/);
  });
});
