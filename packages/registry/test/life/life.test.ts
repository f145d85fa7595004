import { memoryStorage } from '@millwright/core/storage';
import { expect, test } from 'vitest';
import { checkLife } from './check-life.js';
import { type LifeSize, live } from './life.js';

// Few models and one command at a time: what one writer wants, another wants too.
const CROWDED: LifeSize = { models: 12, versions: 300, promotions: 200, writers: 8, batch: 1 };

test('a life with many writers loses nothing, and every question about the past is answered as by brute force', async () => {
  const storage = memoryStorage();
  const record = await live(() => storage, CROWDED);
  const { refused, questions } = await checkLife(storage, CROWDED, record);
  expect(refused).toBeGreaterThan(0);
  expect(questions).toBeGreaterThan(1_000);
});
