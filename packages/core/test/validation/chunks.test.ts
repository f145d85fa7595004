import { profileTable } from '@millwright/core/profile';
import { concatTables, sliceTable, type Table, tableFrom } from '@millwright/core/table';
import { createValidator, expect as data, type Expectation, validate } from '@millwright/core/validation';
import { distributions } from '@millwright/core/validation/distribution';
import { metrics } from '@millwright/core/validation/metric';
import { rowSchemas } from '@millwright/core/validation/row';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { utf8Column } from '../support/utf8-column.js';

/** Every kind of check once or twice, some of them on part of the rows. */
const where = { not: { column: 'word', op: 'in', value: ['b', 'é'] } } as const;
const suite: readonly Expectation[] = [
  data.rowCount({ min: 3 }),
  data.rowCount({ max: 9 }, { where }),
  data.columns(['x', 'word']),
  data.version(['flights@3']),
  data.column('x').notNull({ mostly: 0.8 }),
  data.column('x').notNaN(),
  data.column('x').finite({ where }),
  data.column('x').between(-2, 2),
  data.column('x').between(0, undefined, { where }),
  data.column('x').in([0, 1, 2]),
  data.column('x').type('integer'),
  data.column('x').unique(),
  data.column('x').increasing(),
  data.column('word').notIn(['a']),
  data.column('word').matches('^[ab]*$'),
  data.column('text').matches('^[ab]*$', { where }),
  data.column('text').length({ max: 1 }),
  data.column('text').unique(),
  data.column('flag').in([true]),
  data.column('big').between(0, 2 ** 53 - 1),
  data.column('big').increasing({ strict: true }, { where }),
  data.column('at').between(new Date(1), new Date(3)),
  data.unique(['word', 'flag']),
  data.compare('x', '<=', 'y'),
  data.compare('word', '==', 'text', { where }),
  data.references('word', { table: 'words', key: 'word' }),
  data.fresh('at', { maxAgeMs: 2, maxAheadMs: 0 }),
  data.distribution('x', { max: 0.2, minRows: 4 }),
  data.distribution('word', { measure: 'psi', max: 0.2, minRows: 4 }),
  data.metric('x', 'distinct', { max: 5 }),
  data.metric('y', 'mean', { min: 0 }, { where }),
  data.row('row', { where }),
];

const words = tableFrom({ word: ['a', 'b'], x: [0, 1], y: [0, 1] });
const context = {
  tables: { words },
  now: 5,
  version: 'flights@4',
  reference: profileTable(words),
  metrics,
  distributions,
  rows: rowSchemas({ row: z.object({ x: z.number().nullable(), word: z.enum(['a', 'b']).nullable() }) }),
};

const number = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(Number.NaN, -0, 1 / 0, 0.5, null));
const word = fc.constantFrom('a', 'b', 'ab', 'é', '', null);
const row = fc.record({
  x: number,
  y: number,
  word,
  text: word,
  flag: fc.option(fc.boolean()),
  big: fc.constantFrom(-1n, 0n, 1n, 2n ** 60n, null),
  at: fc.option(fc.nat(6)),
});

/** The last row holds a value of each type, so that every column has its own. */
function tableOf(rows: readonly (typeof row extends fc.Arbitrary<infer R> ? R : never)[]): Table {
  const all = [...rows, { x: 1, y: 1, word: 'a', text: 'a', flag: true, big: 1n, at: 1 }];
  const of = <K extends keyof (typeof all)[0]>(name: K) => all.map((r) => r[name]);
  return tableFrom({
    x: of('x'),
    y: of('y'),
    word: of('word'),
    text: { ...utf8Column(of('text')), name: 'text' },
    flag: of('flag'),
    big: of('big'),
    at: of('at').map((ms) => (ms === null ? null : new Date(ms))),
  });
}

test('property: however a table is cut and whoever looks at the parts, the report is that of the whole', {
  timeout: 60_000,
}, () => {
  const cuts = fc.array(fc.nat(60), { maxLength: 5 });
  fc.assert(
    fc.property(fc.array(row, { maxLength: 60, size: 'max' }), cuts, fc.nat(5), (rows, at, first) => {
      const table = tableOf(rows);
      const { digest } = validate(table, suite, context);
      const ends = [...at.map((cut) => Math.min(cut, table.rowCount)).sort((a, b) => a - b), table.rowCount];
      const parts = ends.map((end, i) => sliceTable(table, ends[i - 1] ?? 0, end));

      // One table of many chunks, one reader of many parts, and many workers whose findings meet in some order of pairs.
      expect(validate(concatTables(parts), suite, context).digest).toBe(digest);
      const reader = createValidator(suite, context);
      for (const part of parts) reader.observe(part);
      expect(reader.report().digest).toBe(digest);
      const workers = parts.map((part) => createValidator(suite, context).observe(part));
      while (workers.length > 1) {
        const left = first % (workers.length - 1);
        workers[left]!.merge(structuredClone(workers.splice(left + 1, 1)[0]!.part()));
      }
      expect(workers[0]!.report().digest).toBe(digest);
      expect(createValidator(suite, context).merge(workers[0]!).report().digest).toBe(digest);
    }),
    { numRuns: 60, seed: 4 },
  );
});
