import { seededRandom } from '@millwright/core';
import { mergeProfiles, profileTable } from '@millwright/core/profile';
import { concatTables, sliceTable, type Table, tableFrom } from '@millwright/core/table';
import {
  createMonitor,
  type DriftDecision,
  hourOfDay,
  hourOfWeek,
  type MonitorOptions,
  seasonalReference,
  weekday,
} from '@millwright/drift';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const random = seededRandom(12);

/** Rows from `startMs` over `lengthMs`, with values around `centre`. */
const rows = (count: number, startMs: number, lengthMs: number, centre = 0): Table =>
  tableFrom({
    x: Float64Array.from({ length: count }, () => centre + random.next() + random.next()),
    at: Float64Array.from({ length: count }, (_, i) => startMs + (i / count) * lengthMs),
  });

describe('session windows', () => {
  const reference = profileTable(rows(5_000, 0, DAY), { columns: ['x'] });
  const SESSIONS = { by: 'session', gapMs: 10, latenessMs: 5 } as const;
  const spans = (records: readonly DriftDecision[]) =>
    records.map(({ window: { index, startMs, endMs, rows: count } }) => [index, startMs, endMs, count]);
  const times = (...at: number[]) => tableFrom({ x: at.map(() => 1), at });

  test('end where no row came for the gap', () => {
    const monitor = createMonitor({ reference, window: SESSIONS });
    expect(monitor.observe(times(100, 105, 112), { time: 'at' })).toEqual([]);
    // Event time 127: the session's end, 122, and the lateness have passed.
    expect(spans(monitor.observe(times(127), { time: 'at' }))).toEqual([[0, 100, 122, 3]]);
    expect(spans(monitor.advance(200))).toEqual([[1, 127, 137, 1]]);
  });

  test('rows between two of them make them one; the order of rows does not matter', () => {
    const at = [0, 3, 15, 8, 40, 41, 49, 80];
    fc.assert(
      fc.property(fc.shuffledSubarray(at, { minLength: at.length }), fc.integer({ min: 1, max: 8 }), (order, size) => {
        const monitor = createMonitor({ reference, window: { ...SESSIONS, latenessMs: 1_000 } });
        for (let i = 0; i < order.length; i += size)
          monitor.observe(times(...order.slice(i, i + size)), { time: 'at' });
        expect(spans(monitor.advance(2_000))).toEqual([
          [0, 0, 25, 4],
          [1, 40, 59, 3],
          [2, 80, 90, 1],
        ]);
      }),
      { numRuns: 40 },
    );
  });

  test('late rows are announced; traffic without a pause is cut', () => {
    const monitor = createMonitor({ reference, window: { by: 'session', gapMs: 10, maxMs: 50 } });
    const late: unknown[] = [];
    monitor.events.on('late', (event) => late.push(event));
    const records = Array.from({ length: 30 }, (_, i) => monitor.observe(times(5 * i), { time: 'at' })).flat();
    expect(spans(records)).toEqual([
      [0, 0, 60, 11],
      [1, 55, 115, 11],
    ]);
    monitor.observe(times(3), { time: 'at' });
    expect(late).toEqual([{ rows: 1, window: 1 }]);
    expect(() => createMonitor({ reference, window: { by: 'session', gapMs: 0 } })).toThrow(/gapMs/);
    expect(() => createMonitor({ reference, window: { by: 'session', gapMs: 9, maxMs: 5 } })).toThrow(/maxMs/);
  });
});

