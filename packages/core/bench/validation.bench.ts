import { spawnSync } from 'node:child_process';
import { DuckDBInstance } from '@duckdb/node-api';
import { Ajv } from 'ajv';
import * as z from 'zod';
import { seededRandom } from '../src/foundation/random.js';
import { columnOf } from '../src/table/index.js';
import type { Table } from '../src/table/types.js';
import { type Expectation, expect, validate } from '../src/validation/index.js';
import { measure, measureAsync, print } from './support/measure.js';
import { COUNTRIES, EMAIL, FROM, makeRows, ROWS, type Row, TO, tableOf } from './support/rows.js';

/**
 * One million rows of five columns in 16 chunks, about 0.1 % bad values per column: id (i32), amount (f64, 2 % null),
 * country (dictionary of 22), email (UTF-8), ts (64-bit milliseconds). Everything says the same about them: whole ids
 * from 1 on, amounts from 0 to 100,000 or null, one of 20 countries, 6 to 254 characters, whole milliseconds in a range.
 * Row validators get ready-made row objects. Best of several runs each.
 */
const clean = makeRows(seededRandom(1), 0.001);
const dirty = clean.map((row) => ({ ...row, id: 0, amount: -1, country: 'XX', email: '!', ts: 0 }));
const plain: readonly Expectation[] = [
  ...['id', 'country', 'email', 'ts'].map((name) => expect.column(name).notNull()),
  expect.column('id').type('integer'),
  expect.column('id').between(1, undefined),
  expect.column('amount').between(0, 1e5),
  expect.column('country').in(COUNTRIES),
  expect.column('email').length({ min: 6, max: 254 }),
  expect.column('ts').type('timestamp'),
  expect.column('ts').between(FROM, TO),
];
const withPattern = [...plain, expect.column('email').matches(EMAIL)];
const table = tableOf(clean);
const failing = tableOf(dirty);

console.log('without a pattern');
const columns = measure('  Millwright', () => validate(table, plain), 40);
const allFail = measure('  Millwright, every row fails', () => validate(failing, plain), 40);
measure('  columns by hand, one loop', () => byHand(table));
measure('  row objects by hand', () => count(clean, keeps));
const zod = rows('', z.string());
const ajv = measure('  ajv, compiled', () => count(clean, ajvOf({})));
const duck = await duckdb();
await duck.measure('  DuckDB, 1 thread, in memory', 1, '');
await duck.measure('  DuckDB, 2 threads, in memory', 2, '');
pandas();

console.log('with a pattern on the email');
const columnsPattern = measure('  Millwright', () => validate(table, withPattern), 25);
const regexp = new RegExp(EMAIL);
measure('  row objects by hand', () => count(clean, (row) => keeps(row) && regexp.test(row.email)));
const zodPattern = rows('', z.string().regex(regexp));
measure('  ajv, compiled', () => count(clean, ajvOf({ pattern: EMAIL })));
await duck.measure('  DuckDB, 1 thread, in memory', 1, `, count(*) FILTER (NOT regexp_matches(email, '${EMAIL}'))`);

console.log('each check alone');
for (const check of withPattern) measure(`  ${check.id.slice(0, 40)}`, () => validate(table, [check]));
const samples = Math.max(...validate(failing, plain).outcomes.map((o) => JSON.stringify(o.samples).length));
console.log(`
Millwright is ${(zod / columns).toFixed(0)} x zod safeParse, ${(ajv / columns).toFixed(0)} x ajv; with the pattern ${(zodPattern / columnsPattern).toFixed(0)} x zod.
A table where every row fails costs ${(allFail / columns).toFixed(2)} x a clean one and at most ${samples} bytes of samples per check.`);

function count<T>(all: readonly T[], accept: (row: T) => unknown): number {
  let bad = 0;
  for (const row of all) if (!accept(row)) bad++;
  return bad;
}

/** zod in every way it has: interpreted is what a page with a strict policy gets, compiled is new in 4.6. */
function rows(name: string, email: z.ZodString): number {
  const schemaOf = (integer: z.ZodNumber) =>
    z.object({
      id: integer.min(1),
      amount: z.number().min(0).max(1e5).nullable(),
      country: z.enum(COUNTRIES),
      email: email.min(6).max(254),
      ts: integer.min(FROM).max(TO),
    });
  const schema = schemaOf(z.int());
  const ms = measure(`  ${name}zod safeParse per row`, () => count(clean, (row) => schema.safeParse(row).success), 7);
  const loose = schemaOf(z.number());
  measure(`  ${name}zod safeParse, integers not checked`, () => count(clean, (row) => loose.safeParse(row).success), 7);
  const compiled = z.compile(schema);
  measure(`  ${name}zod compiled`, () => count(clean, (row) => compiled.safeParse(row).success), 7);
  return ms;
}

