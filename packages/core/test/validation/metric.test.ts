import { profileTable } from '@millwright/core/profile';
import { sliceTable, type Table, tableFrom } from '@millwright/core/table';
import {
  type ColumnMetric,
  createValidator,
  expect as data,
  type MetricBounds,
  validate,
} from '@millwright/core/validation';
import { metrics } from '@millwright/core/validation/metric';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const table = tableFrom({
  x: [1, 2, null, 4, 10],
  odd: [1, Number.NaN, 3, 4, 5],
  far: [1, Number.POSITIVE_INFINITY, 3, 4, 5],
  word: ['a', 'b', 'a', null, ''],
  late: [true, false, true, true, null],
  at: [new Date(5), new Date(1), null, new Date(3), new Date(3)],
});
const outcome = (column: string, metric: ColumnMetric, bounds: MetricBounds, of: Table = table) =>
  validate(of, [data.metric(column, metric, bounds)], { metrics }).outcomes[0]!;

describe('metrics', () => {
  test.each<[string, ColumnMetric, number, MetricBounds?]>([
    ['x', 'sum', 17],
    ['x', 'mean', 4.25],
    ['x', 'stddev', Math.sqrt(48.75 / 3)],
    ['x', 'min', 1],
    ['x', 'max', 10],
    ['x', 'quantile', 3],
    ['x', 'quantile', 10, { q: 1 }],
    ['x', 'quantile', 1.75, { q: 0.25 }],
    ['x', 'distinct', 4],
    ['odd', 'distinctShare', 1],
    ['far', 'max', Number.POSITIVE_INFINITY],
    ['word', 'distinct', 3],
    ['word', 'distinctShare', 0.75],
    ['late', 'mean', 0.75],
    ['at', 'max', 5],
  ])('%s %s is %d', (column, metric, expected, more) => {
    const [min, max] = Number.isFinite(expected) ? [expected - 1e-12, expected + 1e-12] : [1];
    const found = outcome(column, metric, { ...more, min, max });
    expect(found).toMatchObject({ verdict: 'pass', counts: { rows: 5, unexpected: 0 } });
    if (Number.isFinite(expected)) expect(found.observed).toBeCloseTo(expected, 12);
    else expect(found.reasons).toEqual(['it is Infinity']);
    expect(outcome(column, metric, { ...more, min: 11 }).verdict).toBe(expected > 11 ? 'pass' : 'fail');
  });

  test('say what they found', () => {
    expect(outcome('x', 'mean', { max: 4 }).sentence).toBe('Expected that the mean of `x` is at most 4: it is 4.25.');
  });

  test.each<[string, ColumnMetric]>([
    ['odd', 'sum'],
    ['odd', 'mean'],
    ['odd', 'stddev'],
    ['odd', 'min'],
    ['odd', 'max'],
    ['odd', 'quantile'],
    ['far', 'mean'],
    ['far', 'quantile'],
  ])('of what is not finite are open: %s %s', (column, metric) => {
    expect(outcome(column, metric, { min: -1e9, max: 1e9 })).toMatchObject({ verdict: 'insufficient' });
  });

  test.each<ColumnMetric>(['sum', 'mean', 'stddev', 'min', 'max', 'quantile', 'distinct', 'distinctShare'])(
    'the %s of nothing is open, and follows `onEmpty`',
    (metric) => {
      const none = tableFrom({ x: [null, null] });
      expect(outcome('x', metric, { min: 0 }, none)).toMatchObject({ verdict: 'insufficient', need: { rows: 1 } });
      const rule = data.metric('x', metric, { min: 0 }, { onEmpty: 'fail' });
      expect(validate(none, [rule], { metrics }).verdict).toBe('fail');
    },
  );

  test('one value has no spread', () => {
    expect(outcome('x', 'stddev', { min: 0 }, tableFrom({ x: [1] })).verdict).toBe('insufficient');
  });

  test('consider the rows that `where` leaves', () => {
    const where = { column: 'x', op: '<', value: 5 } as const;
    const [found] = validate(table, [data.metric('x', 'max', { max: 4 }, { where })], { metrics }).outcomes;
    expect(found).toMatchObject({ verdict: 'pass', observed: 4, counts: { excluded: 2, considered: 3 } });
  });

  test('are compared with the reference profile', () => {
    const reference = profileTable(tableFrom({ x: Float64Array.of(4, 5, 6) }));
    const judge = (metric: ColumnMetric, relative: number) =>
      validate(table, [data.metric('x', metric, { ofReference: { relative } })], { metrics, reference }).verdict;
    expect(judge('mean', 0.15)).toBe('pass');
    expect(judge('mean', 0.149)).toBe('fail');
    expect(judge('max', 0.1)).toBe('fail');
    expect(judge('stddev', 4)).toBe('pass');
    expect(() => judge('sum', 1)).toThrow(/no sum of `x`/);
  });

  test.each<[string, ColumnMetric, MetricBounds, RegExp]>([
    ['word', 'mean', { min: 0 }, /has no mean/],
    ['x', 'mean', {}, /needs a bound/],
    ['x', 'mean', { min: 2, max: 1 }, /not in order/],
    ['x', 'quantile', { q: 50, max: 1 }, /fraction from 0 to 1/],
    ['x', 'mean', { ofReference: {} }, /the reference profile/],
  ])('a mistake is found before reading: %s %s', (column, metric, bounds, message) => {
    expect(() => outcome(column, metric, bounds)).toThrow(message);
  });

  test('say who computes them', () => {
    expect(() => validate(table, [data.metric('x', 'mean', { min: 0 })])).toThrow(/`metrics` of `validation\/metric`/);
    expect(() => validate(table, [data.metric('x', 'mean', { min: 0 }, { mostly: 0.9 })], { metrics })).toThrow(
      /not judged by rows/,
    );
  });

  test('property: any parts give the bits of the whole', () => {
    const value = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e200, max: 1e200 }),
      fc.constant(null),
    );
    const suite = (['sum', 'mean', 'stddev', 'min', 'max', 'quantile', 'distinct', 'distinctShare'] as const).map((m) =>
      data.metric('x', m, { min: 0, q: 0.3 }),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 40 }), fc.array(fc.nat(40), { maxLength: 4 }), (values, cuts) => {
        const whole = tableFrom({ x: [...values, 1] });
        const bounds = [0, ...cuts.map((c) => Math.min(c, whole.rowCount)).sort((a, b) => a - b), whole.rowCount];
        const parts = bounds.slice(1).map((end, i) => sliceTable(whole, bounds[i]!, end));
        const merged = parts.map((p) => createValidator(suite, { metrics }).observe(p)).reduce((a, b) => a.merge(b));
        expect(merged.report().digest).toBe(validate(whole, suite, { metrics }).digest);
      }),
      { numRuns: 60 },
    );
  });
});
