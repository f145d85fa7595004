import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLedger } from '@millwright/core/ledger';
import { afterAll, expect, test } from 'vitest';
import { folder } from '../../src/fs.js';

const scratch = mkdtempSync(join(tmpdir(), 'millwright-watch-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('who watches a folder wakes up after every commit of others, and can read it then', async () => {
  const root = join(scratch, 'a');
  const stopping = new AbortController();
  const seen: number[] = [];
  const reader = folder(root).log;
  let listening = () => {};
  const begun = new Promise<void>((resolve) => {
    listening = resolve;
  });
  let sawAll = () => {};
  const all = new Promise<void>((resolve) => {
    sawAll = resolve;
  });
  const watching = (async () => {
    for await (const _ of reader.watch!({ signal: stopping.signal })) {
      listening();
      const seq = (await reader.head())?.seq ?? 0;
      if (seq !== seen.at(-1)) seen.push(seq);
      if (seq === 21) sawAll();
    }
  })();
  await begun;
  const ledger = await openLedger({ log: folder(root).log, actor: 'maria' });
  for (let i = 0; i < 20; i++) await ledger.commit(() => ({ events: [{ type: 'x.y', data: { i } }], result: 0 }));
  await all;
  expect(seen[0]).toBe(0);
  expect(seen.at(-1)).toBe(21);
  stopping.abort();
  await watching;
});

test('watching ends with the loop, and a folder that cannot be made is an error', async () => {
  for await (const _ of folder(join(scratch, 'b')).log.watch!()) break;
  writeFileSync(join(scratch, 'c'), 'a file');
  const heard = folder(join(scratch, 'c')).log.watch!()[Symbol.asyncIterator]();
  await expect(heard.next()).rejects.toMatchObject({ code: 'storage/failed' });
});
