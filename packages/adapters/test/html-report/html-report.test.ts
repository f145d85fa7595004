import { type ReportModel, renderReport } from '@millwright/adapters/html-report';
import { describe, expect, test } from 'vitest';
import { layersOf } from '../../src/html-report/charts/lineage.js';
import { extent, linear, thin, ticks, timeTicks } from '../../src/html-report/charts/scale.js';
import { formatEstimate, formatMoment, formatNumber, formatTick, formatTime } from '../../src/html-report/format.js';
import { sampleReport } from './sample.js';

const page = renderReport(sampleReport());

describe('renderReport', () => {
  test('makes one file that asks for nothing', () => {
    expect(page.length).toBeLessThan(300_000);
    expect(page).not.toMatch(/(?:src|href|action|data|xlink:href)\s*=\s*["']?(?!#)[^"'\s>]*(?:\/\/|\.)/i);
    expect(page).not.toMatch(/url\(|@import|<link|<iframe|<form|<img/i);
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).toContain('<script type="application/json" id="report">');
    expect(page).toContain("default-src 'none'");
  });

  test('is the same every time', () => {
    expect(renderReport(sampleReport())).toBe(page);
  });

  test('has a heading for every section, a title for every image, a caption for every table', () => {
    for (const heading of [
      'What happened',
      'flight-delay@1 and flight-delay@4',
      'Rollout of flight-delay@3',
      'Drift',
      'Cost',
      'Lineage',
      'Versions',
      'Ledger',
    ])
      expect(page).toContain(`>${heading}</h2>`);
    const images = page.match(/<svg [^>]*role="img"[^>]*>(?!<title>)/g);
    expect(images).toBeNull();
    expect(page.match(/<table/g)?.length).toBe(page.match(/<table[^>]*><caption/g)?.length);
    expect(page).not.toMatch(/undefined|NaN|\[object/);
  });

  test('holds the model for programs, unless it is asked not to', () => {
    const json = /<script type="application\/json" id="report">(.*?)<\/script>/s.exec(page)?.[1];
    const read = JSON.parse(json ?? '') as ReportModel;
    expect(read.title).toBe(sampleReport().title);
    expect(read.ledger).toEqual(sampleReport().ledger);
    expect(renderReport(sampleReport(), { data: false })).not.toContain('<script');
  });

  test('shows only the sections that there are', () => {
    const bare = renderReport({ title: 'Nothing yet' });
    expect(bare).toContain('<h1>Nothing yet</h1>');
    expect(bare).not.toContain('<section');
    expect(bare).not.toContain('<nav');
  });

  test('survives numbers that are none and sections without content', () => {
    const odd = renderReport({
      title: '',
      time: Number.NaN,
      facts: [{ label: 'x', value: Number.NaN }],
      timeline: [{ time: Number.POSITIVE_INFINITY, kind: 'note', sentence: 'never' }],
      evaluations: [
        {
          sentence: '',
          champion: 'a',
          challenger: 'b',
          metrics: [
            {
              name: 'm',
              champion: Number.NaN,
              challenger: Number.POSITIVE_INFINITY,
              difference: { value: Number.NaN },
            },
          ],
          slices: { caption: 's', rows: [{ name: 'z', rows: 0, difference: { value: undefined } }] },
        },
      ],
      rollouts: [{ sentence: '', share: [], evidence: [{ label: 'e', of: 'harm', points: [], threshold: 1 }] }],
      drift: {
        sentence: '',
        days: [],
        columns: [],
        lines: [{ title: 'l', series: [{ label: 'q', points: [{ x: 0, y: Number.NaN }] }] }],
      },
      lineage: {
        nodes: [{ id: 'a', kind: 'x', label: 'a' }],
        edges: [
          { from: 'a', to: 'a' },
          { from: 'a', to: 'gone' },
        ],
      },
      charts: [
        {
          title: 'c',
          charts: [
            { kind: 'bars', title: 'b', bars: [{ label: 'n', value: Number.NaN }] },
            { kind: 'histograms', title: 'h', edges: [], reference: [], current: [] },
          ],
        },
      ],
      tables: [{ title: 't', columns: [{ label: 'one', format: 'time' }], rows: [[Number.NaN], [undefined]] }],
    });
    expect(odd).not.toMatch(/d="[^"]*(NaN|Infinity|undefined)/);
    expect(odd).not.toMatch(/(?:x|y|cx|cy|width|height)="[^"]*(NaN|Infinity|undefined)/);
  });
});

describe('hostile text', () => {
  const evil = `"><img src=x onerror=alert(1)>'</script><script>alert(2)</script><!--\u2028]]>&lt;\u0000`;

  /** The sample with every string replaced. */
  function poison(value: unknown): unknown {
    if (typeof value === 'string') return evil;
    if (Array.isArray(value)) return value.map(poison);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, poison(member)]));
  }

  const KEPT = ['kind', 'x', 'format', 'tone', 'of', 'verdict', 'decision', 'better'];
  function poisoned(value: unknown, key = ''): unknown {
    if (KEPT.includes(key)) return value;
    if (Array.isArray(value)) return value.map((member) => poisoned(member, key));
    if (typeof value !== 'object' || value === null) return typeof value === 'string' ? evil : value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, poisoned(member, name)]));
  }

  const TAGS = new Set(
    'html head meta title style body div header h1 h2 h3 p dl dt dd small nav ul li a main section ol time span svg path circle ellipse rect text g figure figcaption table caption thead tbody tr th td strong i details summary code footer script fieldset legend label input'.split(
      ' ',
    ),
  );

  test.each([
    ['everywhere', poison],
    ['everywhere but in names of choices', poisoned],
  ] as const)('%s stays text', (_, spoil) => {
    const html = renderReport(spoil(sampleReport()) as ReportModel, { language: evil });
    const rest = html.replace(/<style>.*?<\/style>/s, '').replace('<!doctype html>', '');
    for (const [tag, name, attributes = ''] of rest.matchAll(/<\/?([^\s/>]*)([^>]*)>/g)) {
      expect([tag, TAGS.has(name ?? '')]).toEqual([tag, true]);
      expect(attributes.replace(/"[^"]*"/g, '')).not.toMatch(/\bon\w+\s*=/i);
    }
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html.match(/<\/script/g)).toHaveLength(1);
    expect(html).not.toContain('<!--');
    expect(html).not.toContain('<img');
    expect(html).not.toContain('\u0000');
    const json = /id="report">(.*?)<\/script>/s.exec(html)?.[1];
    expect((JSON.parse(json ?? '') as ReportModel).title).toBe(evil);
  });

  test('names of things on the prototype choose nothing', () => {
    const html = renderReport({ title: 't', timeline: [{ time: 0, kind: 'constructor' as 'note', sentence: 's' }] });
    expect(html).toContain('<title>constructor</title>');
    expect(html).not.toContain('native code');
  });
});

