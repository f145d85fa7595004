import { type Digest, seededRandom } from '@millwright/core';
import {
  type Ledger,
  openLedger,
  type Projection,
  type ShardCodec,
  type ShardMap,
  type SnapshotPart,
  shardMap,
  shardMapFrom,
  verifyConsistency,
  verifyInclusion,
} from '@millwright/core/ledger';
import { type ByteRange, type LogStore, memoryHint, memoryStorage } from '@millwright/core/storage';
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

/** One counter per label, in shards. */
const counters: Projection<ShardMap<{ n: number }>> = {
  id: 'counters@1',
  init: () => shardMap(counterCodec),
  apply(state, { type, data }) {
    const label = String(data['label']);
    if (type !== 'tally.raised') return state;
    if (!state.has(label)) state.set(label, { n: 0 });
    state.change(label)!.n += Number(data['by']);
    return state;
  },
  fork: (state) => state.fork(),
  snapshot: {
    encode: (state, aside) => state.encode(aside),
    decode: (json, part) => shardMapFrom(counterCodec, json, part),
  },
};
const counterCodec: ShardCodec<{ n: number }> = { encode: ({ n }) => n, decode: (json) => ({ n: Number(json) }) };

const countsOf = (state: ShardMap<{ n: number }>) => [...state.keys()].map((key) => [key, state.get(key)!.n]);

describe('shards', () => {
  test('a map and its forks go their own ways, whoever changes what first', () => {
    const step = fc.record({ who: fc.nat(5), op: fc.constantFrom('raise', 'set', 'fork', 'save'), key: fc.nat(4) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const maps = [shardMap(counterCodec)];
        const models = [new Map<string, number>()];
        for (const { who, op, key: k } of steps) {
          const [at, key] = [who % maps.length, `k${k}`];
          const [map, model] = [maps[at]!, models[at]!];
          if (op === 'fork') {
            maps.push(map.fork());
            models.push(new Map(model));
          } else if (op === 'save') {
            const pieces: SnapshotPart[] = [];
            const json = map.encode(
              (piece) => pieces.push(typeof piece === 'number' ? { json: () => piece } : (piece as SnapshotPart)) - 1,
            );
            maps.push(shardMapFrom(counterCodec, json, (reference) => pieces[Number(reference)]!));
            models.push(new Map(model));
          } else if (op === 'set' || !model.has(key)) {
            map.set(key, { n: 1 });
            model.set(key, 1);
          } else {
            map.change(key)!.n++;
            model.set(key, model.get(key)! + 1);
          }
        }
        maps.forEach((map, i) => {
          expect(countsOf(map)).toEqual([...models[i]!]);
          expect([map.size, map.has('k0'), map.change('none')]).toEqual([
            models[i]!.size,
            models[i]!.has('k0'),
            undefined,
          ]);
        });
      }),
      { numRuns: 200 },
    );
  });

  test('parts are read when they are needed, and one that was changed is refused by name', async () => {
    const storage = { ...memoryStorage(), hint: memoryHint() };
    const open = (o = {}) => openLedger({ ...storage, actor: 'maria', projections: [counters], ...o });
    const ledger = await open();
    await ledger.commit(() => ({ events: ['a', 'b', 'a'].map((label) => raise(label)), result: 0 }));
    await ledger.checkpoint();
    const reads: string[] = [];
    const blobs = {
      ...storage.blobs,
      open: async (digest: Digest) => {
        const blob = (await storage.blobs.open!(digest))!;
        return {
          ...blob,
          read(range: ByteRange) {
            reads.push(`${range.start}-${range.end}`);
            return blob.read(range);
          },
        };
      },
    };
    const lazy = await open({ blobs });
    expect(reads).toEqual([]);
    expect(lazy.state(counters).get('a')).toEqual({ n: 2 });
    expect(reads).toHaveLength(1);
    const damaged = { ...blobs, open: async () => ({ size: 2, read: () => Uint8Array.of(55) }) };
    const bad = await open({ blobs: damaged });
    expect(() => bad.state(counters).get('a')).toThrow(expect.objectContaining({ code: 'storage/corrupt' }));
    const plainStore = { ...storage.blobs };
    delete plainStore.open;
    const eager = await open({ blobs: plainStore });
    expect(countsOf(eager.state(counters))).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
  });
});

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
