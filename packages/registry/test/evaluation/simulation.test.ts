import { expect, test } from 'vitest';
import { gateQuality } from './gate-quality.js';

/** The benchmark `gate-quality` runs 20,000 of each. */
const RUNS = 600;
/** Three standard errors of a share of 5 %. */
const SLACK = 3 * Math.sqrt((0.05 * 0.95) / RUNS);

test('an equal challenger is promoted at most 5 % of the time; the bare metric rises half of the time', () => {
  const counts = gateQuality('equal', RUNS, 1);
  expect(counts.promoted / RUNS).toBeLessThanOrEqual(0.05 + SLACK);
  expect(counts.metricRose / RUNS).toBeGreaterThan(0.45);
}, 60_000);

test('a challenger 2 points better everywhere is blocked at most 1 % of the time; some slice falls nearly always', () => {
  const counts = gateQuality('better', RUNS, 2);
  expect(counts.blocked / RUNS).toBeLessThanOrEqual(0.01);
  expect(counts.promoted / RUNS).toBeGreaterThan(0.98);
  expect(counts.someSliceFell / RUNS).toBeGreaterThan(0.8);
}, 60_000);

test('one slice down 10 points is caught at least 90 % of the time; the bare metric rises all the same', () => {
  const counts = gateQuality('oneSliceWorse', RUNS, 3);
  expect(counts.blocked / RUNS).toBeGreaterThanOrEqual(0.9);
  expect(counts.metricRose / RUNS).toBeGreaterThan(0.97);
}, 60_000);
