import { isMillwrightError } from '@millwright/core';
import { column, defineContract } from '@millwright/core/contract';
import { profileTable } from '@millwright/core/profile';
import { type Table, tableFrom } from '@millwright/core/table';
import {
  createValidator,
  expect as data,
  type Expectation,
  readReport,
  type ValidationContext,
  validate,
} from '@millwright/core/validation';
import { distributions } from '@millwright/core/validation/distribution';
import { reportMarkdown } from '@millwright/core/validation/markdown';
import { describe, expect, test } from 'vitest';

const table = tableFrom({
  hour: Int32Array.of(0, 23, 24, 5),
  miles: [10, Number.NaN, null, Number.POSITIVE_INFINITY],
  origin: ['MCI', 'ATL', 'XXX', null],
  late: [true, false, null, true],
  at: [new Date(0), new Date(1_000), new Date(2_000), new Date(3_000)],
});

function verdictOf(expectation: Expectation, of: Table = table, context: ValidationContext = {}) {
  return validate(of, [expectation], context).outcomes[0]!;
}

describe('validate', () => {
  test('lists failing rows with their values', () => {
    const report = validate(table, [data.column('hour').between(0, 23), data.column('origin').in(['MCI', 'ATL'])]);
    expect(report.verdict).toBe('fail');
    expect(report.failures.map((o) => o.samples)).toEqual([[{ row: 2, value: 24 }], [{ row: 2, value: 'XXX' }]]);
    expect(report.failures[0]?.sentence).toBe('Expected that `hour` is between 0 and 23: 1 of 4 rows (25 %) do not.');
    expect(() => report.orThrow()).toThrow(/`hour` is between 0 and 23/);
    try {
      report.orThrow();
    } catch (error) {
      expect(isMillwrightError(error, 'validation/failed') && error.details).toEqual({
        failed: ['hour.between(0, 23)', 'origin.in(MCI, ATL)'],
        undecided: [],
      });
    }
  });

  test('passes when everything holds, and returns itself', () => {
    const report = validate(table, [data.rowCount({ min: 4, max: 4 }), data.column('hour').notNull()]);
    expect(report.orThrow()).toBe(report);
    expect(report.failures).toEqual([]);
  });

  test.each<[string, Expectation, string]>([
    ['NaN fails every range', data.column('miles').between(undefined, undefined), 'fail'],
    ['NaN is not null', data.column('hour').notNull(), 'pass'],
    ['null is', data.column('miles').notNull(), 'fail'],
    ['NaN', data.column('miles').notNaN(), 'fail'],
    ['NaN in integers', data.column('hour').notNaN(), 'pass'],
    ['infinity is not finite', data.column('miles').finite({ where: { column: 'hour', op: '==', value: 5 } }), 'fail'],
    [
      'infinity keeps an open bound',
      data.column('miles').between(0, undefined, { where: { column: 'hour', op: '==', value: 5 } }),
      'pass',
    ],
    ['booleans in a set', data.column('late').in([true]), 'fail'],
    ['a time as a string', data.column('at').between('1970-01-01T00:00:00Z', '1970-01-01T00:00:03Z'), 'pass'],
    ['a time as a Date', data.column('at').between(new Date(1), undefined), 'fail'],
    ['times in a set', data.column('at').notIn(['1970-01-01T00:00:01Z']), 'fail'],
    ['times increase', data.column('at').increasing({ strict: true }), 'pass'],
    ['hours do not', data.column('hour').increasing(), 'fail'],
    ['type', data.column('hour').type('integer'), 'pass'],
    ['NaN is no integer', data.column('miles').type('integer'), 'fail'],
    ['another type', data.column('origin').type('number'), 'fail'],
    ['columns', data.columns(['hour', 'late']), 'pass'],
    ['exact columns', data.columns(['hour', 'late'], { exact: true }), 'fail'],
    ['a missing column', data.columns(['hour', 'gate']), 'fail'],
    ['the type of a missing column', data.column('gate').type('string'), 'fail'],
    ['an optional missing column', data.column('gate').notNull({ ifPresent: true }), 'pass'],
    ['compare', data.compare('hour', '<=', 'miles'), 'fail'],
    ['length', data.column('origin').length({ min: 3, max: 3 }), 'pass'],
    ['pattern', data.column('origin').matches(/^[a-z]{3}$/i), 'pass'],
    ['mostly', data.column('hour').between(0, 23, { mostly: 0.75 }), 'pass'],
    ['mostly, just not', data.column('hour').between(0, 23, { mostly: 0.750001 }), 'fail'],
    [
      'rows where',
      data.rowCount({ min: 2, max: 2 }, { where: { not: { column: 'hour', op: '>', value: 5 } } }),
      'pass',
    ],
    [
      'any',
      data.rowCount(
        { max: 2 },
        {
          where: {
            any: [
              { column: 'origin', op: 'isNull' },
              { column: 'hour', op: 'in', value: [0] },
            ],
          },
        },
      ),
      'pass',
    ],
    [
      'all',
      data.rowCount(
        { max: 1 },
        {
          where: {
            all: [
              { column: 'origin', op: 'notNull' },
              { column: 'late', op: '==', value: true },
            ],
          },
        },
      ),
      'pass',
    ],
  ])('%s', (_, expectation, verdict) => {
    expect(verdictOf(expectation).verdict).toBe(verdict);
  });

  test('a null makes a comparison false, and its negation true', () => {
    const where = { column: 'miles', op: '>', value: 0 } as const;
    expect(verdictOf(data.rowCount({}, { where })).observed).toBe(2);
    expect(verdictOf(data.rowCount({}, { id: 'n', where: { not: where } })).observed).toBe(2);
  });

  test('`mostly` is exact where binary fractions are not', () => {
    const half = tableFrom({ x: Float64Array.from({ length: 50 }, (_, i) => (i === 0 ? 2 : 0)) });
    expect(verdictOf(data.column('x').between(0, 1, { mostly: 0.98 }), half).verdict).toBe('pass');
    const ten = tableFrom({ x: Float64Array.from({ length: 10 }, (_, i) => (i === 0 ? 2 : 0)) });
    expect(verdictOf(data.column('x').between(0, 1, { mostly: 0.9 }), ten).verdict).toBe('pass');
  });

  test('nothing to look at is no success', () => {
    const none = tableFrom({ x: new Float64Array(0) });
    const outcome = verdictOf(data.column('x').notNull(), none);
    expect(outcome).toMatchObject({ verdict: 'insufficient', need: { rows: 1 }, reasons: ['there are no rows'] });
    expect(verdictOf(data.column('x').notNull({ onEmpty: 'pass' }), none).verdict).toBe('pass');
    expect(verdictOf(data.rowCount({ max: 0 }), none).verdict).toBe('pass');
    expect(validate(none, []).verdict).toBe('insufficient');
    expect(() => validate(none, []).orThrow()).toThrow(/Nothing was checked/);
  });

  test('a warning is reported and does not fail', () => {
    const report = validate(table, [
      data.column('hour').between(0, 23, { severity: 'warning' }),
      data.column('hour').notNull(),
    ]);
    expect(report.verdict).toBe('pass');
    expect(report.failures).toHaveLength(1);
    expect(reportMarkdown(report)).toContain('⚠');
  });

  test('references look into another table', () => {
    const airports = tableFrom({ code: ['MCI', 'ATL'] });
    const outcome = verdictOf(data.references('origin', { table: 'airports', key: 'code' }), table, {
      tables: { airports },
    });
    expect(outcome).toMatchObject({ verdict: 'fail', samples: [{ row: 2, value: 'XXX' }] });
    expect(outcome.counts).toMatchObject({ considered: 3, missing: 1 });
    const hours = tableFrom({ h: BigInt64Array.of(0n, 5n, 23n, 24n) });
    expect(verdictOf(data.references('hour', { table: 'hours', key: 'h' }), table, { tables: { hours } }).verdict).toBe(
      'pass',
    );
  });

  test('freshness', () => {
    const at = (now: number, age = { maxAgeMs: 1_000, maxAheadMs: 0 }) =>
      verdictOf(data.fresh('at', age), table, { now });
    expect(at(4_000)).toMatchObject({ verdict: 'pass', observed: 1_000 });
    expect(at(4_001)).toMatchObject({ verdict: 'fail', observed: 1_001 });
    expect(at(2_500)).toMatchObject({ verdict: 'fail', samples: [{ row: 3, value: 3_000 }] });
  });

  test('64-bit integers are compared as integers', () => {
    const big = tableFrom({ id: BigInt64Array.of(2n ** 53n - 1n, 2n ** 53n + 1n, -1n) });
    expect(verdictOf(data.column('id').between(0, Number.MAX_SAFE_INTEGER), big)).toMatchObject({
      counts: { unexpected: 2 },
      samples: [
        { row: 1, value: '9007199254740993' },
        { row: 2, value: -1 },
      ],
    });
    expect(verdictOf(data.column('id').unique(), big).verdict).toBe('pass');
  });

  test('the samples are bounded, and can be masked', () => {
    const many = tableFrom({
      x: new Float64Array(100_000).fill(-1),
      t: Array.from({ length: 100_000 }, () => 'x'.repeat(1_000)),
    });
    const suite = [data.column('x').between(0, 1), data.column('t').length({ max: 3 })];
    const report = validate(many, suite, { samples: { limit: 3 } });
    expect(report.failures.map((o) => o.samples.length)).toEqual([3, 3]);
    expect(report.failures.map((o) => o.counts.unexpected)).toEqual([100_000, 100_000]);
    expect(JSON.stringify(report).length).toBeLessThan(4_000);
    const masked = validate(many, suite, { samples: { limit: 1, values: 'masked' } });
    expect(masked.failures[1]?.samples).toEqual([{ row: 0, value: 'masked' }]);
  });

  test('the samples of a check take less than 64 KiB, whatever the rows hold', () => {
    const names = Array.from({ length: 40 }, (_, c) => `c${c}`);
    const long = Array.from({ length: 100 }, () => '\u0001'.repeat(5_000));
    const wide = tableFrom(Object.fromEntries(names.map((name) => [name, long])));
    const suite = [data.unique(names), data.compare('c0', '<', 'c1'), data.column('c2').in(['a'])];
    for (const { counts, samples } of validate(wide, suite).outcomes) {
      expect([counts.unexpected, samples.length]).toEqual([100, 20]);
      expect(new TextEncoder().encode(JSON.stringify(samples)).length).toBeLessThan(65_536);
    }
  });

  test('the report is versioned JSON with digests', () => {
    const suite = [data.column('miles').finite(), data.column('hour').notNull()];
    const report = validate(table, suite);
    const json = JSON.parse(JSON.stringify(report));
    expect(json.format).toBe('millwright.validation/1');
    expect(json.digest).toBe(report.digest);
    expect(readReport(json).digest).toBe(report.digest);
    expect(validate(table, structuredClone(suite)).digest).toBe(report.digest);
    expect(validate(table, suite.slice(1)).suite).not.toBe(report.suite);
    expect(json.outcomes[0].samples).toEqual([
      { row: 1, value: 'NaN' },
      { row: 3, value: 'Infinity' },
    ]);
  });

  test('Markdown does not pass on what the data say', () => {
    const hostile = tableFrom({ x: ['<img src=x>|a\\|', 'ok'] });
    const text = reportMarkdown(validate(hostile, [data.column('x').in(['ok'])]));
    expect(text).not.toContain('<img');
    expect(text.split('\n')[4]?.match(/(?<!\\)\|/g)).toHaveLength(5);
  });

  test('a table keeps the contract that it was made for', () => {
    const contract = defineContract({
      inputs: {
        hour: column.integer({ min: 0, max: 24 }),
        origin: column.category({ nullable: true }),
        late: column.boolean({ nullable: true }),
        at: column.timestamp(),
        gate: column.text({ fallback: { kind: 'mask' } }),
      },
      outputs: {},
    });
    expect(validate(table, contract.expectations).verdict).toBe('pass');
    const without = tableFrom({ hour: ['0'], late: [true], at: [new Date()] });
    const report = validate(without, contract.expectations);
    expect(report.verdict).toBe('fail');
    expect(report.failures.map((o) => [o.expectation.id, o.verdict])).toEqual([
      ['contract:hour.type', 'fail'],
      ['contract:hour.between', 'insufficient'],
      ['contract:origin.type', 'fail'],
    ]);
  });
});

