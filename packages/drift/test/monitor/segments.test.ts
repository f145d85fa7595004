import { seededRandom } from '@millwright/core';
import { profileTable } from '@millwright/core/profile';
import { sliceTable, tableFrom } from '@millwright/core/table';
import { virtualClock } from '@millwright/core/testing';
import { createMonitor, segmentedReference } from '@millwright/drift';
import { expect, test } from 'vitest';

const AIRPORTS = ['ATL', 'JFK', 'MCI'];
const random = seededRandom(1);

/** Delays, which have grown at `late` only. */
const flights = (rows: number, late?: string) => {
  const origin = Array.from({ length: rows }, () => AIRPORTS[Math.floor(3 * random.next())]!);
  const delay = Float64Array.from(origin, (airport) => random.next() + (airport === late ? 0.8 : 0));
  return tableFrom({ origin, delay });
};

const january = flights(9_000);
const reference = profileTable(january, { columns: ['delay'] });
const segments = segmentedReference(january, { reference, by: 'origin' });
const monitor = () =>
  createMonitor({ reference, segments, window: { by: 'rows', rows: 3_000 }, clock: virtualClock(0) });

test('a change is found in the segment that made it', () => {
  const [record] = monitor().observe(flights(3_000, 'JFK'));
  const [first, ...others] = record!.segments!;
  expect(first).toMatchObject({ column: 'delay', check: 'distribution', segment: 'JFK' });
  expect(first!.share).toBeGreaterThan(0.9);
  expect(first!.effect).toBeGreaterThan(0.6);
  expect(first!.rows.current).toBeCloseTo(1 / 3, 1);
  for (const { check, effect } of others) if (check === 'distribution') expect(effect).toBeLessThan(0.05);
  expect(record!.sentence).toMatch(/^delay: .*; \d+ % of it in `JFK`\.$/);
});

test('a window in batches has the same segments as in one', () => {
  const window = flights(3_000, 'MCI');
  const [whole] = monitor().observe(window);
  const one = monitor();
  const cuts = [0, 700, 2_000, 3_000];
  const [piecewise] = cuts.slice(1).flatMap((end, k) => one.observe(sliceTable(window, cuts[k]!, end)));
  expect(piecewise!.digest).toBe(whole!.digest);
});

test('where nothing drifts, and in profiles of replicas, there is nothing to attribute', () => {
  expect(monitor().observe(flights(3_000))[0]!.segments).toBeUndefined();
  const profile = profileTable(flights(3_000, 'ATL'), { reference });
  const [record] = monitor().observeProfile(profile, { time: 0 });
  expect(record).toMatchObject({ verdict: 'drift', segments: [] });
});
