import { type ColumnView, readNumbers, readStrings } from '@millwright/core/table';
import { binEdges, deviation, histogram } from './bins.js';
import { hellinger, jensenShannon, kullbackLeibler, lInfinity, psi, shares, totalVariation } from './distances.js';
import { checkOptions, judge } from './judge.js';
import { goodnessOfFit, pooledZ, yatesChiSquare } from './peer-rules.js';
import type { TestOptions, TestResult, TwoSampleTest } from './types.js';
import { wasserstein } from './wasserstein.js';

/**
 * Scores of other tools, number for number, so that thresholds can be carried over and compared before they are left
 * behind: Evidently 0.7 and NannyML 0.13. They have no notion of too few rows; `margin` is the tool's own threshold.
 * Distances have no p-value there; p-values have their faults here too (see `npx tsx --conditions=@millwright/source packages/drift/bench/size.ts`). Bins that depend on the current data make one window's score depend on others; ours do not.
 */
export const peers = {
  'psi.evidently': peer('psi.evidently', 0.1, (reference, current) => {
    const [p, q] = evidentlyShares(reference, current).map(fillZeroes) as [Float64Array, Float64Array];
    let sum = 0;
    for (let k = 0; k < p.length; k++) sum += (p[k]! - q[k]!) * Math.log(p[k]! / q[k]!);
    return sum;
  }),
  'js.evidently': peer('js.evidently', 0.1, (reference, current) => {
    const [p, q] = evidentlyShares(reference, current);
    return jensenShannon(p, q, { base: 'e' });
  }),
  'kl.evidently': peer('kl.evidently', 0.1, (reference, current) => {
    const [p, q] = evidentlyShares(reference, current).map(fillZeroes) as [Float64Array, Float64Array];
    return kullbackLeibler(p, q);
  }),
  'w1.evidently': peer('w1.evidently', 0.1, (reference, current) => {
    if (!isNumbers(reference) || !isNumbers(current)) return Number.NaN;
    return wasserstein(reference, current) / Math.max(deviation(reference), 0.001);
  }),
  'js.nannyml': peer('js.nannyml', 0.1, (reference, current) => jensenShannon(...nannymlShares(reference, current))),
  'hellinger.nannyml': peer('hellinger.nannyml', 0.1, (reference, current) =>
    hellinger(...nannymlShares(reference, current)),
  ),
  'l-infinity.nannyml': peer('l-infinity.nannyml', 0.1, (reference, current) =>
    lInfinity(...valueShares(reference, current)),
  ),
  'psi.deciles': peer('psi.deciles', 0.1, (reference, current) => {
    if (!isNumbers(reference) || !isNumbers(current))
      return psi(...valueShares(reference, current), { pseudoCount: 1e-4 });
    const sorted = reference.slice().sort();
    const inner = Float64Array.from({ length: 9 }, (_, i) => decile(sorted, (i + 1) / 10));
    const count = (values: Float64Array) => {
      const counts = new Float64Array(10);
      for (const value of values) counts[inner.findLastIndex((edge) => edge < value) + 1]!++;
      return shares(counts).map((share) => Math.max(share, DECILE_FLOOR));
    };
    const [p, q] = [count(reference), count(current)];
    return p.reduce((sum, share, k) => sum + (share - q[k]!) * Math.log(share / q[k]!), 0);
  }),
  'chi-square.evidently': peerOfCounts('chi-square.evidently', goodnessOfFit),
  'z.evidently': peerOfCounts('z.evidently', pooledZ),
  'chi-square.nannyml': peerOfCounts('chi-square.nannyml', (p, q) => yatesChiSquare(p, q).pValue),
} as const;

/** Least share of a decile. */
const DECILE_FLOOR = 1e-4;
/** Evidently bins numbers with more distinct values than this. */
const EVIDENTLY_DISTINCT = 20;

type Sample = Float64Array | readonly string[];

function peer(id: string, threshold: number, score: (reference: Sample, current: Sample) => number): TwoSampleTest {
  return {
    id,
    accepts: 'any',
    fromSamples(reference, current, options = {}) {
      const [a, b] = [sampleOf(reference), sampleOf(current)];
      return judgeScore(id, a.length > 0 && b.length > 0 ? score(a, b) : Number.NaN, a, b, threshold, options);
    },
  };
}