function ajvOf(email: object) {
  return new Ajv().compile({
    type: 'object',
    required: ['id', 'amount', 'country', 'email', 'ts'],
    properties: {
      id: { type: 'integer', minimum: 1 },
      amount: { type: 'number', nullable: true, minimum: 0, maximum: 1e5 },
      country: { enum: COUNTRIES },
      email: { type: 'string', minLength: 6, maxLength: 254, ...email },
      ts: { type: 'integer', minimum: FROM, maximum: TO },
    },
  });
}

function keeps({ id, amount, country, email, ts }: Row): boolean {
  if (!(Number.isInteger(id) && id >= 1 && Number.isInteger(ts) && ts >= FROM && ts <= TO)) return false;
  if (amount !== null && !(amount >= 0 && amount <= 1e5)) return false;
  return COUNTRIES.includes(country) && email.length >= 6 && email.length <= 254;
}

/** What one would write for exactly these columns, without counts per check, nulls or samples. */
function byHand(t: Table): number {
  let bad = 0;
  const at = (name: string) => columnOf(t, name).chunks;
  const known = new Set(COUNTRIES);
  for (let c = 0; c < at('id').length; c++) {
    const [id, amount, country, email, ts] = ['id', 'amount', 'country', 'email', 'ts'].map((n) => at(n)[c]!);
    if (id?.kind !== 'number' || amount?.kind !== 'number' || country?.kind !== 'dictionary') continue;
    if (email?.kind !== 'utf8' || ts?.kind !== 'big') continue;
    const ok = country.dictionary.map((d) => known.has(d ?? ''));
    const offsets = email.offsets as Int32Array;
    for (let i = 0; i < id.length; i++) {
      const size = offsets[i + 1]! - offsets[i]!;
      if (id.values[i]! < 1 || amount.values[i]! < 0 || amount.values[i]! > 1e5 || !ok[country.codes[i]!]) bad++;
      else if (size < 6 || size > 254 || ts.values[i]! < BigInt(FROM) || ts.values[i]! > BigInt(TO)) bad++;
    }
  }
  return bad;
}

async function duckdb() {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run('CREATE TABLE t (id INTEGER, amount DOUBLE, country VARCHAR, email VARCHAR, ts BIGINT)');
  const appender = await connection.createAppender('t');
  for (const { id, amount, country, email, ts } of clean) {
    appender.appendInteger(id);
    if (amount === null) appender.appendNull();
    else appender.appendDouble(amount);
    appender.appendVarchar(country);
    appender.appendVarchar(email);
    appender.appendBigInt(BigInt(ts));
    appender.endRow();
  }
  appender.closeSync();
  const list = COUNTRIES.map((c) => `'${c}'`).join(', ');
  return {
    async measure(name: string, threads: number, more: string): Promise<number> {
      await connection.run(`SET threads = ${threads}`);
      const query = `SELECT count(*), count(id), count(country), count(email), count(ts),
        count(*) FILTER (NOT id >= 1), count(*) FILTER (isnan(amount) OR NOT amount BETWEEN 0 AND 1e5),
        count(*) FILTER (country NOT IN (${list})), count(*) FILTER (NOT length(email) BETWEEN 6 AND 254),
        count(*) FILTER (NOT ts BETWEEN ${FROM} AND ${TO})${more} FROM t`;
      return measureAsync(name, () => connection.runAndReadAll(query), 7);
    },
  };
}

/** pandas on a table of the same shape, where Python has it. */
function pandas(): void {
  const script = `
import time, sys
import numpy as np, pandas as pd
n = ${ROWS}; r = np.random.default_rng(1); c = ${JSON.stringify(COUNTRIES)}
t = pd.DataFrame({'id': np.arange(1, n + 1, dtype='int32'), 'amount': np.where(r.random(n) < .02, np.nan, r.random(n) * 1e4),
  'country': np.array(c)[r.integers(0, 20, n)], 'email': ['user%d.name@example%d.org' % (i, i % 100) for i in range(n)],
  'ts': r.integers(${FROM}, ${TO}, n)})
best = 1e9
for _ in range(5):
  s = time.perf_counter()
  a = t['amount']
  x = [(t['id'] < 1).sum(), (~a.between(0, 1e5) & a.notna()).sum(), (~t['country'].isin(c)).sum(),
       (~t['email'].str.len().between(6, 254)).sum(), (~t['ts'].between(${FROM}, ${TO})).sum()]
  best = min(best, time.perf_counter() - s)
print(best * 1000)`;
  const { status, stdout } = spawnSync('python3', ['-c', script], { encoding: 'utf8' });
  if (status === 0) print('  pandas', Number(stdout));
  else console.log('  pandas: not installed here');
}
