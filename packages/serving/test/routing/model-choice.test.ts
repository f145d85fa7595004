import { virtualClock } from '@millwright/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseModel, modelRouter, type RoutedModel } from '../../src/routing/index.js';

const answering = (answer: () => string) => ({ predict: async () => answer() });
const models: readonly RoutedModel<string, string>[] = [
  {
    name: 'large',
    cost: 10,
    latencyMs: 900,
    quality: 0.95,
    capabilities: ['de', 'images'],
    predictor: answering(() => 'L'),
  },
  { name: 'small', cost: 1, latencyMs: 50, quality: 0.7, capabilities: ['de'], predictor: answering(() => 'S') },
  { name: 'tuned', cost: 1, latencyMs: () => 40, quality: 0.8, predictor: answering(() => 'T') },
];
const names = (need: Parameters<typeof chooseModel>[1]) => chooseModel(models, need).ranked.map(({ name }) => name);

describe('chooseModel', () => {
  test('the cheapest that will do, then the faster', () => {
    expect(names({})).toEqual(['tuned', 'small', 'large']);
    expect(names({ capabilities: ['de'] })).toEqual(['small', 'large']);
    expect(names({ minQuality: 0.9 })).toEqual(['large']);
    expect(names({ maxLatencyMs: 45 })).toEqual(['tuned']);
  });

  test('says why the others will not', () => {
    expect(chooseModel(models, { capabilities: ['images'], maxCost: 5 })).toEqual({
      ranked: [],
      refused: [
        { name: 'large', reason: 'cost' },
        { name: 'small', reason: 'capability' },
        { name: 'tuned', reason: 'capability' },
      ],
    });
  });

  test('what is not known does not pass where it matters', () => {
    const unknown = [{ name: 'x', cost: Number.NaN, latencyMs: Number.NaN, quality: Number.NaN }];
    for (const need of [{ maxCost: 1 }, { maxLatencyMs: 1 }, { minQuality: 0 }])
      expect(chooseModel(unknown, need).ranked).toEqual([]);
    expect(chooseModel(unknown).ranked.length).toBe(1);
  });

  test('more demands never make it cheaper, and never bring back a model', () => {
    const number = fc.integer({ min: 0, max: 5 });
    const model = fc.record({ name: fc.string(), cost: number, latencyMs: number, quality: number });
    fc.assert(
      fc.property(fc.array(model), number, number, (all, maxLatencyMs, minQuality) => {
        const free = chooseModel(all, { maxLatencyMs }).ranked;
        const bound = chooseModel(all, { maxLatencyMs, minQuality }).ranked;
        expect(free).toEqual(expect.arrayContaining([...bound]));
        if (bound.length > 0) expect(bound[0]!.cost).toBeGreaterThanOrEqual(free[0]!.cost);
      }),
    );
  });
});

describe('modelRouter', () => {
  const clock = virtualClock(0);
  const route = modelRouter(models, (input) => (input === 'image' ? { capabilities: ['images'] } : {}), { clock });

  test('asks by request, and leaves out what would come too late', async () => {
    expect(await route.predict('text', {})).toMatchObject({ output: 'T', step: 'tuned' });
    expect(await route.predict('image', {})).toMatchObject({ output: 'L' });
    await expect(route.predict('image', { deadlineAt: 500 })).rejects.toThrow(/large: latency/);
  });

  test('goes on to the next when one fails', async () => {
    const broken = {
      ...models[2]!,
      predictor: answering(() => {
        throw new RangeError('down');
      }),
    };
    const answer = await modelRouter([broken, models[1]!], () => ({})).predict('text', {});
    expect(answer).toMatchObject({ output: 'S', step: 'small', passed: [{ step: 'tuned', reason: 'failed' }] });
    expect(() => modelRouter([], () => ({}))).toThrow(/at least one/);
  });
});
