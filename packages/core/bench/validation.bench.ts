import * as z from 'zod';
import type { Random } from '../src/foundation/random.js';
import { seededRandom } from '../src/foundation/random.js';
import type { ColumnChunk, ColumnView, PhysicalType, Table, Validity } from '../src/table/types.js';
import { type Expectation, expect, validate } from '../src/validation/index.js';

/**
 * One million rows of five columns in 16 chunks, about 0.1 % bad values per column: id (i32), amount (f64, 2 % null),
 * country (dictionary of 22), email (UTF-8), ts (timestamp in ms, 64 bits). The same checks by column, by zod over ready-made
 * row objects, and by a loop written by hand for these very checks.
 */
const ROWS = 1_000_000;
const CHUNK = 65_536;
const COUNTRIES = [
  'DE',
  'FR',
  'US',
  'JP',
  'GB',
  'IT',
  'ES',
  'NL',
  'BE',
  'AT',
  'CH',
  'SE',
  'NO',
  'DK',
  'FI',
  'PL',
  'PT',
  'IE',
  'CZ',
  'GR',
];
const EMAIL = '^[a-z0-9._]+@[a-z0-9]+\\.[a-z]{2,}$';
const FROM = 1_600_000_000_000;
const TO = 1_700_000_000_000;

interface Row {
  readonly id: number;
  readonly amount: number | null;
  readonly country: string;
  readonly email: string;
  readonly ts: number;
}

const random = seededRandom(1);
const clean = makeRows(random, 0.001);
const dirty = clean.map((row) => ({ ...row, id: 0, amount: -1, country: 'XX', email: '!', ts: 0 }));
const plain: readonly Expectation[] = [
  expect.column('id').between(1, undefined),
  expect.column('amount').between(0, 1e5),
  expect.column('country').in(COUNTRIES),
  expect.column('email').length({ min: 6, max: 254 }),
  expect.column('ts').between(FROM, TO),
];
const withPattern = [...plain, expect.column('email').matches(EMAIL)];

const table = tableOf(clean);
const failing = tableOf(dirty);
const row = {
  id: z.number().min(1),
  amount: z.number().min(0).max(1e5).nullable(),
  country: z.enum(COUNTRIES),
  email: z.string().min(6).max(254),
  ts: z.number().min(FROM).max(TO),
};
const schema = z.object(row);
const schemaWithPattern = z.object({ ...row, email: row.email.regex(new RegExp(EMAIL)) });

const columns = measure('columns, no pattern', () => validate(table, plain).rows);
measure('columns, with pattern', () => validate(table, withPattern).rows);
const allFail = measure('columns, every row fails', () => validate(failing, plain).rows);
measure('by hand, no pattern', () => byHand(table));
const zod = measure('zod safeParse per row', () => countRows(clean, schema));
measure('zod with pattern', () => countRows(clean, schemaWithPattern));
console.log(
  `columns are ${(zod / columns).toFixed(0)} x zod; a table where every row fails costs ${(allFail / columns).toFixed(2)} x`,
);
for (const check of withPattern) measure(`  ${check.id.slice(0, 28)}`, () => validate(table, [check]).rows);
const samples = JSON.stringify(validate(failing, plain).outcomes[0]?.samples).length;
console.log(`samples of a check where every row fails: ${samples} bytes`);

function countRows(rows: readonly Row[], by: z.ZodType): number {
  let bad = 0;
  for (const row of rows) if (!by.safeParse(row).success) bad++;
  return bad;
}

/** What one would write for exactly these columns, without counts per check, nulls or samples. */
function byHand(t: Table): number {
  let bad = 0;
  const at = (name: string) => t.columns.get(name)!.chunks;
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

/** Milliseconds of the best of 25 runs. */
function measure(name: string, work: () => number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 25; round++) {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  }
  console.log(
    `${name.padEnd(30)} ${best.toFixed(1).padStart(8)} ms ${(ROWS / best / 1e3).toFixed(1).padStart(8)} M rows/s`,
  );
  return best;
}

function makeRows(source: Random, bad: number): Row[] {
  const broken = () => source.next() < bad;
  return Array.from({ length: ROWS }, (_, i) => ({
    id: broken() ? 0 : i + 1,
    amount: source.next() < 0.02 ? null : broken() ? -1 : source.next() * 1e4,
    country: broken() ? 'XX' : COUNTRIES[Math.floor(source.next() * COUNTRIES.length)]!,
    email: broken() ? 'x@y' : `user${Math.floor(source.next() * 1e6)}.name@example${i % 100}.org`,
    ts: broken() ? 0 : FROM + Math.floor(source.next() * (TO - FROM)),
  }));
}

function tableOf(rows: readonly Row[]): Table {
  const views = (
    name: keyof Row,
    type: PhysicalType,
    make: (part: readonly Row[]) => ColumnChunk,
    unitsPerMs?: number,
  ): ColumnView => {
    const chunks: ColumnChunk[] = [];
    for (let at = 0; at < rows.length; at += CHUNK) chunks.push(make(rows.slice(at, at + CHUNK)));
    const nullCount = chunks.reduce((sum, chunk) => sum + chunk.nullCount, 0);
    return { name, type, length: rows.length, nullCount, chunks, unitsPerMs };
  };
  const whole = (part: readonly Row[]) => ({ length: part.length, validity: undefined, nullCount: 0 });
  const dictionary = [...COUNTRIES, 'XX', ''];
  const all = [
    views('id', 'i32', (part) => ({ kind: 'number', ...whole(part), values: Int32Array.from(part, (r) => r.id) })),
    views('amount', 'f64', (part) => ({
      kind: 'number',
      length: part.length,
      ...validityOf(part.map((r) => r.amount !== null)),
      values: Float64Array.from(part, (r) => r.amount ?? Number.NaN),
    })),
    views('country', 'dictionary', (part) => ({
      kind: 'dictionary',
      ...whole(part),
      dictionary,
      codes: Int32Array.from(part, (r) => dictionary.indexOf(r.country)),
    })),
    views('email', 'utf8', (part) => ({ kind: 'utf8', ...whole(part), ...utf8Of(part.map((r) => r.email)) })),
    views(
      'ts',
      'timestamp',
      (part) => ({ kind: 'big', ...whole(part), values: BigInt64Array.from(part, (r) => BigInt(r.ts)) }),
      1,
    ),
  ];
  return { rowCount: rows.length, columns: new Map(all.map((view) => [view.name, view])) };
}

function validityOf(valid: readonly boolean[]): { readonly validity: Validity; readonly nullCount: number } {
  const bits = new Uint8Array((valid.length + 7) >> 3);
  for (const [i, is] of valid.entries()) if (is) bits[i >> 3]! |= 1 << (i & 7);
  return { validity: { bits, offset: 0 }, nullCount: valid.filter((is) => !is).length };
}

function utf8Of(texts: readonly string[]): { readonly offsets: Int32Array; readonly bytes: Uint8Array } {
  const encoder = new TextEncoder();
  const offsets = new Int32Array(texts.length + 1);
  for (const [i, text] of texts.entries()) offsets[i + 1] = offsets[i]! + text.length;
  return { offsets, bytes: encoder.encode(texts.join('')) };
}
