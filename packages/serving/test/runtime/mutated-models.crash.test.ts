import { isMillwrightError, seededRandom } from '@millwright/core';
import { onnx } from '@millwright/serving';
import { expect, test } from 'vitest';
import { syntheticFeeds } from '../../src/runtime/synthetic-feeds.js';
import { artifactOf, logistic, lookup, perceptron } from '../support/models.js';

/** `MILLWRIGHT_MUTANTS=10000` is the full number. */
const MUTANTS = Number(process.env['MILLWRIGHT_MUTANTS'] ?? 2_000);

/** Native code that aborts takes this process with it, so surviving is the assertion. */
test('mutated models are refused, fail or run, and never end the host', async () => {
  const random = seededRandom(1);
  const seeds = [logistic([1, 2, 3], 0.5), lookup([0.5, -1, 2], 2, 0.01), perceptron([4, 6, 3])];
  const outcomes = new Map<string, number>();
  const count = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  for (let i = 0; i < MUTANTS; i++) {
    const bytes = seeds[i % 3]!.slice();
    for (let flips = 1 + Math.floor(3 * random.next()); flips > 0; flips--)
      bytes[Math.floor(random.next() * bytes.length)] = Math.floor(256 * random.next());
    try {
      await using model = await onnx({ require: 'cpu' }).load(artifactOf({ 'm.onnx': bytes }));
      const feeds = syntheticFeeds(model.signature.inputs, 2);
      if (feeds !== undefined) await model.run(feeds);
      count('ran');
    } catch (error) {
      count(isMillwrightError(error) ? error.code : String(error));
    }
  }
  const refusals = ['serving/untrusted-model', 'serving/unsupported', 'serving/no-provider'];
  const known = ['ran', ...refusals, 'serving/model-failed', 'serving/tensor'];
  expect([...outcomes.keys()].filter((outcome) => !known.includes(outcome))).toEqual([]);
  process.stdout.write(`${MUTANTS} mutated models: ${JSON.stringify([...outcomes])}\n`);
  expect(outcomes.get('serving/untrusted-model')).toBeGreaterThan(MUTANTS / 4);
  expect(outcomes.get('ran')).toBeGreaterThan(MUTANTS / 40);
});
