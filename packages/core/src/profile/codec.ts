import { canonicalJson, type JsonObject } from '../foundation/canonical-json.js';
import { decodeUtf8, digestBytes, encodeUtf8 } from '../foundation/digest.js';
import { invalidInput, MillwrightError } from '../foundation/errors.js';
import type { PhysicalType } from '../table/types.js';
import { type ExactNumber, exactNumber } from './exact-number.js';
import type { CategoryProfile, ColumnProfile, NumberProfile, TableProfile } from './types.js';

/**
 * A profile as bytes: canonical JSON, histograms in base64. With the defaults at most 8 KB per column.
 * Equal profiles have equal bytes.
 */
export function encodeProfile(profile: TableProfile): Uint8Array {
  const columns: Record<string, JsonObject> = {};
  const order: string[] = [];
  for (const [name, column] of profile.columns) {
    order.push(name);
    Object.defineProperty(columns, name, { value: encodeColumn(column), enumerable: true });
  }
  return encodeUtf8(canonicalJson({ format: profile.format, rowCount: profile.rowCount, order, columns }));
}

/** The profile in such bytes. Counts that contradict each other are refused. @throws `input/invalid` */
export function decodeProfile(bytes: Uint8Array): TableProfile {
  const json = parse(bytes);
  if (json['format'] !== 'millwright.profile/1')
    throw invalidInput('profile', 'a profile of format `millwright.profile/1`', json['format']);
  const rowCount = count(json['rowCount'], 'rowCount');
  const encoded = new Map(Object.entries(object(json['columns'], 'columns')));
  const columns = new Map<string, ColumnProfile>();
  for (const name of list(json['order'], 'order')) {
    const key = String(name);
    columns.set(key, decodeColumn(object(encoded.get(key), key), key, rowCount));
  }
  return sealProfile(rowCount, columns);
}

/** Completes a profile with its digest, which is computed when it is first asked for. */
export function sealProfile(rowCount: number, columns: ReadonlyMap<string, ColumnProfile>): TableProfile {
  let digest: TableProfile['digest'] | undefined;
  const profile: TableProfile = {
    format: 'millwright.profile/1',
    rowCount,
    columns,
    get digest() {
      digest ??= digestBytes(encodeProfile(profile));
      return digest;
    },
  };
  return profile;
}

function encodeColumn(column: ColumnProfile): JsonObject {
  const base = { kind: column.kind, type: column.type, rows: column.rows, nulls: column.nulls };
  switch (column.kind) {
    case 'number':
      return { ...base, ...encodeNumbers(column) };
    case 'category':
      return {
        ...base,
        empty: column.empty,
        other: column.other,
        counts: pairs(column.counts),
        sample: pairs(column.otherSample),
      };
    case 'presence':
      return base;
  }
}

function encodeNumbers(column: NumberProfile): JsonObject {
  const { nan, positiveInfinity, negativeInfinity, finite, integers, min, max, sum, sumOfSquares, histogram } = column;
  return {
    ...{ nan, positiveInfinity, negativeInfinity, finite, integers },
    ...(min === undefined || max === undefined ? {} : { min, max }),
    sum: encodeExact(sum),
    sumOfSquares: encodeExact(sumOfSquares),
    edges: toBase64(littleEndian(histogram.edges)),
    counts: toBase64(varints(histogram.counts)),
  };
}

function decodeColumn(json: JsonObject, name: string, rowCount: number): ColumnProfile {
  const base = {
    type: String(json['type']) as PhysicalType,
    rows: count(json['rows'], `${name}.rows`),
    nulls: count(json['nulls'], `${name}.nulls`),
  };
  if (base.rows !== rowCount) throw invalidInput(`${name}.rows`, `${rowCount}, as many as the table has`, base.rows);
  switch (json['kind']) {
    case 'number':
      return checkTotal(name, { ...base, ...decodeNumbers(json, name) });
    case 'category':
      return checkTotal(name, {
        ...base,
        kind: 'category',
        empty: count(json['empty'], `${name}.empty`),
        other: count(json['other'], `${name}.other`),
        counts: unpairs(json['counts'], `${name}.counts`),
        otherSample: unpairs(json['sample'], `${name}.sample`),
      });
    case 'presence':
      return { ...base, kind: 'presence' };
    default:
      throw invalidInput(`${name}.kind`, '`number`, `category` or `presence`', json['kind']);
  }
}

