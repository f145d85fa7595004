import { encodeUtf8, toBase64 } from '../foundation/bytes.js';
import { canonicalJson, type JsonObject } from '../foundation/canonical-json.js';
import { invalidInput } from '../foundation/errors.js';
import type { PhysicalType } from '../table/types.js';
import { byText } from './categories.js';
import { checkTotal, decodeNumbers, decodePresence, encodeNumbers, encodePresence, sealProfile } from './codec.js';
import { bytesIn, count, list, object, parseObject, unvarints, varints } from './codec-parts.js';
import type { CategoryProfile, ColumnProfile, NumberProfile, TableProfile } from './types.js';
import { withoutValues } from './without-values.js';

/**
 * `withoutValues` as bytes that hold counts and sums only: edges and names of categories, which the reader has in its
 * reference, are left out too, so that not even a value that reference and data share is in them.
 *
 * @throws `input/invalid` as `withoutValues` does
 */
export function encodeCounts(
  profile: TableProfile,
  reference: TableProfile,
  options: { readonly minRows?: number | undefined } = {},
): Uint8Array {
  const { rowCount, columns, presence } = withoutValues(profile, reference, options);
  return encodeUtf8(
    canonicalJson({
      format: FORMAT,
      reference: reference.digest,
      rowCount,
      columns: Array.from(columns, ([name, column]) => [name, encodeColumn(column)]),
      ...(presence && { presence: encodePresence(presence) }),
    }),
  );
}

/**
 * The profile in such bytes, with the edges and categories of the reference: it compares and merges with others of the
 * same reference. @throws `input/invalid`, also when the bytes name another reference
 */
export function decodeCounts(bytes: Uint8Array, reference: TableProfile): TableProfile {
  const json = parseObject(bytes);
  if (json['format'] !== FORMAT) throw invalidInput('profile', `counts of format \`${FORMAT}\``, json['format']);
  if (json['reference'] !== reference.digest)
    throw invalidInput('reference', `the profile ${String(json['reference'])}`, reference.digest);
  const rowCount = count(json['rowCount'], 'rowCount');
  const columns = new Map<string, ColumnProfile>();
  for (const pair of list(json['columns'], 'columns')) {
    const [key, column] = list(pair, 'columns');
    const name = String(key);
    columns.set(name, decodeColumn(object(column, name), name, rowCount, reference.columns.get(name)));
  }
  const presence = json['presence'];
  return sealProfile(rowCount, columns, presence === undefined ? undefined : decodePresence(presence, rowCount));
}

const FORMAT = 'millwright.profile-counts/1';

function encodeColumn(column: ColumnProfile): JsonObject {
  const { kind, type, nulls } = column;
  switch (column.kind) {
    case 'number': {
      const { edges: _edges, ...counted } = encodeNumbers(column);
      return { kind, type, nulls, ...counted };
    }
    case 'category': {
      const { empty, other, counts } = column;
      return {
        kind,
        type,
        nulls,
        empty,
        other,
        counts: toBase64(varints(Float64Array.from(ordered(counts).values()))),
      };
    }
    case 'presence':
      return { kind, type, nulls };
  }
}

function decodeColumn(
  json: JsonObject,
  name: string,
  rowCount: number,
  anchor: ColumnProfile | undefined,
): ColumnProfile {
  const { kind, type } = json;
  const base = { type: String(type) as PhysicalType, rows: rowCount, nulls: count(json['nulls'], `${name}.nulls`) };
  if (kind === 'presence') return { ...base, kind };
  if (anchor?.kind === 'number' && kind === 'number') {
    const { edges } = encodeNumbers(anchor);
    return checkTotal<NumberProfile>(name, { ...base, ...decodeNumbers({ ...json, edges: edges! }, name) });
  }
  if (anchor?.kind === 'category' && kind === 'category')
    return checkTotal<CategoryProfile>(name, { ...base, ...decodeCategories(json, name, anchor) });
  throw invalidInput(name, `a ${String(anchor?.kind)} column, as in the reference`, kind);
}

function decodeCategories(json: JsonObject, name: string, anchor: CategoryProfile) {
  const names = [...ordered(anchor.counts).keys()];
  const counts = unvarints(bytesIn(json['counts'], `${name}.counts`));
  if (counts.length !== names.length) throw invalidInput(`${name}.counts`, `${names.length} counts`, counts.length);
  return {
    kind: 'category',
    empty: count(json['empty'], `${name}.empty`),
    other: count(json['other'], `${name}.other`),
    counts: new Map(names.map((category, i) => [category, counts[i]!])),
    otherSample: new Map<string, number>(),
  } as const;
}

/** In order of text, which both sides can restore. */
function ordered(counts: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  return new Map([...counts].sort(([a], [b]) => byText(a, b)));
}
