import { latencyBucket, latencyHistogram, latencySample, type MetricFamily } from '@millwright/core/telemetry';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prometheusResponse, prometheusText } from '../../src/prometheus.js';

const requests: MetricFamily = {
  name: 'requests',
  help: 'All "requests"\nby \\ arm.',
  kind: 'counter',
  samples: [
    { labels: { arm: 'champion' }, value: 3 },
    { labels: { arm: 'a"b\\c\nd' }, value: 0 },
  ],
};
const seconds: MetricFamily = {
  name: 'duration_seconds',
  help: 'How long.',
  unit: 'seconds',
  kind: 'histogram',
  samples: [
    {
      labels: {},
      buckets: [
        { upTo: 0.5, count: 1, exemplar: { labels: { decision_id: 'd1' }, value: 0.25, time: 1_500 } },
        { upTo: 1, count: 1 },
      ],
      sum: 3.25,
      count: 2,
    },
  ],
};

describe('text 0.0.4', () => {
  it('names counters with _total, escapes, and closes histograms', () => {
    expect(prometheusText([requests, seconds])).toBe(`# HELP requests_total All "requests"\\nby \\\\ arm.
# TYPE requests_total counter
requests_total{arm="champion"} 3
requests_total{arm="a\\"b\\\\c\\nd"} 0
# HELP duration_seconds How long.
# TYPE duration_seconds histogram
duration_seconds_bucket{le="0.5"} 1
duration_seconds_bucket{le="1.0"} 1
duration_seconds_bucket{le="+Inf"} 2
duration_seconds_sum 3.25
duration_seconds_count 2
`);
  });

  it('writes what is no number', () => {
    const odd = [Number.NaN, Infinity, -Infinity].map((value, i) => ({ labels: { i: String(i) }, value }));
    const text = prometheusText([{ name: 'odd', help: '', kind: 'gauge', samples: odd }]);
    expect(text).toMatch(/"0"} NaN\n.*"1"} \+Inf\n.*"2"} -Inf\n$/);
  });

  it('is empty without metrics', () => {
    expect(prometheusText([])).toBe('');
  });
});

describe('OpenMetrics', () => {
  it('has units, exemplars and an end', () => {
    const text = prometheusText([requests, seconds], 'openmetrics');
    expect(text).toContain('# TYPE requests counter\nrequests_total{arm="champion"} 3\n');
    expect(text).toContain('# HELP requests All \\"requests\\"\\nby');
    expect(text).toContain('# UNIT duration_seconds seconds\n');
    expect(text).toContain('duration_seconds_bucket{le="0.5"} 1 # {decision_id="d1"} 0.25 1.5\n');
    expect(text.endsWith('\n# EOF\n')).toBe(true);
    expect(prometheusText([], 'openmetrics')).toBe('# EOF\n');
  });

  it('is chosen by the scraper', async () => {
    const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
    expect(prometheusResponse([], accept).headers.get('content-type')).toMatch(/^application\/openmetrics-text/);
    expect(prometheusResponse([], '*/*').headers.get('content-type')).toMatch(/^text\/plain; version=0.0.4/);
  });
});

describe('families', () => {
  const gauge = (name: string, labels: Record<string, string> = {}): MetricFamily => ({
    name,
    help: 'x',
    kind: 'gauge',
    samples: [{ labels, value: 1 }],
  });

  it('of one name become one', () => {
    const text = prometheusText([gauge('up', { a: '1' }), gauge('down'), gauge('up', { a: '2' })]);
    expect(text.match(/# TYPE up gauge/g)).toHaveLength(1);
    expect(text).toContain('up{a="1"} 1\nup{a="2"} 1\n');
  });

  it.each([
    ['a name that is none', [gauge('1up')]],
    ['a label that is none', [gauge('up', { 'a-b': '' })]],
    ['a label that is reserved', [gauge('up', { __name__: '' })]],
    ['one series twice', [gauge('up', { a: '1', b: '2' }), gauge('up', { b: '2', a: '1' })]],
    ['two kinds of one name', [gauge('up'), { ...gauge('up'), kind: 'counter' } as MetricFamily]],
  ])('refuse %s', (_, families) => {
    expect(() => prometheusText(families)).toThrow(expect.objectContaining({ code: 'input/invalid' }));
  });

  it('refuse a unit that is not the end of the name', () => {
    expect(() => prometheusText([{ ...gauge('up'), unit: 'seconds' }], 'openmetrics')).toThrow('unit');
  });
});

describe('latencySample', () => {
  it('counts in buckets that double from a millisecond', () => {
    const histogram = latencyHistogram();
    for (const ms of [0.5, 1.5, 3, 40_000]) histogram.record(ms);
    const { buckets, count, sum } = latencySample({}, histogram);
    expect(buckets.slice(0, 3)).toMatchObject([
      { upTo: 0.001, count: 1 },
      { upTo: 0.002, count: 2 },
      { upTo: 0.004, count: 3 },
    ]);
    expect(buckets.at(-1)).toMatchObject({ upTo: 32.768, count: 3 });
    expect([count, sum]).toEqual([4, 40.005]);
  });

  it('is cumulative, and puts every duration where latencyBucket says', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e5, noNaN: true })), (durations) => {
        const histogram = latencyHistogram();
        for (const ms of durations) histogram.record(ms);
        const { buckets, count } = latencySample({}, histogram);
        expect(count).toBe(durations.length);
        for (const [i, bucket] of buckets.entries())
          expect(bucket.count).toBe(durations.filter((ms) => latencyBucket(ms) <= i).length);
      }),
    );
  });
});
