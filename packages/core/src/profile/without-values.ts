import { invalidInput } from '../foundation/errors.js';
import { sealProfile } from './codec.js';
import type { CategoryProfile, ColumnProfile, TableProfile } from './types.js';

/**
 * A profile that may leave the device or the tenant where its rows are: of a column it keeps counts in the reference's
 * cells and categories, presence, and the exact sums. Left out are smallest and largest value, the sample of unknown
 * categories, and sketches, whose items are values. It merges with others of its kind and is compared as any other.
 *
 * Sums of few rows would tell a row: a column with fewer than `minRows` values (default 20) is reduced to its count of
 * nulls, and a profile of fewer rows is refused. Counts of single rows remain; where those matter, merge first.
 *
 * @throws `input/invalid` for too few rows, or a column that was not counted against the reference
 */
export function withoutValues(
  profile: TableProfile,
  reference: TableProfile,
  { minRows = 20 }: { readonly minRows?: number | undefined } = {},
): TableProfile {
  if (profile.rowCount < minRows)
    throw invalidInput('profile', `a profile of ${minRows} rows or more`, profile.rowCount);
  const columns = new Map<string, ColumnProfile>();
  for (const [name, column] of profile.columns)
    columns.set(name, strip(name, column, reference.columns.get(name), minRows));
  return sealProfile(profile.rowCount, columns, profile.presence);
}

function strip(
  name: string,
  { sketches: _sketches, ...column }: ColumnProfile,
  anchor: ColumnProfile | undefined,
  minRows: number,
): ColumnProfile {
  const { type, rows, nulls } = column;
  switch (column.kind) {
    case 'number': {
      const { edges } = column.histogram;
      if (anchor?.kind !== 'number' || !sameEdges(edges, anchor.histogram.edges)) throw ownAnchor(name);
      if (column.finite < minRows) return { kind: 'presence', type, rows, nulls };
      return { ...column, min: undefined, max: undefined };
    }
    case 'category':
      if (anchor?.kind !== 'category' || !sameCategories(column, anchor)) throw ownAnchor(name);
      if (rows - nulls < minRows) return { kind: 'presence', type, rows, nulls };
      return { ...column, otherSample: new Map() };
    case 'presence':
      return column;
  }
}

function sameCategories(a: CategoryProfile, b: CategoryProfile): boolean {
  return a.counts.size === b.counts.size && [...a.counts.keys()].every((category) => b.counts.has(category));
}

function sameEdges(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((edge, k) => edge === b[k]);
}

function ownAnchor(name: string) {
  return invalidInput(
    `columns.${name}`,
    'a column counted against the reference',
    'edges or categories of its own',
    'Those are values of its rows. Profile with { reference }.',
  );
}
