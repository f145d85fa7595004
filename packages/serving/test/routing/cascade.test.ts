import { type Predictor, seededRandom, sleep } from '@millwright/core';
import { virtualClock } from '@millwright/core/testing';
import { describe, expect, test } from 'vitest';
import { type CascadeStep, cascade, deferralThreshold } from '../../src/routing/index.js';

interface Answer {
  readonly label: string;
  readonly sure: number;
}
const answering = (label: string, sure: number): Predictor<string, Answer> => ({
  predict: async () => ({ label, sure }),
});
const failing: Predictor<string, Answer> = { predict: () => Promise.reject(new TypeError('broken')) };
const step = (name: string, predictor: Predictor<string, Answer>, more: Partial<CascadeStep<string, Answer>> = {}) => ({
  name,
  predictor,
  confidence: ({ sure }: Answer) => sure,
  ...more,
});

describe('cascade', () => {
  test('a sure cheap answer is given; an unsure one goes on', async () => {
    const of = (sure: number) =>
      cascade([step('cheap', answering('a', sure), { threshold: 0.8 }), step('dear', answering('b', 0.9))]);
    expect(await of(0.95).predict('x', {})).toMatchObject({ step: 'cheap', output: { label: 'a' }, passed: [] });
    expect(await of(0.5).predict('x', {})).toMatchObject({
      step: 'dear',
      passed: [{ step: 'cheap', reason: 'unsure' }],
    });
  });

  test('as a chain of fallbacks: the next answers for one that fails', async () => {
    const chain = cascade([step('first', failing), step('second', answering('b', 0))]);
    expect(await chain.predict('x', {})).toMatchObject({
      step: 'second',
      passed: [{ step: 'first', reason: 'failed' }],
    });
    await expect(cascade([step('only', failing)]).predict('x', {})).rejects.toMatchObject({
      code: 'serving/model-failed',
      message: expect.stringContaining('only failed'),
    });
  });

  test('an unsure answer is given rather than a deadline missed', async () => {
    const clock = virtualClock(1_000);
    const slow: Predictor<string, Answer> = { predict: () => sleep(clock, 500).then(() => ({ label: 'b', sure: 1 })) };
    const cheap = step('cheap', answering('a', 0.1), { threshold: 0.8 });
    const skipped = cascade([cheap, step('dear', slow, { expectedMs: 400 })], { clock });
    expect(await skipped.predict('x', { deadlineAt: 1_200 })).toMatchObject({
      step: 'cheap',
      passed: [{ step: 'dear', reason: 'noTime' }],
    });
    const tried = cascade([cheap, step('dear', slow)], { clock });
    const answer = tried.predict('x', { deadlineAt: 1_200 });
    await clock.advance(250);
    expect(await answer).toMatchObject({ step: 'cheap', passed: [{ step: 'dear', reason: 'noTime' }] });
  });

  test('no steps are refused', () => {
    expect(() => cascade([])).toThrow(/at least one step/);
  });
});

describe('deferral threshold', () => {
  const draw = (seed: number, count: number) => {
    const random = seededRandom(seed);
    return Array.from({ length: count }, () => {
      const confidence = random.next();
      return { confidence, right: random.next() < 0.5 + confidence / 2 };
    });
  };

  test('keeps the error of what is answered below the bound, for samples not seen', () => {
    let broken = 0;
    for (let seed = 0; seed < 60; seed++) {
      const { threshold, coverage, errorBound } = deferralThreshold(draw(seed, 2_000), { maxError: 0.15 });
      expect(coverage).toBeGreaterThan(0.2);
      expect(errorBound).toBeLessThanOrEqual(0.15);
      // Among answers at least t sure, (1 - t) / 4 are wrong.
      if ((1 - threshold!) / 4 > 0.15) broken++;
    }
    expect(broken / 60).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / 60));
  });

  test('promises nothing from too few answers', () => {
    expect(deferralThreshold(draw(1, 20), { maxError: 0.05 })).toMatchObject({ threshold: undefined, coverage: 0 });
    expect(deferralThreshold([], { maxError: 0.05 }).threshold).toBeUndefined();
    expect(() => deferralThreshold([{ confidence: Number.NaN, right: true }], { maxError: 0.05 })).toThrow(
      /confidences/,
    );
  });
});
