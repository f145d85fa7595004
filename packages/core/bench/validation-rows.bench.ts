import * as z from 'zod';
import { seededRandom } from '../src/foundation/random.js';
import { type Table, tableFrom } from '../src/table/index.js';
import { type Condition, type Expectation, expect, type ValidationContext, validate } from '../src/validation/index.js';
import { metrics } from '../src/validation/metric.js';
import { rowSchemas } from '../src/validation/row.js';
import { measure } from './support/measure.js';
import { COUNTRIES, makeRows, ROWS, type Row, tableOf } from './support/rows.js';

/**
 * What cannot be counted column by column: conditions, comparisons across columns, uniqueness, order, keys of another
 * table, metrics, row schemas. The loops that one would write over ready-made row objects come second, so that a million
 * objects on the heap do not slow down what does not need them.
 */
const byHand: [string, () => unknown][] = [];
let objects: readonly (Row & { readonly paid: number })[] = [];

const table = withPaid(makeRows(seededRandom(1), 0.001));
const countries = new Set(COUNTRIES);
const schema = z.object({ id: z.int().min(1), country: z.enum(COUNTRIES) });
const tables = { countries: tableFrom({ code: COUNTRIES }) };

console.log('Millwright');
const german: Condition = { column: 'country', op: 'in', value: ['DE', 'AT', 'CH'] };
const large: Condition = { column: 'amount', op: '>=', value: 5_000 };
check('between where in', expect.column('amount').between(0, 1e5, { where: german }), () =>
  count(({ country, amount }) => isGerman(country) && amount !== null && !(amount >= 0 && amount <= 1e5)),
);
check('between where >=', expect.column('id').between(1, undefined, { where: large }), () =>
  count(({ id, amount }) => amount !== null && amount >= 5_000 && id < 1),
);
check('matches where not', expect.column('email').length({ min: 6 }, { where: { not: large } }), () =>
  count(({ email, amount }) => !(amount !== null && amount >= 5_000) && email.length < 6),
);
check('compare numbers', expect.compare('amount', '<=', 'paid'), () =>
  count((row) => row.amount !== null && row.amount > row.paid),
);
check('compare text', expect.compare('country', '!=', 'email'), () => count((row) => row.country === row.email));
check('increasing', expect.column('ts').increasing(), () => {
  let last = Number.NEGATIVE_INFINITY;
  return count((row) => {
    const back = row.ts < last;
    last = row.ts;
    return back;
  });
});
check('unique numbers', expect.column('id').unique(), () => repeated((row) => row.id));
check('unique text', expect.column('email').unique(), () => repeated((row) => row.email));
check('unique pairs', expect.unique(['country', 'ts']), () => repeated((row) => `${row.country}|${row.ts}`));
check('references', expect.references('country', { table: 'countries', key: 'code' }), () =>
  count((row) => !countries.has(row.country)),
);
check('fresh', expect.fresh('ts', { maxAgeMs: 1e12 }), () => {
  let newest = 0;
  for (const row of objects) newest = Math.max(newest, row.ts);
  return newest;
});
check('mean', expect.metric('paid', 'mean', { min: 0 }), () => {
  let sum = 0;
  for (const row of objects) sum += row.paid;
  return sum / ROWS;
});
check('stddev', expect.metric('paid', 'stddev', { min: 0 }));
check('median', expect.metric('paid', 'quantile', { max: 1e5 }));
check('distinct text', expect.metric('email', 'distinct', { min: 1 }), () => new Set(objects.map((r) => r.email)).size);
check('row schema', expect.row('s', { columns: ['id', 'country'] }), () =>
  count((row) => !schema.safeParse(row).success),
);

console.log('row objects by hand');
objects = makeRows(seededRandom(1), 0.001).map((row) => ({ ...row, paid: (row.amount ?? 0) + 1 }));
for (const [name, work] of byHand) measure(`  ${name}`, work, 3);

function withPaid(rows: readonly Row[]): Table {
  const paid = Float64Array.from(rows, ({ amount }) => (amount ?? 0) + 1);
  return tableFrom({ ...Object.fromEntries(tableOf(rows).columns), paid });
}

function check(name: string, expectation: Expectation, loop?: () => unknown): void {
  const context: ValidationContext = { tables, now: 1_700_000_000_000, metrics, rows: rowSchemas({ s: schema }) };
  measure(`  ${name}`, () => validate(table, [expectation], context), 5);
  if (loop) byHand.push([name, loop]);
}

function count(fails: (row: (typeof objects)[0]) => boolean): number {
  let bad = 0;
  for (const row of objects) if (fails(row)) bad++;
  return bad;
}

function isGerman(country: string): boolean {
  return country === 'DE' || country === 'AT' || country === 'CH';
}

function repeated(key: (row: (typeof objects)[0]) => unknown): number {
  const seen = new Set<unknown>();
  return count((row) => seen.size === seen.add(key(row)).size);
}
