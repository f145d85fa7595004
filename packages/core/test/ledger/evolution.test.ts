import type { JsonObject } from '@millwright/core';
import { type Ledger, type NewEvent, openLedger, type Projection, verifyInclusion } from '@millwright/core/ledger';
import { type LogStore, memoryHint, memoryLog, memoryStorage } from '@millwright/core/storage';
import { describe, expect, test } from 'vitest';
import { all, frozenLog, tally } from './support.js';

type Prices = Record<string, number>;

/** Prices: `amount` in euros at first, in cents since version 2, with the currency in a member of its own since 3. */
function prices(versions: 1 | 2 | 3): Projection<Prices> {
  const upcasters = [
    ({ amount, ...rest }: JsonObject) => ({ ...rest, cents: 100 * Number(amount) }),
    (data: JsonObject) => ({ ...data, currency: 'EUR' }),
  ];
  return {
    id: `prices@${versions}`,
    init: () => ({}),
    apply(state, { type, data }) {
      if (type !== 'price.set') return state;
      const value = versions === 1 ? Number(data['amount']) : Number(data['cents']) / 100;
      const currency = versions === 3 ? ` ${data['currency']}` : '';
      return { ...state, [`${data['of']}${currency}`]: value };
    },
    upcasters: { 'price.set': upcasters.slice(0, versions - 1) },
    snapshot: { encode: (state) => state, decode: (json) => json as Prices },
  };
}

const events: NewEvent[] = [
  { type: 'price.set', data: { of: 'a', amount: 3 } },
  { type: 'price.set', version: 2, data: { of: 'b', cents: 450 } },
  { type: 'price.set', version: 3, data: { of: 'c', cents: 99, currency: 'EUR' } },
];
const write = (ledger: Ledger, ...written: NewEvent[]) => ledger.commit(() => ({ events: written, result: 0 }));
const open = (log: LogStore, ...projections: Projection<unknown>[]) => openLedger({ log, actor: 'maria', projections });

describe('upcasters', () => {
  test('let a fold see the newest version only, whatever was written', async () => {
    const log = memoryLog();
    await write(await open(log), ...events);
    const ledger = await open(log, prices(3));
    expect(ledger.state(prices(3))).toEqual({ 'a EUR': 3, 'b EUR': 4.5, 'c EUR': 0.99 });
    // What is read and proved is what was written.
    const read = (await all(ledger.read())).slice(1);
    expect(read.map(({ type, version, data }) => ({ type, data, ...(version && { version }) }))).toEqual(events);
    for (const event of read) {
      const proof = await ledger.prove(event.index);
      expect(verifyInclusion(proof, event)).toBe(true);
      expect(verifyInclusion(proof, { ...event, version: 7 })).toBe(false);
    }
  });

  test('versions from the future are unknown, and skipped', async () => {
    const log = memoryLog();
    await write(await open(log), ...events);
    expect((await open(log, prices(1))).state(prices(1))).toEqual({ a: 3 });
    expect((await open(log, prices(2))).state(prices(2))).toEqual({ a: 3, b: 4.5 });
  });

  test('work the same deciding ahead, from a checkpoint and in a fold from the beginning', async () => {
    const storage = { ...memoryStorage(), hint: memoryHint() };
    const newest = prices(3);
    const openStored = () => openLedger({ ...storage, actor: 'maria', projections: [newest] });
    const ledger = await openStored();
    await Promise.all(events.map((event) => write(ledger, event)));
    await ledger.checkpoint();
    await write(ledger, { type: 'price.set', data: { of: 'd', amount: 1 } });
    const again = await openStored();
    expect(again.state(newest)).toEqual(ledger.state(newest));
    expect(again.state(newest)).toEqual((await open(storage.log, newest)).state(newest));
  });

  test('one that throws makes its event a no-op, and is told', async () => {
    const broken: Projection<Prices> = {
      ...prices(2),
      id: 'broken@1',
      upcasters: {
        'price.set': [
          () => {
            throw new Error('no');
          },
        ],
      },
    };
    const log = memoryLog();
    await write(await open(log), ...events);
    const ledger = await open(log, broken);
    expect(ledger.state(broken)).toEqual({ b: 4.5 });
    expect(ledger.faults(broken)).toBe(1);
  });

  test('a name of Object.prototype is no upcaster', async () => {
    const log = memoryLog();
    await write(await open(log), { type: 'toString', data: {} }, { type: '__proto__', version: 2, data: {} });
    expect((await open(log, prices(3))).faults(prices(3))).toBe(0);
  });

  test('a version is a count', async () => {
    const ledger = await open(memoryLog());
    for (const version of [0, -1, 1.5, Number.NaN, 2 ** 53])
      await expect(write(ledger, { ...events[0]!, version })).rejects.toMatchObject({ code: 'input/invalid' });
    const [{ data, type }] = events as [NewEvent];
    const [event] = (await write(ledger, { type, data, version: 1 })).events;
    expect(verifyInclusion(await ledger.prove(event!.index), { type, data })).toBe(true);
  });
});

