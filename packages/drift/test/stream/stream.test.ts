import { isMillwrightError } from '@millwright/core';
import { adwin, type Detector, ddm, eDetector, frouros, kswin, river } from '@millwright/drift/stream';
import { describe, expect, test } from 'vitest';
import { bet, stakes } from '../../src/stream/betting.js';
import vectors from '../vectors/streaming.json' with { type: 'json' };
import { stream } from './streams.js';

type Params = Readonly<Record<string, number | string | boolean | undefined>>;

/** The vectors' names of detectors where they are not river's. */
const BY_NAME: Readonly<Record<string, (p: never) => Detector>> = {
  ...river,
  ADWIN_legacy_offbyone: (p: { delta?: number }) => adwin.init({ delta: p.delta, rules: 'before-1614' }),
  HDDMA: river.HDDM_A,
  HDDMW: river.HDDM_W,
};

describe('alarms at the values at which river alarms', () => {
  test.each(vectors.cases)(
    '$detector $params on $column',
    ({ detector, params, column, drift_indices, first_warning_index, n_warning_steps }) => {
      const one = BY_NAME[detector]!(params as Params as never);
      const values = stream(column);
      const at: number[] = [];
      const warned: number[] = [];
      for (let i = 0; i < values.length; i++) {
        const signal = one.update(values[i]!);
        if (signal === 2) at.push(i);
        if (signal === 1) warned.push(i);
      }
      expect(at).toEqual(drift_indices);
      expect([warned[0] ?? null, warned.length]).toEqual([first_warning_index, n_warning_steps]);
    },
  );
});

test.each(vectors.frouros)('alarms where Frouros’ $detector does on $column', (c) => {
  const one = (frouros[c.detector as keyof typeof frouros] as (p: object) => Detector)({});
  const signals = Array.from(stream(c.column), (value) => one.update(value));
  expect(signals.flatMap((signal, i) => (signal === 2 ? [i] : []))).toEqual(c.drift_indices);
  // The recorded run did not look at the warnings of STEPD.
  if (c.detector !== 'STEPD') expect(signals.indexOf(1)).toBe(c.first_warning_index ?? -1);
});

/** The vectors' sizes of bets: geometric from 0.05 to 0.9. */
const EIGHT = Array.from({ length: 8 }, (_, k) => 0.05 * (0.9 / 0.05) ** (k / 7));

const FORMS: Readonly<Record<string, 'shiryaev-roberts' | 'cusum' | 'e-process'>> = {
  sr: 'shiryaev-roberts',
  cusum: 'cusum',
  eprocess: 'e-process',
};

describe('e-detector', () => {
  test.each(vectors.eDetectors)('$kind of $p0 at $threshold on $column: every alarm', (c) => {
    const detector = eDetector.init({ shares: EIGHT, baseline: c.p0, arl: c.threshold, form: FORMS[c.kind] });
    const at = new Uint32Array(20_000);
    expect(detector.updateBatch(stream(c.column), at)).toBe(c.n_alarms);
    expect([...at.subarray(0, c.alarm_indices.length)]).toEqual(c.alarm_indices);
  });

  test('the wealth between alarms, to 1e-9', () => {
    for (const { column, kind, p0, threshold, trace_sum_at_index } of vectors.eDetectors) {
      const rule = stakes({ arl: threshold, form: FORMS[kind]! }, EIGHT.length);
      const state = Float64Array.from([...EIGHT.map(() => rule.first), ...EIGHT.map((share) => share / p0)]);
      const expected = trace_sum_at_index as Record<string, number>;
      for (const [i, value] of stream(column).entries()) {
        const wealth = bet(state, 0, EIGHT.length, EIGHT.length, value - p0, rule.fresh, rule.least);
        if (expected[i] !== undefined) expect(Math.abs(wealth / expected[i] - 1), `${kind} ${i}`).toBeLessThan(1e-9);
        if (wealth >= threshold) state.fill(rule.first, 0, EIGHT.length);
      }
    }
  });

  test('a margin is in the units of the values', () => {
    const make = () => eDetector.init({ baseline: 50, range: [0, 100], margin: 10, direction: 'both', arl: 1_000 });
    expect(make().updateBatch(new Float64Array(5_000).fill(59))).toBe(0);
    expect(make().updateBatch(new Float64Array(5_000).fill(41))).toBe(0);
    expect(make().updateBatch(new Float64Array(500).fill(90))).toBeGreaterThan(0);
    expect(make().updateBatch(new Float64Array(500).fill(10))).toBeGreaterThan(0);
    for (const direction of ['up', 'both'] as const)
      expect(() => eDetector.init({ baseline: 50, range: [0, 100], margin: 50, direction })).toThrow(/margin/);
  });

  test('a baseline without any error can only rise', () => {
    const make = () => eDetector.init({ baseline: new Float64Array(1_000), direction: 'both' });
    expect(make().updateBatch(new Float64Array(30_000))).toBe(0);
    expect(make().updateBatch(Float64Array.from({ length: 2_000 }, (_, i) => Number(i % 20 === 0)))).toBeGreaterThan(0);
    expect(() => eDetector.init({ baseline: 0, direction: 'both' })).toThrow(/baseline/);
  });

  test('looks down as well, on any range', () => {
    const detector = eDetector.init({ baseline: 80, range: [0, 100], direction: 'down', arl: 1_000 });
    expect(detector.updateBatch(new Float64Array(500).fill(81))).toBe(0);
    expect(detector.updateBatch(new Float64Array(500).fill(40))).toBeGreaterThan(0);
  });

  test.each([
    [{}, 'without a baseline'],
    [{ baseline: 0 }, 'a baseline at the bound'],
    [{ baseline: 0.1, arl: 1 }, 'a run length of 1'],
    [{ baseline: 0.1, range: [1, 0] as const }, 'an empty range'],
  ])('refuses %o (%s)', (options, _why) => {
    expect(() => eDetector.init(options)).toThrow(/Expected/);
  });

  test('refuses values outside the range, for which nothing is guaranteed', () => {
    expect(() => eDetector.init({ baseline: 0.1 }).update(1.5)).toThrow(/from 0 to 1/);
  });
});

describe('KSWIN', () => {
  test('finds a shift of a deviation soon, and replays', () => {
    const values = stream('real_mean_0_0p5_at_10000')
      .subarray(9_000, 11_000)
      .map((value, i) => value + (i < 1_000 ? 0 : 0.5));
    const run = () => {
      const at = new Uint32Array(100);
      const found = kswin.init({ alpha: 0.0001, window: 200, recent: 100, seed: 42 }).updateBatch(values, at);
      return [...at.subarray(0, found)];
    };
    const found = run();
    expect(found[0]).toBeGreaterThan(1_000);
    expect(found[0]).toBeLessThan(1_200);
    expect(run()).toEqual(found);
  });

  test('refuses a window that is too short for two samples', () => {
    expect(() => kswin.init({ window: 50, recent: 30 })).toThrow(/twice/);
  });
});

test('a snapshot says which detector and version it is of', () => {
  const bytes = ddm.init().snapshot();
  try {
    adwin.restore(bytes);
    expect.unreachable();
  } catch (error) {
    expect(isMillwrightError(error, 'drift/state')).toBe(true);
    expect(String(error)).toContain('it is of detector `ddm`');
  }
  const later = new TextEncoder().encode(new TextDecoder().decode(bytes).replace('"version":2', '"version":9'));
  expect(() => ddm.restore(later)).toThrow(/version 9/);
});
