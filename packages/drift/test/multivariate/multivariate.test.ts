import { seededRandom } from '@millwright/core';
import { columnOf, tableFrom } from '@millwright/core/table';
import {
  domainClassifier,
  embeddingCells,
  energy,
  mergeEmbeddingCounts,
  mmd,
  mmdLinear,
  reconstruction,
  type Vectors,
  vectorsOf,
  withinContexts,
} from '@millwright/drift/multivariate';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** Sums of uniforms: near enough to normal, and the same in every engine. */
function points(seed: number, rows: number, width = 4, shift = 0): Vectors {
  const random = seededRandom(seed);
  const values = Float64Array.from(
    { length: rows * width },
    () => random.next() + random.next() + random.next() + random.next() - 2 + shift,
  );
  return { rows, width, values };
}

/** Share of `runs` in which `p` is at most 0.05 although nothing has changed. */
function size(runs: number, p: (seed: number) => number | undefined): number {
  let rejected = 0;
  for (let seed = 1; seed <= runs; seed++) if (p(seed)! <= 0.05) rejected++;
  return rejected / runs;
}
const atMost = (runs: number) => 0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs);

describe('maximum mean discrepancy and energy distance', () => {
  test('equal the sums over all pairs', () => {
    const a = points(1, 7, 2);
    const b = points(2, 5, 2);
    const row = ({ values, width }: Vectors, i: number) => Float64Array.from(values.slice(i * width, (i + 1) * width));
    const distance = (x: Float64Array, y: Float64Array) => Math.hypot(...x.map((value, k) => value - y[k]!));
    const mean = (x: Vectors, y: Vectors, of: (d: number) => number, own: boolean) => {
      let [sum, count] = [0, 0];
      for (let i = 0; i < x.rows; i++)
        for (let j = 0; j < y.rows; j++) {
          if (own && i === j) continue;
          sum += of(distance(row(x, i), row(y, j)));
          count++;
        }
      return sum / count;
    };
    const gauss = (d: number) => Math.exp(-(d ** 2) / (2 * 0.7 ** 2));
    expect(mmd(a, b, { bandwidth: 0.7 }).statistic).toBeCloseTo(
      mean(a, a, gauss, true) + mean(b, b, gauss, true) - 2 * mean(a, b, gauss, false),
      12,
    );
    const plain = (d: number) => d;
    expect(energy(a, b).statistic).toBeCloseTo(
      2 * mean(a, b, plain, false) - mean(a, a, plain, false) - mean(b, b, plain, false),
      12,
    );
  });

  test('find a shifted cloud and name the verdict; the same cloud is no drift', () => {
    const reference = points(1, 1_000);
    expect(mmd(reference, points(2, 1_000)).verdict).toBe('noDrift');
    const shifted = mmd(reference, points(3, 1_000, 4, 0.3));
    expect(shifted).toMatchObject({ verdict: 'drift', method: 'permutation of 200' });
    expect(shifted.pValue).toBeCloseTo(1 / 201, 12);
    expect(energy(reference, points(3, 1_000, 4, 0.3)).verdict).toBe('drift');
    expect(mmdLinear(points(1, 4_000), points(3, 4_000, 4, 0.3)).verdict).toBe('drift');
  });

  test('a few points are not enough to say no', () => {
    const result = mmd(points(1, 12), points(2, 12));
    expect(result.verdict).toBe('insufficient');
    expect(result.need?.rows).toBeGreaterThan(0);
  });

  test('alarm for nothing in at most 5 % of runs', { timeout: 60_000 }, () => {
    const runs = 300;
    const two = (seed: number, rows = 20) => [points(2 * seed, rows, 2), points(2 * seed + 1, rows, 2)] as const;
    const options = { permutations: 99, seed: 7 };
    expect(size(runs, (seed) => mmd(...two(seed), options).pValue)).toBeLessThanOrEqual(atMost(runs));
    expect(size(runs, (seed) => energy(...two(seed), options).pValue)).toBeLessThanOrEqual(atMost(runs));
    expect(size(runs, (seed) => mmdLinear(...two(seed, 400)).pValue)).toBeLessThanOrEqual(atMost(runs));
  });

  test('do not change under a common shift of a thousand million', () => {
    const far = ({ values, ...rest }: Vectors) => ({
      ...rest,
      values: values.map((value) => Math.round(value * 64) + 1e9),
    });
    const near = ({ values, ...rest }: Vectors) => ({ ...rest, values: values.map((value) => Math.round(value * 64)) });
    const [a, b] = [points(1, 40), points(2, 40)];
    expect(mmd(far(a), far(b)).statistic).toBeCloseTo(mmd(near(a), near(b)).statistic, 9);
  });

  test('refuse points that cannot be compared', () => {
    expect(() => mmd(points(1, 10, 3), points(2, 10, 4))).toThrow('points of width 3');
    expect(() => mmd(points(1, 10), { ...points(2, 10), values: new Float64Array(40).fill(Number.NaN) })).toThrow(
      'finite',
    );
    expect(() => energy(points(1, 1), points(2, 10))).toThrow('two points');
    expect(() => mmd(points(1, 7_000, 1), points(2, 7_000, 1))).toThrow('12000 points or fewer');
    expect(() => mmd(points(1, 10), points(2, 10), { bandwidth: 0 })).toThrow('bandwidth');
  });

  test('leave their inputs as they are', () => {
    const [a, b] = [points(1, 30), points(2, 30)];
    const copies = [a.values.slice(), b.values.slice()];
    mmd(a, b);
    energy(a, b);
    expect([a.values, b.values]).toEqual(copies);
  });
});