describe('seasons', () => {
  /** Nights are around 0, days around 2. */
  const day = (index: number, count = 2_400, shift = 0) =>
    concatTables(
      Array.from({ length: 24 }, (_, hour) =>
        rows(count / 24, index * DAY + hour * HOUR, HOUR, (hour < 8 ? 0 : 2) + shift),
      ),
    );
  const month = concatTables(Array.from({ length: 14 }, (_, i) => day(i)));
  const reference = profileTable(month, { columns: ['x'] });
  const seasons = seasonalReference(month, { reference, time: 'at', season: hourOfDay() });
  const hourly = (options: Partial<MonitorOptions>, shift = 0) => {
    const monitor = createMonitor({ reference, window: { by: 'time', everyMs: HOUR }, ...options });
    const records = monitor.observe(day(20, 24_000, shift), { time: 'at' });
    return [...records, ...monitor.advance(21 * DAY)];
  };

  test('a quiet night is a changed world for the whole reference, and an ordinary night for its own', () => {
    expect(hourly({}).filter(({ verdict }) => verdict === 'drift')).toHaveLength(24);
    const records = hourly({ seasons });
    expect(records.filter(({ verdict }) => verdict === 'drift')).toEqual([]);
    expect(records[3]?.season).toEqual({ name: 'h03', reference: seasons.profiles.get('h03')!.digest });
    expect(hourly({ seasons }, 1).every(({ verdict }) => verdict === 'drift')).toBe(true);
  });

  test('profiles of seasons together are the profile of the whole', () => {
    const [first, ...others] = seasons.profiles.values();
    expect(others.reduce(mergeProfiles, first!).digest).toBe(reference.digest);
  });

  test('a season with too few rows, or none, is compared with the whole reference', () => {
    const few = seasonalReference(sliceTable(month, 0, 150), { reference, time: 'at', season: hourOfDay() });
    expect(few.profiles.size).toBe(0);
    const records = hourly({ seasons: few });
    expect(records[0]?.season).toBeUndefined();
    expect(records[0]?.verdict).toBe('drift');
  });

  test('hours and weekdays, in UTC or where people live', () => {
    const monday = Date.UTC(2026, 0, 5, 23, 30);
    expect([hourOfDay()(monday), weekday()(monday), hourOfWeek()(monday)]).toEqual(['h23', 'monday', 'monday h23']);
    expect(hourOfWeek(60)(monday)).toBe('tuesday h00');
    expect(hourOfWeek(-60)(-1)).toBe('wednesday h22');
  });

  test('which seasons there are is part of the plan’s digest', () => {
    const plans = [hourly({})[0]!.plan, hourly({ seasons })[0]!.plan];
    expect(plans[0]).not.toBe(plans[1]);
  });
});

describe('a rolling reference beside the training reference', () => {
  const reference = profileTable(rows(20_000, 0, DAY), { columns: ['x'] });
  const watch = (centres: readonly number[], options: Partial<MonitorOptions> = {}) => {
    const monitor = createMonitor({
      reference,
      window: { by: 'time', everyMs: DAY },
      rolling: { windows: 3 },
      ...options,
    });
    const records = centres.flatMap((centre, i) => monitor.observe(rows(4_000, i * DAY, DAY, centre), { time: 'at' }));
    return { monitor, records: [...records, ...monitor.advance(centres.length * DAY)] };
  };

  test('a slow change shows against training only, a jump against both', () => {
    const slow = watch([0, 0.03, 0.06, 0.09, 0.12, 0.15, 0.18, 0.21, 0.24]).records.at(-1)!;
    expect([slow.verdict, slow.rolling?.verdict]).toEqual(['drift', 'noDrift']);
    const jump = watch([0, 0, 0, 0.6]).records.at(-1)!;
    expect([jump.verdict, jump.rolling?.verdict]).toEqual(['drift', 'drift']);
    expect(jump.rolling?.windows).toBe(3);
    const back = watch([0.6, 0.6, 0.6, 0]).records.at(-1)!;
    expect([back.verdict, back.rolling?.verdict]).toEqual(['noDrift', 'drift']);
  });

  test('needs that many windows, and takes none that is partial or broken', () => {
    const { monitor, records } = watch([0, 0, 0, 0]);
    expect(records.map(({ rolling }) => rolling !== undefined)).toEqual([false, false, false, true]);
    const kept = monitor.rollingProfiles;
    monitor.observe(tableFrom({ y: [1] }), { time: 5 * DAY });
    monitor.advance(6 * DAY);
    monitor.observe(rows(10, 7 * DAY, 1), { time: 'at' });
    monitor.close();
    expect(monitor.rollingProfiles).toEqual(kept);
  });

  test('goes on after a restart with what the last monitor kept', () => {
    const { monitor } = watch([0, 0, 0]);
    const next = watch([0, 0], { rolling: { windows: 3, profiles: monitor.rollingProfiles } });
    expect(next.records[0]?.rolling?.verdict).toBe('noDrift');
    expect(() => watch([0], { rolling: { windows: 0 } })).toThrow(/rolling.windows/);
  });

  test('the two share α', () => {
    const [record] = watch([0, 0, 0, 0]).records.slice(-1);
    expect(record!.checks[0]!.result!.alpha).toBeCloseTo(record!.rolling!.checks[0]!.result!.alpha, 15);
    expect(record!.checks.length * record!.checks[0]!.result!.alpha).toBeCloseTo(record!.alpha / 2, 15);
  });
});

