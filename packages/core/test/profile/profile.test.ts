import { seededRandom } from '@millwright/core';
import {
  type CategoryProfile,
  decodeProfile,
  encodeProfile,
  meanOf,
  type NumberProfile,
  profileTable,
  quantileOf,
  varianceOf,
} from '@millwright/core/profile';
import { type Table, tableFrom } from '@millwright/core/table';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import moments from '../vectors/moments.json' with { type: 'json' };
import { mixedTable } from './mixed-table.js';

const numbers = (table: Table, name = 'x') => profileTable(table).columns.get(name) as NumberProfile;
const categories = (table: Table, name = 'x') => profileTable(table).columns.get(name) as CategoryProfile;
const total = (values: Iterable<number>) => [...values].reduce((sum, value) => sum + value, 0);

describe('numeric columns', () => {
  test('null, NaN, infinities and finite values are counted apart', () => {
    const profile = numbers(tableFrom({ x: [1, null, Number.NaN, Infinity, -Infinity, 3, -Infinity] }));
    expect(profile).toMatchObject({ rows: 7, nulls: 1, nan: 1, positiveInfinity: 1, negativeInfinity: 2, finite: 2 });
    expect(profile).toMatchObject({ min: 1, max: 3, integers: true });
    expect(meanOf(profile)).toBe(2);
  });

  test.each(moments.cases)('moments of $column', ({ float64, mean, var_ddof1, min, max }) => {
    const bytes = Uint8Array.from(atob(float64), (char) => char.charCodeAt(0));
    const profile = numbers(tableFrom({ x: new Float64Array(bytes.buffer) }));
    expect(meanOf(profile)! / mean).toBeCloseTo(1, 13);
    expect(profile).toMatchObject({ min, max, finite: 5000 });
    if (var_ddof1 === 0) expect(varianceOf(profile)).toBe(0);
    else expect(varianceOf(profile)! / var_ddof1).toBeCloseTo(1, 12);
  });

  test('a value with more than its share has a cell of its own', () => {
    const x = Float64Array.from({ length: 10_000 }, (_, i) => (i % 2 === 0 ? 0 : i));
    const { edges, counts } = numbers(tableFrom({ x })).histogram;
    const cell = edges.findIndex((edge) => edge > 0);
    expect(counts[cell]).toBe(5_000);
    expect(edges[cell]).toBe(Number.MIN_VALUE);
  });

  test('few distinct values have a cell each; what lies between or beyond is seen', () => {
    const reference = profileTable(tableFrom({ x: Float64Array.from({ length: 240 }, (_, i) => i % 24) }));
    const current = tableFrom({ x: Float64Array.of(3, 3.5, -1, 24, 0) });
    const profile = profileTable(current, { reference }).columns.get('x') as NumberProfile;
    const was = (reference.columns.get('x') as NumberProfile).histogram.counts;
    const unseen = profile.histogram.counts.filter((_, i) => was[i] === 0);
    expect(total(unseen)).toBe(3);
    expect(profile.histogram.counts[0]).toBe(1);
    expect(profile.histogram.counts.at(-1)).toBe(1);
  });

  test('narrow integers counted by value give the same profile as doubles counted one by one', () => {
    const random = seededRandom(4);
    const x = Int16Array.from({ length: 70_000 }, () => Math.floor((random.next() - 0.5) ** 3 * 200_000));
    const narrow = numbers(tableFrom({ x }));
    const reference = profileTable(tableFrom({ x }));
    const wide = profileTable(tableFrom({ x: Float64Array.from(x) }), { reference }).columns.get('x') as NumberProfile;
    expect({ ...wide, type: 'i16' }).toEqual(narrow);
  });

  test('counts are those of a plain loop, for values of every size and sign', () => {
    const value = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: -9, max: 9 }).map((v) => v / 4),
      fc.float({ noNaN: true, noDefaultInfinity: true }),
    );
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 300 }),
        fc.array(value, { maxLength: 100 }),
        fc.integer({ min: 2, max: 64 }),
        (was, now, bins) => {
          const reference = profileTable(tableFrom({ x: was }), { bins });
          const { edges, counts } = (
            profileTable(tableFrom({ x: Float64Array.from(now) }), { reference }).columns.get('x') as NumberProfile
          ).histogram;
          const expected = new Float64Array(edges.length + 1);
          for (const v of now) expected[edges.filter((edge) => edge <= v).length]!++;
          expect(counts).toEqual(expected);
          const own = (reference.columns.get('x') as NumberProfile).histogram.counts;
          expect([own[0], own.at(-1), total(own)]).toEqual([0, 0, was.length]);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('timestamps are profiled in milliseconds', () => {
    expect(numbers(tableFrom({ x: [new Date(5), new Date(9)] }))).toMatchObject({ type: 'timestamp', min: 5, max: 9 });
  });

  test('a column without values has no minimum and an empty histogram', () => {
    const profile = numbers(tableFrom({ x: [null, null] }));
    expect(profile).toMatchObject({ min: undefined, finite: 0, nulls: 2 });
    expect([meanOf(profile), quantileOf(profile, 0.5)]).toEqual([undefined, undefined]);
  });

  test('quantiles lie within a cell of the truth', () => {
    const random = seededRandom(1);
    const x = Float64Array.from({ length: 20_000 }, () => Math.exp(3 * random.next()));
    const profile = numbers(tableFrom({ x }));
    const sorted = x.slice().sort();
    for (const q of [0, 0.01, 0.25, 0.5, 0.9, 0.99, 1]) {
      const rank = sorted.findIndex((v) => v >= quantileOf(profile, q)!) / sorted.length;
      expect(Math.abs(rank - q)).toBeLessThan(1 / 100);
    }
  });
});

