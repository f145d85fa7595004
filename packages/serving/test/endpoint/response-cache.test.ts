import { digestBytes } from '@millwright/core';
import { virtualClock } from '@millwright/core/testing';
import { type Found, responseCache } from '@millwright/serving';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const model = digestBytes(Uint8Array.of(1));
const facts = { model, arm: 'champion', tenant: undefined as string | undefined, input: { x: 1 } as unknown };

function cacheOf(options: { maxBytes?: number; ttlMs?: number; staleMs?: number } = {}) {
  const clock = virtualClock();
  return { clock, cache: responseCache({ maxBytes: 1e6, clock, ...options }) };
}

describe('the key', () => {
  const { cache } = cacheOf();
  const key = (more: Partial<typeof facts>) => cache.keyOf({ ...facts, ...more });

  test('is the same for the same question, whatever the order of its members', () => {
    expect(key({ input: { a: 1, b: [2, 'c'] } })).toBe(key({ input: { b: [2, 'c'], a: 1 } }));
  });

  test('differs by model, arm and tenant', () => {
    const other = digestBytes(Uint8Array.of(2));
    const keys = [key({}), key({ model: other }), key({ arm: 'b' }), key({ tenant: 'a' }), key({ tenant: 'b' })];
    expect(new Set(keys).size).toBe(5);
    // What separates the parts cannot be smuggled in by one of them.
    expect(key({ arm: 'a","b' })).not.toBe(key({ arm: 'a', tenant: 'b' }));
  });

  test('differs for values that look alike', () => {
    const alike = [
      0,
      -0,
      '0',
      0n,
      false,
      null,
      undefined,
      [],
      [0],
      {},
      { 0: 0 },
      '',
      Number.NaN,
      'n0',
      [[0], 0],
      [0, [0]],
    ];
    const arrays = [Float32Array.of(1), Float64Array.of(1), Uint8Array.of(1), Uint8Array.of(1, 0), [1]];
    const keys = [...alike, ...arrays].map((input) => key({ input }));
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('does not exist for what has no form of its own', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    for (const input of [() => 1, Symbol('a'), new Date(0), new Map(), cycle, { deep: { f: () => 1 } }])
      expect(key({ input })).toBeUndefined();
  });

  test('is injective on JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b);
        if (same) expect(key({ input: a })).toBe(key({ input: b }));
        // Members in another order, and 0 beside -0, are what JSON text does not show.
        else if (key({ input: a }) === key({ input: b })) expect(a).toEqual(b);
      }),
    );
  });
});

describe('the cache', () => {
  const ask = (cache: ReturnType<typeof responseCache>, name: string, answer: unknown = { y: name }) => {
    const key = cache.keyOf({ ...facts, input: name })!;
    const taken = cache.take(key, false, () => undefined);
    if (taken.kind === 'lead') cache.settle(key, { output: answer });
    return taken.kind;
  };

  test('gives an answer again, as a copy', () => {
    const { cache } = cacheOf();
    const key = cache.keyOf(facts)!;
    const output = { y: [1, 2] };
    expect(cache.take(key, false, () => undefined).kind).toBe('lead');
    cache.settle(key, { output });
    output.y[0] = 99;
    const first = cache.take(key, false, () => undefined) as Found;
    expect(first.output).toEqual({ y: [1, 2] });
    (first.output as typeof output).y[0] = 98;
    expect((cache.take(key, false, () => undefined) as Found).output).toEqual({ y: [1, 2] });
    expect(cache.stats).toMatchObject({ hits: 2, misses: 1, entries: 1 });
  });

  test('answers for everybody who asked meanwhile', () => {
    const { cache } = cacheOf();
    const key = cache.keyOf(facts)!;
    const got: unknown[] = [];
    cache.take(key, false, () => undefined);
    for (let i = 0; i < 3; i++) expect(cache.take(key, false, (found) => got.push(found?.output)).kind).toBe('follow');
    cache.settle(key, { output: 7 });
    expect(got).toEqual([7, 7, 7]);
    expect(cache.stats).toMatchObject({ shared: 3, misses: 1 });
  });

  test('without an answer the next one leads, and nothing is kept', () => {
    const { cache } = cacheOf();
    const key = cache.keyOf(facts)!;
    const kinds: string[] = [];
    const again = (found: Found | undefined) => {
      if (found === undefined) kinds.push(cache.take(key, false, () => undefined).kind);
    };
    cache.take(key, false, () => undefined);
    cache.take(key, false, again);
    cache.take(key, false, again);
    cache.settle(key, undefined);
    expect(kinds).toEqual(['lead', 'follow']);
    expect(cache.stats.entries).toBe(0);
  });

  test('forgets in time, and gives what is older where that will do', async () => {
    const { cache, clock } = cacheOf({ ttlMs: 100, staleMs: 1_000 });
    const key = cache.keyOf({ ...facts, input: 'a' })!;
    ask(cache, 'a');
    await clock.advance(100);
    expect(ask(cache, 'a')).toBe('hit');
    await clock.advance(1);
    expect(cache.take(key, true, () => undefined)).toEqual({ kind: 'hit', output: { y: 'a' }, stale: true });
    expect(cache.take(key, false, () => undefined).kind).toBe('lead');
    cache.settle(key, undefined);
    await clock.advance(2_000);
    expect(cache.take(key, true, () => undefined).kind).toBe('lead');
    expect(cache.stats.bytes).toBe(0);
  });

  test('lets the least recently used go, and never takes more bytes than it may', () => {
    const { cache } = cacheOf({ maxBytes: 1_000 });
    for (const name of ['a', 'b', 'c']) ask(cache, name);
    expect(ask(cache, 'a')).toBe('hit');
    ask(cache, 'd');
    expect(cache.stats.bytes).toBeLessThanOrEqual(1_000);
    expect([ask(cache, 'b'), ask(cache, 'a')]).toEqual(['lead', 'hit']);
    const { entries } = cache.stats;
    ask(cache, 'huge', 'x'.repeat(1_000));
    expect(cache.stats.entries).toBe(entries);
    expect(cache.stats.evicted).toBeGreaterThan(0);
  });

  test('what cannot be copied is given to nobody else', () => {
    const { cache } = cacheOf();
    const key = cache.keyOf(facts)!;
    const got: unknown[] = [];
    cache.take(key, false, () => undefined);
    cache.take(key, false, (found) => got.push(found));
    cache.settle(key, { output: { f: () => 1 } });
    expect([got, cache.stats.entries]).toEqual([[undefined], 0]);
  });

  test('counts its bytes right, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(20), fc.nat(300)), { maxLength: 100 }), (asks) => {
        const { cache } = cacheOf({ maxBytes: 3_000 });
        for (const [name, size] of asks) ask(cache, String(name), 'x'.repeat(size));
        expect(cache.stats.bytes).toBeLessThanOrEqual(3_000);
        expect(cache.stats.bytes > 0).toBe(cache.stats.entries > 0);
        // Everything it holds is as large as an empty answer at least.
        expect(cache.stats.bytes).toBeGreaterThanOrEqual(cache.stats.entries * 216);
      }),
      { numRuns: 50 },
    );
  });

  test.each([0, -1, Number.NaN])('%s bytes are no bound', (maxBytes) => {
    expect(() => responseCache({ maxBytes })).toThrow(expect.objectContaining({ code: 'input/invalid' }));
  });
});
