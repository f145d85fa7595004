import { seededRandom } from '@millwright/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CompareOptions,
  compare,
  type EvaluationReport,
  type GivenRows,
  gate,
  type MetricComparison,
  metricsOf,
  type StartComparisonOptions,
  startComparison,
  type Task,
  toMarkdown,
} from '../../src/evaluation/index.js';
import { expectNear } from './near.js';

type Row = readonly [truth: number, champion: number, challenger: number, origin: number];

const LABELS = ['SFO', 'ORD', 'JFK'];
/** Two slices: a column of values, where -1 is missing, and declared codes of which the last never occurs. */
function given(task: Task, rows: readonly Row[]): GivenRows {
  const side = (i: 1 | 2, name: string) => {
    const values = Float64Array.from(rows, (row) => row[i]);
    return task === 'multiclass' ? { name, labels: values } : { name, scores: values };
  };
  return {
    truth: Float64Array.from(rows, ([y]) => y),
    champion: side(1, 'delay@1'),
    challenger: side(2, 'delay@2'),
    slices: {
      origin: rows.map(([, , , o]) => (o < 0 ? null : LABELS[o]!)),
      declared: { codes: rows.map(([, , , o]) => Math.max(0, o)), labels: [...LABELS, 'nowhere'] },
    },
  };
}

const score = fc.oneof(
  fc.integer({ min: 0, max: 20 }).map((i) => i / 20),
  fc.double({ min: 0, max: 1, noNaN: true }),
);
const missing = (of: fc.Arbitrary<number>) => fc.oneof({ weight: 9, arbitrary: of }, fc.constant(Number.NaN));
const ROWS: Readonly<Record<Task, fc.Arbitrary<Row>>> = {
  binary: row(missing(fc.integer({ min: 0, max: 1 })), missing(score)),
  multiclass: row(missing(fc.integer({ min: 0, max: 3 })), missing(fc.integer({ min: 0, max: 3 }))),
  regression: row(missing(fc.integer({ min: -5, max: 5 })), missing(fc.double({ min: -5, max: 5, noNaN: true }))),
};
const EXACT: Readonly<Record<Task, readonly string[]>> = {
  binary: metricsOf('binary').flatMap(({ name, kind }) => (kind === 'cells' ? [name] : [])),
  multiclass: metricsOf('multiclass').flatMap(({ name, kind }) => (kind === 'loss' ? [] : [name])),
  regression: [],
};

const PAYOFFS: Readonly<Record<Task, number[][] | undefined>> = {
  binary: [
    [0, -3],
    [-80, -3],
  ],
  multiclass: [0, 1, 2, 3].map((y) => [0, 1, 2, 3].map((p) => (y === p ? 1 : -Math.abs(y - p)))),
  regression: undefined,
};

describe.each(['binary', 'multiclass', 'regression'] as const)('%s', (task) => {
  const options: StartComparisonOptions & Pick<CompareOptions, 'cross'> = {
    task,
    metrics: metricsOf(task).map(({ name }) => name),
    cross: [['origin', 'declared']],
    minSupport: 5,
    payoffs: PAYOFFS[task],
  };

  test('parts in any size, and parts of two workers, come to what the whole table comes to', () => {
    fc.assert(
      fc.property(
        fc.array(ROWS[task], { minLength: 1, maxLength: 120 }),
        fc.integer({ min: 1, max: 30 }),
        (rows, size) => {
          const whole = compare({ ...options, ...given(task, rows) });
          const one = startComparison(options);
          const two = [startComparison(options), startComparison(options)] as const;
          for (let i = 0; i < rows.length; i += size) {
            const part = given(task, rows.slice(i, i + size));
            one.add(part);
            two[(i / size) % 2]!.add(part);
          }
          // As a worker would post it.
          two[0].merge(structuredClone(two[1].state));
          for (const chunked of [one.report(), two[0].report()]) expectSame(chunked, whole, EXACT[task]);
          expect(gate(one.report()).decision).toBe(gate(whole).decision);
        },
      ),
      { numRuns: 60, seed: 5 },
    );
  });

  test('nothing read, and parts without rows, have no value and never promote', () => {
    const none = startComparison(options);
    expect(gate(none.report()).decision).toBe('hold');
    none.add(given(task, []));
    none.merge(startComparison(options).state);
    const report = none.report();
    expect(report).toMatchObject({ chunks: 1, rows: { given: 0 } });
    for (const { metric, challenger } of report.overall.metrics) expect(challenger.value, metric).toBeUndefined();
    expect(gate(report).decision).toBe('hold');
  });
});

