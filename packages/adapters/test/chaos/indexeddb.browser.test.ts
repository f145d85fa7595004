import { verifyLog } from '@millwright/core/ledger';
import { memoryLog } from '@millwright/core/storage';
import { afterAll, expect, test } from 'vitest';
import { indexedDb } from '../../src/indexeddb.js';
import { chaos, checkChaos } from './chaos.js';
import { shareOf } from './share.js';

afterAll(() => {
  for (const name of ['chaos', 'copy']) indexedDB.deleteDatabase(name);
});

const { commits, timeout } = shareOf('indexeddb');

test(`16 writers in IndexedDB, ${commits} commits`, { timeout }, async () => {
  const history = await chaos({ open: () => indexedDb('chaos').log, commits, batch: 20 });
  await using storage = indexedDb('chaos');
  expect((await checkChaos(storage.log, history)).commands).toBe(commits);
});

test('a log that is copied into a page and out of it keeps its root', async () => {
  const [before, after] = [memoryLog(), memoryLog()];
  await checkChaos(before, await chaos({ open: () => before, commits: 200, batch: 4 }));
  await using storage = indexedDb('copy');
  for await (const commit of before.read({ from: 1 })) await storage.log.append(commit);
  for await (const commit of storage.log.read({ from: 1 })) await after.append(commit);
  const { head } = await verifyLog(before);
  expect(await verifyLog(storage.log)).toMatchObject({ ok: true, head });
  expect(await verifyLog(after)).toMatchObject({ ok: true, head });
});
