import { evaluateAlarms } from '@millwright/drift/stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const options = { values: 1_000, within: 50 };

describe('evaluateAlarms', () => {
  test('the examples of river’s drift.evaluate', () => {
    expect(evaluateAlarms([110, 900], [100], options)).toMatchObject({ precision: 0.5, falseAlarms: 1 });
    expect(evaluateAlarms([110, 130], [100, 500], options)).toMatchObject({ recall: 0.5, precision: 1 });
    expect(evaluateAlarms([110, 530], [100, 500, 900], options).delay).toBe(20);
    expect(evaluateAlarms([], [100], options)).toMatchObject({ alarms: 0, recall: 0, falseAlarms: 0 });
  });

  test('a share of nothing is undefined, not 0 and not 1', () => {
    expect(evaluateAlarms([], [], options)).toEqual({
      alarms: 0,
      precision: undefined,
      recall: undefined,
      delay: undefined,
      falseAlarms: 0,
      timeBetweenFalseAlarms: undefined,
    });
  });

  test('time between false alarms is the time in which there could be one', () => {
    // 51 values belong to the change at 100, and 30 more to the one at 130.
    const { timeBetweenFalseAlarms } = evaluateAlarms([10, 600], [100, 130], options);
    expect(timeBetweenFalseAlarms).toBe((1_000 - 51 - 30) / 2);
  });

  test('an alarm just before a change counts where changes are not known to the value', () => {
    expect(evaluateAlarms([95], [100], options).precision).toBe(0);
    expect(evaluateAlarms([95], [100], { ...options, before: 5 })).toMatchObject({ precision: 1, delay: -5 });
  });

  test('every alarm is either true or false', () => {
    const times = fc.uniqueArray(fc.nat(999)).map((list) => list.sort((a, b) => a - b));
    fc.assert(
      fc.property(times, times, (alarms, changes) => {
        const score = evaluateAlarms(alarms, changes, options);
        expect(Math.round((score.precision ?? 1) * alarms.length) + score.falseAlarms).toBe(alarms.length);
        if (score.delay !== undefined) expect(score.delay).toBeLessThanOrEqual(50);
      }),
    );
  });

  test('refuses times that mean nothing', () => {
    expect(() => evaluateAlarms([], [], { values: 10, within: 0 })).toThrow(/within/);
    expect(() => evaluateAlarms([], [5, 3], options)).toThrow(/ascending/);
  });
});
