import { openLedger, type Projection } from '@millwright/core/ledger';
import { memoryLog } from '@millwright/core/storage';
import { virtualClock } from '@millwright/core/testing';
import { afterAll, expect, test } from 'vitest';
import { commandOutbox } from '../../src/outbox.js';

const names = ['order', 'lost', 'tabs', 'refused'];
afterAll(() => {
  for (const name of names) indexedDB.deleteDatabase(`millwright outbox ${name}`);
});

test('keeps commands in order until they are sent, also for the next visit', async () => {
  {
    await using outbox = commandOutbox('order', { clock: virtualClock(1_000) });
    for (const i of [1, 2, 3]) await outbox.put('note.add', { i });
    expect((await outbox.waiting()).map(({ input, time }) => [input['i'], time])).toEqual([
      [1, 1_000],
      [2, 1_000],
      [3, 1_000],
    ]);
  }
  await using again = commandOutbox('order');
  const sent: unknown[] = [];
  expect(await again.flush(async ({ input }) => void sent.push(input['i']))).toBe(3);
  expect(sent).toEqual([1, 2, 3]);
  expect(await again.waiting()).toEqual([]);
});

test('a lost answer does not do a command twice, and those after it wait', async () => {
  const raised: Projection<number> = {
    id: 'raised@1',
    init: () => 0,
    apply: (n, e) => n + (e.type === 'a.raised' ? 1 : 0),
  };
  const ledger = await openLedger({ log: memoryLog(), actor: 'server', projections: [raised] });
  let lose = true;
  await using outbox = commandOutbox('lost');
  await outbox.put('raise', {});
  await outbox.put('raise', {});
  const send = async ({ key }: { readonly key: string }) => {
    await ledger.commit(() => ({ events: [{ type: 'a.raised', data: {} }], result: undefined }), {
      idempotencyKey: key,
    });
    if (lose) throw new TypeError('the network is gone');
  };
  await expect(outbox.flush(send)).rejects.toThrow('the network is gone');
  expect(await outbox.waiting()).toHaveLength(2);
  lose = false;
  expect(await outbox.flush(send)).toBe(2);
  expect(ledger.state(raised)).toBe(2);
});

test('tabs that flush at once send each command once', async () => {
  const tabs = [1, 2, 3].map(() => commandOutbox('tabs'));
  await Promise.all(tabs.flatMap((tab, t) => [1, 2, 3, 4].map((i) => tab.put('work', { t, i }))));
  const keys: string[] = [];
  const counts = await Promise.all(tabs.map((tab) => tab.flush(async ({ key }) => void keys.push(key))));
  expect(counts.reduce((a, b) => a + b)).toBe(12);
  expect(new Set(keys).size).toBe(12);
  for (const tab of tabs) await tab[Symbol.asyncDispose]();
});

test('refuses what is no JSON, and keeps nothing of it', async () => {
  await using outbox = commandOutbox('refused');
  await expect(outbox.put('score', { value: Number.NaN })).rejects.toMatchObject({ code: 'input/not-json' });
  await expect(outbox.put('', {})).rejects.toMatchObject({ code: 'input/invalid' });
  expect(await outbox.waiting()).toEqual([]);
});
