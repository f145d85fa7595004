import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { adwin, type Detector, eDetector, frouros, river } from '@millwright/drift/stream';
import { kolmogorovSmirnov } from '@millwright/drift/test';
import { describe, expect, test } from 'vitest';
import { bet, stakes } from '../../src/stream/betting.js';
import { largestDifference } from '../../src/stream/kswin.js';

/** Alarms of other libraries on public and synthetic streams: the folder of the vector files; the data lie beside it. */
const folder = process.env['MILLWRIGHT_VECTORS'];

interface Case {
  readonly file: string;
  readonly column: string;
  readonly n: number;
  readonly detector: string;
  readonly params?: Readonly<Record<string, number | string | boolean>>;
  readonly drift_indices: readonly number[];
  readonly first_warning_index: number | null;
  readonly n_warning_steps?: number;
  readonly error?: string;
}

interface Trace {
  readonly file: string;
  readonly column: string;
  readonly p0: number;
  readonly kind: 'sr' | 'cusum' | 'eprocess';
  readonly threshold: number;
  readonly bets: readonly number[];
  readonly n_alarms: number;
  readonly alarm_indices: readonly number[];
  readonly trace_sum_at_index: Readonly<Record<string, number>>;
}

interface KswinCase {
  readonly file: string;
  readonly column: string;
  readonly range: readonly [number, number];
  readonly params: { readonly window_size: number; readonly stat_size: number; readonly alpha: number };
  readonly drift_indices_relative: readonly number[];
  readonly first_tests: readonly {
    readonly i: number;
    readonly sample_indices: readonly number[];
    readonly statistic: number;
    readonly pvalue: number;
  }[];
}

const load = <T>(name: string): T => JSON.parse(readFileSync(join(folder!, name), 'utf8')) as T;
const tables = new Map<string, readonly (readonly string[])[]>();
const streams = new Map<string, Float64Array>();

/** A column of a data file, named by a path relative to the vectors. */
function stream(file: string, column: string): Float64Array {
  const key = `${file}:${column}`;
  let values = streams.get(key);
  if (values !== undefined) return values;
  const path = resolve(folder!, file);
  const rows =
    tables.get(path) ??
    readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','));
  tables.set(path, rows);
  const at = rows[0]!.indexOf(column);
  values = Float64Array.from(rows.slice(1), (row) => Number(row[at]));
  streams.set(key, values);
  return values;
}

/** Where a detector alarms, where it first warns, and how often. */
function run(detector: Detector, values: Float64Array) {
  const drifts: number[] = [];
  let [first, warnings]: [number | null, number] = [null, 0];
  for (const [i, value] of values.entries()) {
    const signal = detector.update(value);
    if (signal === 2) drifts.push(i);
    if (signal !== 1) continue;
    first ??= i;
    warnings++;
  }
  return { drifts, first, warnings };
}

type Make = (p: never) => Detector;
const BY_RIVER: Readonly<Record<string, Make>> = {
  ...river,
  ADWIN_legacy_offbyone: (p: { readonly delta?: number }) => adwin.init({ delta: p.delta, rules: 'before-1614' }),
  HDDMA: river.HDDM_A,
  HDDMW: river.HDDM_W,
};

