import { type MillwrightError, seededRandom } from '@millwright/core';
import { type Ledger, type LedgerEvent, openLedger, type Projection, verifyInclusion } from '@millwright/core/ledger';
import { type LogStore, memoryLog } from '@millwright/core/storage';
import { virtualClock } from '@millwright/core/testing';
import { describe, expect, test } from 'vitest';
import { all, holdingLog, labels, raise, tally } from './support.js';

const open = (log: LogStore, o = {}) =>
  openLedger({
    log,
    actor: 'maria',
    clock: virtualClock(1_700_000_000_000),
    random: seededRandom(1),
    projections: [tally],
    ...o,
  });

const write = (ledger: Ledger, ...names: string[]) =>
  ledger.commit(() => ({ events: names.map((name) => raise(name)), result: names.length }));

describe('openLedger', () => {
  test('an empty log becomes a ledger, once', async () => {
    const log = memoryLog();
    const ledger = await open(log);
    expect(ledger.head).toMatchObject({ seq: 1, size: 2 });
    const [created] = await all(ledger.read());
    expect(created).toMatchObject({
      type: 'ledger.created',
      index: 1,
      seq: 1,
      actor: 'maria',
      time: 1_700_000_000_000,
    });
    const again = await open(log, { random: seededRandom(2) });
    expect(again.id).toBe(ledger.id);
    expect(again.head).toEqual(ledger.head);
  });

  test('several that open an empty log at once agree on one ledger', async () => {
    const log = memoryLog();
    const ledgers = await Promise.all([1, 2, 3, 4].map((seed) => open(log, { random: seededRandom(seed) })));
    expect(new Set(ledgers.map((ledger) => ledger.id)).size).toBe(1);
    expect((await log.head())?.seq).toBe(1);
  });

  test('folds what is there', async () => {
    const log = memoryLog();
    await write(await open(log), 'a', 'b');
    const ledger = await open(log);
    expect(ledger.state(tally)).toEqual({ total: 2, seen: ['a', 'b'] });
  });

  test('refuses an actor that is no name', async () => {
    await expect(open(memoryLog(), { actor: '' })).rejects.toMatchObject({ code: 'input/invalid' });
  });
});

