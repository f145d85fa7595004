import { encodeUtf8, toBase64 } from '../foundation/bytes.js';
import { canonicalJson, type JsonObject } from '../foundation/canonical-json.js';
import { digestBytes } from '../foundation/digest.js';
import { invalidInput } from '../foundation/errors.js';
import type { PhysicalType } from '../table/types.js';
import { bytesIn, count, doubles, list, littleEndian, object, parseObject, unvarints, varints } from './codec-parts.js';
import { type ExactNumber, exactNumber } from './exact-number.js';
import { type PresencePatterns, presencePatterns } from './presence.js';
import type { CategoryProfile, ColumnProfile, NumberProfile, SketchBytes, TableProfile } from './types.js';

/**
 * A profile as bytes: canonical JSON, histograms in base64. With the defaults at most 8 KB per column.
 * Equal profiles have equal bytes.
 */
export function encodeProfile(profile: TableProfile): Uint8Array {
  const { format, rowCount, presence } = profile;
  const columns: Record<string, JsonObject> = {};
  const order: string[] = [];
  for (const [name, column] of profile.columns) {
    order.push(name);
    Object.defineProperty(columns, name, { value: encodeColumn(column), enumerable: true });
  }
  const together = presence && { presence: encodePresence(presence) };
  return encodeUtf8(canonicalJson({ format, rowCount, order, columns, ...together }));
}

/** The profile in such bytes. Counts that contradict each other are refused. @throws `input/invalid` */
export function decodeProfile(bytes: Uint8Array): TableProfile {
  const json = parseObject(bytes);
  if (json['format'] !== 'millwright.profile/1')
    throw invalidInput('profile', 'a profile of format `millwright.profile/1`', json['format']);
  const rowCount = count(json['rowCount'], 'rowCount');
  const encoded = new Map(Object.entries(object(json['columns'], 'columns')));
  const columns = new Map<string, ColumnProfile>();
  for (const name of list(json['order'], 'order')) {
    const key = String(name);
    columns.set(key, decodeColumn(object(encoded.get(key), key), key, rowCount));
  }
  const presence = json['presence'];
  return sealProfile(rowCount, columns, presence === undefined ? undefined : decodePresence(presence, rowCount));
}

/** Completes a profile with its digest, which is computed when it is first asked for. */
export function sealProfile(
  rowCount: number,
  columns: ReadonlyMap<string, ColumnProfile>,
  presence?: PresencePatterns,
): TableProfile {
  let digest: TableProfile['digest'] | undefined;
  const profile: TableProfile = {
    format: 'millwright.profile/1',
    rowCount,
    columns,
    ...(presence && { presence }),
    get digest() {
      digest ??= digestBytes(encodeProfile(profile));
      return digest;
    },
  };
  return profile;
}

function encodeColumn(column: ColumnProfile): JsonObject {
  const { kind, type, rows, nulls, sketches } = column;
  const base = { kind, type, rows, nulls, ...(sketches && { sketches: encodeSketches(sketches) }) };
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

/** A numeric column without what it shares with others. */
export function encodeNumbers(column: NumberProfile): JsonObject {
  const { shape } = column;
  const { nan, positiveInfinity, negativeInfinity, finite, integers, min, max, sum, sumOfSquares, histogram } = column;
  return {
    ...{ nan, positiveInfinity, negativeInfinity, finite, integers },
    ...(min === undefined || max === undefined ? {} : { min, max }),
    sum: encodeExact(sum),
    sumOfSquares: encodeExact(sumOfSquares),
    ...(shape && { shape: { cubes: encodeExact(shape.cubes), fourths: encodeExact(shape.fourths) } }),
    edges: toBase64(littleEndian(histogram.edges)),
    counts: toBase64(varints(histogram.counts)),
  };
}

function decodeColumn(json: JsonObject, name: string, rowCount: number): ColumnProfile {
  const { sketches } = json;
  const base = {
    type: String(json['type']) as PhysicalType,
    rows: count(json['rows'], `${name}.rows`),
    nulls: count(json['nulls'], `${name}.nulls`),
    ...(sketches !== undefined && { sketches: decodeSketches(sketches, `${name}.sketches`) }),
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

/** @throws `input/invalid` */
export function decodeNumbers(json: JsonObject, name: string): Omit<NumberProfile, 'type' | 'rows' | 'nulls'> {
  const edges = doubles(bytesIn(json['edges'], `${name}.edges`));
  const counts = unvarints(bytesIn(json['counts'], `${name}.counts`));
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
    ...(json['shape'] !== undefined && { shape: decodeShape(object(json['shape'], `${name}.shape`), name) }),
    histogram: { edges, counts },
  };
}

function decodeShape(json: JsonObject, name: string) {
  return {
    cubes: decodeExact(json['cubes'], `${name}.shape.cubes`),
    fourths: decodeExact(json['fourths'], `${name}.shape.fourths`),
  };
}

/** As it is written in profiles and in counts without values. */
export function encodePresence({ columns, counts }: PresencePatterns): JsonObject {
  return { columns: [...columns], counts: toBase64(varints(counts)) };
}

/** @throws `input/invalid` */
export function decodePresence(json: unknown, rowCount: number): PresencePatterns {
  const { columns, counts } = object(json, 'presence');
  const nothing = presencePatterns(list(columns, 'presence.columns').map(String));
  const patterns = unvarints(bytesIn(counts, 'presence.counts'));
  const total = patterns.reduce((sum, rows) => sum + rows, 0);
  if (patterns.length !== nothing.counts.length || total !== rowCount)
    throw invalidInput('presence', `${nothing.counts.length} patterns that add up to ${rowCount} rows`, total);
  return { columns: nothing.columns, counts: patterns };
}

function encodeSketches({ distinct, quantiles, frequent }: SketchBytes): JsonObject {
  return {
    distinct: toBase64(distinct),
    ...(quantiles && { quantiles: toBase64(quantiles) }),
    ...(frequent && { frequent: toBase64(frequent) }),
  };
}

function decodeSketches(json: unknown, name: string): SketchBytes {
  const { distinct, quantiles, frequent } = object(json, name);
  return {
    distinct: bytesIn(distinct, `${name}.distinct`),
    ...(quantiles !== undefined && { quantiles: bytesIn(quantiles, `${name}.quantiles`) }),
    ...(frequent !== undefined && { frequent: bytesIn(frequent, `${name}.frequent`) }),
  };
}

/** Every row is in exactly one cell; a profile where it is not would make every later test wrong. */
export function checkTotal<P extends NumberProfile | CategoryProfile>(name: string, profile: P): P {
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
  if (typeof mantissa !== 'string' || !/^-?[0-9a-f]{1,2200}$/.test(mantissa) || !Number.isInteger(exponent))
    throw invalidInput(name, 'a hexadecimal mantissa and an integer exponent', mantissa);
  const negative = mantissa.startsWith('-');
  const size = BigInt(`0x${negative ? mantissa.slice(1) : mantissa}`);
  if (Math.abs(Number(exponent)) > 9_000) throw invalidInput(`${name}.exponent`, 'an exponent of a double', exponent);
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
