import { seededRandom } from '@millwright/core';
import { type LogStore, memoryLog } from '@millwright/core/storage';
import { describe, expect, test } from 'vitest';
import { type Call, chaos, checkChaos, checkTime } from './chaos.js';

test('16 writers in memory: every acknowledged command once, in an order that keeps time', async () => {
  const log = memoryLog();
  const history = await chaos({ open: () => log, commits: 2_000, batch: 8 });
  expect((await checkChaos(log, history)).commands).toBe(2_000);
  // The misfortune has struck: more was tried than was written.
  expect(history.attempts.length).toBeGreaterThan((await log.head())!.seq);
});

describe('the checks find out', () => {
  const run = async (change: (log: LogStore) => Partial<LogStore>) => {
    const base = memoryLog();
    const log: LogStore = { ...base, ...change(base) };
    await checkChaos(log, await chaos({ open: () => log, commits: 400, batch: 8 }));
  };
  const random = seededRandom(3);

  test('a store that says committed and forgets', async () => {
    const forgetful = (log: LogStore): Partial<LogStore> => ({
      append: async (commit) => (random.next() < 0.1 ? { kind: 'committed' } : log.append(commit)),
    });
    await expect(run(forgetful)).rejects.toThrow();
  });

  test('a store that says committed to the loser of a race', async () => {
    const flattering = (log: LogStore): Partial<LogStore> => ({
      async append(commit) {
        const outcome = await log.append(commit);
        return outcome.kind === 'conflict' && random.next() < 0.2 ? { kind: 'committed' } : outcome;
      },
    });
    await expect(run(flattering)).rejects.toThrow();
  });

  test('an order that does not keep time', () => {
    const call = (number: number, start: number, end: number): Call => ({ key: `${number}`, number, start, end });
    checkTime([call(0, 1, 9), call(1, 2, 3), call(2, 4, 5)]);
    expect(() => checkTime([call(0, 4, 5), call(1, 1, 3)])).toThrow('comes after it');
    expect(() => checkTime([call(0, 1, 9), call(1, 7, 8), call(2, 5, 6)])).toThrow('comes after it');
  });
});
