import { sliceTable, tableFrom } from '@millwright/core/table';
import { createValidator, expect as data, validate } from '@millwright/core/validation';
import { rowSchemas } from '@millwright/core/validation/row';
import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';

const table = tableFrom({
  from: Int32Array.of(1, 5, 3, 7),
  to: [2, 4, null, 9],
  word: ['a', 'bb', 'a', null],
  id: BigInt64Array.of(1n, 2n, 2n ** 60n, 4n),
  at: [new Date(1), new Date(2), new Date(3), new Date(4)],
});

describe('row schemas', () => {
  const ordered = z
    .object({ from: z.int(), to: z.number().nullable(), word: z.string().nullable(), id: z.bigint(), at: z.number() })
    .refine((row) => row.to === null || row.from <= row.to, { error: 'from after to', path: ['to'] });

  test('check what columns cannot say, and quote the schema', () => {
    const report = validate(table, [data.row('ordered')], { rows: rowSchemas({ ordered }) });
    expect(report.outcomes[0]).toMatchObject({
      verdict: 'fail',
      counts: { rows: 4, considered: 4, missing: 0, unexpected: 1 },
      samples: [{ row: 1, value: 'to: from after to' }],
      sentence: 'Expected that every row keeps the schema `ordered`: 1 of 4 rows (25 %) do not.',
    });
    expect(validate(table, [data.row('ordered', { mostly: 0.75 })], { rows: rowSchemas({ ordered }) }).verdict).toBe(
      'pass',
    );
  });

  test.each([
    ['zod', z.object({ word: z.string().max(1) })],
    ['valibot', v.object({ word: v.pipe(v.string(), v.maxLength(1)) })],
    ['arktype', type({ word: 'string <= 1' })],
  ])('may be written in %s', (_, schema) => {
    const rows = rowSchemas({ short: schema });
    const [found] = validate(table, [data.row('short', { columns: ['word'] })], { rows }).outcomes;
    expect(found?.samples.map((s) => s.row)).toEqual([1, 3]);
    expect(found?.samples[0]?.value).toMatch(/^word: /);
  });

  test('a null is null, or no key at all', () => {
    const optional = z.object({ to: z.number().optional() });
    const verdict = (nulls: 'null' | 'absent') =>
      validate(table, [data.row('o', { columns: ['to'] })], { rows: rowSchemas({ o: optional }, { nulls }) }).verdict;
    expect(verdict('null')).toBe('fail');
    expect(verdict('absent')).toBe('pass');
  });

  test('`where` leaves rows out, and parts are judged as the whole', () => {
    const suite = [data.row('ordered', { where: { column: 'word', op: '!=', value: 'bb' } }), data.row('ordered')];
    const context = { rows: rowSchemas({ ordered }) };
    const whole = validate(table, suite, context);
    expect(whole.outcomes.map((o) => [o.verdict, o.counts.excluded])).toEqual([
      ['pass', 2],
      ['fail', 0],
    ]);
    const parts = [0, 1, 2, 3].map((i) => createValidator(suite, context).observe(sliceTable(table, i, i + 1)));
    expect(parts.reduce((a, b) => a.merge(b)).report().digest).toBe(whole.digest);
  });

  test('what throws has not accepted; what promises is refused', () => {
    const broken = () => {
      throw new RangeError('broken');
    };
    const throwing = { '~standard': { version: 1, vendor: 'test', validate: broken } } as const;
    const [found] = validate(table, [data.row('t')], { rows: rowSchemas({ t: throwing }) }).outcomes;
    expect(found).toMatchObject({
      verdict: 'fail',
      counts: { unexpected: 4 },
      samples: { length: 4, 0: { row: 0, value: 'threw: broken' } },
    });
    for (const later of [z.any().refine(async () => true), z.any().refine(broken)])
      expect(() => validate(table, [data.row('l')], { rows: rowSchemas({ l: later }) })).toThrow(
        expect.objectContaining({ code: 'input/invalid' }),
      );
  });

  test.each([['gone'], ['__proto__'], ['constructor']])('the schema `%s` has to be given', (name) => {
    expect(() => validate(table, [data.row(name)], { rows: rowSchemas({}) })).toThrow(
      expect.objectContaining({ code: 'validation/plan' }),
    );
    expect(() => validate(table, [data.row(name)])).toThrow(/made by `rowSchemas`/);
  });

  test('its columns have to be there', () => {
    const rows = rowSchemas({ s: z.any() });
    expect(() => validate(table, [data.row('s', { columns: ['gate'] })], { rows })).toThrow(/`gate` is not there/);
  });
});

describe('the version of a dataset', () => {
  const suite = [data.version(['flights@3', 'flights@4'])];

  test('is one of those expected', () => {
    expect(validate(table, suite, { version: 'flights@4' }).verdict).toBe('pass');
    const report = validate(table, suite, { version: 'flights@5' });
    expect(report.verdict).toBe('fail');
    expect(report.outcomes[0]?.sentence).toBe(
      'Expected that the dataset is one of `flights@3`, `flights@4`: it is `flights@5`.',
    );
  });

  test('has to be given', () => {
    expect(() => validate(table, suite)).toThrow(/as `version`/);
  });
});
