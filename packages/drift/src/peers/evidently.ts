import { jensenShannon, kullbackLeibler } from '../test/distances.js';
import { kolmogorovSmirnov } from '../test/kolmogorov-smirnov.js';
import { andersonDarling } from '../test/rank-tests.js';
import type { TwoSampleTest } from '../test/types.js';
import { energyDistance, wasserstein } from '../test/wasserstein.js';
import { binEdges, deviation, histogram } from './bins.js';
import {
  isNumbers,
  joined,
  ofNumbers,
  peer,
  type Sample,
  sampleOf,
  shareOf,
  valueCounts,
  valueShares,
} from './door.js';
import { goodnessOfFit, pooledZ } from './rules.js';

/** Numbers with more distinct values than this are binned. */
const FEW_VALUES = 20;
/** Numbers with at most so many distinct values are tested as categories. */
const CATEGORICAL = 5;
/** Up to so many rows of reference there are p-values, from there on distances. */
const SMALL_REFERENCE = 1_000;

const SCORES = {
  'psi.evidently': peer('psi.evidently', 0.1, (reference, current) => {
    const [p, q] = filledShares(reference, current);
    let sum = 0;
    for (let k = 0; k < p.length; k++) sum += (p[k]! - q[k]!) * Math.log(p[k]! / q[k]!);
    return sum;
  }),
  'js.evidently': peer('js.evidently', 0.1, (reference, current) =>
    jensenShannon(...binnedShares(reference, current), { base: 'e' }),
  ),
  'kl.evidently': peer('kl.evidently', 0.1, (reference, current) =>
    kullbackLeibler(...filledShares(reference, current)),
  ),
  'hellinger.evidently': peer('hellinger.evidently', 0.1, hellingerOverlap),
  'w1.evidently': peer(
    'w1.evidently',
    0.1,
    ofNumbers((reference, current) => wasserstein(reference, current) / Math.max(deviation(reference), 0.001)),
  ),
  'energy.evidently': peer('energy.evidently', 0.1, ofNumbers(energyDistance)),
  'ks.evidently': peer(
    'ks.evidently',
    0.05,
    ofNumbers((reference, current) => kolmogorovSmirnov(reference, current).pValue ?? Number.NaN),
    'below',
  ),
  'anderson.evidently': peer(
    'anderson.evidently',
    0.1,
    ofNumbers((reference, current) => andersonDarling(reference, current, { as: 'scipy' }).pValue ?? Number.NaN),
    'below',
  ),
  'chi-square.evidently': peer(
    'chi-square.evidently',
    0.05,
    (reference, current) => goodnessOfFit(...valueCounts(reference, current)),
    'below',
  ),
  'z.evidently': peer(
    'z.evidently',
    0.05,
    (reference, current) => pooledZ(...valueCounts(reference, current)),
    'below',
  ),
} as const;

/** The score that is taken when none is asked for; `test` of its result says which one that is. */
const byDefault: TwoSampleTest = {
  id: 'default.evidently',
  accepts: 'any',
  fromSamples(reference, current, options) {
    const chosen = chooseScore(sampleOf(reference), sampleOf(current));
    return SCORES[chosen].fromSamples(reference, current, options);
  },
};

/** Scores of Evidently 0.7. Its bins depend on the current data, so that one window's score depends on others. */
export const evidently = { ...SCORES, 'default.evidently': byDefault } as const;

function chooseScore(reference: Sample, current: Sample): keyof typeof SCORES {
  const distinct = new Set<number | string>([...reference, ...current]).size;
  const numeric = isNumbers(reference) && distinct > CATEGORICAL;
  if (reference.length > SMALL_REFERENCE) return numeric ? 'w1.evidently' : 'js.evidently';
  if (numeric) return 'ks.evidently';
  return distinct > 2 ? 'chi-square.evidently' : 'z.evidently';
}

/** Sturges' bins over both samples together, or the values themselves where there are few. */
function binnedShares(reference: Sample, current: Sample): [Float64Array, Float64Array] {
  if (!isNumbers(reference) || !isNumbers(current) || new Set(reference).size <= FEW_VALUES)
    return valueShares(reference, current);
  return sharesInBins(joined(reference, current), reference, current);
}

function filledShares(reference: Sample, current: Sample): [Float64Array, Float64Array] {
  const [p, q] = binnedShares(reference, current);
  return [fillZeroes(p), fillZeroes(q)];
}

/** 0 becomes 0.0001, or a millionth of the smallest share if that is smaller; nothing is divided again. */
function fillZeroes(values: Float64Array): Float64Array {
  const smallest = values.reduce(
    (least, value) => (value > 0 && value < least ? value : least),
    Number.POSITIVE_INFINITY,
  );
  const filler = smallest <= 1e-4 ? smallest / 1e6 : 1e-4;
  return values.map((value) => (value === 0 ? filler : value));
}

/** By the overlap Σ √(p q), in Sturges' bins for as many rows as there are distinct values. */
function hellingerOverlap(reference: Sample, current: Sample): number {
  const [p, q] =
    isNumbers(reference) && isNumbers(current)
      ? sharesInBins(Float64Array.from(new Set(joined(reference, current))), reference, current)
      : valueShares(reference, current);
  const overlap = p.reduce((sum, share, k) => sum + Math.sqrt(share * q[k]!), 0);
  return Math.sqrt(Math.max(0, 1 - overlap));
}

/** In Sturges' bins for `values`. */
function sharesInBins(
  values: Float64Array,
  reference: Float64Array,
  current: Float64Array,
): [Float64Array, Float64Array] {
  const edges = binEdges(values, 'sturges');
  return [shareOf(histogram(reference, edges), reference.length), shareOf(histogram(current, edges), current.length)];
}
