import { seededRandom } from '@millwright/core';
import { expect, test } from 'vitest';
import { compare, gate } from '../../src/evaluation/index.js';
import { drawCells, gateQuality, ROWS, reportOf, SCENARIOS, type Scenario } from './gate-quality.js';

/** `npm run bench -- gate-quality` runs 20,000 of each. */
const RUNS = 2_000;
const SEED = 20_261;

test('an equal challenger is promoted at most 5 % of the time; the bare metric rises half of the time', () => {
  const counts = gateQuality('equal', RUNS, SEED);
  expect(counts.promoted / RUNS).toBeLessThanOrEqual(0.05);
  expect(counts.promoted).toBeGreaterThan(0);
  expect(counts.metricRose / RUNS).toBeGreaterThan(0.45);
});

test('a challenger 2 points better everywhere is blocked at most 1 % of the time; some slice falls nearly always', () => {
  const counts = gateQuality('better', RUNS, SEED);
  expect(counts.blocked / RUNS).toBeLessThanOrEqual(0.01);
  expect(counts.promoted / RUNS).toBeGreaterThan(0.98);
  expect(counts.someSliceFell / RUNS).toBeGreaterThan(0.8);
});

test('one slice down 10 points is caught at least 90 % of the time; the bare metric rises all the same', () => {
  const counts = gateQuality('oneSliceWorse', RUNS, SEED);
  expect(counts.blocked / RUNS).toBeGreaterThanOrEqual(0.9);
  expect(counts.metricRose / RUNS).toBeGreaterThan(0.97);
});

test('the runs judge what `compare` would make of their rows', () => {
  for (const scenario of Object.keys(SCENARIOS) as Scenario[]) {
    const [truth, champion, challenger, codes] = Array.from({ length: 4 }, () => new Int32Array(ROWS)) as [
      Int32Array,
      Int32Array,
      Int32Array,
      Int32Array,
    ];
    let row = 0;
    const random = seededRandom(4);
    const cells = drawCells(
      scenario,
      () => random.next(),
      (slice, y, a, b) => {
        [codes[row], truth[row], champion[row], challenger[row]] = [slice, y, a, b];
        row++;
      },
    );
    const labels = cells.map((_, i) => `s${i}`);
    const whole = compare({ truth, champion, challenger, slices: { segment: { codes, labels } }, metrics: [] });
    const own = reportOf(cells);
    expect(own.overall).toEqual(whole.overall);
    expect(own.slices).toEqual(whole.slices);
    expect(gate(own).rules).toEqual(gate(whole).rules);
  }
});