describe('reconstruction', () => {
  const rows = (seed: number, n: number, sign: 1 | -1) => {
    const random = seededRandom(seed);
    const x = Float64Array.from({ length: n }, () => random.next());
    return tableFrom({
      x,
      y: x.map((value) => sign * value + 0.1 * random.next()),
      z: Float64Array.from({ length: n }, () => random.next()),
      kind: Array.from({ length: n }, () => 'abc'[Math.floor(3 * random.next())]!),
    });
  };

  test('sees a relation turn round that no column shows', () => {
    const model = reconstruction(rows(1, 2_000, 1), { columns: ['x', 'y', 'z'] });
    expect(model.test(rows(2, 1_000, 1)).verdict).toBe('noDrift');
    const turned = model.test(rows(3, 1_000, -1));
    expect(turned.verdict).toBe('drift');
    expect(['x', 'y']).toContain(turned.parts[0]!.label);
    expect(turned.sentence).toContain('reconstruction error');
  });

  test('rebuilds exactly what lies in the kept components', () => {
    const x = Float64Array.from({ length: 50 }, (_, i) => i);
    const line = tableFrom({ x, y: x.map((value) => 3 * value + 1), w: x.map((value) => -value) });
    const model = reconstruction(line, { components: 1 });
    expect(model.explained[0]).toBeCloseTo(1, 12);
    expect(Math.max(...model.errors(line))).toBeLessThan(1e-10);
  });

  test('takes missing values, unknown categories and constant columns', () => {
    const table = tableFrom({
      a: [1, null, 3, 4, 5],
      b: ['x', 'y', null, 'x', 'x'],
      c: [7, 7, 7, 7, 7],
      d: [1, 3, 2, 5, 4],
    });
    const errors = reconstruction(table, { components: 2 }).errors(
      tableFrom({ a: [2, null], b: ['never seen', null], c: [7, 8], d: [0, 1] }),
    );
    expect([...errors].every(Number.isFinite)).toBe(true);
  });

  test('alarms for nothing in at most 5 % of runs', () => {
    const runs = 200;
    const rate = size(runs, (seed) => reconstruction(rows(2 * seed, 300, 1)).test(rows(2 * seed + 1, 200, 1)).pValue);
    expect(rate).toBeLessThanOrEqual(atMost(runs));
  });

  test('refuses too little to learn from', () => {
    expect(() => reconstruction(tableFrom({ a: [1, 2] }))).toThrow('two or more');
    expect(() => reconstruction(tableFrom({ a: [1, 2], b: [2, 1] }), { components: 2 })).toThrow('components');
    expect(() => reconstruction(tableFrom({ a: [1, 2], b: [2, 1] }), { variance: 1 })).toThrow('variance');
  });
});

describe('domain classifier', () => {
  const table = (seed: number, n: number, spread = 1) => {
    const random = seededRandom(seed);
    const centred = () => 2 * random.next() - 1;
    return tableFrom({
      wide: Float64Array.from({ length: n }, () => spread * centred()),
      same: Float64Array.from({ length: n }, centred),
      kind: Array.from({ length: n }, () => 'ab'[Math.floor(2 * random.next())]!),
    });
  };

  test('sees a changed spread, to which a linear classifier is blind, and names the column', () => {
    const result = domainClassifier(table(1, 600), table(2, 600, 2));
    expect(result.verdict).toBe('drift');
    expect(result.parts[0]!.label).toBe('wide');
    expect(result.parts[0]!.current).toBeLessThan(0.55);
    expect(result.sentence).toContain('mostly by wide');
    expect(result.statistic).toBeGreaterThan(result.band.upper);
  });

  test('finds nothing where nothing is, and alarms for nothing in at most 5 % of runs', () => {
    expect(domainClassifier(table(1, 2_000), table(2, 2_000)).verdict).toBe('noDrift');
    const runs = 200;
    expect(
      size(runs, (seed) => domainClassifier(table(2 * seed, 80), table(2 * seed + 1, 80)).pValue),
    ).toBeLessThanOrEqual(atMost(runs));
  });

  test('stays valid for a learner that only remembers', () => {
    const parrot = {
      fit: (_: unknown, target: ArrayLike<number>) => ({
        predict: ({ rows }: { rows: number }) => Float64Array.from({ length: rows }, (_, i) => target[i] ?? 0),
      }),
    };
    const result = domainClassifier(table(1, 100), table(2, 100), { learner: parrot });
    expect(result.statistic).toBe(1);
    expect(result.verdict).toBe('drift');
    const constant = { fit: () => ({ predict: ({ rows }: { rows: number }) => new Float64Array(rows) }) };
    expect(domainClassifier(table(1, 100), table(2, 100), { learner: constant }).pValue).toBe(1);
  });

  test('refuses a handful of rows', () => {
    expect(() => domainClassifier(table(1, 30), table(2, 100))).toThrow('40 or more');
  });
});