function decodeNumbers(json: JsonObject, name: string): Omit<NumberProfile, 'type' | 'rows' | 'nulls'> {
  const edges = doubles(fromBase64(json['edges'], `${name}.edges`));
  const counts = unvarints(fromBase64(json['counts'], `${name}.counts`));
  if (counts.length !== edges.length + 1)
    throw invalidInput(`${name}.counts`, `${edges.length + 1} counts`, counts.length);
  for (let i = 1; i < edges.length; i++)
    if (!(edges[i]! > edges[i - 1]!)) throw invalidInput(`${name}.edges`, 'ascending edges', edges[i]);
  return {
    kind: 'number',
    nan: count(json['nan'], `${name}.nan`),
    positiveInfinity: count(json['positiveInfinity'], `${name}.positiveInfinity`),
    negativeInfinity: count(json['negativeInfinity'], `${name}.negativeInfinity`),
    finite: count(json['finite'], `${name}.finite`),
    integers: json['integers'] === true,
    min: typeof json['min'] === 'number' ? json['min'] : undefined,
    max: typeof json['max'] === 'number' ? json['max'] : undefined,
    sum: decodeExact(json['sum'], `${name}.sum`),
    sumOfSquares: decodeExact(json['sumOfSquares'], `${name}.sumOfSquares`),
    histogram: { edges, counts },
  };
}

/** Every row is in exactly one cell; a profile where it is not would make every later test wrong. */
function checkTotal<P extends NumberProfile | CategoryProfile>(name: string, profile: P): P {
  const cells = profile.kind === 'number' ? profile.histogram.counts : [...profile.counts.values(), profile.other];
  const apart = profile.kind === 'number' ? profile.nan + profile.positiveInfinity + profile.negativeInfinity : 0;
  let total = profile.nulls + apart;
  for (const cell of cells) total += cell;
  if (total !== profile.rows) throw invalidInput(name, `counts that add up to ${profile.rows} rows`, total);
  return profile;
}

function encodeExact(value: ExactNumber): JsonObject {
  return { mantissa: value.mantissa.toString(16), exponent: value.exponent };
}

function decodeExact(json: unknown, name: string): ExactNumber {
  const { mantissa, exponent } = object(json, name);
  if (typeof mantissa !== 'string' || !/^-?[0-9a-f]{1,1100}$/.test(mantissa) || !Number.isInteger(exponent))
    throw invalidInput(name, 'a hexadecimal mantissa and an integer exponent', mantissa);
  const negative = mantissa.startsWith('-');
  const size = BigInt(`0x${negative ? mantissa.slice(1) : mantissa}`);
  if (Math.abs(Number(exponent)) > 5_000) throw invalidInput(`${name}.exponent`, 'an exponent of a double', exponent);
  return exactNumber(negative ? -size : size, Number(exponent));
}

function pairs(counts: ReadonlyMap<string, number>): (string | number)[][] {
  return [...counts].map(([category, rows]) => [category.toWellFormed(), rows]);
}

function unpairs(json: unknown, name: string): ReadonlyMap<string, number> {
  const map = new Map<string, number>();
  for (const pair of list(json, name)) {
    const [category, rows] = list(pair, name);
    map.set(String(category), count(rows, `${name}.${String(category)}`));
  }
  return map;
}

function littleEndian(values: Float64Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 8));
  for (let i = 0; i < values.length; i++) view.setFloat64(i * 8, values[i]!, true);
  return new Uint8Array(view.buffer);
}

function doubles(bytes: Uint8Array): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float64Array.from({ length: bytes.length >> 3 }, (_, i) => view.getFloat64(i * 8, true));
}

function varints(values: Float64Array): Uint8Array {
  const out: number[] = [];
  for (const value of values) {
    let rest = value;
    while (rest >= 128) {
      out.push((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    out.push(rest);
  }
  return Uint8Array.from(out);
}

function unvarints(bytes: Uint8Array): Float64Array {
  const values: number[] = [];
  let value = 0;
  let unit = 1;
  for (const byte of bytes) {
    value += (byte & 127) * unit;
    unit *= 128;
    if (byte < 128) {
      values.push(value);
      value = 0;
      unit = 1;
    }
  }
  return Float64Array.from(values);
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function fromBase64(value: unknown, name: string): Uint8Array {
  try {
    return Uint8Array.from(atob(String(value)), (char) => char.charCodeAt(0));
  } catch {
    throw invalidInput(name, 'base64', value);
  }
}

function parse(bytes: Uint8Array): JsonObject {
  try {
    return object(JSON.parse(decodeUtf8(bytes)), 'profile');
  } catch (cause) {
    if (cause instanceof MillwrightError) throw cause;
    throw invalidInput('profile', 'JSON', `${bytes.length} bytes`);
  }
}

function object(value: unknown, name: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw invalidInput(name, 'an object', value);
}

function list(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw invalidInput(name, 'an array', value);
}

function count(value: unknown, name: string): number {
  if (Number.isSafeInteger(value) && Number(value) >= 0) return Number(value);
  throw invalidInput(name, 'a count', value);
}
