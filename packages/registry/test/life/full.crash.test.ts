import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folder } from '@millwright/adapters/fs';
import { memoryStorage } from '@millwright/core/storage';
import { expect, test } from 'vitest';
import { checkLife } from './check-life.js';
import { FULL_LIFE, live, STORE_LIFE } from './life.js';

test('200 models, 20,000 versions and 3,000 promotions by 8 writers in memory', async () => {
  const storage = memoryStorage();
  const found = await checkLife(storage, FULL_LIFE, await live(() => storage, FULL_LIFE));
  expect(found.refused).toBeGreaterThan(0);
});

test(`${STORE_LIFE.versions} versions in a folder, each writer with its own`, async () => {
  const root = mkdtempSync(join(tmpdir(), 'millwright-life-'));
  try {
    const open = () => folder(root, { durability: 'relaxed' });
    const found = await checkLife(open(), STORE_LIFE, await live(open, STORE_LIFE));
    expect(found.refused).toBeGreaterThan(0);
  } finally {
    rmSync(root, { recursive: true });
  }
});
