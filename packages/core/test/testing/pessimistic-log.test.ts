import { type CommitId, encodeUtf8, idSource, seededRandom } from '@millwright/core';
import { memoryLog } from '@millwright/core/storage';
import { pessimisticLog } from '@millwright/core/testing';
import { describe, expect, test } from 'vitest';

const nextId = idSource();
const commit = (seq: number) => ({ seq, commitId: nextId<CommitId>(), bytes: encodeUtf8(String(seq)) });

describe('pessimisticLog', () => {
  test('a lost response has happened, a lost request has not', async () => {
    const inner = memoryLog();
    const forgetful = pessimisticLog(inner, { random: seededRandom(1), lostResponse: 1 });
    expect(await forgetful.append(commit(1))).toMatchObject({ kind: 'unknown' });
    expect(await inner.head()).toMatchObject({ seq: 1 });
    const deaf = pessimisticLog(inner, { random: seededRandom(1), lostRequest: 1 });
    expect(await deaf.append(commit(2))).toMatchObject({ kind: 'unknown' });
    expect(await inner.head()).toMatchObject({ seq: 1 });
  });

  test('an injected conflict writes nothing', async () => {
    const inner = memoryLog();
    await inner.append(commit(1));
    const log = pessimisticLog(inner, { random: seededRandom(1), conflict: 1 });
    expect(await log.append(commit(2))).toMatchObject({ kind: 'conflict', head: { seq: 1 } });
    expect(await inner.head()).toMatchObject({ seq: 1 });
  });

  test('a stale head is old, never ahead', async () => {
    const inner = memoryLog();
    const log = pessimisticLog(inner, { random: seededRandom(7), staleHead: 0.5 });
    let stale = 0;
    for (let seq = 1; seq <= 100; seq++) {
      await inner.append(commit(seq));
      const seen = (await log.head())?.seq ?? 0;
      expect(seen).toBeLessThanOrEqual(seq);
      if (seen < seq) stale++;
    }
    expect(stale).toBeGreaterThan(20);
  });

  test('the same seed gives the same misfortune', async () => {
    const run = async () => {
      const log = pessimisticLog(memoryLog(), {
        random: seededRandom(3),
        conflict: 0.2,
        lostRequest: 0.3,
        lostResponse: 0.3,
      });
      const kinds: string[] = [];
      for (let i = 0; i < 50; i++) kinds.push((await log.append(commit(((await log.head())?.seq ?? 0) + 1))).kind);
      return kinds;
    };
    const kinds = await run();
    expect(kinds).toEqual(await run());
    expect(new Set(kinds)).toEqual(new Set(['committed', 'conflict', 'unknown']));
  });
});
