import { seededRandom } from '@millwright/core';
import { aligner, conflictGuard } from '@millwright/serving';
import { describe, expect, test } from 'vitest';

const make = (o = {}) =>
  aligner<{ video: string; audio: string; gps?: string }>({
    modalities: { video: { toleranceMs: 0 }, audio: { toleranceMs: 20 }, gps: { toleranceMs: 100, required: false } },
    anchor: 'video',
    latenessMs: 50,
    ...o,
  });

describe('aligning modalities by event time', () => {
  test('joins the nearest event within tolerance', () => {
    const a = make();
    a.push('video', 100, 'v100');
    a.push('audio', 90, 'a90');
    a.push('audio', 105, 'a105');
    a.push('gps', 180, 'g180');
    const { ready, quarantined } = a.flush();
    expect(quarantined).toEqual([]);
    expect(ready).toHaveLength(1);
    expect([...ready[0]!.values]).toEqual([
      ['video', 'v100'],
      ['audio', 'a105'],
      ['gps', 'g180'],
    ]);
  });

  test('waits until nothing nearer can come, and no longer', () => {
    const a = make();
    a.push('video', 0, 'v0');
    a.push('audio', 0, 'a0');
    expect(a.push('video', 160, 'v160').ready).toEqual([]);
    expect(a.push('audio', 149, 'a149').ready).toEqual([]);
    expect(a.push('audio', 150, 'a150').ready.map((row) => row.time)).toEqual([0]);
    expect(a.watermark).toBe(0);
  });

  test('an optional modality may be absent, a required one sends the row to quarantine', () => {
    const a = make();
    a.push('video', 0, 'v0');
    a.push('video', 500, 'v500');
    expect(a.push('audio', 500, 'a500').quarantined.map((row) => [row.time, row.missing])).toEqual([
      [0, ['audio', 'gps']],
    ]);
    expect(a.flush().ready.map((row) => [row.time, row.missing])).toEqual([[500, ['gps']]]);
    expect(a.completeness('audio')).toBe(0.5);
    expect(a.completeness('video')).toBe(1);
  });

  test('counts what comes too late, and is bounded', () => {
    const a = make({ maxWaiting: 2 });
    a.push('video', 1_000, 'v');
    a.push('video', 900, 'late');
    expect(a.late).toBe(1);
    for (let i = 0; i < 5; i++) a.push('video', 1_001 + i, 'v');
    expect(a.watermark).toBeGreaterThanOrEqual(1_003);
  });

  test('the order of arrival within the lateness does not matter', () => {
    const events = Array.from({ length: 60 }, (_, i) => ({
      m: (['video', 'audio', 'gps'] as const)[i % 3]!,
      t: 10 * i,
    }));
    const run = (list: typeof events) => {
      const a = make({ latenessMs: 1_000 });
      const rows = list.flatMap(({ m, t }) => a.push(m, t, `${m}${t}`).ready);
      return [...rows, ...a.flush().ready].map((row) => [row.time, [...row.values.values()].sort()]);
    };
    const random = seededRandom(5);
    const shuffled = events
      .map((e) => ({ e, key: random.next() }))
      .sort((x, y) => x.key - y.key)
      .map(({ e }) => e);
    expect(run(shuffled)).toEqual(run(events));
  });
});

test('modalities that contradict each other are a conflict, one alone is not', () => {
  const guard = conflictGuard<{ image?: number; text?: number }>({
    opinions: ({ image, text }) => ({ image, text }),
    tolerance: 0.3,
  });
  expect(guard.output!({ image: 0.9, text: 0.7 }, {})).toBeUndefined();
  expect(guard.output!({ image: 0.9 }, {})).toBeUndefined();
  expect(guard.output!({ image: 0.9, text: 0.1 }, {})).toContain('text');
  expect(guard.output!({ image: 0.9, text: Number.NaN }, {})).toBeDefined();
});
