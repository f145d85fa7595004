import {
  countPresence,
  mergePresence,
  type PresencePatterns,
  presenceOf,
  presencePatterns,
} from '@millwright/core/profile';
import { sliceTable, tableFrom, tableFromRows } from '@millwright/core/table';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const NAMES = ['image', 'audio', 'text'];

describe('presence patterns', () => {
  test('count what is there together; NaN and empty text are values, null is not', () => {
    const table = tableFrom({ image: [1, null, Number.NaN], audio: [null, null, 2], text: ['', 'a', null] });
    const { counts } = presenceOf(table, NAMES);
    expect(Object.entries(counts).filter(([, count]) => count > 0)).toEqual([
      ['3', 1], // image and audio
      ['4', 1], // text
      ['5', 1], // image and text
    ]);
  });

  test('rows one by one are the table; any split adds up', () => {
    const row = fc.record({
      image: fc.option(fc.integer()),
      audio: fc.option(fc.integer()),
      text: fc.option(fc.string()),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 40 }), fc.nat(), (rows, at) => {
        const all: PresencePatterns = presencePatterns(NAMES);
        for (const each of rows) countPresence(all, each);
        // A first row without nulls gives every column its type; it is cut off again.
        const table = sliceTable(tableFromRows([{ image: 0, audio: 0, text: '' }, ...rows]), 1);
        expect(presenceOf(table, NAMES)).toEqual(all);
        const cut = at % (rows.length + 1);
        const parts = [sliceTable(table, 0, cut), sliceTable(table, cut)].map((part) => presenceOf(part, NAMES));
        expect(mergePresence(parts[1]!, parts[0]!)).toEqual(all);
      }),
    );
  });

  test('inherited names are not values', () => {
    const patterns = presencePatterns(['toString']);
    countPresence(patterns, {});
    expect([...patterns.counts]).toEqual([1, 0]);
  });

  test('no columns, too many, others and missing ones are refused', () => {
    expect(() => presencePatterns([])).toThrow('1 to 10');
    expect(() => presencePatterns(Array.from({ length: 11 }, (_, i) => `c${i}`))).toThrow('1 to 10');
    expect(() => mergePresence(presencePatterns(['a']), presencePatterns(['b']))).toThrow('columns a, got those of b');
    expect(() => presenceOf(tableFrom({ a: [1] }), ['b'])).toThrow('`b`');
  });
});
