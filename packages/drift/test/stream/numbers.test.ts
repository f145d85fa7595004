import { adwin, type Detector, frouros, river } from '@millwright/drift/stream';
import { kolmogorovSmirnov } from '@millwright/drift/test';
import { describe, expect, test } from 'vitest';
import { largestDifference } from '../../src/stream/kswin.js';
import vectors from '../vectors/streaming-more.json' with { type: 'json' };
import changing from '../vectors/streaming-numbers.json' with { type: 'json' };
import { stream as longStream } from './streams.js';

/** Streams of numbers that change, that stay as they are, and those of river's own tests. */
const STREAMS: Readonly<Record<string, string>> = { ...vectors.streams, ...changing.streams };

function stream(name: string): Float64Array {
  const bytes = Uint8Array.from(atob(STREAMS[name]!), (char) => char.charCodeAt(0));
  return Float64Array.from(new Int32Array(bytes.buffer), (millionths) => millionths / 1e6);
}

function alarms(detector: Detector, values: Float64Array): readonly number[] {
  const at = new Uint32Array(values.length);
  return [...at.subarray(0, detector.updateBatch(values, at))];
}

type Make = (options: never) => Detector;
const RIVER: Readonly<Record<string, Make>> = {
  ...river,
  ADWIN_legacy_offbyone: (p: { delta?: number }) => adwin.init({ delta: p.delta, rules: 'before-1614' }),
  HDDMA: river.HDDM_A,
  HDDMW: river.HDDM_W,
};

interface Case {
  readonly column: string;
  readonly detector: string;
  readonly params?: object;
  readonly drift_indices: readonly number[];
}

test.each(vectors.river as readonly Case[])('river’s $detector $params on $column', (c) => {
  const detector = RIVER[c.detector]!((c.params ?? {}) as never);
  expect(alarms(detector, stream(c.column))).toEqual(c.drift_indices);
});

test.each(vectors.frouros as readonly Case[])('Frouros’ $detector on $column', (c) => {
  const make: Make = frouros[c.detector as keyof typeof frouros];
  expect(alarms(make({} as never), stream(c.column))).toEqual(c.drift_indices);
});

describe('the alarms that river’s own tests publish', () => {
  const { data_stream_1: one, data_stream_2: two, data_stream_3: three } = vectors.published_by_river;
  test.each<[string, Detector, string, readonly number[]]>([
    ['ADWIN', river.ADWIN({}), 'data_stream_1', one.ADWIN],
    ['ADWIN before its repair', adwin.init({ rules: 'before-1614' }), 'data_stream_1', one.ADWIN_before_fix],
    ['DDM', river.DDM({}), 'data_stream_2', two.DDM],
    ['EDDM', river.EDDM({ alpha: 0.9, beta: 0.8 }), 'data_stream_2', two.EDDM_a09_b08],
    ['HDDM-A', river.HDDM_A({}), 'data_stream_2', two.HDDMA],
    ['HDDM-W', river.HDDM_W({}), 'data_stream_2', two.HDDMW],
    ['HDDM-A, two-sided', river.HDDM_A({ two_sided_test: true }), 'data_stream_3', three.HDDMA_two_sided],
    ['HDDM-W, two-sided', river.HDDM_W({ two_sided_test: true }), 'data_stream_3', three.HDDMW_two_sided],
    ['Page-Hinkley, up', river.PageHinkley({ mode: 'up' }), 'data_stream_3', three.PageHinkley_up],
    ['Page-Hinkley, down', river.PageHinkley({ mode: 'down' }), 'data_stream_3', three.PageHinkley_down],
    ['Page-Hinkley, both', river.PageHinkley({ mode: 'both' }), 'data_stream_3', three.PageHinkley_both],
  ])('%s', (_, detector, name, expected) => {
    expect(alarms(detector, stream(name))).toEqual(expected);
  });
});

test('KSWIN’s comparisons of the samples that CPython drew: D to the last bit, p to 1e-9', () => {
  const { column, range, params, first_tests, drift_indices_relative } = vectors.kswin;
  const { window_size: window, stat_size: recent, alpha } = params;
  const values = longStream(column).subarray(range[0], range[1]);
  for (const { i, sample_indices, statistic, pvalue } of first_tests) {
    const held = values.subarray(i + 1 - window, i + 1);
    const chosen = Float64Array.from(sample_indices, (at) => held[at]!);
    const newest = held.slice(window - recent);
    expect(Math.abs(kolmogorovSmirnov(chosen, newest).pValue! - pvalue)).toBeLessThan(1e-9);
    expect(largestDifference(chosen.sort(), newest.sort())).toBeCloseTo(statistic, 15);
  }
  // No seed finds the small shift of this stream, neither CPython's nor ours.
  expect(alarms(river.KSWIN({ alpha, window_size: window, stat_size: recent }), values)).toEqual(
    drift_indices_relative,
  );
});
