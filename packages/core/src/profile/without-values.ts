import { invalidInput } from '../foundation/errors.js';
import { sealProfile } from './codec.js';
import type { ColumnProfile, TableProfile } from './types.js';

/**
 * A profile that may leave the device or the tenant where its rows are: of a column it keeps counts in the reference's
 * cells and categories, presence, and the exact sums; smallest and largest value and the sample of unknown categories are
 * left out. It merges with others of its kind and is compared as any other.
 *
 * Sums of few rows would tell a row: fewer than `minRows` are refused. Counts of single rows remain; where those matter,
 * merge first. @throws `input/invalid` for too few rows, or a column that was not counted against the reference
 */
export function withoutValues(
  profile: TableProfile,
  reference: TableProfile,
  { minRows = 20 }: { readonly minRows?: number | undefined } = {},
): TableProfile {
  if (profile.rowCount < minRows)
    throw invalidInput('profile', `a profile of ${minRows} rows or more`, profile.rowCount);
  const columns = new Map<string, ColumnProfile>();
  for (const [name, column] of profile.columns) columns.set(name, strip(name, column, reference.columns.get(name)));
  return sealProfile(profile.rowCount, columns);
}

function strip(name: string, column: ColumnProfile, anchor: ColumnProfile | undefined): ColumnProfile {
  switch (column.kind) {
    case 'number': {
      const { edges } = column.histogram;
      if (anchor?.kind !== 'number' || !sameEdges(edges, anchor.histogram.edges)) throw ownAnchor(name);
      return { ...column, min: undefined, max: undefined };
    }
    case 'category':
      if (anchor?.kind !== 'category' || [...column.counts.keys()].some((category) => !anchor.counts.has(category)))
        throw ownAnchor(name);
      return { ...column, otherSample: new Map() };
    case 'presence':
      return column;
  }
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
