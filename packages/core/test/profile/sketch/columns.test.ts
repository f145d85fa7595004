import { seededRandom } from '@millwright/core';
import { decodeFrequentStrings, decodeHll, decodeKll, mergeSketches, sketchTable } from '@millwright/core/sketch';
import { sliceTable, tableFrom } from '@millwright/core/table';
import { describe, expect, test } from 'vitest';

const random = seededRandom(9);
const table = tableFrom({
  delay: Float64Array.from({ length: 20_000 }, (_, i) => (i % 100 === 0 ? Number.NaN : 60 * random.next())),
  airport: Array.from(
    { length: 20_000 },
    () => ['ORD', 'ORD', 'ORD', 'MSP', 'JFK', null][Math.floor(6 * random.next())]!,
  ),
  late: Array.from({ length: 20_000 }, () => random.next() < 0.2),
});

describe('sketches of a table', () => {
  const sketches = sketchTable(table);

  test('know quantiles, distinct values and the most frequent ones, within their errors', () => {
    const { quantiles, distinct } = sketches.get('delay')!;
    expect(quantiles!.n).toBe(19_800);
    expect(Math.abs(quantiles!.quantile(0.5) - 30)).toBeLessThan(60 * 2 * quantiles!.rankError());
    const { lower, upper } = distinct.bounds(3);
    expect(lower).toBeLessThan(19_800);
    expect(upper).toBeGreaterThan(19_800);
    expect(sketches.get('airport')!.distinct.estimate()).toBeCloseTo(3, 3);
    const ord = sketches.get('airport')!.frequent!.lookup('ORD');
    expect(ord.lower).toBe(ord.upper);
    expect(ord.estimate).toBeGreaterThan(9_000);
    expect(sketches.get('late')!.frequent!.lookup('true').estimate).toBeGreaterThan(3_000);
  });

  test('have bytes that are read back, and equal bytes for equal rows', () => {
    const again = sketchTable(table);
    for (const name of ['delay', 'airport']) {
      const [a, b] = [sketches.get(name)!, again.get(name)!];
      expect(a.distinct.encode()).toEqual(b.distinct.encode());
      expect(decodeHll(a.distinct.encode()).estimate()).toBeCloseTo(a.distinct.estimate(), 9);
      expect(a.quantiles?.encode()).toEqual(b.quantiles?.encode());
    }
    expect(decodeKll(sketches.get('delay')!.quantiles!.encode(), 'double').n).toBe(19_800);
    expect(decodeFrequentStrings(sketches.get('airport')!.frequent!.encode()).lookup('MSP').estimate).toBeGreaterThan(
      0,
    );
  });

  test('of two parts merge to sketches of all rows, and the parts stay as they are', () => {
    const parts = [sliceTable(table, 0, 7_000), sliceTable(table, 7_000)].map((part) => sketchTable(part));
    const merged = mergeSketches(parts[0]!, parts[1]!);
    expect(merged.get('delay')!.quantiles!.n).toBe(19_800);
    expect(merged.get('airport')!.frequent!.lookup('ORD')).toEqual(sketches.get('airport')!.frequent!.lookup('ORD'));
    expect(merged.get('delay')!.distinct.compositeEstimate()).toBeCloseTo(
      sketches.get('delay')!.distinct.compositeEstimate(),
      6,
    );
    expect(parts[0]!.get('delay')!.quantiles!.n).toBe(6_930);
    expect(mergeSketches(parts[0]!, parts[1]!).get('delay')!.quantiles!.encode()).toEqual(
      merged.get('delay')!.quantiles!.encode(),
    );
  });

  test('refuse columns that differ, are missing or hold neither numbers nor strings', () => {
    expect(() => mergeSketches(sketches, sketchTable(table, { columns: ['delay'] }))).toThrow('only one side');
    expect(() => mergeSketches(sketchTable(tableFrom({ a: [1] })), sketchTable(tableFrom({ a: ['x'] })))).toThrow(
      'numbers in one and strings',
    );
    expect(() => sketchTable(table, { columns: ['nothing'] })).toThrow('`nothing`');
  });
});
