import { decodeFrequentLongs, decodeFrequentStrings, type FrequentItems, frequentItems } from '@millwright/core/sketch';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hex, settlesOrIsCorrupt } from './support.js';

const stream = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 200 });
function counted(items: readonly number[], lgMax = 4): FrequentItems<string> {
  const sketch = frequentItems({ lgMax });
  for (const item of items) sketch.update(`item ${item}`);
  return sketch;
}

describe('frequent items', () => {
  test('exact while every item has a counter', () => {
    const sketch = counted([1, 2, 1, 3, 1, 2]);
    expect([sketch.weight, sketch.retained, sketch.maxError]).toEqual([6, 3, 0]);
    expect(sketch.frequent().map(({ item, estimate }) => [item, estimate])).toEqual([
      ['item 1', 3],
      ['item 2', 2],
      ['item 3', 1],
    ]);
    expect(sketch.frequent({ above: 2 })).toEqual([{ item: 'item 1', estimate: 3, lower: 3, upper: 3 }]);
    expect(sketch.lookup('absent')).toEqual({ item: 'absent', estimate: 0, lower: 0, upper: 0 });
  });

  test('empty, and what cannot be counted', () => {
    expect(hex(frequentItems().encode())).toBe('01010a0a03050000');
    expect(decodeFrequentStrings(frequentItems().encode()).weight).toBe(0);
    expect(() => frequentItems().update('a', 0)).toThrow('`weight`');
    expect(() => frequentItems({ lgMax: 2 })).toThrow('`lgMax`');
  });

  test('bounds hold in any grouping; error and counters stay within theirs; merging commutes to the byte', () => {
    fc.assert(
      fc.property(stream, stream, stream, (a, b, c) => {
        const all = [...a, ...b, ...c];
        const left = counted(a);
        left.merge(counted(b));
        left.merge(counted(c));
        const inner = counted(b);
        inner.merge(counted(c));
        const right = counted(a);
        right.merge(inner);
        for (const sketch of [left, right, counted(all)]) {
          expect(sketch.weight).toBe(all.length);
          expect(sketch.retained).toBeLessThanOrEqual(12);
          expect(sketch.maxError).toBeLessThanOrEqual((3.5 / 16) * all.length);
          for (let item = 0; item <= 40; item++) {
            const truth = all.filter((other) => other === item).length;
            const { lower, upper } = sketch.lookup(`item ${item}`);
            expect(lower <= truth && truth <= upper).toBe(true);
          }
        }
        const swapped = counted(b);
        swapped.merge(counted(a));
        const pair = counted(a);
        pair.merge(counted(b));
        expect(swapped.encode()).toEqual(pair.encode());
      }),
      { numRuns: 100 },
    );
  });

  test('without a purge, any grouping gives the same bytes as one stream', () => {
    fc.assert(
      fc.property(stream, stream, stream, (a, b, c) => {
        const inner = counted(c, 8);
        inner.merge(counted(b, 8));
        inner.merge(counted(a, 8));
        expect(inner.encode()).toEqual(counted([...a, ...b, ...c], 8).encode());
      }),
      { numRuns: 60 },
    );
  });

  test('bytes are read back, strings and integers', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary' })),
        fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
        (texts, longs) => {
          const strings = frequentItems();
          strings.updateAll(texts);
          expect(decodeFrequentStrings(strings.encode()).encode()).toEqual(strings.encode());
          const integers = frequentItems({ kind: 'long' });
          integers.updateAll(longs);
          expect(decodeFrequentLongs(integers.encode()).encode()).toEqual(integers.encode());
        },
      ),
    );
  });

  test('damaged bytes are refused with a typed error', () => {
    const longs = frequentItems({ kind: 'long', lgMax: 4 });
    for (let i = 0; i < 100; i++) longs.update(BigInt((i * i) % 30));
    settlesOrIsCorrupt([counted([1, 2, 3, 3]).encode(), frequentItems().encode()], (bytes) =>
      decodeFrequentStrings(bytes),
    );
    settlesOrIsCorrupt([longs.encode()], (bytes) => decodeFrequentLongs(bytes));
    const lying = longs.encode();
    lying.set([255, 255, 255, 127], 8);
    expect(() => decodeFrequentLongs(lying)).toThrow('items in a table');
  });
});
