import {
  abortable,
  allOf,
  boundedQueue,
  type CommitId,
  closable,
  defined,
  eventHub,
  idSource,
  parseId,
  parseName,
  seededRandom,
  systemRandom,
} from '@millwright/core';
import { virtualClock } from '@millwright/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe('ids', () => {
  test('sort by time, increase within one millisecond, and repeat with their sources', async () => {
    const make = async () => {
      const clock = virtualClock(1_700_000_000_000);
      const next = idSource(clock, seededRandom(1));
      const ids = [next(), next(), next()];
      await clock.advance(1);
      return [...ids, next()];
    };
    const ids = await make();
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(4);
    expect(await make()).toEqual(ids);
    for (const id of ids) expect(parseId<CommitId>(id, 'commitId')).toBe(id);
  });

  test('never look at the system clock, not even at time 0 or before', () => {
    for (const start of [0, -5, Number.NaN]) {
      const next = idSource(virtualClock(start), seededRandom(1));
      expect(next().slice(0, 10)).toBe('0000000001');
    }
  });

  test('are parsed, not believed', () => {
    for (const bad of [
      '',
      '01ARZ3NDEKTSV4RRFFQ69G5FA',
      '81ARZ3NDEKTSV4RRFFQ69G5FAV',
      '01arz3ndektsv4rrffq69g5fav',
      '01ARZ3NDEKTSV4RRFFQ69G5FAI',
      1,
    ])
      expect(() => parseId(bad, 'id')).toThrow(expect.objectContaining({ code: 'input/invalid' }));
  });

  test('names', () => {
    for (const good of ['a', 'flight-delay', 'team/model.v2_x', '9lives']) expect(parseName(good)).toBe(good);
    for (const bad of ['', 'Upper', '-a', 'a-', 'a..b', 'a//b', '../a', 'a b', 'x'.repeat(129), undefined])
      expect(() => parseName(bad)).toThrow(expect.objectContaining({ code: 'input/invalid' }));
  });
});

describe('seededRandom', () => {
  test('repeats, differs by seed, and is uniform', () => {
    const draw = (seed: number, n: number) => {
      const random = seededRandom(seed);
      return Array.from({ length: n }, () => random.next());
    };
    expect(draw(7, 5)).toEqual(draw(7, 5));
    expect(draw(7, 5)).not.toEqual(draw(8, 5));
    const bins = new Array<number>(16).fill(0);
    for (const value of draw(42, 16_000)) bins[Math.floor(value * 16)]!++;
    // Chi-square with 15 degrees of freedom: 37.7 is the 0.1 % point.
    expect(bins.reduce((sum, n) => sum + (n - 1_000) ** 2 / 1_000, 0)).toBeLessThan(37.7);
    for (const value of draw(-1, 1_000)) expect(value >= 0 && value < 1).toBe(true);
  });

  test('the system generator does not repeat itself, also beyond its pool', () => {
    const drawn = Array.from({ length: 5_000 }, () => systemRandom.next());
    expect(new Set(drawn).size).toBeGreaterThan(4_990);
    for (const value of drawn) expect(value >= 0 && value < 1).toBe(true);
  });

  test('never changes: a recorded seed must give the same sequence for ever', () => {
    const random = seededRandom(1);
    expect([random.next(), random.next(), random.next()].map((x) => Math.floor(x * 2 ** 32))).toMatchInlineSnapshot(`
      [
        2420951833,
        2513034076,
        3847892949,
      ]
    `);
  });
});

