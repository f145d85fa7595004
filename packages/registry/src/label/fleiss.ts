import { invalidInput } from '@millwright/core';

/** Agreement of several raters who each rated every item once (not necessarily the same people). */
export interface GroupAgreement {
  readonly items: number;
  readonly raters: number;
  /** Mean share of agreeing pairs per item. */
  readonly observed: number;
  /** Fleiss' kappa. Undefined when only one label occurs. */
  readonly fleiss: number | undefined;
  /** Randolph's free-marginal kappa: chance is one over the number of labels. */
  readonly randolph: number | undefined;
  /** Kappa of each label against all others, in the order of the columns; undefined where a label never or always occurs. */
  readonly perLabel: readonly (number | undefined)[];
  /** Standard error of `fleiss` when there is no agreement beyond chance (Fleiss, Nee and Landis 1979). */
  readonly nullStandardError: number | undefined;
}

/**
 * Fleiss' kappa from counts: `table[item][label]` raters gave that label. Every item must have the same number of raters;
 * use `krippendorffAlpha` when ratings are missing.
 *
 * @throws `input/invalid`
 */
export function groupAgreement(table: readonly (readonly number[])[]): GroupAgreement {
  const items = table.length;
  const labels = table[0]?.length ?? 0;
  const raters = (table[0] ?? []).reduce((x, y) => x + y, 0);
  if (items === 0 || raters < 2) throw invalidInput('table', 'at least one item with two raters', `${items} items`);
  const share = new Float64Array(labels);
  const within = new Float64Array(labels);
  let observed = 0;
  for (const row of table) {
    if (row.length !== labels || row.reduce((x, y) => x + y, 0) !== raters)
      throw invalidInput('table', `rows of ${labels} counts that sum to ${raters}`, row.join(' '));
    row.forEach((count, j) => {
      share[j]! += count / (items * raters);
      within[j]! += (count * (raters - count)) / (items * raters * (raters - 1));
      observed += (count * (count - 1)) / (items * raters * (raters - 1));
    });
  }
  const expected = share.reduce((total, p) => total + p * p, 0);
  const spread = share.reduce((total, p) => total + p * (1 - p), 0);
  const skew = share.reduce((total, p) => total + p * (1 - p) * (1 - 2 * p), 0);
  return {
    items,
    raters,
    observed,
    fleiss: spread > EPSILON ? (observed - expected) / (1 - expected) : undefined,
    randolph: labels < 2 ? undefined : (observed - 1 / labels) / (1 - 1 / labels),
    perLabel: Array.from(share, (p, j) => (p * (1 - p) > EPSILON ? 1 - within[j]! / (p * (1 - p)) : undefined)),
    nullStandardError:
      spread > EPSILON
        ? Math.sqrt((2 * (spread * spread - skew)) / (items * raters * (raters - 1))) / spread
        : undefined,
  };
}

/** Counts of labels per item, for `groupAgreement`: `ratings[item]` are the labels that its raters gave. */
export function labelCounts(
  ratings: readonly (readonly string[])[],
  labels: readonly string[] = [...new Set(ratings.flat())].sort(),
): readonly (readonly number[])[] {
  const index = new Map(labels.map((label, i) => [label, i]));
  return ratings.map((item) => {
    const counts = labels.map(() => 0);
    for (const label of item) {
      const at = index.get(label);
      if (at === undefined) throw invalidInput('labels', 'a list with every label that occurs', label);
      counts[at]! += 1;
    }
    return counts;
  });
}

/** Shares that sum to one up to rounding leave this much. */
const EPSILON = 1e-12;
