import { isMillwrightError, seededRandom } from '@millwright/core';
import { type Ledger, openLedger, type Projection, verifyLog } from '@millwright/core/ledger';
import { type LogStore, memoryLog } from '@millwright/core/storage';
import { pessimisticLog } from '@millwright/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { all, frozenLog, labels, raise, tally } from './support.js';

const MISFORTUNE = { conflict: 0.05, lostResponse: 0.05, lostRequest: 0.05, staleHead: 0.2 };

describe('many writers over an unreliable log', () => {
  test('16 writers lose nothing, duplicate nothing, and agree on the order', async () => {
    const inner = memoryLog();
    const writers = await Promise.all(
      Array.from({ length: 16 }, (_, w) =>
        openLedger({
          log: pessimisticLog(inner, { random: seededRandom(100 + w), ...MISFORTUNE }),
          actor: `writer-${w}`,
          random: seededRandom(w),
          projections: [tally],
        }),
      ),
    );
    const perWriter = 40;
    const numbers: number[] = [];
    const acknowledged: string[] = [];
    await Promise.all(
      writers.map(async (ledger, w) => {
        // Half of them in sequence, half at once: both the plain loop and group commit are driven.
        const one = async (i: number) => {
          const { result } = await ledger.commit((view) => ({
            events: [raise(`${w}:${i}`)],
            result: view.state(tally).total,
          }));
          numbers.push(result);
          acknowledged.push(`${w}:${i}`);
        };
        for (let i = 0; i < perWriter / 2; i++) await one(i);
        await Promise.all(Array.from({ length: perWriter / 2 }, (_, i) => one(perWriter / 2 + i)));
      }),
    );
    const total = 16 * perWriter;
    expect(acknowledged).toHaveLength(total);
    // Every command saw exactly the ones before it: the numbers that they drew are 0, 1, 2, … each once.
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: total }, (_, i) => i));

    const reader = await openLedger({ log: inner, actor: 'reader', projections: [tally] });
    const { seen } = reader.state(tally);
    expect([...seen].sort()).toEqual([...acknowledged].sort());
    expect((await verifyLog(inner)).ok).toBe(true);
    for (const ledger of writers) {
      await ledger.refresh();
      expect(ledger.head).toEqual(reader.head);
      expect(ledger.state(tally).seen).toEqual(seen);
    }
  });

  test('an unknown outcome can be repeated with its key and is written once', async () => {
    const inner = memoryLog();
    const ledger = await openLedger({ log: inner, actor: 'maria', projections: [tally] });
    let deaf = true;
    const log: LogStore = {
      ...inner,
      async append(commit) {
        const outcome = await inner.append(commit);
        return deaf ? { kind: 'unknown', cause: 'timeout' } : outcome;
      },
      async *read(range) {
        if (deaf) throw new Error('unreachable');
        yield* inner.read(range);
      },
    };
    deaf = false;
    const client = await openLedger({ log, actor: 'maria', projections: [tally], maxAttempts: 3 });
    deaf = true;
    const pay = (o = {}) =>
      client.commit(() => ({ events: [raise('pay')], result: 'paid' }), { idempotencyKey: 'pay-1', ...o });
    const error = await pay().catch((e: unknown) => e);
    expect(isMillwrightError(error, 'ledger/commit-unknown')).toBe(true);
    deaf = false;
    expect(await pay({ onReplay: () => 'paid before' })).toMatchObject({
      replayed: true,
      result: 'paid before',
      seq: 2,
    });
    await ledger.refresh();
    expect(ledger.state(tally).total).toBe(1);
  });

  test('a store that always refuses is given up on', async () => {
    const inner = memoryLog();
    await openLedger({ log: inner, actor: 'maria' });
    const log = pessimisticLog(inner, { random: seededRandom(1), conflict: 1 });
    const ledger = await openLedger({ log, actor: 'maria', maxAttempts: 3 });
    await expect(ledger.commit(() => ({ events: [raise('a')], result: 0 }))).rejects.toMatchObject({
      code: 'ledger/contended',
      details: { attempts: 3 },
    });
    const down = pessimisticLog(inner, { random: seededRandom(1), lostRequest: 1 });
    const other = await openLedger({ log: down, actor: 'maria', maxAttempts: 3 });
    await expect(other.commit(() => ({ events: [raise('a')], result: 0 }))).rejects.toMatchObject({
      code: 'ledger/commit-unknown',
    });
    expect((await inner.head())?.seq).toBe(1);
  });

  test('an outage fails the commands that met it, and the ledger goes on afterwards', async () => {
    const inner = memoryLog();
    let down = false;
    const log = pessimisticLog(inner, {
      random: seededRandom(1),
      before: () => {
        if (down) throw new Error('the network is down');
      },
    });
    const ledger = await openLedger({ log, actor: 'maria', projections: [tally] });
    const write = (label: string) => ledger.commit(() => ({ events: [raise(label)], result: 0 }));
    down = true;
    const outcomes = await Promise.allSettled([write('a'), write('b'), ledger.refresh()]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    down = false;
    await Promise.all([write('c'), write('d')]);
    expect(ledger.state(tally).seen).toEqual(['c', 'd']);
    expect((await ledger.verify()).ok).toBe(true);
  });
});

describe('the fold', () => {
  test('does not depend on how events were grouped into commits', async () => {
    const order: Projection<unknown[]> = {
      id: 'order@1',
      init: () => [],
      apply: (state, { type, data }) => (type === 'tally.raised' ? [...state, data['label']] : state),
    };
    const grouping = fc.array(fc.tuple(fc.array(fc.string({ maxLength: 3 }), { maxLength: 4 }), fc.boolean()), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(grouping, async (groups) => {
        const write = async (ledger: Ledger, names: readonly string[]) => {
          await ledger.commit(() => ({ events: names.map((name) => raise(name)), result: 0 }));
        };
        const grouped = await openLedger({ log: memoryLog(), actor: 'maria', projections: [order, tally] });
        const pending: Promise<void>[] = [];
        for (const [names, wait] of groups) {
          pending.push(write(grouped, names));
          if (wait) await Promise.all(pending);
        }
        await Promise.all(pending);
        const single = await openLedger({ log: memoryLog(), actor: 'maria', projections: [order, tally] });
        for (const name of groups.flatMap(([names]) => names)) await write(single, [name]);
        expect(grouped.state(order)).toEqual(single.state(order));
        expect(grouped.state(tally)).toEqual(single.state(tally));
      }),
      { numRuns: 30 },
    );
  });

  test('a copy of the log is the same ledger', async () => {
    const log = memoryLog();
    const ledger = await openLedger({ log, actor: 'maria', projections: [tally] });
    for (const name of ['a', 'b', 'c']) await ledger.commit(() => ({ events: [raise(name)], result: 0 }));
    const copy = await openLedger({
      log: frozenLog(await all(log.read({ from: 1 }))),
      actor: 'other',
      projections: [tally],
    });
    expect(copy.id).toBe(ledger.id);
    expect(copy.head).toEqual(ledger.head);
    expect(labels(await all(copy.read({ from: 2 })))).toEqual(['a', 'b', 'c']);
  });
});
