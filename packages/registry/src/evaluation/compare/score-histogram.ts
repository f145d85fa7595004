import { normalQuantile } from '@millwright/core/statistics';
import { known, type Measure, unknown } from '../metrics/measure.js';

/** Scores of positives and negatives in equal-width bins: a ranking that parts of a table can add up. */
export interface ScoreHistogram {
  readonly from: number;
  readonly to: number;
  readonly positives: Float64Array;
  readonly negatives: Float64Array;
}

/** 65,536 bins: 1 MB per model, and a bound of about 1e-5 on the area for scores that spread over the range. */
const BINS = 65_536;
const Z95 = normalQuantile(0.975);

export function emptyHistogram([from, to]: readonly [number, number]): ScoreHistogram {
  return { from, to, positives: new Float64Array(BINS), negatives: new Float64Array(BINS) };
}

/** Scores beyond the range count in the outermost bins, which the bounds include. */
export function addScores(histogram: ScoreHistogram, truth: ArrayLike<number>, scores: Float64Array): void {
  const { from, to, positives, negatives } = histogram;
  const scale = BINS / (to - from);
  for (let i = 0; i < scores.length; i++) {
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor((scores[i]! - from) * scale)));
    if (truth[i] === 1) positives[bin]!++;
    else negatives[bin]!++;
  }
}

export function addHistogram(histogram: ScoreHistogram, other: ScoreHistogram): void {
  for (let bin = 0; bin < BINS; bin++) {
    histogram.positives[bin]! += other.positives[bin]!;
    histogram.negatives[bin]! += other.negatives[bin]!;
  }
}

/**
 * Area under the ROC curve with scores of one bin as ties. A pair of a positive and a negative in one bin counts one half
 * and could count 0 or 1, so the exact area is within half of the share of such pairs. The interval is DeLong's, widened by
 * that bound.
 */
export function binnedRocAuc({ positives, negatives }: ScoreHistogram): Measure {
  const [p, n] = [total(positives), total(negatives)];
  if (p + n === 0) return unknown('there is no row');
  if (p === 0) return unknown('no row is positive', n);
  if (n === 0) return unknown('no row is negative', p);
  let [area, tied, below] = [0, 0, 0];
  for (let bin = 0; bin < BINS; bin++) {
    area += positives[bin]! * (below + negatives[bin]! / 2);
    tied += positives[bin]! * negatives[bin]!;
    below += negatives[bin]!;
  }
  const value = area / p / n;
  const bound = tied / p / n / 2;
  if (p < 2 || n < 2) return { value, n: p + n, bound };
  let [lower, higher, ofPositives, ofNegatives] = [0, p, 0, 0];
  for (let bin = 0; bin < BINS; bin++) {
    higher -= positives[bin]!;
    ofPositives += positives[bin]! * ((lower + negatives[bin]! / 2) / n - value) ** 2;
    ofNegatives += negatives[bin]! * ((higher + positives[bin]! / 2) / p - value) ** 2;
    lower += negatives[bin]!;
  }
  const error = Z95 * Math.sqrt(ofPositives / (p - 1) / p + ofNegatives / (n - 1) / n) + bound;
  return { value, n: p + n, bound, interval: { lower: Math.max(0, value - error), upper: Math.min(1, value + error) } };
}

/**
 * Average precision with scores of one bin as ties. In any other order within a bin that has p positives and n negatives,
 * each positive's precision is between that of the first one after all negatives and that of the last one before them.
 */
export function binnedAveragePrecision({ positives, negatives }: ScoreHistogram): Measure {
  const p = total(positives);
  const rows = p + total(negatives);
  if (p === 0) return unknown(rows === 0 ? 'there is no row' : 'no row is positive', rows);
  let [value, least, most, tp, fp] = [0, 0, 0, 0, 0];
  for (let bin = BINS - 1; bin >= 0; bin--) {
    const [found, alarms] = [positives[bin]!, negatives[bin]!];
    if (found > 0) {
      const share = found / p;
      value += (share * (tp + found)) / (tp + found + fp + alarms);
      least += (share * (tp + 1)) / (tp + 1 + fp + alarms);
      most += (share * (tp + found)) / (tp + found + fp);
    }
    tp += found;
    fp += alarms;
  }
  const measure = known(value, rows);
  return measure.value === undefined ? measure : { ...measure, bound: Math.max(value - least, most - value) };
}

function total(counts: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) sum += counts[i]!;
  return sum;
}