function judgeScore(
  id: string,
  score: number,
  reference: Sample,
  current: Sample,
  threshold: number,
  options: TestOptions,
): TestResult {
  const margin = options.margin ?? threshold;
  const result = judge(
    {
      test: id,
      method: 'threshold',
      statistic: score,
      // No p-value: a score beyond the threshold counts as found.
      pValue: Number.isNaN(score) ? undefined : 0,
      effect: score,
      measure: id,
      rows: { reference: reference.length, current: current.length },
      needed: 1,
    },
    { alpha: 1, margin },
  );
  const sentence = `${id} ${Number.isNaN(score) ? 'unknown' : Number(score.toPrecision(3))} (threshold ${margin}).`;
  return { ...result, pValue: undefined, logPValue: undefined, sentence };
}

/** Tools that alarm at their own p-value, whatever the size of the difference. */
function peerOfCounts(id: string, pValueOf: (reference: Float64Array, current: Float64Array) => number): TwoSampleTest {
  return {
    id,
    accepts: 'any',
    fromSamples(reference, current, options = {}) {
      const [a, b] = [sampleOf(reference), sampleOf(current)];
      const counts = valueCounts(a, b);
      const empty = a.length === 0 || b.length === 0;
      const pValue = empty ? undefined : pValueOf(...counts);
      const distance = totalVariation(...counts);
      return judge(
        {
          test: id,
          method: 'chi-square',
          statistic: distance,
          pValue,
          effect: empty ? Number.NaN : distance,
          measure: 'share of rows moved',
          rows: { reference: a.length, current: b.length },
          needed: 1,
        },
        checkOptions(options, 0),
      );
    },
  };
}

function sampleOf(column: ColumnView): Sample {
  switch (column.type) {
    case 'utf8':
    case 'dictionary':
    case 'bool':
      return readStrings(column).filter((value) => value !== null);
    default:
      return readNumbers(column).filter(Number.isFinite);
  }
}

function isNumbers(sample: Sample): sample is Float64Array {
  return sample instanceof Float64Array;
}

/** Sturges' bins over both samples together, or the values themselves where there are few. */
function evidentlyShares(reference: Sample, current: Sample): [Float64Array, Float64Array] {
  if (!isNumbers(reference) || !isNumbers(current) || new Set(reference).size <= EVIDENTLY_DISTINCT)
    return valueShares(reference, current);
  const both = new Float64Array(reference.length + current.length);
  both.set(reference);
  both.set(current, reference.length);
  const edges = binEdges(both, 'sturges');
  return [shareOf(histogram(reference, edges), reference.length), shareOf(histogram(current, edges), current.length)];
}

/** Doane's bins over the reference and one more for what lies outside. */
function nannymlShares(reference: Sample, current: Sample): [Float64Array, Float64Array] {
  if (!isNumbers(reference) || !isNumbers(current)) return valueShares(reference, current);
  const edges = binEdges(reference, 'doane');
  const inside = histogram(current, edges);
  const outside = current.length - inside.reduce((sum, count) => sum + count, 0);
  return [
    shareOf(Float64Array.of(...histogram(reference, edges), 0), reference.length),
    shareOf(Float64Array.of(...inside, outside), current.length),
  ];
}

function valueShares(reference: Sample, current: Sample): [Float64Array, Float64Array] {
  const [p, q] = valueCounts(reference, current);
  return [shareOf(p, reference.length), shareOf(q, current.length)];
}

/** Counts of the same values, in order of appearance. */
function valueCounts(reference: Sample, current: Sample): [Float64Array, Float64Array] {
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

function shareOf(counts: Float64Array, rows: number): Float64Array {
  return counts.map((count) => count / rows);
}

/** Evidently's rule: 0 becomes 0.0001, or a millionth of the smallest share if that is smaller; nothing is divided again. */
function fillZeroes(values: Float64Array): Float64Array {
  const smallest = values.reduce(
    (least, value) => (value > 0 && value < least ? value : least),
    Number.POSITIVE_INFINITY,
  );
  const filler = smallest <= 1e-4 ? smallest / 1e6 : 1e-4;
  return values.map((value) => (value === 0 ? filler : value));
}

function decile(sorted: Float64Array, q: number): number {
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)]!;
  return low + (at - Math.floor(at)) * ((sorted[Math.floor(at) + 1] ?? low) - low);
}
