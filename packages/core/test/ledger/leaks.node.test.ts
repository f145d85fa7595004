import { getEventListeners } from 'node:events';
import { openLedger, type Projection } from '@millwright/core/ledger';
import type { LogStore } from '@millwright/core/storage';
import { memoryLog } from '@millwright/core/storage';
import { afterEach, expect, test } from 'vitest';
import { bytesKept } from '../../../../test/support/memory.js';

const { signal } = new AbortController();
afterEach(() => expect(getEventListeners(signal, 'abort')).toEqual([]));

/** What an event says here: more than a ledger may keep of it. */
const text = 'x'.repeat(4_000);
const event = (call: number) => ({ type: 'a.happened', data: { call, text: `${call} ${text}` } });

const counting: Projection<{ count: number }> = {
  id: 'counting@1',
  init: () => ({ count: 0 }),
  apply: ({ count }) => ({ count: count + 1 }),
  fork: (state) => state,
};

/** A log that keeps nothing, so that what is kept is kept by the ledger. */
function forgetfulLog(): LogStore {
  return {
    ...memoryLog(),
    capabilities: { durability: 'none', multiWriter: false, maxCommitBytes: 100_000 },
    append: async () => ({ kind: 'committed' }),
    async *read() {},
  };
}

/** Hashes take 64 bytes per leaf, in buffers that double. Measured: -5 to 15 bytes per commit of 1,500, 170 of 300. */
const HASHES = 1_000;

test('a commit leaves hashes in the ledger, and nothing of what it said', async () => {
  const ledger = await openLedger({ log: forgetfulLog(), actor: 'a', projections: [counting] });
  const commit = (call: number) => ledger.commit(() => ({ events: [event(call)], result: text }), { signal });
  expect(await bytesKept(commit, 700)).toBeLessThan(HASHES);
  const together = (call: number) => Promise.all([commit(call), commit(call), commit(call)]);
  expect(await bytesKept(together, 300)).toBeLessThan(3 * HASHES);
});

test('a commit that is refused, or says nothing, leaves nothing', async () => {
  const ledger = await openLedger({ log: forgetfulLog(), actor: 'a', projections: [counting] });
  const refused = (call: number) => {
    const decide = () => {
      throw Object.assign(new Error(`${call}`), { about: event(call) });
    };
    return ledger.commit(decide, { signal }).catch(() => undefined);
  };
  expect(await bytesKept(refused, 700)).toBeLessThan(500);
  expect(await bytesKept((call) => ledger.commit(() => ({ events: [], result: event(call) })), 700)).toBeLessThan(500);
});

test('a signal and a log that live on keep nothing of ledgers that were read, followed and closed', async () => {
  const log = memoryLog();
  const writer = await openLedger({ log, actor: 'a', projections: [counting] });
  await writer.commit(() => ({ events: [event(1), event(2)], result: undefined }));
  const work = async () => {
    const ledger = await openLedger({ log, actor: 'b', projections: [counting], signal });
    ledger.events.on('committed', () => ledger);
    await ledger.refresh({ signal });
    for await (const _ of ledger.read({ from: 0, signal })) break;
    await ledger.verify({ signal });
    await ledger.close();
  };
  // Measured: below 200 bytes; a ledger takes about 20,000.
  expect(await bytesKept(work, 150)).toBeLessThan(2_000);
});
