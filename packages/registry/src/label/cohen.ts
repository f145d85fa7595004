import { invalidInput } from '@millwright/core';
import { normalSf } from '@millwright/core/statistics';

/** Agreement of two raters. Kappa alone misleads where one class is common: show `observed`, `kappa` and `ac1` together. */
export interface PairAgreement {
  /** Items that both rated. */
  readonly items: number;
  /** Share of items with the same label. */
  readonly observed: number;
  /** Cohen's kappa, weighted as asked. Undefined when only one label occurs: there is nothing to agree about. */
  readonly kappa: number | undefined;
  /** Of the unweighted kappa, large-sample (Fleiss, Cohen and Everitt 1969). */
  readonly standardError: number | undefined;
  /** 95 % interval of the unweighted kappa. */
  readonly interval: readonly [number, number] | undefined;
  /** Two-sided p-value of the unweighted kappa against 0. */
  readonly pValue: number | undefined;
  /** The largest unweighted kappa that these two distributions of labels allow. */
  readonly kappaMax: number | undefined;
  readonly scottPi: number | undefined;
  /** Gwet's AC1, which a common class does not pull down. Undefined for one label. */
  readonly ac1: number | undefined;
  readonly brennanPrediger: number | undefined;
  /** Share of each label over both raters. */
  readonly prevalence: ReadonlyMap<string, number>;
}

/** How disagreements of two raters are weighed. */
export interface PairAgreementOptions {
  /** How far apart two different labels are: all the same, or by their distance in `labels`. Default `none`. */
  readonly weights?: 'none' | 'linear' | 'quadratic' | undefined;
  /** All labels in order. Default: those that occur, in order of code units. */
  readonly labels?: readonly string[] | undefined;
}

const Z95 = 1.959963984540054;

/**
 * Agreement of two raters on the same items in the same order; items that one of them left out (undefined) are left out.
 * As scikit-learn's `cohen_kappa_score` and statsmodels' `cohens_kappa`.
 *
 * @throws `input/invalid` for lists of different length or labels that are not listed
 */
export function pairAgreement(
  a: readonly (string | undefined)[],
  b: readonly (string | undefined)[],
  options: PairAgreementOptions = {},
): PairAgreement {
  if (a.length !== b.length) throw invalidInput('b', `${a.length} labels, as the other rater`, b.length);
  const pairs: [string, string][] = [];
  a.forEach((label, i) => {
    const other = b[i];
    if (label !== undefined && other !== undefined) pairs.push([label, other]);
  });
  const labels = options.labels ?? [...new Set(pairs.flat())].sort();
  const p = shares(pairs, labels);
  const q = labels.length;
  const rows = p.map((row) => row.reduce((x, y) => x + y, 0));
  const columns = labels.map((_, j) => p.reduce((x, row) => x + row[j]!, 0));
  const both = labels.map((_, i) => (rows[i]! + columns[i]!) / 2);
  const observed = pairs.length === 0 ? Number.NaN : sum(q, (i) => p[i]![i]!);
  const expected = sum(q, (i) => rows[i]! * columns[i]!);
  const kappa = corrected(observed, expected);
  const se = kappa === undefined ? undefined : standardError(p, rows, columns, kappa, expected, pairs.length);
  const nullSe =
    kappa === undefined
      ? undefined
      : Math.sqrt(
          Math.max(0, expected + expected ** 2 - sum(q, (i) => rows[i]! * columns[i]! * (rows[i]! + columns[i]!))) /
            pairs.length,
        ) /
        (1 - expected);
  return {
    items: pairs.length,
    observed,
    kappa: weighted(p, rows, columns, options.weights ?? 'none'),
    standardError: se,
    interval: kappa === undefined || se === undefined ? undefined : [kappa - Z95 * se, kappa + Z95 * se],
    pValue: kappa === undefined || !nullSe ? undefined : 2 * normalSf(Math.abs(kappa / nullSe)),
    kappaMax:
      kappa === undefined
        ? undefined
        : corrected(
            sum(q, (i) => Math.min(rows[i]!, columns[i]!)),
            expected,
          ),
    scottPi: corrected(
      observed,
      sum(q, (i) => both[i]! ** 2),
    ),
    ac1: q < 2 ? undefined : corrected(observed, sum(q, (i) => both[i]! * (1 - both[i]!)) / (q - 1)),
    brennanPrediger: q < 2 ? undefined : corrected(observed, 1 / q),
    prevalence: new Map(labels.map((label, i) => [label, both[i]!])),
  };
}

function shares(pairs: readonly [string, string][], labels: readonly string[]): number[][] {
  const index = new Map(labels.map((label, i) => [label, i]));
  const counts = labels.map(() => labels.map(() => 0));
  for (const [x, y] of pairs) {
    const i = index.get(x);
    const j = index.get(y);
    if (i === undefined || j === undefined)
      throw invalidInput('labels', 'a list with every label that occurs', i === undefined ? x : y);
    counts[i]![j]! += 1;
  }
  return counts.map((row) => row.map((count) => count / pairs.length));
}

/** Agreement beyond chance, or undefined where chance leaves no room. */
function corrected(observed: number, expected: number): number | undefined {
  const value = (observed - expected) / (1 - expected);
  return Number.isFinite(value) ? value : undefined;
}

function weighted(
  p: readonly (readonly number[])[],
  rows: readonly number[],
  columns: readonly number[],
  weights: 'none' | 'linear' | 'quadratic',
): number | undefined {
  const distance = (i: number, j: number) =>
    weights === 'none' ? +(i !== j) : weights === 'linear' ? Math.abs(i - j) : (i - j) ** 2;
  let seen = 0;
  let expected = 0;
  p.forEach((row, i) => {
    row.forEach((share, j) => {
      seen += distance(i, j) * share;
      expected += distance(i, j) * rows[i]! * columns[j]!;
    });
  });
  return expected > 0 ? 1 - seen / expected : undefined;
}

function standardError(
  p: readonly (readonly number[])[],
  rows: readonly number[],
  columns: readonly number[],
  kappa: number,
  expected: number,
  n: number,
): number {
  let diagonal = 0;
  let off = 0;
  p.forEach((row, i) => {
    row.forEach((share, j) => {
      if (i === j) diagonal += share * (1 - (rows[i]! + columns[i]!) * (1 - kappa)) ** 2;
      else off += share * (columns[i]! + rows[j]!) ** 2;
    });
  });
  const rest = (kappa - expected * (1 - kappa)) ** 2;
  // Zero up to rounding where all that disagrees lies in one cell.
  return Math.sqrt(Math.max(0, diagonal + (1 - kappa) ** 2 * off - rest) / n) / (1 - expected);
}

function sum(n: number, term: (i: number) => number): number {
  let total = 0;
  for (let i = 0; i < n; i++) total += term(i);
  return total;
}