describe('categories', () => {
  test('strings, dictionaries and booleans are counted; the empty string also apart', () => {
    const profile = categories(tableFrom({ x: ['b', '', 'a', null, 'b'] }));
    expect(profile).toMatchObject({ nulls: 1, empty: 1, other: 0 });
    expect([...profile.counts]).toEqual([
      ['', 1],
      ['a', 1],
      ['b', 2],
    ]);
    expect([...categories(tableFrom({ x: [true, null, false, true] })).counts]).toEqual([
      ['false', 1],
      ['true', 2],
    ]);
  });

  test('a null entry of the dictionary is null', () => {
    const chunk = {
      kind: 'dictionary',
      length: 3,
      nullCount: 0,
      validity: undefined,
      codes: Int32Array.of(0, 1, 0),
      dictionary: [null, 'a'],
    } as const;
    const table = tableFrom({ x: { name: 'x', type: 'dictionary', length: 3, nullCount: 0, chunks: [chunk] } });
    expect(categories(table)).toMatchObject({ nulls: 2, counts: new Map([['a', 1]]) });
  });

  test('what the reference has not seen is mass with a sample, what did not come is 0', () => {
    const reference = profileTable(tableFrom({ x: ['a', 'b', 'b'] }));
    const profile = profileTable(tableFrom({ x: ['c', 'b', 'c', 'd'] }), { reference }).columns.get(
      'x',
    ) as CategoryProfile;
    expect([...profile.counts]).toEqual([
      ['a', 0],
      ['b', 1],
    ]);
    expect(profile.other).toBe(3);
    expect([...profile.otherSample]).toEqual([
      ['c', 2],
      ['d', 1],
    ]);
  });

  test('beyond the cap the most frequent stay, the rest is other mass', () => {
    const x = Array.from({ length: 30_000 }, (_, i) => `customer-${i % 20_000}`);
    const profile = categories(tableFrom({ x }));
    expect([...profile.counts.values()].every((count) => count === 2)).toBe(true);
    expect(total(profile.counts.values()) + profile.other).toBe(30_000);
    expect(encodeProfile(profileTable(tableFrom({ x }))).length).toBeLessThan(8_192);
  });
});

describe('bytes', () => {
  test('come back as the same profile, also with hostile names', () => {
    const columns = JSON.parse('{"__proto__":[1,2],"a \\" ü":["x",null]}');
    for (const table of [mixedTable(300, 5), tableFrom({}), tableFrom(columns), mixedTable(0, 1)]) {
      const profile = profileTable(table);
      const back = decodeProfile(encodeProfile(profile));
      expect(back.digest).toBe(profile.digest);
      expect([...back.columns]).toEqual([...profile.columns]);
    }
  });

  test('stay below 8 KB per column', () => {
    const random = seededRandom(3);
    const many = { length: 50_000 };
    const table = tableFrom({
      a: Float64Array.from(many, () => random.next() ** 5 * 1e6),
      b: Float64Array.from(many, () => Math.floor(random.next() * 200)),
      c: Array.from(many, () => `${random.next()}`),
    });
    for (const name of table.columns.keys())
      expect(encodeProfile(profileTable(table, { columns: [name] })).length).toBeLessThanOrEqual(8_192);
  });

  test.each([
    ['no JSON', '{'],
    ['another format', '{"format":"millwright.profile/2"}'],
    ['counts that do not add up', undefined],
  ])('%s is refused', (_, text) => {
    const sound = new TextDecoder().decode(encodeProfile(profileTable(tableFrom({ x: ['a', 'b'] }))));
    const bytes = new TextEncoder().encode(text ?? sound.replace('["a",1]', '["a",2]'));
    expect(() => decodeProfile(bytes)).toThrow(/Expected/);
  });
});
