import { expect, test } from 'vitest';
import { simulateSizes } from './simulate.js';

/**
 * 2,000 quiet pairs per cell, some 20 s of work. Fewer where rows cost: numbers of 100,000 rows are drawn 10 times; 20 samples of 100,000 and
 * 12 of 1,000,000 rows are sketched and compared pair by pair, so those runs share samples. 10,000 runs of every cell:
 * `npx tsx --conditions=@millwright/source packages/drift/bench/size.ts`.
 */
test('no p-value is below 5 % more often than in 5 % of quiet pairs, where rules of other tools are', {
  timeout: 300_000,
}, () => {
  const facts = simulateSizes({ runs: 2_000, largeRuns: 10, sketched: [20, 12], brief: true, seed: 8 });
  const tooLarge = facts.filter((fact) => !fact.peer && fact.rate > fact.limit);
  expect(tooLarge).toEqual([]);
  const rate = (rule: string, data: string, rows: number) =>
    facts.find((fact) => fact.rule === rule && fact.data === data && fact.rows === rows)!.rate;
  expect(rate('Evidently: default', '20 categories', 50)).toBeGreaterThan(0.9);
  expect(rate('Evidently: Jensen-Shannon 0.1', 'numbers', 50)).toBeGreaterThan(0.9);
  expect(rate('whylogs: Kolmogorov-Smirnov, k = 256', 'sketches', 100_000)).toBeGreaterThan(0.9);
  // Valid, and not by never alarming.
  expect(rate('cells of a profile: chi-square', 'numbers', 1_000)).toBeGreaterThan(0.03);
  expect(rate('categories: chi-square on pooled cells', '200 categories', 1_000_000)).toBeGreaterThan(0.03);
});
