import * as stream from '@millwright/drift/stream';
import { describe, expect, test } from 'vitest';
import { DETECTORS, flightMonths, score, table } from '../../bench/drift-table.js';
import { segments } from '../../bench/segments.js';

const flights = flightMonths();

describe('the table of all detectors (whole: npm run bench -- drift-table)', () => {
  test('has every detector of the room', () => {
    const camel = (name: string) => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    const named = new Set(Object.keys(DETECTORS).map((name) => camel(name.split(',')[0]!)));
    const kinds = Object.entries(stream).filter(([, kind]) => typeof kind === 'object' && 'init' in kind);
    expect(kinds.length).toBe(18);
    // A sum of deviations is Frouros' name for other settings of Page-Hinkley.
    for (const [name] of kinds) if (name !== 'deviationSum') expect(named).toContain(name);
  });

  test('the flights of January and February: late departures rose for good in the middle of February', () => {
    const until = 17_000;
    const part = {
      ...flights,
      errors: flights.errors.subarray(0, until),
      scores: flights.scores.subarray(0, until),
      changes: flights.changes.filter((at) => at < until),
    };
    expect(part.changes).toEqual([5_387, 10_563, 14_176]);
    const scores = Object.fromEntries(Object.keys(DETECTORS).map((name) => [name, score(name, part)]));
    expect(scores['e-detector']!.recall).toBeGreaterThanOrEqual(2 / 3);
    // Charts that find everything do so by alarming every few hundred values.
    for (const name of ['cusum', 'ewma', 'eddm', 'bocd'])
      expect(scores[name]!.timeBetweenFalseAlarms, name).toBeLessThan(
        scores['e-detector']!.timeBetweenFalseAlarms! / 3,
      );
    expect(scores['shewhart']).toMatchObject({ alarms: 0, recall: 0 });
  });

  test('prints a line for each, and a dash where nothing can be said', () => {
    const short = { name: 'short', errors: new Float64Array(2_500), scores: new Float64Array(2_500), changes: [] };
    const lines = table(short);
    expect(lines.length).toBe(2 + Object.keys(DETECTORS).length);
    expect(lines.find((line) => line.startsWith('adwin'))).toMatch(/0 +- +- +- +none$/);
  });
});

test('segments finds where a mean changed, and nothing where it did not', () => {
  const steps = Float64Array.from({ length: 9_000 }, (_, i) => (i % 10 < (i < 3_000 || i >= 6_000 ? 1 : 3) ? 1 : 0));
  const [first, second, ...more] = segments(steps, { least: 1_000, size: 0.05 });
  expect(Math.abs(first! - 3_000)).toBeLessThan(10);
  expect(Math.abs(second! - 6_000)).toBeLessThan(10);
  expect(more).toEqual([]);
  expect(segments(steps.subarray(0, 3_000), { least: 1_000, size: 0.05 })).toEqual([]);
});
