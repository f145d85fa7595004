import { parseId, seededRandom } from '@millwright/core';
import { expect, test } from 'vitest';
import { decisionIds } from '../../src/endpoint/decision-ids.js';

test('ids are ULIDs of their time, unique, and sort in the order they were made, also when the clock goes back', () => {
  let time = 1_700_000_000_000;
  const next = decisionIds(seededRandom(1));
  const ids: string[] = [];
  for (let i = 0; i < 4_000; i++) {
    ids.push(next(time));
    if (i % 1_000 === 0) time++;
    if (i === 2_500) time = 1_600_000_000_000;
  }
  expect(new Set(ids).size).toBe(ids.length);
  expect([...ids].sort()).toEqual(ids);
  expect(parseId(ids[0], 'id')).toBe(ids[0]);
  // 1,700,000,000,000 in Crockford's base 32.
  expect(ids[0]!.slice(0, 10)).toBe('01HF7YAT00');
});

test('two sources do not meet', () => {
  const [a, b] = [decisionIds(seededRandom(1)), decisionIds(seededRandom(2))];
  expect(a(5)).not.toBe(b(5));
});