describe('commit', () => {
  test('writes events with place, time, actor and result', async () => {
    const clock = virtualClock(5_000);
    const ledger = await open(memoryLog(), { clock });
    const heard: LedgerEvent[] = [];
    ledger.events.on('committed', (event) => heard.push(event));
    await clock.advance(1_000);
    const committed = await ledger.commit((view) => ({ events: [raise('a'), raise('b')], result: view.time }), {
      actor: 'paul',
    });
    expect(committed).toMatchObject({ seq: 2, time: 6_000, result: 6_000, replayed: false });
    expect(committed.events).toMatchObject([
      { type: 'tally.raised', index: 3, seq: 2, time: 6_000, actor: 'paul', commitId: committed.commitId },
      { type: 'tally.raised', index: 4 },
    ]);
    expect(heard).toEqual(committed.events);
    expect(await all(ledger.read({ from: 3 }))).toEqual(committed.events);
    expect(await all(ledger.read({ from: 4 }))).toEqual(committed.events.slice(1));
    expect(await all(ledger.read({ from: 5 }))).toEqual([]);
  });

  test('time never stands still nor goes back', async () => {
    const clock = virtualClock(1_000);
    const ledger = await open(memoryLog(), { clock });
    const first = await write(ledger, 'a');
    clock.set(10);
    const second = await write(ledger, 'b');
    expect([first.time, second.time]).toEqual([1_001, 1_002]);
  });

  test('a command sees the state that its events will follow, also when another process wrote meanwhile', async () => {
    const log = memoryLog();
    const here = await open(log);
    const there = await open(log, { random: seededRandom(2) });
    await write(there, 'theirs');
    let runs = 0;
    const { result } = await here.commit((view) => {
      runs++;
      return { events: [raise('mine')], result: view.state(tally).total };
    });
    expect({ result, runs }).toEqual({ result: 1, runs: 2 });
    expect(here.state(tally).seen).toEqual(['theirs', 'mine']);
  });

  test('a refusal is judged on the newest state and writes nothing', async () => {
    const log = memoryLog();
    const here = await open(log);
    const there = await open(log, { random: seededRandom(2) });
    const register = (ledger: Ledger, name: string) =>
      ledger.commit((view) => {
        if (view.state(tally).seen.includes(name)) throw new Error(`${name} exists`);
        return { events: [raise(name)], result: undefined };
      });
    await register(there, 'fraud');
    await expect(register(here, 'fraud')).rejects.toThrow('fraud exists');
    const mustExist = here.commit((view) => {
      if (!view.state(tally).seen.includes('churn')) throw new Error('churn is missing');
      return { events: [], result: 'found' };
    });
    await expect(mustExist).rejects.toThrow('churn is missing');
    await register(there, 'churn');
    const found = await here.commit((view) => {
      if (!view.state(tally).seen.includes('churn')) throw new Error('churn is missing');
      return { events: [], result: 'found' };
    });
    expect(found).toMatchObject({ events: [], result: 'found', replayed: false });
    expect(here.head.seq).toBe(3);
  });

  test('commands that arrive together share appends, see each other, and fail each for itself', async () => {
    let appends = 0;
    const inner = memoryLog();
    const log: LogStore = {
      ...inner,
      append: (commit) => {
        appends++;
        return inner.append(commit);
      },
    };
    const ledger = await open(log);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 100 }, (_, i) =>
        ledger.commit((view) => {
          if (i === 50) throw new Error('fifty');
          return { events: [raise(`c${i}`)], result: view.state(tally).total };
        }),
      ),
    );
    expect(appends).toBe(2);
    expect(outcomes[50]).toMatchObject({ status: 'rejected', reason: new Error('fifty') });
    const results = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(results.map(({ result }) => result)).toEqual(Array.from({ length: 99 }, (_, i) => i));
    expect(results.map(({ events }) => labels(events)[0])).toEqual(ledger.state(tally).seen);
    expect(new Set(results.map(({ commitId }) => commitId)).size).toBe(99);
    expect((await ledger.verify()).ok).toBe(true);
  });

  test('more than fits one commit goes into several', async () => {
    const ledger = await open(memoryLog());
    const big = 'x'.repeat(60_000);
    await Promise.all(Array.from({ length: 40 }, (_, i) => write(ledger, `${i}${big}`)));
    expect(ledger.state(tally).total).toBe(40);
    expect(ledger.head.seq).toBeGreaterThan(3);
    expect((await ledger.verify()).ok).toBe(true);
  });

  test('nobody sees a state that is not written yet', async () => {
    const { log, hold } = holdingLog();
    const ledger = await open(log);
    const { reached, release } = hold();
    const both = Promise.all([write(ledger, 'a'), write(ledger, 'b')]);
    await reached;
    expect(ledger.state(tally).total).toBe(0);
    release();
    await both;
    expect(ledger.state(tally).total).toBe(2);
  });

  test('refuses what the format cannot hold, and only that', async () => {
    const ledger = await open(memoryLog());
    const outcomes = await Promise.allSettled([
      write(ledger, 'x'.repeat(65_536)),
      ledger.commit(() => ({ events: Array.from({ length: 257 }, () => raise('x')), result: 0 })),
      ledger.commit(() => ({ events: [{ type: 'tally.raised', data: { by: Number.NaN } }], result: 0 })),
      ledger.commit(() => ({ events: Array.from({ length: 20 }, () => raise('y'.repeat(60_000))), result: 0 })),
      write(ledger, 'fits'),
    ]);
    expect(outcomes.map((o) => (o.status === 'rejected' ? (o.reason as MillwrightError).code : o.status))).toEqual([
      'ledger/too-large',
      'ledger/too-large',
      'input/not-json',
      'ledger/too-large',
      'fulfilled',
    ]);
    expect(ledger.state(tally).seen).toEqual(['fits']);
  });

  test('events are copies: a caller that changes its object afterwards changes nothing', async () => {
    const ledger = await open(memoryLog());
    const data = { label: 'before', by: -0 };
    const { events } = await ledger.commit(() => ({ events: [{ type: 'tally.raised', data }], result: undefined }));
    data.label = 'after';
    expect(events[0]!.data).toEqual({ label: 'before', by: 0 });
    expect(ledger.state(tally).seen).toEqual(['before']);
  });

  test('hostile keys stay data', async () => {
    const ledger = await open(memoryLog());
    const data = JSON.parse('{"__proto__":{"polluted":true},"constructor":1,"9":1,"10":2}');
    const { events } = await ledger.commit(() => ({ events: [{ type: 'odd.seen', data }], result: undefined }));
    expect(Object.keys(events[0]!.data).sort()).toEqual(['10', '9', '__proto__', 'constructor']);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect((await ledger.verify()).ok).toBe(true);
  });
});

describe('idempotency', () => {
  const once = (ledger: Ledger, key: string, o = {}) =>
    ledger.commit((view) => ({ events: [raise(key)], result: view.state(tally).total }), { idempotencyKey: key, ...o });

  test('the same key gives the first outcome, in this process and at the same time', async () => {
    const ledger = await open(memoryLog());
    const [a, b] = await Promise.all([once(ledger, 'k'), once(ledger, 'k')]);
    const c = await once(ledger, 'k');
    expect([a.replayed, b.replayed, c.replayed]).toEqual([false, true, true]);
    expect({ ...b, replayed: false }).toEqual(a);
    expect({ ...c, replayed: false }).toEqual(a);
    expect(ledger.state(tally).total).toBe(1);
  });

  test('another process finds the key, and rebuilds the result from the events', async () => {
    const log = memoryLog();
    const first = await once(await open(log), 'k');
    const later = await open(log, { random: seededRandom(9) });
    await expect(once(later, 'k')).rejects.toMatchObject({ code: 'ledger/replayed', details: { seq: 2 } });
    const replay = await once(later, 'k', { onReplay: (events: readonly LedgerEvent[]) => events.length * 100 });
    expect(replay).toEqual({ ...first, result: 100, replayed: true });
    expect(later.state(tally).total).toBe(1);
  });

  test('a key that wrote nothing is free', async () => {
    const ledger = await open(memoryLog());
    await ledger.commit(() => ({ events: [], result: 1 }), { idempotencyKey: 'k' });
    expect((await once(ledger, 'k')).replayed).toBe(false);
  });
});

