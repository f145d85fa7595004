import { invalidInput } from '../foundation/errors.js';

/** When people work. */
export interface BusinessHours {
  /** IANA name. Default `UTC`. */
  readonly timeZone?: string | undefined;
  /** Working days, 0 = Sunday. Default Monday to Friday. */
  readonly days?: readonly number[] | undefined;
  /** `HH:MM`, in the time zone. Default `09:00`. */
  readonly opens?: string | undefined;
  /** Default `17:00`. */
  readonly closes?: string | undefined;
  /** Days on which nobody works, `YYYY-MM-DD`. */
  readonly holidays?: readonly string[] | undefined;
}

/** Working time, for deadlines that do not run out over a weekend. */
export interface BusinessCalendar {
  /** The moment at which this much working time has passed since `start`, all in milliseconds. @throws `input/invalid` */
  add(start: number, workingMs: number): number;
  isOpen(time: number): boolean;
}

/**
 * A calendar of working hours. Clocks that are set forward or back are those of the time zone's database.
 *
 * @throws `input/invalid` for hours, days or zones that are none
 * @example
 * const calendar = businessCalendar({ timeZone: 'Europe/Berlin', holidays: ['2026-12-25'] });
 * await queue.request({ subject, question, dueAt: calendar.add(clock.now(), 8 * HOUR) });
 */
export function businessCalendar(hours: BusinessHours = {}): BusinessCalendar {
  const { timeZone = 'UTC', days = [1, 2, 3, 4, 5], holidays = [] } = hours;
  const opens = minutesOf(hours.opens ?? '09:00', 'opens');
  const closes = minutesOf(hours.closes ?? '17:00', 'closes');
  if (closes <= opens) throw invalidInput('closes', `a time after ${hours.opens ?? '09:00'}`, hours.closes);
  if (days.length === 0 || !days.every((day) => Number.isInteger(day) && day >= 0 && day <= 6))
    throw invalidInput('days', 'one or more numbers from 0 (Sunday) to 6', days);
  const free = new Set(holidays);
  const offset = offsetIn(timeZone);

  /** The instant at which the clocks show these minutes after midnight of a day (its midnight as if in UTC). */
  const instant = (day: number, minutes: number) => {
    const shown = day + minutes * MINUTE_MS;
    return shown - offset(shown - offset(shown));
  };
  const works = (day: number) =>
    days.includes(new Date(day).getUTCDay()) && !free.has(new Date(day).toISOString().slice(0, 10));
  const dayOf = (time: number) => Math.floor((time + offset(time)) / DAY_MS) * DAY_MS;

  return {
    add(start, workingMs) {
      if (!Number.isFinite(start) || !(workingMs >= 0)) throw invalidInput('workingMs', 'a duration', workingMs);
      let left = workingMs;
      let day = dayOf(start);
      for (let i = 0; i < MAX_DAYS; i++, day += DAY_MS) {
        if (!works(day)) continue;
        const from = Math.max(start, instant(day, opens));
        const open = instant(day, closes) - from;
        if (open <= 0) continue;
        if (left <= open) return from + left;
        left -= open;
      }
      throw invalidInput('workingMs', `a duration that ends within ${MAX_DAYS} days`, workingMs);
    },
    isOpen(time) {
      const day = dayOf(time);
      return works(day) && time >= instant(day, opens) && time < instant(day, closes);
    },
  };
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Ten years. */
const MAX_DAYS = 3_653;

function minutesOf(text: string, name: string): number {
  const match = /^([01][0-9]|2[0-4]):([0-5][0-9])$/.exec(text);
  const minutes = match === null ? Number.NaN : Number(match[1]) * 60 + Number(match[2]);
  if (!(minutes <= 1_440)) throw invalidInput(name, 'a time such as `09:00`', text);
  return minutes;
}

/** How far the clocks of a zone are ahead of UTC at a time. */
function offsetIn(timeZone: string): (time: number) => number {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    throw invalidInput('timeZone', 'a time zone such as `Europe/Berlin`', timeZone);
  }
  return (time) => {
    const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]));
    const get = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
    const shown = Date.UTC(get('year'), get('month') - 1, get('day'), get('hour'), get('minute'), get('second'));
    return shown - Math.floor(time / 1_000) * 1_000;
  };
}
