import { expect, test } from 'vitest';
import { EVIDENCE, evidenceNumbers } from './same-evidence.js';

test('a page judges as a server does', () => {
  const numbers = evidenceNumbers();
  expect(numbers).toHaveLength(EVIDENCE.length);
  numbers.forEach((logE, i) => {
    expect(Math.abs(logE - EVIDENCE[i]!)).toBeLessThanOrEqual(1e-9);
  });
});
