import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DETECTORS, electricity, score, weather } from '../../bench/drift-table.js';

/** Public streams of a model's errors: the folder that holds `elec2/` and `weather/`. */
const folder = process.env['MILLWRIGHT_DRIFT_DATA'];
const read = (...path: string[]) => readFileSync(join(folder!, ...path), 'utf8');

describe.skipIf(folder === undefined)('Elec2 and weather (set MILLWRIGHT_DRIFT_DATA to their folder)', () => {
  const others = ['adwin', 'page-hinkley', 'hddm-a', 'hddm-w', 'kswin', 'stepd', 'eddm', 'bocd'];

  test('Elec2: e-detectors find as many changes as they come, with the longest time between false alarms', () => {
    const stream = electricity(read('elec2', 'elec_model_streams.csv'));
    expect([stream.errors.length, stream.changes]).toEqual([35_312, [9_025, 25_145, 29_215, 32_312]]);
    const ours = score('e-detector', stream);
    expect(ours.recall).toBeGreaterThanOrEqual(0.75);
    for (const name of others)
      expect(score(name, stream).timeBetweenFalseAlarms, name).toBeLessThan(ours.timeBetweenFalseAlarms!);
  });

  test('weather, where nothing changed for long: every alarm is false', () => {
    const stream = weather(read('weather', 'weather_frozen_err.csv'));
    expect([stream.errors.length, stream.changes]).toEqual([14_159, []]);
    for (const name of Object.keys(DETECTORS)) {
      const { alarms, falseAlarms, recall } = score(name, stream);
      expect([falseAlarms, recall], name).toEqual([alarms, undefined]);
    }
    const ours = score('e-detector', stream);
    for (const name of others)
      expect(score(name, stream).timeBetweenFalseAlarms, name).toBeLessThan(ours.timeBetweenFalseAlarms!);
  });
});