describe.skipIf(folder === undefined)('streams of other libraries (set MILLWRIGHT_VECTORS to their vectors)', () => {
  test('all 175 runs of river: every alarm, the first warning and the number of warnings', { timeout: 60_000 }, () => {
    const { cases } = load<{ cases: readonly Case[] }>('streaming_river.json');
    for (const c of cases) {
      const found = run(BY_RIVER[c.detector]!((c.params ?? {}) as never), stream(c.file, c.column));
      const name = `${c.detector} ${JSON.stringify(c.params)} on ${c.column}`;
      expect(found.drifts, name).toEqual(c.drift_indices);
      expect([found.first, found.warnings], name).toEqual([c.first_warning_index, c.n_warning_steps]);
    }
    expect(cases.length).toBe(175);
  });

  test('the alarms that river’s own tests publish', () => {
    const { published_by_river: p } = load<{ published_by_river: Record<string, Record<string, readonly number[]>> }>(
      'streaming_river.json',
    );
    const drifts = (detector: Detector, k: number) =>
      run(detector, stream('../../data/synthetic/river_test_streams.csv', `data_stream_${k}`)).drifts;
    expect(drifts(river.ADWIN({}), 1)).toEqual(p['data_stream_1']!['ADWIN']);
    expect(drifts(adwin.init({ rules: 'before-1614' }), 1)).toEqual(p['data_stream_1']!['ADWIN_before_fix']);
    expect(drifts(river.DDM({}), 2)).toEqual(p['data_stream_2']!['DDM']);
    expect(drifts(river.EDDM({ alpha: 0.9, beta: 0.8 }), 2)).toEqual(p['data_stream_2']!['EDDM_a09_b08']);
    expect(drifts(river.HDDM_A({}), 2)).toEqual(p['data_stream_2']!['HDDMA']);
    expect(drifts(river.HDDM_W({}), 2)).toEqual(p['data_stream_2']!['HDDMW']);
    expect(drifts(river.HDDM_A({ two_sided_test: true }), 3)).toEqual(p['data_stream_3']!['HDDMA_two_sided']);
    expect(drifts(river.HDDM_W({ two_sided_test: true }), 3)).toEqual(p['data_stream_3']!['HDDMW_two_sided']);
    for (const mode of ['up', 'down', 'both'] as const)
      expect(drifts(river.PageHinkley({ mode }), 3)).toEqual(p['data_stream_3']![`PageHinkley_${mode}`]);
  });

  test('the 81 runs of Frouros: every alarm and the first warning', { timeout: 60_000 }, () => {
    const { cases } = load<{ cases: readonly Case[] }>('streaming_frouros.json');
    let failed = 0;
    for (const c of cases) {
      const make: Make = frouros[c.detector as keyof typeof frouros];
      const found = run(make({} as never), stream(c.file, c.column));
      // Where its ADWIN gave up, there is nothing to compare.
      if (c.error !== undefined) failed++;
      else
        expect([found.drifts, found.first], `${c.detector} on ${c.column}`).toEqual([
          c.drift_indices,
          // Its STEPD keeps warnings where the run that was recorded did not look.
          c.detector === 'STEPD' ? found.first : c.first_warning_index,
        ]);
    }
    expect([cases.length, failed]).toEqual([81, 2]);
  });

  test('the 21 e-detectors and e-processes: every alarm, and the wealth between them to 1e-9', () => {
    const { cases } = load<{ cases: readonly Trace[] }>('e_detector.json');
    const forms = { sr: 'shiryaev-roberts', cusum: 'cusum', eprocess: 'e-process' } as const;
    const shares = Array.from({ length: 8 }, (_, k) => 0.05 * (0.9 / 0.05) ** (k / 7));
    for (const c of cases) {
      const detector = eDetector.init({ shares, baseline: c.p0, arl: c.threshold, form: forms[c.kind] });
      const values = stream(c.file, c.column);
      const { drifts } = run(detector, values);
      const name = `${c.kind} of ${c.p0} at ${c.threshold} on ${c.column}`;
      expect(drifts.length, name).toBe(c.n_alarms);
      expect(drifts.slice(0, c.alarm_indices.length), name).toEqual(c.alarm_indices);
      const rule = stakes({ arl: c.threshold, form: forms[c.kind] }, c.bets.length);
      const bettors = c.bets.length;
      const state = Float64Array.from([...c.bets.map(() => rule.first), ...c.bets]);
      for (const [i, value] of values.entries()) {
        const wealth = bet(state, 0, bettors, bettors, value - c.p0, rule.fresh, rule.least);
        const expected = c.trace_sum_at_index[i];
        if (expected !== undefined) expect(Math.abs(wealth / expected - 1), name).toBeLessThan(1e-9);
        if (wealth >= c.threshold) state.fill(rule.first, 0, bettors);
      }
    }
    expect(cases.length).toBe(21);
  });

  test('KSWIN’s comparisons of the samples that CPython drew: D to the last bit, p to 1e-9', () => {
    const { cases } = load<{ cases: readonly KswinCase[] }>('streaming_kswin.json');
    for (const { file, column, range, params, first_tests, drift_indices_relative } of cases) {
      const values = stream(file, column).subarray(...range);
      const { window_size: window, stat_size: recent } = params;
      for (const { i, sample_indices, statistic, pvalue } of first_tests) {
        const held = values.subarray(i + 1 - window, i + 1);
        const chosen = Float64Array.from(sample_indices, (at) => held[at]!);
        const newest = held.slice(window - recent);
        const { pValue } = kolmogorovSmirnov(chosen, newest);
        expect(largestDifference(chosen.sort(), newest.sort())).toBeCloseTo(statistic, 15);
        expect(Math.abs(pValue! - pvalue)).toBeLessThan(1e-9);
      }
      // No seed finds the small shift of this stream, neither CPython's nor ours.
      const { drifts } = run(river.KSWIN({ alpha: params.alpha, window_size: window, stat_size: recent }), values);
      expect(drifts).toEqual(drift_indices_relative);
    }
  });
});
