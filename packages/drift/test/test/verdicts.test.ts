import { seededRandom } from '@millwright/core';
import { type CategoryProfile, type NumberProfile, profileTable } from '@millwright/core/profile';
import { columnOf, tableFrom } from '@millwright/core/table';
import {
  compareRates,
  distribution,
  kolmogorovSmirnov,
  ks,
  missingTest,
  poolCells,
  psi,
  rangeTest,
  rankTests,
  unseenTest,
} from '@millwright/drift/test';
import { describe, expect, test } from 'vitest';
import vectors from '../vectors/two-sample.json' with { type: 'json' };

const column = (values: readonly (number | string | null)[] | Float64Array) => columnOf(tableFrom({ x: values }), 'x');
const pair = (
  was: readonly (number | string | null)[] | Float64Array,
  now: readonly (number | string | null)[] | Float64Array,
) => {
  const reference = profileTable(tableFrom({ x: was }));
  return [reference.columns.get('x')!, profileTable(tableFrom({ x: now }), { reference }).columns.get('x')!] as const;
};
function gaussian(seed: number) {
  const random = seededRandom(seed);
  return (n: number, mean = 0, sd = 1) =>
    Float64Array.from(
      { length: n },
      () => mean + sd * Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next()),
    );
}

describe('verdicts', () => {
  const draw = gaussian(1);
  const [was, same, moved] = [draw(5_000), draw(5_000), draw(5_000, 0.6)];

  test.each([distribution, ks, ...Object.values(rankTests)])(
    '$id finds a shift, and nothing where there is none',
    (door) => {
      expect(door.fromSamples(column(was), column(moved)).verdict).toBe('drift');
      expect(door.fromSamples(column(was), column(same)).verdict).toBe('noDrift');
    },
  );

  test.each([distribution, ks, ...Object.values(rankTests)])(
    '$id without rows, or with too few, is insufficient and says how many more',
    (door) => {
      expect(door.fromSamples(column(was), column([])).verdict).toBe('insufficient');
      expect(door.fromSamples(column([]), column(was)).verdict).toBe('insufficient');
      const few = door.fromSamples(column(was), column(same.slice(0, 20)));
      expect(few.verdict).toBe('insufficient');
      expect(few.need?.rows).toBeGreaterThan(20);
      const enough = 20 + few.need!.rows!;
      expect(door.fromSamples(column(was), column(draw(enough))).verdict).not.toBe('insufficient');
    },
  );

  test('a difference beyond chance but below the margin is no drift', () => {
    const result = distribution.fromSamples(column(draw(400_000)), column(draw(400_000, 0.02)));
    expect(result.pValue).toBeLessThan(1e-6);
    expect(result.verdict).toBe('noDrift');
    expect(distribution.fromSamples(column(was), column(moved), { margin: 0.9 }).verdict).toBe('noDrift');
  });

  test('the sentence says how much, how sure and where', () => {
    const result = distribution.fromSamples(
      column(['a', 'b'].flatMap((c) => Array(500).fill(c))),
      column([...Array(900).fill('a'), ...Array(100).fill('b')]),
    );
    expect(result.sentence).toBe(
      'Share of rows moved 0.4 (margin 0.1, p = 7.7e-85), mostly `a`: 50 % before, 90 % now.',
    );
  });

  test('cells are named by their values: one value, a range, beyond', () => {
    const hours = Array.from({ length: 2_400 }, (_, i) => i % 24);
    const late = hours.map((hour) => (hour < 12 ? 0 : hour));
    expect(distribution.fromSamples(column(hours), column(late)).parts[0]?.label).toBe('0');
    expect(ks.fromProfiles!(...pair(hours, late)).parts[0]?.label).toBe('values up to 0');
    const beyond = distribution.fromSamples(column(hours), column(hours.map((hour) => hour + 40)));
    expect(beyond.parts[0]?.label).toBe('above 23');
  });

  test.each([{ alpha: 0 }, { alpha: Number.NaN }, { power: 1 }, { margin: -1 }])(
    'options %o are refused',
    (options) => {
      expect(() => kolmogorovSmirnov(was, same, options)).toThrow(/Expected/);
    },
  );

  test('NaN in a sample is refused, not ranked as the largest value', () => {
    expect(() => kolmogorovSmirnov(Float64Array.of(1, Number.NaN), was)).toThrow(/reference\[1\]/);
  });

  test('samples are not changed', () => {
    const before = was.slice();
    kolmogorovSmirnov(was, same);
    distribution.fromSamples(column(was), column(same));
    expect(was).toEqual(before);
  });

  test('on profiles KS never sees more than on samples', () => {
    const full = ks.fromSamples(column(was), column(moved));
    const binned = ks.fromProfiles!(...pair(was, moved));
    expect(binned.statistic).toBeLessThanOrEqual(full.statistic);
    expect(binned.statistic).toBeGreaterThan(full.statistic - 1 / 64);
  });

  test('profiles that were not counted against the reference are refused', () => {
    const [a] = pair(was, same);
    const [b] = pair(moved, same);
    expect(() => distribution.fromProfiles!(a, b)).toThrow(/reference/);
    expect(() => distribution.fromProfiles!(a, pair(['x'], ['y'])[0])).toThrow(/compared/);
  });
});