describe('the planner', () => {
  test.each<[string, Expectation, ValidationContext, RegExp]>([
    [
      'a column that is not there',
      data.column('gate').notNull(),
      {},
      /`gate` is not there; the table has: hour, miles/,
    ],
    ['a range of strings', data.column('origin').between(0, 1), {}, /cannot check `origin`, which is dictionary/],
    ['reversed bounds', data.column('hour').between(2, 1), {}, /lower bound 2 is greater/],
    ['a bound that is no time', data.column('at').between('yesterday', undefined), {}, /point in time/],
    ['a time as bound of a number', data.column('hour').between('2026-01-01T00:00:00Z', undefined), {}, /are numbers/],
    ['a set of another type', data.column('hour').in(['1']), {}, /is never a value of `hour`/],
    ['an empty set', data.column('hour').in([]), {}, /empty/],
    ['a pattern that backtracks', data.column('origin').matches(/(a)\1/), {}, /not supported/],
    ['a share above one', data.column('hour').notNull({ mostly: 98 }), {}, /0.98 means 98 %/],
    ['a reference that is not given', data.references('origin', { table: 'a', key: 'b' }), {}, /tables.a/],
    [
      'a key of another type',
      data.references('origin', { table: 'a', key: 'hour' }),
      { tables: { a: table } },
      /not of the type/,
    ],
    ['an age without a time', data.fresh('at', { maxAgeMs: 1 }), {}, /`now`/],
    ['a distribution without a reference', data.distribution('hour', { max: 0.1 }), { distributions }, /`reference`/],
    ['a distribution that nobody compares', data.distribution('hour', { max: 0.1 }), {}, /`distributions` of/],
    ['columns of two types', data.compare('hour', '<', 'origin'), {}, /cannot be compared/],
    [
      'a condition on a column that is not there',
      data.rowCount({}, { where: { column: 'x', op: 'isNull' } }),
      {},
      /`where` names/,
    ],
    ['no column to be unique', data.unique([]), {}, /no columns/],
  ])('refuses %s', (_, expectation, context, message) => {
    expect(() => validate(table, [expectation], context)).toThrow(message);
  });

  test('reports every mistake at once, before it reads anything', () => {
    const poisoned = new Proxy(table, {
      get: (target, key) => {
        if (key === 'rowCount') throw new RangeError('read');
        return Reflect.get(target, key);
      },
    });
    const twice = data.column('hour').notNull();
    try {
      validate(poisoned, [twice, twice, data.column('gate').notNull()]);
      expect.unreachable();
    } catch (error) {
      expect(isMillwrightError(error, 'validation/plan') && error.details.problems).toHaveLength(2);
    }
  });
});

