import { encodeUtf8, seededRandom } from '@millwright/core';
import { openLedger, verifyLog } from '@millwright/core/ledger';
import { memoryLog, type StoredCommit } from '@millwright/core/storage';
import { virtualClock } from '@millwright/core/testing';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { all, frozenLog, raise, tally } from './support.js';

let commits: StoredCommit[];
/** The leaf indices of each commit: [first, end). */
const leavesOf = new Map<number, readonly [number, number]>();

beforeAll(async () => {
  const log = memoryLog();
  const ledger = await openLedger({ log, actor: 'maria', clock: virtualClock(1_000), random: seededRandom(1) });
  leavesOf.set(1, [0, ledger.head.size]);
  for (const names of [['a'], ['b', 'c'], ['dé', 'e\n"f"']]) {
    const before = ledger.head.size;
    await ledger.commit(() => ({ events: names.map((name) => raise(name)), result: 0 }), { idempotencyKey: names[0]! });
    leavesOf.set(ledger.head.seq, [before, ledger.head.size]);
  }
  const before = ledger.head.size;
  await Promise.all(['x', 'y', 'z'].map((name) => ledger.commit(() => ({ events: [raise(name)], result: 0 }))));
  leavesOf.set(ledger.head.seq, [before, ledger.head.size]);
  commits = await all(log.read({ from: 1 }));
});

const changed = (seq: number, change: (bytes: Uint8Array) => Uint8Array) =>
  commits.map((commit) => (commit.seq === seq ? { ...commit, bytes: change(commit.bytes.slice()) } : commit));

describe('verifyLog', () => {
  test('a sound log is sound', async () => {
    const report = await verifyLog(frozenLog(commits));
    expect(report).toMatchObject({ ok: true, commits: 5, events: 9, firstBad: undefined });
    expect(report.head.size).toBe(leavesOf.get(5)![1]);
  });

  test('any one byte that is changed is found, and the place is named', async () => {
    const wrong: string[] = [];
    for (const { seq, bytes } of commits) {
      const [first] = leavesOf.get(seq)!;
      const frameEnd = bytes.indexOf(10);
      for (let at = 0; at < bytes.length; at++) {
        const mask = [0x01, 0x20, 0x80][at % 3]!;
        const flip = (b: Uint8Array) => {
          b[at]! ^= mask;
          return b;
        };
        const { ok, firstBad } = await verifyLog(frozenLog(changed(seq, flip)));
        // A changed leaf is named, unless the change broke the lines.
        const broken = bytes[at] === 10 || (bytes[at]! ^ mask) === 10;
        const leaf = first + bytes.subarray(frameEnd + 1, at).filter((byte) => byte === 10).length;
        const named = broken || firstBad?.index === (at < frameEnd ? undefined : leaf);
        if (ok || firstBad?.seq !== seq || !named)
          wrong.push(`byte ${at} of commit ${seq}, leaf ${leaf}: ${JSON.stringify(firstBad)}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('missing, swapped, repeated, foreign and truncated commits are found', async () => {
    const [one, two, three, four, five] = commits as [
      StoredCommit,
      StoredCommit,
      StoredCommit,
      StoredCommit,
      StoredCommit,
    ];
    const foreignLog = memoryLog();
    await openLedger({ log: foreignLog, actor: 'eve', clock: virtualClock(1_000), random: seededRandom(66) });
    const [foreign] = await all(foreignLog.read({ from: 1 }));
    const histories: [readonly StoredCommit[], number][] = [
      [[one, three, four], 2],
      [[one, { ...three, seq: 2 }, { ...two, seq: 3 }], 2],
      [[one, two, { ...two, seq: 3 }], 3],
      [[foreign!, two], 2],
      [[one, { ...two, commitId: three.commitId }], 2],
      [[one, two, three, four, { ...five, bytes: five.bytes.subarray(0, -1) }], 5],
      [[one, { ...two, bytes: new Uint8Array() }], 2],
    ];
    for (const [history, seq] of histories)
      expect(await verifyLog(frozenLog(history))).toMatchObject({ ok: false, firstBad: { seq } });
  });

  test('hostile bytes are corrupt, never a crash', async () => {
    const deep = `${'['.repeat(30_000)}${']'.repeat(30_000)}`;
    const hostile = [
      `{}\n${deep}\n`,
      '\n\n',
      '{}\n{}\n',
      'null\nnull\n',
      `{"seq":1}\n{"v":1,"count":1e9}\n`,
      '\ufeff{}\n{}\n',
    ];
    const log = (bytes: Uint8Array) => frozenLog([{ ...commits[0]!, bytes }]);
    for (const text of hostile) expect((await verifyLog(log(encodeUtf8(text)))).ok).toBe(false);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect((await verifyLog(log(bytes))).ok).toBe(false);
        await expect(openLedger({ log: log(bytes), actor: 'maria' })).rejects.toMatchObject({ code: 'ledger/corrupt' });
      }),
    );
  });
});

describe('ledger.verify', () => {
  test('a ledger that is open knows its history even when it is rewritten consistently', async () => {
    const storage = [...commits];
    const ledger = await openLedger({ log: frozenLog(storage), actor: 'maria', projections: [tally] });
    expect((await ledger.verify()).ok).toBe(true);
    const forgery = memoryLog();
    const forger = await openLedger({
      log: forgery,
      actor: 'eve',
      clock: virtualClock(1_000),
      random: seededRandom(1),
    });
    for (let i = 0; i < 4; i++) await forger.commit(() => ({ events: [raise('forged')], result: 0 }));
    const forged = await all(forgery.read({ from: 1 }));
    expect((await verifyLog(frozenLog(forged))).ok).toBe(true);
    storage.splice(0, storage.length, ...forged);
    expect(await ledger.verify()).toMatchObject({ ok: false, firstBad: { seq: 1, index: 0 } });
    await expect(all(ledger.read())).rejects.toMatchObject({ code: 'ledger/corrupt', details: { seq: 1, index: 0 } });
  });

  test('a log that lost its end is not sound', async () => {
    const storage = [...commits];
    const ledger = await openLedger({ log: frozenLog(storage), actor: 'maria' });
    storage.pop();
    expect(await ledger.verify()).toMatchObject({ ok: false, firstBad: { seq: 5 } });
    await expect(all(ledger.read())).rejects.toMatchObject({ code: 'ledger/corrupt', details: { seq: 5 } });
  });
});
