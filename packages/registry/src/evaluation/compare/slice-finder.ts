import { invalidInput } from '@millwright/core';
import { benjaminiHochberg, studentTSf } from '@millwright/core/statistics';
import { type CodedSlice, codeSlice, type SliceSource } from './slices.js';

/** Where a model may do worse than elsewhere: losses, and the columns that rows are cut by. */
export interface FindSlicesOptions {
  /** Loss per row (log loss, squared error, 0/1). NaN rows do not count. */
  readonly losses: Float64Array;
  /** Columns to cut by. */
  readonly columns: Readonly<Record<string, SliceSource>>;
  /** Fewest rows of a slice. Default 50. */
  readonly minSupport?: number | undefined;
  /** Columns in one slice at most: 1 or 2. Default 2. */
  readonly maxLiterals?: 1 | 2 | undefined;
}

/** A slice on which the loss is larger than on the rest. It was found in these rows: confirm it on others before a gate uses it. */
export interface FoundSlice {
  readonly where: readonly { readonly column: string; readonly value: string }[];
  readonly n: number;
  readonly meanLoss: number;
  readonly meanLossRest: number;
  /** √2 (mean - rest) / √(variance + variance of rest) */
  readonly effectSize: number;
  /** Welch, one-sided. */
  readonly pValue: number;
  /** Benjamini-Hochberg over everything that was tried. */
  readonly adjustedP: number;
  /** A smaller slice inside a larger one with a larger effect is only listed for completeness. */
  readonly contained: boolean;
}

/**
 * Finds weak slices: every value of every column and every pair of values of two columns with enough rows, by Welch's test
 * of their mean loss against the rest, the largest effects first. All tried slices pay for the search
 * (Benjamini-Hochberg). O(rows × column pairs). @throws `input/invalid`
 */
export function findSlices(options: FindSlicesOptions): {
  readonly tried: number;
  readonly found: readonly FoundSlice[];
} {
  const { losses } = options;
  const minSupport = options.minSupport ?? 50;
  if (!(minSupport >= 2)) throw invalidInput('minSupport', '2 rows or more', minSupport);
  const columns = Object.entries(options.columns).map(([name, source]) => codeSlice(name, source, losses.length));
  const all = sumsOf(losses, 1, () => 0);
  const tried: Candidate[] = [];
  columns.forEach((a, i) => {
    collect(
      tried,
      all,
      minSupport,
      sumsOf(losses, a.labels.length, (row) => a.codes[row]!),
      (code) => [literal(a, code)],
    );
    if ((options.maxLiterals ?? 2) < 2) return;
    for (const b of columns.slice(i + 1)) {
      const width = b.labels.length;
      const pair = (row: number) =>
        a.codes[row]! < 0 || b.codes[row]! < 0 ? -1 : a.codes[row]! * width + b.codes[row]!;
      collect(tried, all, minSupport, sumsOf(losses, a.labels.length * width, pair), (code) => [
        literal(a, Math.floor(code / width)),
        literal(b, code % width),
      ]);
    }
  });
  const adjusted = benjaminiHochberg(tried.map(({ pValue }) => pValue));
  const found = tried
    .map((slice, i) => ({ ...slice, adjustedP: adjusted[i]! }))
    .sort((a, b) => b.effectSize - a.effectSize);
  return {
    tried: tried.length,
    found: found.map((slice, i) => ({ ...slice, contained: isContained(slice, found.slice(0, i)) })),
  };
}

/**
 * Found slices as slices for `compare`, one for each set of columns: `found: origin × hour`, with a value for each that was
 * found. On the `same` rows that were searched they are marked: shown and never judged, because what was picked for looking
 * bad looks bad. On `other` rows they are slices like any other, and a gate may judge them.
 *
 * @throws `input/invalid` for a column that is missing
 */
export function foundSlices(
  found: readonly Pick<FoundSlice, 'where'>[],
  columns: Readonly<Record<string, SliceSource>>,
  options: { readonly rows: 'same' | 'other'; readonly count: number },
): Readonly<Record<string, SliceSource>> {
  const coded = new Map(
    Object.entries(columns).map(([name, source]) => [name, codeSlice(name, source, options.count)]),
  );
  const slices: Record<string, { readonly codes: Int32Array; readonly labels: string[]; readonly found?: true }> = {};
  for (const { where } of found) {
    const name = `found: ${where.map(({ column }) => column).join(' × ')}`;
    const slice = slices[name] ?? {
      codes: new Int32Array(options.count).fill(-1),
      labels: [],
      ...(options.rows === 'same' ? { found: true } : {}),
    };
    slices[name] = slice;
    const parts = where.map(({ column, value }) => {
      const own = coded.get(column);
      if (own === undefined) throw invalidInput('columns', `the column ${column}, by which a slice is cut`, column);
      return { codes: own.codes, code: own.labels.indexOf(value) };
    });
    const code = slice.labels.push(where.map(({ value }) => value).join(' × ')) - 1;
    for (let row = 0; row < options.count; row++)
      if (parts.every((part) => part.code >= 0 && part.codes[row] === part.code)) slice.codes[row] = code;
  }
  return slices;
}

type Candidate = Omit<FoundSlice, 'adjustedP' | 'contained'>;
const SUMS = 3;

/** Per code: n, Σ loss, Σ loss². */
function sumsOf(losses: Float64Array, codes: number, codeOf: (row: number) => number): Float64Array {
  const sums = new Float64Array(codes * SUMS);
  for (let row = 0; row < losses.length; row++) {
    const loss = losses[row]!;
    const code = codeOf(row);
    if (code < 0 || Number.isNaN(loss)) continue;
    sums[code * SUMS]!++;
    sums[code * SUMS + 1]! += loss;
    sums[code * SUMS + 2]! += loss * loss;
  }
  return sums;
}

function collect(
  out: Candidate[],
  all: Float64Array,
  minSupport: number,
  sums: Float64Array,
  whereOf: (code: number) => Candidate['where'],
): void {
  for (let code = 0; code * SUMS < sums.length; code++) {
    const n = sums[code * SUMS]!;
    const rest = all[0]! - n;
    if (n < minSupport || rest < 2) continue;
    const mean = sums[code * SUMS + 1]! / n;
    const meanRest = (all[1]! - sums[code * SUMS + 1]!) / rest;
    const variance = Math.max(0, sums[code * SUMS + 2]! - n * mean * mean) / (n - 1);
    const varianceRest = Math.max(0, all[2]! - sums[code * SUMS + 2]! - rest * meanRest * meanRest) / (rest - 1);
    const spread = variance / n + varianceRest / rest;
    const df = spread ** 2 / ((variance / n) ** 2 / (n - 1) + (varianceRest / rest) ** 2 / (rest - 1));
    const gap = mean - meanRest;
    out.push({
      where: whereOf(code),
      n,
      meanLoss: mean,
      meanLossRest: meanRest,
      effectSize: gap === 0 ? 0 : (Math.SQRT2 * gap) / Math.sqrt(variance + varianceRest),
      pValue: gap === 0 || !(spread > 0) ? Number(gap <= 0) : studentTSf(gap / Math.sqrt(spread), df),
    });
  }
}

function literal(slice: CodedSlice, code: number) {
  return { column: slice.name, value: slice.labels[code]! };
}

function isContained(slice: Candidate, stronger: readonly Candidate[]): boolean {
  return stronger.some(
    ({ where }) =>
      where.length < slice.where.length &&
      where.every((part) => slice.where.some((own) => own.column === part.column && own.value === part.value)),
  );
}
