import { seededRandom } from '@millwright/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { interleave, interleavingLogE, interleavingWinner } from '../../src/routing/index.js';

describe('interleave', () => {
  const ranking = fc.uniqueArray(fc.nat(30), { maxLength: 12 });

  test('every pick is its team’s best item left, turns differ by at most one, nothing comes twice', () => {
    fc.assert(
      fc.property(ranking, ranking, fc.string(), (a, b, key) => {
        const { items, teams } = interleave(a, b, { key, size: 20 });
        expect(new Set(items).size).toBe(items.length);
        expect(new Set(items)).toEqual(new Set([...a, ...b].filter((item) => items.includes(item))));
        items.forEach((item, place) => {
          const own = teams[place] === 0 ? a : b;
          const before = new Set(items.slice(0, place));
          expect(own.find((one) => !before.has(one))).toBe(item);
        });
        expect(items.length).toBe(Math.min(20, new Set([...a, ...b]).size));
        expect(interleave(a, b, { key, size: 20 })).toEqual({ items, teams });
      }),
    );
  });

  test('who goes first is a fair coin', () => {
    const first = Array.from({ length: 2_000 }, (_, i) => interleave(['a'], ['b'], { key: `query-${i}` }).teams[0]!);
    expect(Math.abs(first.filter((team) => team === 1).length - 1_000)).toBeLessThan(3 * Math.sqrt(500));
  });

  test('items are compared by id, and a page has its size', () => {
    const { items } = interleave([{ id: 1 }, { id: 2 }], [{ id: 1 }, { id: 3 }], {
      key: 'q',
      size: 2,
      id: ({ id }) => id,
    });
    expect(items.length).toBe(2);
    expect(new Set(items.map(({ id }) => id)).size).toBe(2);
    expect(() => interleave([], [], { key: 'q', size: -1 })).toThrow(/size/);
  });
});

describe('clicks', () => {
  test('speak for the ranker whose items got more of them', () => {
    const teams = [0, 1, 1, 0] as const;
    expect(interleavingWinner(teams, [1, 2, 3])).toBe(1);
    expect(interleavingWinner(teams, [0, 0, 0])).toBe(0);
    expect(interleavingWinner(teams, [0, 1])).toBeUndefined();
    expect(interleavingWinner(teams, [])).toBeUndefined();
    expect(() => interleavingWinner(teams, [4])).toThrow(/places/);
  });

  test('a better ranker is found, equal ones are not told apart: the error holds at every query', () => {
    const random = seededRandom(3);
    const play = (p: number, queries: number) => {
      const wins = { champion: 0, challenger: 0 };
      for (let i = 0; i < queries; i++) {
        wins[random.next() < p ? 'challenger' : 'champion']++;
        if (interleavingLogE(wins) >= Math.log(20)) return true;
      }
      return false;
    };
    const alarms = Array.from({ length: 300 }, () => play(0.5, 300)).filter(Boolean).length;
    expect(alarms / 300).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / 300));
    expect(Array.from({ length: 50 }, () => play(0.6, 1_000)).filter(Boolean).length).toBeGreaterThan(45);
  });
});
