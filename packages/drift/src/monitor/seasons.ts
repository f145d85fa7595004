import { mergeProfiles, profileTable, type TableProfile } from '@millwright/core/profile';
import type { Table } from '@millwright/core/table';
import { splitByTime } from './windows.js';

/** What windows of each season are compared with: Mondays with Mondays, nights with nights. */
export interface Seasons {
  /** Names the season that begins at this time, in milliseconds since 1970. */
  readonly of: (timeMs: number) => string;
  /** Counted against the reference of the monitor. A season without a profile is compared with all of the reference. */
  readonly profiles: ReadonlyMap<string, TableProfile>;
}

/** How rows of the reference are sorted into seasons. */
export interface SeasonalReferenceOptions {
  /** The profile of the whole: seasons are counted in its cells, so that all of them can be compared and merged. */
  readonly reference: TableProfile;
  /** The column that holds event times. */
  readonly time: string;
  /** `hourOfDay`, `weekday`, `hourOfWeek`, or your own. */
  readonly season: (timeMs: number) => string;
  /** Rows are sorted into seasons by steps of this length, aligned at 1970-01-01. Default an hour. */
  readonly stepMs?: number | undefined;
  /** Seasons with fewer rows are left out. Default 200. */
  readonly leastRows?: number | undefined;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Profiles of the reference's rows by hour of the day, weekday or both. Give it to the monitor as `seasons`, with windows
 * no longer than a season: then a quiet night is not a changed world.
 *
 * @throws `table/column`; `input/invalid` for a time that is missing
 */
export function seasonalReference(table: Table, options: SeasonalReferenceOptions): Seasons {
  const { reference, time, season, stepMs = HOUR_MS, leastRows = 200 } = options;
  const names = [...reference.columns.keys()];
  const profiles = new Map<string, TableProfile>();
  for (const part of splitByTime(table, { by: 'time', everyMs: stepMs }, time)) {
    const name = season(part.index * stepMs);
    const profile = profileTable(part.table, { reference, columns: names });
    const before = profiles.get(name);
    profiles.set(name, before === undefined ? profile : mergeProfiles(before, profile));
  }
  return { of: season, profiles: new Map([...profiles].filter(([, { rowCount }]) => rowCount >= leastRows)) };
}

/** `h00` to `h23`. @param offsetMinutes east of UTC, as the rows' people live */
export const hourOfDay =
  (offsetMinutes = 0) =>
  (timeMs: number): string =>
    `h${pad(Math.floor(modulo(local(timeMs, offsetMinutes), DAY_MS) / HOUR_MS))}`;

/** `monday` to `sunday`. */
export const weekday =
  (offsetMinutes = 0) =>
  (timeMs: number): string =>
    // 1970-01-01 was a Thursday.
    WEEKDAYS[modulo(Math.floor(local(timeMs, offsetMinutes) / DAY_MS) + 3, 7)]!;

/** `monday h00` to `sunday h23`. */
export const hourOfWeek =
  (offsetMinutes = 0) =>
  (timeMs: number): string =>
    `${weekday(offsetMinutes)(timeMs)} ${hourOfDay(offsetMinutes)(timeMs)}`;

/** The season that begins at this time and its profile, if there is one. */
export function seasonOf(
  seasons: Seasons | undefined,
  timeMs: number,
): { readonly name: string; readonly profile: TableProfile } | undefined {
  const name = seasons?.of(timeMs);
  const profile = name === undefined ? undefined : seasons?.profiles.get(name);
  return name === undefined || profile === undefined ? undefined : { name, profile };
}

const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

function local(timeMs: number, offsetMinutes: number): number {
  return timeMs + offsetMinutes * 60_000;
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}

function pad(hour: number): string {
  return String(hour).padStart(2, '0');
}
