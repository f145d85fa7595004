import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { businessCalendar } from '../../src/review/index.js';

const HOUR = 3_600_000;
const at = (text: string) => Date.parse(text);
const iso = (time: number) => new Date(time).toISOString();

describe('working time', () => {
  test('stands still at night, at weekends and on holidays', () => {
    const calendar = businessCalendar({ holidays: ['2026-01-05'] });
    // Friday afternoon: one hour on Friday, none on the weekend and the holiday, the rest on Tuesday.
    expect(iso(calendar.add(at('2026-01-02T16:00Z'), 3 * HOUR))).toBe('2026-01-06T11:00:00.000Z');
    expect(iso(calendar.add(at('2026-01-03T12:00Z'), 0))).toBe('2026-01-06T09:00:00.000Z');
    expect(iso(calendar.add(at('2026-01-06T09:00Z'), 8 * HOUR))).toBe('2026-01-06T17:00:00.000Z');
    expect([calendar.isOpen(at('2026-01-06T09:00Z')), calendar.isOpen(at('2026-01-06T17:00Z'))]).toEqual([true, false]);
    expect(calendar.isOpen(at('2026-01-05T12:00Z'))).toBe(false);
  });

  test('is what the clocks of the time zone show, also when they are changed', () => {
    const berlin = businessCalendar({ timeZone: 'Europe/Berlin' });
    // Friday 2026-03-27 is UTC+1, Monday 2026-03-30 is UTC+2.
    expect(iso(berlin.add(at('2026-03-27T15:00Z'), 2 * HOUR))).toBe('2026-03-30T08:00:00.000Z');
    const night = businessCalendar({ timeZone: 'America/New_York', days: [0, 6], opens: '00:00', closes: '24:00' });
    // The clocks go forward on Sunday 2026-03-08: that day has 23 hours.
    expect(iso(night.add(at('2026-03-08T05:00Z'), 23 * HOUR))).toBe('2026-03-09T04:00:00.000Z');
  });

  test('refuses hours, days and zones that are none', () => {
    const bad = [
      { opens: '9' },
      { opens: '18:00' },
      { closes: '24:30' },
      { days: [] },
      { days: [7] },
      { timeZone: 'X/Y' },
    ];
    for (const hours of bad)
      expect(() => businessCalendar(hours)).toThrow(expect.objectContaining({ code: 'input/invalid' }));
    for (const [start, ms] of [
      [0, -1],
      [Number.NaN, 1],
      [0, Number.NaN],
      [0, 1e12],
    ] as const)
      expect(() => businessCalendar().add(start, ms)).toThrow(expect.objectContaining({ code: 'input/invalid' }));
  });

  test('property: time added in two steps is time added at once', () => {
    const calendar = businessCalendar({ timeZone: 'Europe/Berlin', holidays: ['2026-05-01'] });
    const start = fc.integer({ min: at('2026-01-01'), max: at('2027-01-01') });
    const span = fc.integer({ min: 1, max: 60 * HOUR });
    fc.assert(
      fc.property(start, span, span, (from, a, b) => {
        expect(calendar.add(calendar.add(from, a), b)).toBe(calendar.add(from, a + b));
      }),
    );
  });
});
