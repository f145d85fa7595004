import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blobStoreCases, logStoreCases } from '@millwright/core/conformance';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { folder } from '../../src/fs.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'millwright-conformance-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe.each(['relaxed', 'fsync'] as const)('a folder with durability %s', (durability) => {
  const make = (place: string) => folder(join(root, place), { durability });
  // A thousand commits, each flushed to the disk, would only measure the disk.
  const support = { reopen: true, bulk: durability === 'relaxed' };
  for (const c of logStoreCases((place) => make(place).log, support)) test.skipIf(c.skip)(`log: ${c.name}`, c.run);
  for (const c of blobStoreCases((place) => make(place).blobs, support)) test.skipIf(c.skip)(`blobs: ${c.name}`, c.run);
});
