import { memoryHint, memoryStorage } from '@millwright/core/storage';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkSplits, datasetSplits, splitsProjection } from '../../src/dataset/index.js';
import { openRegistry } from '../../src/index.js';
import { desk, files } from '../desk.js';

async function split() {
  const { registry } = await desk();
  await registry.datasets.add('flights', { rowCount: 10 }, { layer: 'curated' });
  return { registry, splits: await datasetSplits(registry) };
}

test('a split is written down with its leakage check, and is evidence for a version', async () => {
  const { registry, splits } = await split();
  const parts = { train: { ids: ['a', 'b', 'c'] }, test: { ids: ['d'] } };
  const clean = await splits.record('flights@1', 'by-day', parts);
  expect(clean).toMatchObject({ verdict: 'pass', leaks: [], by: 'maria', sentence: '3 train, 1 test; nothing leaks.' });
  const version = await registry.models.register('m', { files: files('m'), owner: 'ops' });
  const judged = await registry.models.attachEvidence(version, clean, { kind: 'split' });
  expect(judged.evidence[0]).toMatchObject({ kind: 'split', verdict: 'pass', digest: clean.digest });

  expect(await splits.matches(clean, { train: { ids: ['c', 'b', 'a'] }, test: { ids: ['d'] } })).toBe(true);
  expect(await splits.matches(clean, { train: { ids: ['a', 'b'] }, test: { ids: ['c', 'd'] } })).toBe(false);
});

test('a split that leaks is written down too, its samples beside the ledger', async () => {
  const { registry, splits } = await split();
  const parts = {
    train: { ids: ['ana', 'ben'], groups: ['x', 'y'], times: [1, 5] },
    test: { ids: ['ana', 'cem', 'cem'], groups: ['x', 'z', 'z'], times: [6, 7, 4] },
  };
  const leaky = await splits.record('flights@1', 'random', parts);
  expect(leaky.verdict).toBe('fail');
  expect(leaky.sentence).toBe(
    '2 train, 3 test; leaks: 1 by duplicate in test, 1 by id from train to test, 1 by group from train to test, 1 by time from train to test.',
  );
  for await (const { data } of registry.ledger.read()) expect(JSON.stringify(data)).not.toContain('ana"');
  expect(splits.of('flights@1')).toEqual([leaky]);
});

test('one part decides nothing; unknown datasets and lists of different length are refused', async () => {
  const { splits } = await split();
  expect((await splits.record('flights@1', 'all', { train: { ids: [1] }, test: { ids: [] } })).verdict).toBe(
    'insufficient',
  );
  await expect(splits.record('none@1', 'x', { a: { ids: [1] } })).rejects.toMatchObject({ code: 'state/not-found' });
  const bad = { a: { ids: [1, 2], groups: ['x'] } };
  await expect(splits.record('flights@1', 'x', bad)).rejects.toMatchObject({ code: 'input/invalid' });
  expect(splits.of('none@1')).toEqual([]);
});

test('splits come back from a checkpoint', async () => {
  const storage = { ...memoryStorage(), hint: memoryHint() };
  const registry = await openRegistry(storage, { actor: 'maria' });
  await registry.datasets.add('flights', { rowCount: 10 }, { layer: 'curated' });
  const recorded = await (await datasetSplits(registry)).record('flights@1', 'x', { a: { ids: [1] }, b: { ids: [1] } });
  await registry.ledger.checkpoint();
  const again = await openRegistry(storage, { actor: 'maria', projections: [splitsProjection] });
  expect((await datasetSplits(again)).of('flights@1')).toEqual([recorded]);
});

test('property: what is written down is what the check says, and matches the same rows in any order', async () => {
  const ids = fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 8 });
  const { splits } = await split();
  await fc.assert(
    fc.asyncProperty(ids, ids, async (a, b) => {
      const recorded = await splits.record('flights@1', 'x', { a: { ids: a }, b: { ids: b } });
      expect(recorded.verdict).toBe(checkSplits({ a: { ids: a }, b: { ids: b } }).verdict);
      expect(await splits.matches(recorded, { a: { ids: [...a].reverse() }, b: { ids: b } })).toBe(true);
      expect(await splits.matches(recorded, { a: { ids: [...a, 99] }, b: { ids: b } })).toBe(false);
    }),
    { numRuns: 40 },
  );
});
