import { kurtosisOf, type NumberProfile, profileTable, skewnessOf } from '@millwright/core/profile';
import { tableFrom } from '@millwright/core/table';
import { expect, test } from 'vitest';
import moments from '../vectors/moments.json' with { type: 'json' };

const shaped = (x: ArrayLike<number> & Iterable<number>) =>
  profileTable(tableFrom({ x: Float64Array.from(x) }), { shape: true }).columns.get('x') as NumberProfile;

test.each(moments.cases)('skewness and kurtosis of $column equal scipy', ({ float64, skew, kurtosis_excess }) => {
  const bytes = Uint8Array.from(atob(float64), (char) => char.charCodeAt(0));
  const profile = shaped(new Float64Array(bytes.buffer));
  // A constant column has no shape; scipy says NaN.
  const values = [skewnessOf(profile) ?? 'NaN', kurtosisOf(profile) ?? 'NaN'];
  for (const [i, expected] of [skew, kurtosis_excess].entries())
    if (typeof expected === 'number') expect(Math.abs(Number(values[i]) / expected - 1)).toBeLessThan(1e-9);
    else expect(values[i]).toBe(expected);
});

test('a large offset and a tiny scale cost no digits', () => {
  const shape = [0, 0, 0, 1, 3, 3, 8];
  const plain = shaped(shape);
  for (const move of [
    (v: number) => v + 2 ** 50,
    (v: number) => v * 2 ** -250,
    (v: number) => v * 2 ** 240 - 2 ** 250,
  ]) {
    expect(skewnessOf(shaped(shape.map(move)))).toBe(skewnessOf(plain));
    expect(kurtosisOf(shaped(shape.map(move)))).toBe(kurtosisOf(plain));
  }
  expect(skewnessOf(shaped(shape.map((v) => -v)))).toBe(-skewnessOf(plain)!);
});

test('integers counted by value have the shape of doubles', () => {
  const x = Int16Array.from({ length: 70_000 }, (_, i) => ((i * 7919) % 65_536) - 32_768);
  const narrow = profileTable(tableFrom({ x }), { shape: true }).columns.get('x') as NumberProfile;
  expect(narrow.shape).toEqual(shaped(x).shape);
});

test('without the sums, without values and for one value there is no shape', () => {
  const plain = profileTable(tableFrom({ x: [1, 2] })).columns.get('x') as NumberProfile;
  expect([skewnessOf(plain), kurtosisOf(plain), skewnessOf(shaped([])), kurtosisOf(shaped([5]))]).toEqual(
    Array(4).fill(undefined),
  );
  expect(kurtosisOf(shaped([1e200, -1e200, 3e200]))).toBeUndefined();
});

test('a reference with the sums asks for them', () => {
  const reference = profileTable(tableFrom({ x: [1, 2, 5] }), { shape: true });
  expect(profileTable(tableFrom({ x: [1] }), { reference }).columns.get('x')).toHaveProperty('shape');
});
