import { adwin, eDetector, pageHinkley } from '@millwright/drift/stream';
import { describe, expect, test } from 'vitest';
import { delays, PROMISES, runLength } from '../../bench/run-length.js';

// In full, at run lengths of 20,000: npm run bench -- run-length
const ARL = 500;

describe.each(PROMISES)('$name', (promise) => {
  test.each(Object.entries(promise.streams))(`runs at least ${ARL} values on average, %s`, (_, stream) => {
    expect(runLength(promise, stream, { arl: ARL, runs: 150, seed: 1 })).toBeGreaterThanOrEqual(ARL);
  });
});

test('a detector that breaks its promise is found out', () => {
  const [known] = PROMISES;
  const liar = { ...known!, make: () => eDetector.init({ baseline: 0.1, arl: 250 }) };
  expect(runLength(liar, liar.streams['independent']!, { arl: ARL, runs: 150, seed: 1 })).toBeLessThan(ARL);
});

test('finds 0.10 to 0.15 within 450 values in the median, its baseline learnt from 5,000 rows, at a run length of 20,000', () => {
  const median = (make: Parameters<typeof delays>[0]) => delays(make, 0.15, { runs: 60, seed: 2 }).median;
  const learnt = median((baseline) => eDetector.init({ baseline, arl: 20_000 }));
  expect(learnt).toBeLessThanOrEqual(450);
  expect(median(() => adwin.init())).toBeGreaterThan(2 * learnt);
  expect(median(() => pageHinkley.init())).toBeGreaterThan(2 * learnt);
});