describe('presence patterns', () => {
  const sensors = (count: number, missing: (i: number) => 'a' | 'b' | 'both' | 'none') => {
    const kinds = Array.from({ length: count }, (_, i) => missing(i));
    const column = (name: 'a' | 'b') => kinds.map((kind) => (kind === name || kind === 'both' ? null : random.next()));
    return tableFrom({ a: column('a'), b: column('b') });
  };
  /** Each is missing in one row of ten, never both. */
  const usual = (i: number) => (i % 10 === 0 ? 'a' : i % 10 === 5 ? 'b' : 'none');
  const reference = profileTable(sensors(5_000, usual), { presence: ['a', 'b'] });
  const WINDOW = { by: 'time', everyMs: DAY } as const;

  test('sensors that fail together are found, though each is missing as often as ever', () => {
    const monitor = createMonitor({ reference, window: WINDOW });
    monitor.observe(
      sensors(5_000, (i) => (i % 10 === 0 ? 'both' : 'none')),
      { time: 0 },
    );
    const [record] = monitor.advance(DAY);
    expect(record?.checks.filter(({ verdict }) => verdict === 'drift')).toMatchObject([
      { column: 'a + b', check: 'presence' },
    ]);
    expect(record?.sentence).toMatch(/^a \+ b: share of rows moved 0\.2, mostly `?nothing`? \(0 % to 10 %\)/);
  });

  test('batches without a column count as missing there, in any order, and the patterns are kept', () => {
    const whole = sensors(600, usual);
    const without = sensors(400, () => 'none');
    const lacking: Table = { rowCount: 400, columns: new Map([['a', without.columns.get('a')!]]) };
    const records = [
      [whole, lacking],
      [lacking, whole],
    ].map((batches) => {
      const monitor = createMonitor({ reference, window: WINDOW });
      for (const batch of batches) monitor.observe(batch, { time: 0 });
      return monitor.advance(DAY)[0]!;
    });
    expect(records[0]!.digest).toBe(records[1]!.digest);
    const presence = records[0]!.checks.find(({ check }) => check === 'presence')!;
    // b was missing in 60 of 600 and in all of 400.
    expect(presence.result?.parts.find(({ label }) => label === 'only a')?.current).toBeCloseTo(0.46, 9);
  });

  test('a profile that does not count patterns is refused when it comes, not when the window closes', () => {
    const monitor = createMonitor({ reference, window: WINDOW });
    const other = profileTable(sensors(10, usual), { reference: profileTable(sensors(100, usual)) });
    expect(() => monitor.observeProfile(other, { time: 0 })).toThrow(/values together/);
  });
});

test('parts of a window from a server, replicas and browser tabs merge in any order to the same decision', () => {
  const reference = profileTable(rows(5_000, 0, DAY), { columns: ['x'] });
  const parts = Array.from({ length: 6 }, (_, i) => rows(200 + 50 * i, 0, DAY, 0.4));
  const profiles = parts.map((part) => profileTable(part, { reference, columns: ['x'] }));
  const decide = (order: readonly number[], asRows: number) => {
    const monitor = createMonitor({ reference, window: { by: 'time', everyMs: DAY }, name: 'fleet' });
    for (const i of order)
      if (i < asRows) monitor.observe(parts[i]!, { time: 'at' });
      else monitor.observeProfile(profiles[i]!, { time: 1 });
    return monitor.advance(DAY)[0]!.digest;
  };
  const expected = decide([0, 1, 2, 3, 4, 5], 6);
  fc.assert(
    fc.property(
      fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 }),
      fc.integer({ min: 0, max: 6 }),
      (order, n) => {
        expect(decide(order, n)).toBe(expected);
      },
    ),
    { numRuns: 25 },
  );
});