describe('boundedQueue', () => {
  test('runs in order, up to its concurrency, and refuses beyond its bound', async () => {
    const queue = boundedQueue({ concurrency: 1, maxWaiting: 1 });
    const order: number[] = [];
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const first = queue.add(async () => {
      await gate;
      order.push(1);
      return 'one';
    });
    const second = queue.add(() => {
      order.push(2);
    });
    expect([queue.running, queue.waiting]).toEqual([1, 1]);
    await expect(queue.add(() => 3)).rejects.toMatchObject({ code: 'queue/full', details: { limit: 1 } });
    expect(queue.offer(() => {})).toBe(false);
    release();
    expect(await first).toBe('one');
    await second;
    await queue.idle();
    expect(order).toEqual([1, 2]);
    expect(queue.offer(() => Promise.reject(new Error('the task handles this')))).toBe(true);
    await queue.idle();
  });

  test('a failing task fails alone; clear forgets who waits', async () => {
    const queue = boundedQueue({ maxWaiting: 5 });
    await expect(queue.add(() => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
    expect(await queue.add(() => 'next')).toBe('next');
    let ran = false;
    void queue.add(() => new Promise((resolve) => queueMicrotask(() => resolve(undefined))));
    void queue.add(() => {
      ran = true;
    });
    queue.clear();
    await queue.idle();
    expect(ran).toBe(false);
    expect(() => boundedQueue({ maxWaiting: -1 })).toThrow(expect.objectContaining({ code: 'input/invalid' }));
  });
});

describe('eventHub', () => {
  interface Events {
    moved: { readonly to: string };
  }

  test('calls listeners until they leave, once means once', () => {
    const hub = eventHub<Events>();
    const heard: string[] = [];
    const leave = hub.on('moved', ({ to }) => heard.push(`on ${to}`));
    hub.once('moved', ({ to }) => heard.push(`once ${to}`));
    hub.emit('moved', { to: 'a' });
    hub.emit('moved', { to: 'b' });
    leave();
    hub.emit('moved', { to: 'c' });
    expect(heard).toEqual(['on a', 'once a', 'on b']);
  });

  test('a listener that throws stops nobody', () => {
    const errors: unknown[] = [];
    const hub = eventHub<Events>((error) => errors.push(error));
    const heard: string[] = [];
    hub.on('moved', () => {
      throw new Error('mine');
    });
    hub.on('moved', ({ to }) => heard.push(to));
    hub.emit('moved', { to: 'a' });
    expect(heard).toEqual(['a']);
    expect(errors).toEqual([new Error('mine')]);
  });
});

describe('abort and close', () => {
  test('abortable settles with the work or the signal, whichever is first', async () => {
    const abort = new AbortController();
    expect(await abortable(Promise.resolve(1), abort.signal)).toBe(1);
    expect(await abortable(Promise.resolve(2), undefined)).toBe(2);
    const never = abortable(new Promise(() => {}), abort.signal);
    abort.abort(new Error('enough'));
    await expect(never).rejects.toThrow('enough');
    await expect(abortable(Promise.resolve(3), abort.signal)).rejects.toThrow('enough');
    // What fails when nobody waits any more is not an unhandled rejection, which would end the process, and this run.
    await expect(abortable(Promise.reject(new Error('work')), abort.signal)).rejects.toThrow('enough');
    await expect(abortable(Promise.reject(new Error('work')), new AbortController().signal)).rejects.toThrow('work');
  });

  test('closable releases once, however it is closed', async () => {
    let released = 0;
    const thing = closable(() => {
      released++;
    });
    await Promise.all([thing.close(), thing[Symbol.asyncDispose]()]);
    await thing.close();
    expect(released).toBe(1);
    const failing = closable(() => Promise.reject(new Error('stuck')));
    await expect(failing.close()).rejects.toThrow('stuck');
  });
});

describe('verdicts and options', () => {
  test('any failure fails, any gap leaves it open, nothing is no pass', () => {
    expect(allOf([])).toBe('insufficient');
    expect(allOf(['pass', 'pass'])).toBe('pass');
    expect(allOf(['pass', 'insufficient'])).toBe('insufficient');
    expect(allOf(['insufficient', 'fail', 'pass'])).toBe('fail');
    fc.assert(
      fc.property(fc.array(fc.constantFrom('pass', 'fail', 'insufficient')), (verdicts) => {
        expect(allOf(verdicts) === 'pass').toBe(verdicts.length > 0 && verdicts.every((v) => v === 'pass'));
      }),
    );
  });

  test('defined drops what is undefined and nothing else', () => {
    expect(defined({ a: undefined, b: null, c: 0, d: '' })).toEqual({ b: null, c: 0, d: '' });
    expect(defined(undefined)).toEqual({});
  });
});
