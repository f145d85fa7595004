import { type ColumnView, readNumbers, readStrings } from '@millwright/core/table';
import { show } from '../show.js';
import type { TestResult, TwoSampleTest } from '../test/types.js';

/** The values of a column as other tools see them: without null, NaN and infinities. */
export type Sample = Float64Array | readonly string[];

/**
 * A rule of another tool as a door: its score, and its own threshold (`margin` for scores, `alpha` for p-values). Such rules
 * have no notion of too few rows; `insufficient` is a sample without values, or of a kind that the rule does not take.
 *
 * @param drifts `above` the threshold for distances, `below` it for p-values
 */
export function peer(
  id: string,
  threshold: number,
  score: (reference: Sample, current: Sample) => number,
  drifts: 'above' | 'below' = 'above',
): TwoSampleTest {
  return {
    id,
    accepts: 'any',
    fromSamples(reference, current, { margin, alpha } = {}) {
      const [a, b] = [sampleOf(reference), sampleOf(current)];
      const rows = { reference: a.length, current: b.length };
      const value = a.length > 0 && b.length > 0 ? score(a, b) : Number.NaN;
      const limit = (drifts === 'above' ? margin : alpha) ?? threshold;
      return verdictOf(id, value, limit, drifts, rows);
    },
  };
}

/** What a score of a named rule says. */
export function verdictOf(
  id: string,
  score: number,
  limit: number,
  drifts: 'above' | 'below',
  rows: TestResult['rows'],
): TestResult {
  const found = drifts === 'above' ? score >= limit : score <= limit;
  const known = !Number.isNaN(score);
  const pValue = drifts === 'below' && known ? score : undefined;
  return {
    test: id,
    method: drifts === 'above' ? 'threshold' : 'p-value',
    verdict: known ? (found ? 'drift' : 'noDrift') : 'insufficient',
    statistic: score,
    pValue,
    logPValue: pValue === undefined ? undefined : Math.log(pValue),
    effect: score,
    measure: id,
    margin: drifts === 'above' ? limit : 0,
    alpha: drifts === 'above' ? 1 : limit,
    rows,
    need: known ? undefined : { rows: 1 },
    parts: [],
    sentence: `${id} ${known ? show(score) : 'unknown'} (threshold ${limit}).`,
  };
}

export function isNumbers(sample: Sample): sample is Float64Array {
  return sample instanceof Float64Array;
}

/** A score that only numbers have; NaN for others. */
export function ofNumbers(score: (reference: Float64Array, current: Float64Array) => number) {
  return (reference: Sample, current: Sample): number =>
    isNumbers(reference) && isNumbers(current) ? score(reference, current) : Number.NaN;
}

/** Counts of the same values, in order of appearance. */
export function valueCounts(reference: Sample, current: Sample): [Float64Array, Float64Array] {
  const index = new Map<number | string, number>();
  for (const sample of [reference, current])
    for (const value of sample) if (!index.has(value)) index.set(value, index.size);
  const count = (sample: Sample) => {
    const counts = new Float64Array(index.size);
    for (const value of sample) counts[index.get(value)!]!++;
    return counts;
  };
  return [count(reference), count(current)];
}

export function valueShares(reference: Sample, current: Sample): [Float64Array, Float64Array] {
  const [p, q] = valueCounts(reference, current);
  return [shareOf(p, reference.length), shareOf(q, current.length)];
}

/** Both samples, the reference first. */
export function joined(reference: Float64Array, current: Float64Array): Float64Array {
  const both = new Float64Array(reference.length + current.length);
  both.set(reference);
  both.set(current, reference.length);
  return both;
}

/** Shares of all rows, also of those that are in no cell. */
export function shareOf(counts: Float64Array, rows: number): Float64Array {
  return counts.map((count) => count / rows);
}

/** @throws `table/column` for a column of another kind */
export function sampleOf(column: ColumnView): Sample {
  switch (column.type) {
    case 'utf8':
    case 'dictionary':
    case 'bool':
      return readStrings(column).filter((value) => value !== null);
    default:
      return readNumbers(column).filter(Number.isFinite);
  }
}
