import { type Digest, seededRandom } from '@millwright/core';
import { type Ledger, openLedger, type Projection, verifyConsistency, verifyInclusion } from '@millwright/core/ledger';
import { type LogStore, memoryHint, memoryStorage } from '@millwright/core/storage';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { all, raise, tally } from './support.js';

/** A log that counts the commits it hands out. */
function countingLog(log: LogStore) {
  let handedOut = 0;
  const counting: LogStore = {
    ...log,
    async *read(range, o) {
      for await (const commit of log.read(range, o)) {
        handedOut++;
        yield commit;
      }
    },
  };
  return { log: counting, handedOut: () => handedOut };
}

const plain: Projection<{ n: number }> = { id: 'plain@1', init: () => ({ n: 0 }), apply: (s) => ({ n: s.n + 1 }) };

const write = (ledger: Ledger, label: string, o = {}) =>
  ledger.commit(() => ({ events: [raise(label)], result: label }), o);

async function filled(commits: number) {
  const storage = { ...memoryStorage(), hint: memoryHint() };
  const open = (o = {}) =>
    openLedger({ ...storage, actor: 'maria', projections: [tally], random: seededRandom(1), ...o });
  const ledger = await open();
  for (let i = 0; i < commits; i++) await write(ledger, `c${i}`, i % 3 === 0 ? { idempotencyKey: `k${i}` } : {});
  return { storage, ledger, open };
}

describe('checkpoints', () => {
  test('a ledger that has one opens by its tail only, and is the same ledger', async () => {
    const { storage, ledger, open } = await filled(50);
    await ledger.checkpoint();
    await write(ledger, 'tail');
    const { log, handedOut } = countingLog(storage.log);
    const again = await open({ log });
    expect(handedOut()).toBe(2);
    expect(again.id).toBe(ledger.id);
    expect(again.head).toEqual(ledger.head);
    expect(again.state(tally)).toEqual(ledger.state(tally));
    await write(again, 'more');
    await ledger.refresh();
    expect(again.head).toEqual(ledger.head);
    expect((await again.verify()).ok).toBe(true);
  });

  test('fold(checkpoint + tail) = fold(all), wherever the checkpoint is taken, keys included', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(12), fc.nat(12), async (before, after) => {
        const { ledger, open } = await filled(before);
        await ledger.checkpoint();
        for (let i = 0; i < after; i++) await write(ledger, `t${i}`);
        const fast = await open();
        const full = await open({ hint: undefined });
        expect(fast.state(tally)).toEqual(full.state(tally));
        expect(fast.head).toEqual(full.head);
        if (before > 0) {
          const replay = await write(fast, 'again', { idempotencyKey: 'k0', onReplay: () => 'replayed' });
          expect(replay).toMatchObject({ replayed: true, seq: 2, result: 'replayed' });
        }
      }),
      { numRuns: 25 },
    );
  });

  test('history before it is loaded when somebody asks: read, prove, use', async () => {
    const { ledger, open } = await filled(20);
    await ledger.checkpoint();
    await write(ledger, 'tail');
    const expected = await all(ledger.read());
    expect(await all((await open()).read())).toEqual(expected);
    const proved = await open();
    for (const event of expected.slice(0, 3))
      expect(verifyInclusion(await proved.prove(event.index), event)).toBe(true);
    const consistency = await (await open()).proveConsistency(7);
    expect(verifyConsistency(consistency)).toBe(true);
    expect(verifyConsistency({ ...consistency, first: { ...consistency.first, size: 8 } })).toBe(false);
    const used = await open();
    await used.use(plain);
    expect(used.state(plain).n).toBe(expected.length);
    expect(await all((await open()).read({ from: 40 }))).toEqual(expected.filter(({ index }) => index >= 40));
  });

  test('a projection that joins later takes its state from there, and the tail is read without the history', async () => {
    const { storage, ledger, open } = await filled(20);
    await ledger.checkpoint();
    await write(ledger, 'tail');
    const { log, handedOut } = countingLog(storage.log);
    const late = await open({ log, projections: [] });
    await late.use(tally);
    expect(late.state(tally)).toEqual(ledger.state(tally));
    const { size } = ledger.head;
    expect(await all(late.read({ from: size - 2 }))).toEqual(await all(ledger.read({ from: size - 2 })));
    expect(handedOut()).toBeLessThan(6);
    await late.use(plain);
    expect(late.state(plain).n).toBe(22);
  });

  test('whatever is wrong with it only costs time', async () => {
    const { storage, ledger, open } = await filled(10);
    const good = await ledger.checkpoint();
    const other = await filled(3);
    const elsewhere = await other.ledger.checkpoint();
    for await (const { digest } of other.storage.blobs.list())
      await storage.blobs.put(digest, (await other.storage.blobs.get(digest))!, {
        size: (await other.storage.blobs.stat(digest))!.size,
      });
    for (const hint of ['', 'nonsense', `sha256:${'0'.repeat(64)}`, elsewhere]) {
      await storage.hint.set(hint);
      expect((await open()).state(tally)).toEqual(ledger.state(tally));
    }
    await storage.hint.set(good);
    expect((await open({ projections: [tally, plain] })).state(plain).n).toBe(11);
    const parts: Digest[] = [];
    for await (const { digest } of storage.blobs.list()) parts.push(digest);
    for (const part of parts) {
      const blobs = {
        ...storage.blobs,
        get: async (d: Digest) => (d === part ? new Blob(['{}']).stream() : storage.blobs.get(d)),
      };
      expect((await open({ blobs })).state(tally)).toEqual(ledger.state(tally));
    }
    const broken = { ...storage.hint, get: () => Promise.reject(new Error('gone')) };
    expect((await open({ hint: broken })).state(tally)).toEqual(ledger.state(tally));
  });

  test('a lie in the history before it is found as soon as the history is looked at', async () => {
    const { storage, ledger, open } = await filled(10);
    await ledger.checkpoint();
    const log: LogStore = {
      ...storage.log,
      async *read(range, o) {
        for await (const commit of storage.log.read(range, o)) {
          if (commit.seq === 3) commit.bytes[200]! ^= 1;
          yield commit;
        }
      },
    };
    const fast = await open({ log });
    expect(fast.head).toEqual(ledger.head);
    await expect(all(fast.read())).rejects.toMatchObject({ code: 'ledger/corrupt', details: { seq: 3 } });
    expect(await fast.verify()).toMatchObject({ ok: false, firstBad: { seq: 3 } });
  });

  test('closing writes one when it is worth it; states that did not change share their blob', async () => {
    const { storage, ledger, open } = await filled(5);
    await ledger.close();
    expect(await storage.hint.get()).toBeUndefined();
    const busy = await open();
    await Promise.all(Array.from({ length: 600 }, (_, i) => write(busy, `b${i}`)));
    await busy.close();
    const hint = await storage.hint.get();
    expect(hint).toMatch(/^sha256:/);
    const { log, handedOut } = countingLog(storage.log);
    expect((await open({ log })).state(tally).total).toBe(605);
    expect(handedOut()).toBe(1);
  });

  test('needs blobs and snapshots', async () => {
    const { storage, ledger } = await filled(1);
    await ledger.use(plain);
    await expect(ledger.checkpoint()).rejects.toMatchObject({ code: 'input/invalid' });
    const bare = await openLedger({ log: storage.log, actor: 'maria' });
    await expect(bare.checkpoint()).rejects.toMatchObject({ code: 'input/invalid' });
  });
});
