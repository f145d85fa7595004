import { isMillwrightError, seededRandom } from '@millwright/core';
import {
  type ColumnSketcher,
  mergeProfiles,
  mergeProfilesWith,
  profileTable,
  type TableProfile,
} from '@millwright/core/profile';
import { columnSketches, decodeKll } from '@millwright/core/sketch';
import { concatTables, sliceTable, tableFrom, takeRows } from '@millwright/core/table';
import { describe, expect, test } from 'vitest';
import { mixedTable } from './mixed-table.js';

/** How many random shardings and merge orders are tried: 10,000 by `MILLWRIGHT_SHARDINGS=10000 npx vitest run merge`. */
const SHARDINGS = Number(process.env['MILLWRIGHT_SHARDINGS'] ?? 1_000);

const sketches = columnSketches({ lgK: 6 });
/** Everything that merges to the bit; quantile sketches have a test of their own. */
const sketcher: ColumnSketcher = {
  ...sketches,
  sketch: (column) => (column.type === 'dictionary' || column.type === 'bool' ? sketches.sketch(column) : undefined),
};

describe('merging', () => {
  const rows = 60;
  const table = mixedTable(rows, 11);
  const reference = profileTable(mixedTable(80, 12), { shape: true, presence: ['x', 'id', 'origin', 'late'] });
  const whole = profileTable(table, { reference, sketcher });
  const merge = mergeProfilesWith(sketcher);

  test(`${SHARDINGS} random shardings and merge orders give the same bytes`, () => {
    const random = seededRandom(1);
    const below = (limit: number) => Math.floor(random.next() * limit);
    for (let round = 0; round < SHARDINGS; round++) {
      const shards = Array.from({ length: 1 + below(6) }, (): number[] => []);
      for (const row of shuffled(rows, below)) shards[below(shards.length)]!.push(row);
      const parts = shards.map((shard) =>
        profileTable(takeRows(table, Int32Array.from(shard)), { reference, sketcher }),
      );
      while (parts.length > 1) {
        const [a] = parts.splice(below(parts.length), 1);
        const [b] = parts.splice(below(parts.length), 1);
        parts.push(merge(a!, b!));
      }
      if (parts[0]!.digest !== whole.digest) expect(parts[0], `round ${round}`).toEqual(whole);
    }
    expect(whole.columns.get('x')).toHaveProperty('shape');
    expect(whole.columns.get('origin')!.sketches).toHaveProperty('frequent');
    expect(whole.presence!.counts.filter((count) => count > 0).length).toBeGreaterThan(5);
  }, 120_000);

  test('quantile sketches are the same under the same order', () => {
    const x = Float64Array.from({ length: 20_000 }, (_, i) => Math.sin(i) * i);
    const full = columnSketches();
    const anchor = profileTable(tableFrom({ x }));
    const fold = () =>
      [0, 5_000, 10_000, 15_000]
        .map((start) =>
          profileTable(sliceTable(tableFrom({ x }), start, start + 5_000), { reference: anchor, sketcher: full }),
        )
        .reduce(mergeProfilesWith(full));
    const merged = fold();
    expect(merged.digest).toBe(fold().digest);
    const quantiles = decodeKll(merged.columns.get('x')!.sketches!.quantiles!, 'double');
    expect(quantiles.n).toBe(20_000);
    const rank = x.toSorted().findIndex((value) => value >= quantiles.quantile(0.5)) / 20_000;
    expect(Math.abs(rank - 0.5)).toBeLessThan(2 * quantiles.rankError());
  });

  test('any order of rows and any chunking gives the same bytes', () => {
    const order = Int32Array.from({ length: rows }, (_, i) => (i * 17) % rows);
    const chunked = concatTables([sliceTable(table, 0, 13), sliceTable(table, 13, 14), sliceTable(table, 14)]);
    expect(profileTable(takeRows(table, order), { reference, sketcher }).digest).toBe(whole.digest);
    expect(profileTable(chunked, { reference, sketcher }).digest).toBe(whole.digest);
  });

  test.each([
    ['other edges', { x: [1, 2] }, { x: [1, 3] }],
    ['other categories', { x: ['a'] }, { x: ['b'] }],
    ['another type', { x: [1] }, { x: ['b'] }],
    ['a missing column', { x: [1], y: [1] }, { x: [1] }],
    ['a surplus column', { x: [1] }, { x: [1], y: [1] }],
  ])('profiles with %s are refused', (_, a, b) => {
    expect(refused(profileTable(tableFrom(a)), profileTable(tableFrom(b)))).toBe(true);
  });

  test('profiles that counted other things are refused', () => {
    const plain = profileTable(tableFrom({ x: [1, 2] }));
    expect(refused(plain, profileTable(tableFrom({ x: [1, 2] }), { shape: true }))).toBe(true);
    expect(refused(plain, profileTable(tableFrom({ x: [1, 2] }), { presence: ['x'] }))).toBe(true);
  });

  test('without a sketcher sketches are left out', () => {
    expect(mergeProfiles(whole, whole).columns.get('origin')!.sketches).toBeUndefined();
  });
});

function refused(a: TableProfile, b: TableProfile): boolean {
  try {
    mergeProfiles(a, b);
  } catch (error) {
    return isMillwrightError(error, 'profile/unmergeable');
  }
  return false;
}

function shuffled(length: number, below: (limit: number) => number): number[] {
  const order = Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
