import { seededRandom } from '@millwright/core';
import { boostedTrees } from '@millwright/drift/multivariate';
import { expect, test } from 'vitest';

const random = seededRandom(5);
const uniform = (rows: number) => Float64Array.from({ length: rows }, () => random.next());

test('learns a product of two columns that no line fits', () => {
  const [x, y] = [uniform(2_000), uniform(2_000)];
  const target = x.map((value, i) => (value > 0.5 ? 1 : -1) * (y[i]! > 0.5 ? 1 : -1));
  const model = boostedTrees().fit({ rows: 2_000, columns: [x, y] }, target);
  const [p, q] = [uniform(500), uniform(500)];
  const predicted = model.predict({ rows: 500, columns: [p, q] });
  const off = predicted.filter((value, i) => Math.sign(value) !== (p[i]! > 0.5 ? 1 : -1) * (q[i]! > 0.5 ? 1 : -1));
  expect(off.length).toBeLessThan(50);
});

test('classes come out as log-odds, and missing values can decide', () => {
  const x = uniform(1_000).map((value, i) => (i % 4 === 0 ? Number.NaN : value));
  const target = Uint8Array.from(x, (value) => Number(Number.isNaN(value)));
  const model = boostedTrees({ loss: 'logistic' }).fit({ rows: 1_000, columns: [x] }, target);
  const [missing, present] = model.predict({ rows: 2, columns: [Float64Array.of(Number.NaN, 0.5)] });
  expect(missing).toBeGreaterThan(2);
  expect(present).toBeLessThan(-2);
});

test('a constant column and too few rows give the mean', () => {
  const features = { rows: 3, columns: [Float64Array.of(1, 1, 1)] };
  expect([...boostedTrees().fit(features, [1, 2, 6]).predict(features)]).toEqual([3, 3, 3]);
});

test('refuses targets and columns that do not fit', () => {
  const features = { rows: 2, columns: [Float64Array.of(1, 2)] };
  expect(() => boostedTrees().fit(features, [1])).toThrow('as many values as rows');
  expect(() => boostedTrees().fit(features, [1, 2]).predict({ rows: 1, columns: [] })).toThrow('1 columns');
});