describe('areas from bins of scores', () => {
  const rows = (n: number, spread: number): Row[] => {
    const random = seededRandom(3);
    return Array.from({ length: n }, () => {
      const y = Number(random.next() < 0.3);
      const s = random.next() * spread;
      return [y, s, 0.9 * s + 0.1 * y * spread, 0];
    });
  };
  const area = ({ overall }: EvaluationReport) => overall.metrics.find(({ metric }) => metric === 'rocAuc')!;

  test('a spread-out score has a bound of about 1e-5, with an interval that a bound of the gate can use', () => {
    const given1 = given('binary', rows(20_000, 1));
    const stream = startComparison();
    stream.add(given1);
    const { champion, challenger, difference } = area(stream.report());
    expect(champion.bound).toBeLessThan(2e-5);
    const exact = area(compare(given1));
    expectNear(challenger.interval!.lower, exact.challenger.interval!.lower, 'lower', { absolute: 3e-5 });
    expect(difference).toBeUndefined();
    const rule = (value: number) =>
      gate(stream.report(), { rules: [{ rule: 'atLeast', metric: 'rocAuc', value }] }).decision;
    expect([rule(0.5), rule(challenger.value!), rule(0.99)]).toEqual(['promote', 'hold', 'block']);
    expect(gate(stream.report(), { rules: [{ rule: 'superior', metric: 'rocAuc' }] }).decision).toBe('hold');
    expect(toMarkdown(stream.report())).toMatch(/\| rocAuc \| 0\.\d+ ± 0\.00000\d \|/);
  });

  test('scores in a corner of the range have a wide bound, not a wrong value; a range of their own narrows it', () => {
    const given1 = given('binary', rows(5_000, 1e-4));
    const exact = area(compare(given1)).challenger.value!;
    for (const [scoreRange, most] of [
      [undefined, 0.5],
      [[0, 1e-4], 2e-4],
    ] as const) {
      const stream = startComparison(scoreRange === undefined ? {} : { scoreRange });
      stream.add(given1);
      const { value, bound } = area(stream.report()).challenger;
      expect(Math.abs(value! - exact)).toBeLessThanOrEqual(bound!);
      expect(bound).toBeLessThan(most);
    }
  });
});

test('parts that do not belong together are refused', () => {
  const part = given('binary', [[1, 0.5, 0.5, 0]]);
  const stream = startComparison();
  stream.add(part);
  expect(() => stream.add({ ...part, challenger: { name: 'delay@3', scores: [0.5] } })).toThrow('same two models');
  expect(() => stream.add({ ...part, slices: {} })).toThrow('the slices of the parts before');
  expect(() => stream.add({ ...part, truth: [1, 0] })).toThrow('rowIds');
  expect(() => stream.merge(startComparison({ threshold: 0.4 }).state)).toThrow('with these options');
  expect(() => startComparison({ scoreRange: [1, 1] })).toThrow('ascending');
  expect(stream.report().chunks).toBe(1);
});

function row(truth: fc.Arbitrary<number>, value: fc.Arbitrary<number>): fc.Arbitrary<Row> {
  return fc.tuple(truth, value, value, fc.integer({ min: -1, max: 2 }));
}

function expectSame(chunked: EvaluationReport, whole: EvaluationReport, exact: readonly string[]): void {
  expect(chunked.rows).toEqual(whole.rows);
  expect(chunked.overall.n).toBe(whole.overall.n);
  expect(chunked.overall.cells).toEqual(whole.overall.cells);
  chunked.overall.metrics.forEach((found, i) => {
    expectMetric(found, whole.overall.metrics[i]!, exact.includes(found.metric));
  });
  const key = ({ slice, value }: EvaluationReport['slices'][number]) => `${slice}=${value}`;
  const wanted = new Map(whole.slices.map((group) => [key(group), group]));
  expect(chunked.slices.map(key).sort()).toEqual([...wanted.keys()].sort());
  for (const group of chunked.slices) {
    const { n, cells, metrics, declared } = wanted.get(key(group))!;
    expect(group).toMatchObject({ n, declared });
    expect(group.cells).toEqual(cells);
    group.metrics.forEach((found, i) => {
      expectMetric(found, metrics[i]!, exact.includes(found.metric));
    });
  }
}

function expectMetric(own: MetricComparison, whole: MetricComparison, exact: boolean): void {
  if (exact) {
    // A confusion matrix of one model and that of the other say nothing about pairs, and so nothing about their difference.
    const tested = own.difference !== undefined;
    expect(own).toEqual(tested ? whole : { ...whole, difference: undefined });
    if (own.metric === 'accuracy') expect(tested).toBe(whole.difference !== undefined);
    return;
  }
  for (const side of ['champion', 'challenger'] as const) {
    const [a, b] = [own[side], whole[side]];
    if (b.value === undefined) expect(a.value, own.metric).toBeUndefined();
    else if (a.value !== undefined && a.bound !== undefined)
      expect(Math.abs(a.value - b.value), own.metric).toBeLessThanOrEqual(a.bound + 1e-12);
    else expectNear(a.value ?? Number.NaN, b.value, own.metric, { absolute: 1e-9 });
  }
  // Areas have a test on the whole table only.
  if (own.metric === 'rocAuc') return;
  expect(own.difference === undefined, own.metric).toBe(whole.difference === undefined);
  if (own.difference)
    expectNear(own.difference.standardError, whole.difference!.standardError, own.metric, { absolute: 1e-9 });
}
