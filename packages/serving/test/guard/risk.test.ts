import { seededRandom } from '@millwright/core';
import { openLedger } from '@millwright/core/ledger';
import { reviewQueue } from '@millwright/core/review';
import { memoryLog } from '@millwright/core/storage';
import {
  createEndpoint,
  isAbstained,
  quantileRanges,
  rangeGuard,
  reviewAbstentions,
  riskGuard,
} from '@millwright/serving';
import { describe, expect, test } from 'vitest';

/** Answers that are right as often as they are sure, in [1/2, 1]. */
function judged(n: number, seed: number) {
  const random = seededRandom(seed);
  return Array.from({ length: n }, () => {
    const confidence = 0.5 + random.next() / 2;
    return { confidence, right: random.next() < confidence };
  });
}

describe('a risk guard', () => {
  test('lets through what keeps the bound, and holds back the rest', () => {
    const guard = riskGuard<number>({ confidence: (y) => y, sample: judged(2_000, 1), maxError: 0.1 });
    expect(guard.threshold).toBeGreaterThan(0.8);
    expect(guard.errorBound).toBeLessThanOrEqual(0.1);
    expect(guard.coverage).toBeGreaterThan(0.1);
    expect(guard.output!(0.99, {})).toBeUndefined();
    expect(guard.output!(0.6, {})).toContain('below');
    expect(guard.output!(Number.NaN, {})).toBeDefined();
  });

  test('keeps its promise in at least 95 of 100 samples', () => {
    let broken = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const { threshold } = riskGuard<number>({ confidence: (y) => y, sample: judged(300, seed), maxError: 0.15 });
      if (threshold === undefined) continue;
      // Of the answers above t, uniform up to 1, (1 - t) / 2 are wrong.
      if ((1 - threshold) / 2 > 0.15) broken++;
    }
    expect(broken / 200).toBeLessThanOrEqual(0.05);
  });

  test('a sample that promises nothing lets nothing through', () => {
    const sample = Array.from({ length: 5 }, () => ({ confidence: 1, right: true }));
    const guard = riskGuard<number>({ confidence: (y) => y, sample, maxError: 0.01 });
    expect([guard.threshold, guard.coverage]).toEqual([undefined, 0]);
    expect(guard.output!(1, {})).toContain('No confidence');
    expect(() => riskGuard({ confidence: () => 1, sample: [], maxError: 0.1 })).toThrow(/sample/);
  });
});

test('an envelope of quantiles holds the share that it says', () => {
  const random = seededRandom(2);
  const miles = Float64Array.from({ length: 10_000 }, () => 1_000 * random.next());
  const ranges = quantileRanges({ miles, empty: [Number.NaN] }, 0.98);
  const guard = rangeGuard<{ miles: number }>(ranges);
  const outside = miles.filter((value) => guard.input!({ miles: value }) !== undefined).length;
  expect(outside).toBe(200);
  expect(ranges).not.toHaveProperty('empty');
  expect(quantileRanges({ a: [3, 1, 2] }, 1)).toEqual({ a: { min: 1, max: 3 } });
  expect(() => quantileRanges({}, 0)).toThrow(expect.objectContaining({ code: 'input/invalid' }));
});

describe('abstentions', () => {
  async function lab(options: { readonly maxWaiting?: number } = {}) {
    const ledger = await openLedger({ log: memoryLog(), actor: 'host:test' });
    const reviews = await reviewQueue(ledger);
    const endpoint = await createEndpoint<{ x: number }, { y: number }>({
      model: { predict: async ({ x }) => ({ y: x }) },
      guards: [{ name: 'small', output: ({ y }) => (y > 10 ? `${y} is a lot.` : undefined) }],
    });
    const errors: unknown[] = [];
    const sending = reviewAbstentions(endpoint, reviews, {
      ask: ({ input }, { reason }) =>
        (input as { x: number }).x === 99
          ? undefined
          : { question: `True? ${reason}`, choices: ['yes', 'no'], priority: 2 },
      onError: (error) => errors.push(error),
      ...options,
    });
    return { reviews, endpoint, sending, errors };
  }

  test('go to people, with the decision as their subject', async () => {
    const { reviews, endpoint, sending } = await lab();
    await endpoint.predict({ x: 1 });
    const { output, decisionId } = await endpoint.predict({ x: 11 });
    expect(isAbstained(output)).toBe(true);
    await endpoint.predict({ x: 99 });
    await sending.idle();
    expect(sending.sent).toBe(1);
    const [review] = reviews.open('escalations');
    expect(review).toMatchObject({
      id: decisionId,
      subject: decisionId,
      question: 'True? 11 is a lot.',
      choices: ['yes', 'no'],
    });
    const taken = await reviews.claim({ queue: 'escalations', actor: 'person:ada' });
    await reviews.decide(decisionId, { token: taken!.claim.token, choice: 'yes', actor: 'person:ada' });
    expect(reviews.open('escalations')).toEqual([]);
  });

  test('that are too many, or that the ledger refuses, never fail a request', async () => {
    const { endpoint, sending } = await lab({ maxWaiting: 1 });
    await Promise.all(Array.from({ length: 20 }, () => endpoint.predict({ x: 11 })));
    await sending.idle();
    expect(sending.sent + sending.dropped).toBe(20);
    expect(sending.dropped).toBeGreaterThan(0);
    const failing = new Error('store');
    const errors: unknown[] = [];
    const broken = reviewAbstentions(
      endpoint,
      { request: () => Promise.reject(failing) },
      { ask: () => ({ question: '?' }), onError: (error) => errors.push(error) },
    );
    await endpoint.predict({ x: 12 });
    await broken.idle();
    expect([errors, broken.sent]).toEqual([[failing], 0]);
    broken.stop();
    await endpoint.predict({ x: 12 });
    expect(errors).toHaveLength(1);
  });
});
