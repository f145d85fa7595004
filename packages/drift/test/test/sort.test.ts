import { seededRandom } from '@millwright/core';
import { expect, test } from 'vitest';
import { sortNumbers } from '../../src/test/sort.js';

const random = seededRandom(8);

test.each([
  ['of every size and sign', () => (random.next() - 0.5) * 10 ** Math.floor(random.next() * 600 - 300)],
  ['few and tied', () => Math.floor(random.next() * 5) - 2],
  ['close together far from 0', () => 1e9 + random.next()],
  ['all equal', () => 7],
  ['tiny, large and zero', () => [5e-324, -5e-324, 0, -0, 1.7e308, -1.7e308][Math.floor(random.next() * 6)]!],
])('sorts numbers that are %s as the engine does', (_, draw) => {
  for (const length of [0, 1, 1_000, 40_000]) {
    const values = Float64Array.from({ length }, draw);
    expect(sortNumbers(values.slice())).toEqual(values.slice().sort());
  }
});

test('sorts a part of a buffer and leaves the rest', () => {
  const whole = Float64Array.from({ length: 50_000 }, () => random.next());
  const [first, last] = [whole[4_999], whole[45_000]];
  const part = whole.subarray(5_000, 45_000);
  const expected = part.slice().sort();
  expect(sortNumbers(part)).toEqual(expected);
  expect([whole[4_999], whole[45_000]]).toEqual([first, last]);
});