describe('a critical event', () => {
  const recall: NewEvent = { type: 'model.recalled', critical: true, data: { model: 'm' } };
  const recalls: Projection<number> = {
    id: 'recalls@1',
    init: () => 0,
    apply: (count, { type }) => count + (type === 'model.recalled' ? 1 : 0),
    knows: ['model.recalled'],
    snapshot: { encode: (count) => count, decode: Number },
  };
  const unsupported = { code: 'ledger/unsupported', details: { features: ['event:model.recalled'] } };

  test('refuses every program that does not know it; one that does goes on', async () => {
    const log = memoryLog();
    const knowing = await open(log, recalls);
    const ignorant = await open(log, tally);
    await write(knowing, recall);
    await expect(ignorant.refresh()).rejects.toMatchObject(unsupported);
    await expect(write(ignorant, { type: 'x.happened', data: {} })).rejects.toMatchObject(unsupported);
    await expect(open(log, tally)).rejects.toMatchObject(unsupported);
    const again = await open(log, tally, recalls);
    expect(again.state(recalls)).toBe(1);
    expect((await all(again.read())).at(-1)).toMatchObject(recall);
    // An application that reads events by itself says so.
    await openLedger({ log, actor: 'a', features: ['event:model.recalled'] });
  });

  test('cannot be written by a program that does not know it: it would lock itself out', async () => {
    const log = memoryLog();
    const ledger = await open(log);
    await expect(write(ledger, recall)).rejects.toMatchObject(unsupported);
    await write(ledger, { type: 'x.happened', data: {} });
    await ledger.use(recalls);
    await write(ledger, recall);
    expect(ledger.state(recalls)).toBe(1);
  });

  test('refuses also behind a checkpoint', async () => {
    const storage = { ...memoryStorage(), hint: memoryHint() };
    const openWith = (projection: Projection<unknown>) =>
      openLedger({ ...storage, actor: 'a', projections: [projection] });
    const ledger = await openWith(recalls);
    await write(ledger, recall);
    await ledger.checkpoint();
    await expect(openWith(tally)).rejects.toMatchObject(unsupported);
    expect((await openWith(recalls)).state(recalls)).toBe(1);
  });

  test('is critical or not: nothing in between is an event', async () => {
    const log = memoryLog();
    await write(await open(log, recalls), recall);
    const commits = await all(log.read({ from: 1 }));
    const text = new TextDecoder().decode(commits[1]!.bytes);
    for (const wrong of ['"critical":"yes"', '"critical":false']) {
      const bytes = new TextEncoder().encode(text.replace('"critical":true', wrong));
      const spoilt = frozenLog([commits[0]!, { ...commits[1]!, bytes }]);
      await expect(open(spoilt, recalls)).rejects.toMatchObject({ code: 'ledger/corrupt' });
    }
  });
});
