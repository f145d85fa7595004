import { decodeUtf8, encodeUtf8 } from '@millwright/core';
import {
  countPresence,
  decodeProfile,
  encodeProfile,
  mergePresence,
  mergeProfiles,
  type PresencePatterns,
  presenceOf,
  presencePatterns,
  profileTable,
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

  test('a null entry of a dictionary is null, in slices too', () => {
    const chunk = {
      kind: 'dictionary',
      length: 5,
      nullCount: 0,
      validity: undefined,
      codes: Int8Array.of(0, 1, 1, 0, 1),
      dictionary: [null, 'a'],
    } as const;
    const table = tableFrom({ c: { name: 'c', type: 'dictionary', length: 5, nullCount: 0, chunks: [chunk] } });
    expect([...presenceOf(sliceTable(table, 1, 5), ['c']).counts]).toEqual([1, 3]);
  });

  test('are part of a profile that asks for them, and of those that refer to it', () => {
    const table = tableFrom({ a: [1, null], b: ['x', null] });
    const reference = profileTable(table, { presence: ['a', 'b'] });
    expect([...reference.presence!.counts]).toEqual([1, 0, 0, 1]);
    expect(profileTable(table).presence).toBeUndefined();
    const part = profileTable(sliceTable(table, 1), { reference });
    expect([...mergeProfiles(part, part).presence!.counts]).toEqual([2, 0, 0, 0]);
    expect(decodeProfile(encodeProfile(reference)).presence).toEqual(reference.presence);
    const text = decodeUtf8(encodeProfile(reference))
      .replace('"rowCount":2', '"rowCount":3')
      .replaceAll('"rows":2', '"rows":3');
    expect(() => decodeProfile(encodeUtf8(text))).toThrow('add up');
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
