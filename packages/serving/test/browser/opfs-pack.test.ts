import { describe, expect, test } from 'vitest';
import { layOut, tableLength, writtenSlots } from '../../src/browser/opfs-pack.js';

const name = (i: number) => i.toString(16).padStart(64, '0');

describe('a pack', () => {
  test('has a place for every piece, without gaps, and lists those that were written', () => {
    const { table, slots, size } = layOut([
      { name: name(1), size: 1_000 },
      { name: name(2), size: 2 ** 20 },
      { name: name(3), size: 7 },
    ]);
    const places = [...slots.values()];
    expect(places.map(({ size: bytes }) => bytes)).toEqual([1_000, 2 ** 20, 7]);
    expect(places[0]!.at).toBe(table.length);
    for (let i = 1; i < 3; i++) expect(places[i]!.at).toBe(places[i - 1]!.at + places[i - 1]!.size);
    expect(size).toBe(table.length + 1_000 + 2 ** 20 + 7);
    expect(tableLength(table.slice(0, 4))).toBe(table.length);
    expect([...writtenSlots(table)]).toEqual([]);
    table[slots.get(name(2))!.mark] = 1;
    expect([...writtenSlots(table)]).toEqual([[name(2), slots.get(name(2))]]);
  });

  test('holds a piece once that a file has twice', () => {
    const { slots, size, table } = layOut([
      { name: name(1), size: 10 },
      { name: name(1), size: 10 },
    ]);
    expect([slots.size, size]).toEqual([1, table.length + 10]);
  });

  test('that is cut off has no table', () => {
    expect(tableLength(new Uint8Array(3))).toBeUndefined();
    expect([...writtenSlots(new Uint8Array(20))]).toEqual([]);
  });
});
