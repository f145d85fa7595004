import { seededRandom } from '@millwright/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { labelDrift } from '../../src/label/index.js';

const batch = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts).flatMap(([label, n]) => new Array<string>(n).fill(label));

test('shares that stay within the margin pass, one that leaves it fails, few labels decide nothing', () => {
  const before = batch({ late: 2_000, early: 8_000 });
  expect(labelDrift(before, batch({ late: 2_050, early: 7_950 })).verdict).toBe('pass');
  const moved = labelDrift(before, batch({ late: 3_000, early: 7_000 }));
  expect(moved.verdict).toBe('fail');
  expect(moved.labels[0]).toMatchObject({ before: 8_000, after: 7_000, verdict: 'fail' });
  expect(moved.labels[0]?.moved).toBeCloseTo(-0.1, 12);
  const few = labelDrift(batch({ late: 2, early: 8 }), batch({ late: 3, early: 7 }));
  expect(few.verdict).toBe('insufficient');
  expect(few.need?.labels).toBeGreaterThan(500);
});

test('agrees with scipy.stats.chi2_contingency, whose p-value for two degrees of freedom is exp(-x / 2)', () => {
  const drift = labelDrift(batch({ a: 10, b: 20, c: 30 }), batch({ a: 20, b: 20, c: 20 }));
  expect(drift.pValue).toBeCloseTo(Math.exp(-(16 / 3) / 2), 12);
  expect(drift.cramersV).toBeCloseTo(Math.sqrt(16 / 3 / 120), 12);
});

test('labels that are gone, new labels, empty batches and bad margins', () => {
  const drift = labelDrift(batch({ a: 500, b: 500 }), [
    ...batch({ a: 500, c: 300 }),
    ...new Array(200).fill(undefined),
  ]);
  expect(drift.labels.map(({ label }) => label).sort()).toEqual(['(none)', 'a', 'b', 'c']);
  expect(drift.verdict).toBe('fail');
  for (const [a, b] of [
    [[], ['x']],
    [['x'], []],
    [[], []],
  ] as const) {
    const empty = labelDrift(a, b);
    expect(empty).toMatchObject({ verdict: 'insufficient', pValue: undefined, cramersV: undefined });
    expect(empty.need?.labels).toBeGreaterThan(0);
  }
  expect(labelDrift(['x'], ['x'])).toMatchObject({ verdict: 'insufficient', pValue: undefined });
  for (const options of [{ margin: 0 }, { margin: Number.NaN }, { level: 1 }])
    expect(() => labelDrift(['a'], ['b'], options)).toThrow(expect.objectContaining({ code: 'input/invalid' }));
});

test('without drift it rarely fails, and the labels that it asks for decide', () => {
  const random = seededRandom(11);
  const draw = (n: number, p: number) => Array.from({ length: n }, () => (random.next() < p ? 'a' : 'b'));
  let failed = 0;
  let settled = 0;
  for (let i = 0; i < 200; i++) {
    // The true shares differ by just the margin: a failure is an error then, of at most 5 %.
    if (labelDrift(draw(400, 0.3), draw(400, 0.35)).verdict === 'fail') failed++;
    const small = labelDrift(draw(100, 0.3), draw(100, 0.3));
    const more = 100 + (small.need?.labels ?? 0);
    if (more < 20_000 && labelDrift(draw(2 * more, 0.3), draw(2 * more, 0.3)).verdict === 'pass') settled++;
  }
  expect(failed).toBeLessThanOrEqual(10);
  expect(settled).toBeGreaterThan(100);
});

test('property: swapping the batches swaps the signs and nothing else', () => {
  const counts = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 300 }));
  fc.assert(
    fc.property(counts, counts, (a, b) => {
      const [one, other] = [labelDrift(batch(a), batch(b)), labelDrift(batch(b), batch(a))];
      expect(other.verdict).toBe(one.verdict);
      expect(other.pValue ?? -1).toBeCloseTo(one.pValue ?? -1, 9);
      const moved = new Map(other.labels.map((shift) => [shift.label, shift.moved]));
      for (const { label, moved: by } of one.labels)
        if (Number.isFinite(by)) expect(moved.get(label)! + by).toBeCloseTo(0, 12);
    }),
  );
});