describe('distribution', () => {
  const values = (n: number, f: (i: number) => number) => Float64Array.from({ length: n }, (_, i) => f(i));
  const uniform = (i: number) => ((i * 0.6180339887498949) % 1) * 100;
  const reference = profileTable(
    tableFrom({ x: values(20_000, uniform), c: Array.from({ length: 20_000 }, (_, i) => 'abc'[i % 3]!) }),
  );
  const judge = (x: Float64Array, max = 0.1) =>
    verdictOf(data.distribution('x', { max }), tableFrom({ x }), { reference, distributions });

  test('the same distribution passes, another fails', () => {
    expect(judge(values(5_000, (i) => uniform(i + 77))).verdict).toBe('pass');
    expect(judge(values(5_000, (i) => uniform(i) * 1.5)).verdict).toBe('fail');
    expect(judge(values(5_000, () => Number.NaN)).verdict).toBe('fail');
  });

  test('too few rows, or a distance that noise explains, decide nothing', () => {
    expect(judge(values(100, uniform))).toMatchObject({ verdict: 'insufficient', need: { rows: 400 } });
    const close = judge(
      values(600, (i) => uniform(i) * 1.12),
      0.1,
    );
    expect(close.verdict).toBe('insufficient');
  });

  test('categories', () => {
    const c = (f: (i: number) => string) =>
      verdictOf(
        data.distribution('c', { max: 0.05, measure: 'jensenShannon' }),
        tableFrom({ c: Array.from({ length: 3_000 }, (_, i) => f(i)) }),
        { reference, distributions },
      );
    expect(c((i) => 'abc'[i % 3]!).verdict).toBe('pass');
    expect(c((i) => 'abd'[i % 3]!).verdict).toBe('fail');
  });

  test('parts are judged as the whole', () => {
    const suite = [data.distribution('x', { max: 0.1, measure: 'psi' })];
    const part = (from: number, to: number) => tableFrom({ x: values(to - from, (i) => uniform(i + from)) });
    const whole = validate(part(0, 4_000), suite, { reference, distributions });
    const a = createValidator(suite, { reference, distributions }).observe(part(0, 1_500));
    const b = createValidator(suite, { reference, distributions }).observe(part(1_500, 4_000));
    expect(a.merge(b).report().digest).toBe(whole.digest);
  });
});

describe('createValidator', () => {
  test('refuses parts of another shape and validators of another suite', () => {
    const suite = [data.column('hour').notNull()];
    const validator = createValidator(suite).observe(table);
    expect(() => validator.observe(tableFrom({ hour: [1] }))).toThrow(/columns of the first part/);
    expect(() => validator.merge(createValidator([]))).toThrow(/same suite/);
    expect(() => createValidator(suite).report()).toThrow(/observed/);
  });
});
