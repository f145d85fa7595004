import type { Random } from '../../src/foundation/random.js';
import type { ColumnChunk, ColumnView, PhysicalType, Table, Validity } from '../../src/table/types.js';

/** How many rows the benchmarks of validation have, and how many there are in a chunk. */
export const ROWS = 1_000_000;
const CHUNK = 65_536;
// biome-ignore format: one list
export const COUNTRIES = [
  'DE', 'FR', 'US', 'JP', 'GB', 'IT', 'ES', 'NL', 'BE', 'AT', 'CH', 'SE', 'NO', 'DK', 'FI', 'PL', 'PT', 'IE', 'CZ', 'GR',
];
export const EMAIL = '^[a-z0-9._]+@[a-z0-9]+\\.[a-z]{2,}$';
export const FROM = 1_600_000_000_000;
export const TO = 1_700_000_000_000;

export interface Row {
  readonly id: number;
  readonly amount: number | null;
  readonly country: string;
  readonly email: string;
  readonly ts: number;
}

/** Rows of which the share `bad` has a wrong value, column by column; 2 % of the amounts are null. */
export function makeRows(source: Random, bad: number): Row[] {
  const broken = () => source.next() < bad;
  return Array.from({ length: ROWS }, (_, i) => ({
    id: broken() ? 0 : i + 1,
    amount: source.next() < 0.02 ? null : broken() ? -1 : source.next() * 1e4,
    country: broken() ? 'XX' : COUNTRIES[Math.floor(source.next() * COUNTRIES.length)]!,
    email: broken() ? 'x@y' : `user${Math.floor(source.next() * 1e6)}.name@example${i % 100}.org`,
    ts: broken() ? 0 : FROM + Math.floor(source.next() * (TO - FROM)),
  }));
}

/** The rows as Arrow would hold them: i32, f64 with nulls, dictionary, UTF-8, 64-bit milliseconds. */
export function tableOf(rows: readonly Row[]): Table {
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
