import { seededRandom } from '@millwright/core';
import { decodeProfile, encodeProfile, mergeProfilesWith, profileTable } from '@millwright/core/profile';
import { columnSketches, decodeFrequentStrings, decodeHll, decodeKll } from '@millwright/core/sketch';
import { tableFrom } from '@millwright/core/table';
import { expect, test } from 'vitest';

const random = seededRandom(2);
const rows = { length: 50_000 };
const table = tableFrom({
  price: Float64Array.from(rows, () => random.next() ** 3 * 1e6),
  id: BigInt64Array.from(rows, (_, i) => BigInt(i * 13)),
  at: Array.from(rows, (_, i) => (i % 10 === 0 ? null : new Date(i * 1_000))),
  name: Array.from(rows, () => `customer ${Math.floor(1 / (random.next() + 1e-4))}`),
  late: Array.from(rows, (_, i) => i % 3 === 0),
});
const sketcher = columnSketches();
const profile = profileTable(table, { sketcher });
const of = (name: string) => profile.columns.get(name)!.sketches!;

test('quantiles, distinct and frequent values are within their stated errors', () => {
  const quantiles = decodeKll(of('price').quantiles!, 'double');
  const sorted = (table.columns.get('price')!.chunks[0] as { values: Float64Array }).values.toSorted();
  for (const q of [0.01, 0.1, 0.5, 0.9, 0.99]) {
    const rank = sorted.findIndex((value) => value >= quantiles.quantile(q)) / sorted.length;
    expect(Math.abs(rank - q)).toBeLessThan(quantiles.rankError(true));
  }
  expect(decodeHll(of('id').distinct).estimate() / 50_000).toBeCloseTo(1, 1);
  expect(decodeKll(of('at').quantiles!, 'double')).toMatchObject({ n: 45_000, min: 1_000, max: 49_999_000 });
  expect(decodeHll(of('late').distinct).estimate()).toBeCloseTo(2, 6);
  const [top] = decodeFrequentStrings(of('name').frequent!).frequent();
  expect(top!.item).toBe('customer 1');
  expect(top!.lower).toBeLessThanOrEqual(25_100);
  expect(top!.upper).toBeGreaterThanOrEqual(24_900);
});

test('with sketches a column stays below 8 KB', () => {
  for (const name of ['price', 'id', 'at', 'late'])
    expect(encodeProfile(profileTable(table, { columns: [name], sketcher })).length).toBeLessThanOrEqual(8_192);
  const strings = profileTable(table, { columns: ['name'], sketcher, maxCategoryBytes: 3_000 });
  expect(encodeProfile(strings).length).toBeLessThanOrEqual(8_192);
});

test('come back from bytes, and merge with what comes back', () => {
  const back = decodeProfile(encodeProfile(profile));
  expect(back.digest).toBe(profile.digest);
  const twice = mergeProfilesWith(sketcher)(back, profile);
  const sketches = twice.columns.get('name')!.sketches!;
  expect(decodeHll(sketches.distinct).compositeEstimate()).toBe(decodeHll(of('name').distinct).compositeEstimate());
  expect(decodeFrequentStrings(sketches.frequent!).weight).toBe(100_000);
  expect(decodeKll(twice.columns.get('price')!.sketches!.quantiles!, 'double').n).toBe(100_000);
});

test('sketches of numbers and of strings do not merge', () => {
  const [a, b] = [of('price'), of('name')];
  expect(() => sketcher.merge('price', a, b)).toThrow('numbers in one and strings');
});