describe('presence, categories and range are tests of their own', () => {
  test('missing values equal scipy for the 2x2 table', () => {
    const { table, chi2 } = vectors.missingness as { table: number[][]; chi2: { pvalue: number } };
    const [[a, b], [c, d]] = table as [[number, number], [number, number]];
    const result = compareRates('missing', 'share', { count: b, rows: a + b }, { count: d, rows: c + d });
    expect(result.logPValue).toBeCloseTo(Math.log(chi2.pvalue), 6);
    expect(result.verdict).toBe('drift');
  });

  test('small counts use the exact law', () => {
    const result = compareRates('missing', 'share', { count: 0, rows: 50 }, { count: 6, rows: 50 });
    expect(result.method).toBe('exact');
    expect(result.pValue).toBeCloseTo(0.0267, 3);
  });

  test('null and NaN are missing', () => {
    const was = Array.from({ length: 1_000 }, (_, i) => i);
    const now = was.map((v) => (v % 10 === 0 ? null : v % 10 === 1 ? Number.NaN : v));
    expect(missingTest(...pair(was, now))).toMatchObject({ verdict: 'drift', effect: 0.2 });
  });

  test('new categories are compared with how often the reference itself had news', () => {
    const [was, now] = pair(
      Array.from({ length: 2_000 }, (_, i) => `c${i % 5}`),
      Array.from({ length: 1_000 }, (_, i) => `c${i % 6}`),
    );
    expect(unseenTest(was as CategoryProfile, now as CategoryProfile).verdict).toBe('drift');
    const [ids, others] = pair(
      Array.from({ length: 2_000 }, (_, i) => `id-${i}`),
      Array.from({ length: 1_000 }, (_, i) => `id-${5_000 + i}`),
    );
    expect(unseenTest(ids as CategoryProfile, others as CategoryProfile).verdict).toBe('noDrift');
  });

  test('a reference whose categories are not listed expects as many others as it has', () => {
    const none = {
      kind: 'category',
      type: 'utf8',
      nulls: 0,
      empty: 0,
      counts: new Map(),
      otherSample: new Map(),
    } as const;
    const unlisted: CategoryProfile = { ...none, rows: 500, other: 500 };
    expect(unseenTest(unlisted, unlisted)).toMatchObject({ verdict: 'noDrift', effect: 0, pValue: 1 });
  });

  test('values beyond the reference and infinities are out of range', () => {
    const draw = gaussian(2);
    const beyond = draw(2_000).map((v, i) => (i % 20 === 0 ? v * 1_000 : i % 33 === 0 ? Infinity : v));
    const [was, now] = pair(draw(5_000), beyond);
    expect(rangeTest(was as NumberProfile, now as NumberProfile).verdict).toBe('drift');
    const [a, b] = pair(draw(5_000), draw(5_000));
    expect(rangeTest(a as NumberProfile, b as NumberProfile).verdict).toBe('noDrift');
  });
});

describe('pooling', () => {
  test('every pooled cell expects five rows on both sides and no row is lost', () => {
    const random = seededRandom(9);
    for (const ordered of [true, false])
      for (let run = 0; run < 100; run++) {
        const size = 1 + Math.floor(random.next() * 60);
        const counts = (rows: number) => {
          const out = new Float64Array(size);
          for (let i = 0; i < rows; i++) out[Math.floor(random.next() ** 3 * size)]!++;
          return out;
        };
        const pooled = poolCells({ reference: counts(400), current: counts(100), ordered, label: String });
        const sum = (values: Float64Array) => values.reduce((a, b) => a + b, 0);
        expect([sum(pooled.reference), sum(pooled.current)]).toEqual([400, 100]);
        if (pooled.reference.length < 2) continue;
        for (let k = 0; k < pooled.reference.length; k++) {
          // Of categories both samples say how common they are, of a number's cells the reference alone.
          const rows = ordered ? pooled.reference[k]! / 400 : (pooled.reference[k]! + pooled.current[k]!) / 500;
          expect(rows * 100).toBeGreaterThanOrEqual(5 - 1e-9);
        }
      }
  });

  test('PSI of a vanished cell is finite', () => {
    expect(psi([100, 0], [0, 100])).toBeLessThan(12);
    expect(psi([10, 10], [10, 10])).toBe(0);
  });
});

describe('power', () => {
  test('real differences are found: sizes under the null are in test/size', () => {
    const draw = gaussian(5);
    let found = 0;
    for (let run = 0; run < 200; run++)
      if (distribution.fromProfiles!(...pair(draw(1_000), draw(300, 0.4))).pValue! <= 0.05) found++;
    expect(found).toBeGreaterThan(180);
  });
});