describe('embedding cells', () => {
  const cells = embeddingCells(points(1, 2_000), { projections: 8, bins: 8, centroids: 8 });

  test('find a shift, and nothing where nothing is', () => {
    expect(cells.test(cells.count(points(2, 2_000))).verdict).toBe('noDrift');
    const shifted = cells.test(cells.count(points(3, 2_000, 4, 0.4)));
    expect(shifted.verdict).toBe('drift');
    expect(shifted.sentence).toMatch(/direction|centre/);
  });

  test('counts of any parts in any order are the counts of the whole', () => {
    const all = points(4, 60);
    const whole = cells.count(all);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 5 }), fc.boolean(), (cuts, backwards) => {
        const parts: Vectors[] = [];
        let from = 0;
        for (const cut of [...cuts, 60]) {
          const to = Math.min(60, from + cut);
          parts.push({ rows: to - from, width: 4, values: all.values.slice(4 * from, 4 * to) });
          from = to;
        }
        const counted = parts.map((part) => cells.count(part));
        if (backwards) counted.reverse();
        expect(counted.reduce(mergeEmbeddingCounts)).toEqual(whole);
      }),
      { numRuns: 50 },
    );
  });

  test('counts in other cells are refused', () => {
    const other = embeddingCells(points(9, 400)).count(points(2, 10));
    expect(() => cells.test(other)).toThrow('same cells');
    expect(() => mergeEmbeddingCounts(cells.reference, other)).toThrow('same cells');
  });

  test('alarm for nothing in at most 5 % of runs', { timeout: 60_000 }, () => {
    const runs = 100;
    const rate = size(runs, (seed) => {
      const made = embeddingCells(points(2 * seed, 600, 3), { projections: 4, bins: 6, centroids: 5, seed });
      return made.test(made.count(points(2 * seed + 1, 300, 3))).pValue;
    });
    expect(rate).toBeLessThanOrEqual(atMost(runs));
  });

  test('points come out of a list column', () => {
    const column = {
      name: 'embedding',
      type: 'list',
      length: 3,
      nullCount: 1,
      chunks: [
        {
          kind: 'list',
          length: 3,
          width: 2,
          values: Float32Array.of(1, 2, 3, 4, 5, 6),
          validity: { bits: Uint8Array.of(0b101), offset: 0 },
          nullCount: 1,
        },
      ],
    } as const;
    expect(vectorsOf(column)).toEqual({ rows: 2, width: 2, values: Float64Array.of(1, 2, 5, 6) });
    expect(() => vectorsOf(columnOf(tableFrom({ a: [1] }), 'a'))).toThrow('lists of equal width');
  });
});

describe('within contexts', () => {
  /** Weekdays ask for coffee, Sundays for cake. */
  const orders = (seed: number, n: number, sundays: number, cake = 0.8) => {
    const random = seededRandom(seed);
    const context = Array.from({ length: n }, () => (random.next() < sundays ? 'sunday' : 'weekday'));
    const item = context.map((day) => (random.next() < (day === 'sunday' ? cake : 0.1) ? 'cake' : 'coffee'));
    return { column: columnOf(tableFrom({ item }), 'item'), context };
  };

  test('more Sundays are no drift, other Sundays are', () => {
    const reference = orders(1, 4_000, 1 / 7);
    expect(withinContexts(reference, orders(2, 4_000, 1 / 2)).verdict).toBe('noDrift');
    const changed = withinContexts(reference, orders(3, 4_000, 1 / 2, 0.2));
    expect(changed.verdict).toBe('drift');
    expect(changed.parts[0]!.label).toContain('sunday');
  });

  test('contexts that one side lacks are left out; with none left the answer is open', () => {
    const reference = orders(1, 500, 0);
    expect(withinContexts(reference, orders(2, 500, 1)).verdict).toBe('insufficient');
  });
});