describe('numbers', () => {
  test.each([
    [0.1234, 'share', '12.34 %'],
    [-0.0107, 'points', '−1.07 pp'],
    [0.0107, 'points', '+1.07 pp'],
    [1_234_567, 'integer', '1\u202f234\u202f567'],
    [0.000_012_34, 'number', '0.000012'],
    [-0.0004, 'integer', '0'],
    [2e20, 'number', '2.00e+20'],
    [Number.NaN, 'number', '–'],
    [Number.NEGATIVE_INFINITY, 'number', '−∞'],
    [undefined, 'share', '–'],
  ] as const)('%s as %s is %s', (value, format, text) => {
    expect(formatNumber(value, format)).toBe(text);
  });

  test('ticks lose zeros, and only those', () => {
    expect([0.2, 0.25, 1].map((v) => formatTick(v, 'share'))).toEqual(['20 %', '25 %', '100 %']);
    expect([10, 0.5, -20].map((v) => formatTick(v))).toEqual(['10', '0.5', '−20']);
  });

  test('estimates', () => {
    expect(formatEstimate({ value: 0.01, low: -0.005, high: 0.025 }, 'points')).toBe('+1.00 pp [−0.50, +2.50]');
    expect(formatEstimate({ value: 3, low: 1 })).toBe('+3.00 [+1.00, +∞]');
    expect(formatEstimate({ value: undefined })).toBe('–');
  });

  test('times are UTC', () => {
    expect(formatTime(0)).toBe('1970-01-01');
    expect(formatTime(60_000)).toBe('1970-01-01 00:01');
    expect(formatMoment(Date.UTC(2013, 1, 3, 4, 5))).toBe('3 Feb 04:05');
  });
});

describe('drawing', () => {
  test('scales and ticks', () => {
    expect(linear([0, 10], [100, 200])(5)).toBe(150);
    expect(linear([3, 3], [0, 1])(3)).toBe(0);
    expect(extent([undefined, Number.NaN, 2, -1])).toEqual([-1, 2]);
    expect(extent([])).toEqual([0, 1]);
    expect(ticks([0, 1])).toEqual([0, 0.5, 1]);
    expect(ticks([0, Number.POSITIVE_INFINITY])).toEqual([0]);
    const year = timeTicks([Date.UTC(2013, 0, 1), Date.UTC(2013, 11, 31)]);
    expect(year.map((t) => new Date(t).getUTCMonth())).toEqual([0, 2, 4, 6, 8, 10]);
  });

  test('thinning keeps the peaks', () => {
    const points = Array.from({ length: 10_000 }, (_, x) => ({
      x,
      y: x === 5_432 ? 99 : x === 77 ? -99 : Math.sin(x),
    }));
    const few = thin(points, 100);
    expect(few.length).toBeLessThanOrEqual(200);
    expect(few.map((p) => p.y)).toEqual(expect.arrayContaining([99, -99]));
    expect(few.map((p) => p.x)).toEqual(few.map((p) => p.x).toSorted((a, b) => a - b));
  });

  test('lineage goes from left to right, and a cycle does not hang it', () => {
    const layers = layersOf(
      ['c', 'b', 'a'],
      [
        { from: 'a', to: 'b' },
        { from: 'b', to: 'c' },
        { from: 'a', to: 'c' },
      ],
    );
    expect(Object.fromEntries(layers)).toEqual({ a: 0, b: 1, c: 2 });
    expect(
      layersOf(
        ['a', 'b'],
        [
          { from: 'a', to: 'b' },
          { from: 'b', to: 'a' },
        ],
      ).size,
    ).toBe(2);
  });

  test('a large report stays small', () => {
    const points = Array.from({ length: 100_000 }, (_, x) => ({ x, y: Math.sin(x / 1_000) }));
    const large: ReportModel = {
      ...sampleReport(),
      charts: [
        {
          title: 'long',
          charts: [
            {
              kind: 'line',
              title: 'long',
              series: [
                { label: 'a', points },
                { label: 'b', points },
              ],
            },
          ],
        },
      ],
    };
    expect(renderReport(large).length).toBeLessThan(300_000);
  });
});
