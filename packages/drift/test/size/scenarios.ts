import type { Random } from '@millwright/core';
import { type CategoryProfile, type NumberProfile, profileTable } from '@millwright/core/profile';
import { type KllSketch, kllSketch } from '@millwright/core/sketch';
import { drawBinomial } from '@millwright/core/statistics';
import { columnOf, tableFrom } from '@millwright/core/table';
import { peers } from '@millwright/drift/peers';
import {
  andersonDarling,
  certifiedKs,
  chiSquareTest,
  compareRates,
  cramerVonMises,
  distribution,
  gTest,
  jensenShannon,
  kolmogorovSmirnov,
  ks,
  mannWhitney,
  rangeTest,
  type TestResult,
  testCells,
  unseenTest,
} from '@millwright/drift/test';
import { goodnessOfFit, pooledZ, yatesChiSquare } from '../../src/peers/rules.js';
import { sketchedKs } from '../../src/peers/whylogs.js';

/** Alarms of each rule on one pair of samples of one distribution. Rules of other tools are named `tool: rule`. */
export type Alarms = Readonly<Record<string, boolean>>;

const alarms = (p: number | undefined) => p !== undefined && p <= 0.05;
const beyond = (result: TestResult) => result.statistic >= result.margin;

/** `m` values against `n` of the reference, normal, or rounded to a few values so that most are tied. */
export function numbers(random: Random, n: number, m: number, rounded: boolean): Alarms {
  const was = sample(random, n, rounded);
  const now = sample(random, m, rounded);
  const anchor = profileTable(tableFrom({ x: was }));
  const reference = anchor.columns.get('x') as NumberProfile;
  const current = profileTable(tableFrom({ x: now }), { reference: anchor }).columns.get('x') as NumberProfile;
  return {
    'Kolmogorov-Smirnov': alarms(kolmogorovSmirnov(was, now).pValue),
    'Kolmogorov-Smirnov, one-sided': alarms(kolmogorovSmirnov(was, now, { alternative: 'greater' }).pValue),
    'Mann-Whitney': alarms(mannWhitney(was, now).pValue),
    'Cramér-von Mises': alarms(cramerVonMises(was, now).pValue),
    'Anderson-Darling': alarms(andersonDarling(was, now).pValue),
    'cells of a profile: chi-square': alarms(distribution.fromProfiles!(reference, current).pValue),
    'cells of a profile: Kolmogorov-Smirnov': alarms(ks.fromProfiles!(reference, current).pValue),
    range: alarms(rangeTest(reference, current).pValue),
  };
}

/** Thresholds of other tools on the same draws. */
export function numbersOfPeers(random: Random, n: number, m: number): Alarms {
  const view = (values: Float64Array) => columnOf(tableFrom({ x: values }), 'x');
  const [was, now] = [view(sample(random, n, false)), view(sample(random, m, false))];
  return {
    'Evidently: PSI 0.1': beyond(peers['psi.evidently'].fromSamples(was, now)),
    'Evidently: Jensen-Shannon 0.1': beyond(peers['js.evidently'].fromSamples(was, now)),
    'Evidently: Wasserstein 0.1': beyond(peers['w1.evidently'].fromSamples(was, now)),
  };
}

/** `m` rows against `n` in categories whose frequencies fall like 1, 1/2, 1/3 … */
export function categories(random: Random, n: number, m: number, size: number): Alarms {
  const [reference, current] = [tally(random, n, size), tally(random, m, size)];
  const evidently =
    n > 1_000
      ? jensenShannon(reference, current, { base: 'e' }) >= 0.1
      : alarms(size === 2 ? pooledZ(reference, current) : goodnessOfFit(reference, current));
  return {
    'categories: chi-square on pooled cells': alarms(
      testCells({ reference, current, ordered: false, label: String }).pValue,
    ),
    'chi-square': alarms(chiSquareTest(reference, current).pValue),
    'G-test': alarms(gTest(reference, current).pValue),
    'new categories': alarms(unseenTest(profileOf(reference), profileOf(current, reference)).pValue),
    'Evidently: default': evidently,
    'Evidently: chi-square': alarms(goodnessOfFit(reference, current)),
    'NannyML: chi-square': alarms(yatesChiSquare(reference, current).pValue),
  };
}

/** A share of missing values, or of any other mark. */
export function rates(random: Random, n: number, m: number, share: number): Alarms {
  const reference = { count: drawBinomial(random, n, share), rows: n };
  const current = { count: drawBinomial(random, m, share), rows: m };
  return {
    'rates: Fisher, chi-square when large': alarms(compareRates('missing', 'share', reference, current).pValue),
    'rates, one-sided': alarms(compareRates('range', 'share', reference, current, {}, 'more').pValue),
  };
}

export interface SketchedSample {
  readonly wide: KllSketch;
  readonly narrow: KllSketch;
}

/** Sketches of one sample. Comparing every pair of them makes many runs of few samples. */
export function sketched(random: Random, n: number): SketchedSample {
  const sample = { wide: kllSketch({ k: 1_024, random }), narrow: kllSketch({ k: 256, random }) };
  for (let i = 0; i < n; i++) {
    const value = random.next();
    sample.wide.update(value);
    sample.narrow.update(value);
  }
  return sample;
}

export function sketches(a: SketchedSample, b: SketchedSample): Alarms {
  return {
    'certified Kolmogorov-Smirnov, k = 256': alarms(certifiedKs(a.narrow, b.narrow).pValue),
    'certified Kolmogorov-Smirnov, k = 1024': alarms(certifiedKs(a.wide, b.wide).pValue),
    'whylogs: Kolmogorov-Smirnov, k = 256': alarms(sketchedKs(a.narrow, b.narrow)),
    'whylogs: Kolmogorov-Smirnov, k = 1024': alarms(sketchedKs(a.wide, b.wide)),
  };
}

function sample(random: Random, rows: number, rounded: boolean): Float64Array {
  const values = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const value = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
    values[i] = rounded ? Math.round(2 * value) : value;
  }
  return values;
}

function tally(random: Random, rows: number, size: number): Float64Array {
  const counts = new Float64Array(size);
  let weight = 0;
  for (let k = 0; k < size; k++) weight += 1 / (k + 1);
  let left = rows;
  for (let k = 0; k < size && left > 0; k++) {
    counts[k] = drawBinomial(random, left, Math.min(1, 1 / (k + 1) / weight));
    left -= counts[k]!;
    weight -= 1 / (k + 1);
  }
  counts[size - 1]! += left;
  return counts;
}

/** What profiling those rows against the reference would count. */
function profileOf(counts: Float64Array, reference = counts): CategoryProfile {
  const known = new Map<string, number>();
  let [rows, other] = [0, 0];
  counts.forEach((count, k) => {
    rows += count;
    if (reference[k]! > 0) known.set(String(k), count);
    else other += count;
  });
  return { kind: 'category', type: 'utf8', rows, nulls: 0, empty: 0, counts: known, other, otherSample: new Map() };
}