describe('abort and close', () => {
  test('a command that waits is taken back', async () => {
    const ledger = await open(memoryLog());
    const abort = new AbortController();
    const waiting = ledger.commit(() => ({ events: [raise('a')], result: 0 }), { signal: abort.signal });
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    await write(ledger, 'b');
    expect(ledger.state(tally).seen).toEqual(['b']);
  });

  test('a command whose append is under way is of unknown outcome', async () => {
    const { log, hold } = holdingLog();
    const ledger = await open(log);
    const { reached, release } = hold();
    const abort = new AbortController();
    const waiting = ledger.commit(() => ({ events: [raise('a')], result: 0 }), { signal: abort.signal });
    waiting.catch(() => undefined);
    await reached;
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ledger/commit-unknown', details: { seq: 2 } });
    release();
    await ledger.close();
    expect(ledger.state(tally).seen).toEqual(['a']);
  });

  test('close waits for what was given, and refuses more', async () => {
    const log = memoryLog();
    const ledger = await open(log);
    const pending = write(ledger, 'a');
    await ledger.close();
    await ledger.close();
    expect((await pending).seq).toBe(2);
    await expect(write(ledger, 'b')).rejects.toMatchObject({ code: 'state/closed' });
    await expect(ledger.refresh()).rejects.toMatchObject({ code: 'state/closed' });
    expect(ledger.state(tally).total).toBe(1);
  });
});

describe('projections', () => {
  test('use folds from the beginning; doing it twice is harmless', async () => {
    const ledger = await openLedger({ log: memoryLog(), actor: 'maria' });
    expect(() => ledger.state(tally)).toThrow('not in use');
    await write(ledger, 'a', 'b');
    await Promise.all([ledger.use(tally), ledger.use(tally), write(ledger, 'c')]);
    expect(ledger.state(tally).seen).toEqual(['a', 'b', 'c']);
  });

  test('one that throws is counted and heard of, and stops nobody', async () => {
    const brittle: Projection<{ seen: number }> = {
      id: 'brittle@1',
      init: () => ({ seen: 0 }),
      apply(state, event) {
        if (event.data['label'] === 'poison') throw new Error('cannot');
        state.seen++;
        return state;
      },
    };
    const log = memoryLog();
    const ledger = await open(log, { projections: [brittle, tally] });
    const heard: string[] = [];
    ledger.events.on('projectionFailed', ({ projection, event }) => heard.push(`${projection} ${event.index}`));
    await write(ledger, 'a', 'poison', 'b');
    expect(ledger.state(brittle).seen).toBe(3);
    expect(ledger.faults(brittle)).toBe(1);
    expect(ledger.faults(tally)).toBe(0);
    expect(heard).toEqual(['brittle@1 4']);
    const again = await open(log, { projections: [brittle, tally] });
    expect(again.state(brittle)).toEqual(ledger.state(brittle));
    expect(again.state(tally).total).toBe(3);
  });

  test('fork is used to decide ahead', async () => {
    let forks = 0;
    const forkable: Projection<readonly string[]> = {
      id: 'forkable@1',
      init: () => [],
      apply: (state, event) => [...state, event.type],
      fork(state) {
        forks++;
        return state;
      },
    };
    const ledger = await open(memoryLog(), { projections: [forkable] });
    const seen = await Promise.all(
      [1, 2, 3].map((by) =>
        ledger.commit((view) => ({ events: [raise('x', by)], result: view.state(forkable).length })),
      ),
    );
    expect(seen.map(({ result }) => result)).toEqual([1, 2, 3]);
    expect(forks).toBe(1);
    expect(ledger.state(forkable)).toHaveLength(4);
  });
});

describe('proofs', () => {
  test('every event can be proved, no other can', async () => {
    const ledger = await open(memoryLog());
    for (let i = 0; i < 10; i++) await write(ledger, `a${i}`, `b${i}`);
    for await (const event of ledger.read()) {
      const proof = await ledger.prove(event.index);
      expect(proof.root).toBe(ledger.head.root);
      expect(verifyInclusion(proof, event)).toBe(true);
      expect(verifyInclusion(proof, { ...event, type: 'tally.lowered' })).toBe(false);
      expect(verifyInclusion({ ...proof, index: proof.index + 1 }, event)).toBe(false);
      expect(verifyInclusion({ ...proof, path: proof.path.slice(1) }, event)).toBe(false);
    }
    await expect(ledger.prove(ledger.head.size)).rejects.toMatchObject({ code: 'input/invalid' });
  });
});
