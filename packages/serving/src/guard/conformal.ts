import { invalidInput } from '@millwright/core';
import type { Guard } from './types.js';

/**
 * The split-conformal threshold: the `ceil((n + 1)(1 - alpha))`-th smallest of n calibration scores. A new exchangeable
 * score exceeds it with probability at most `alpha` (Vovk et al. 2005; Lei et al. 2018). Infinity when n is too small for
 * the promise: fewer than `1 / alpha - 1` scores.
 *
 * @throws `input/invalid` for an alpha outside (0, 1) or a NaN score
 */
export function conformalThreshold(scores: ArrayLike<number>, alpha: number): number {
  if (!(alpha > 0 && alpha < 1)) throw invalidInput('alpha', 'a number between 0 and 1', alpha);
  return thresholdOf(sortedScores(scores), alpha);
}

/** The threshold at any alpha: nothing exceeds the one at 0, everything the one at 1. */
export function thresholdOf(sorted: Float64Array, alpha: number): number {
  const rank = Math.ceil((sorted.length + 1) * (1 - alpha) - 1e-9);
  if (rank > sorted.length) return Number.POSITIVE_INFINITY;
  return rank < 1 ? Number.NEGATIVE_INFINITY : sorted[rank - 1]!;
}

/**
 * A threshold for each class, from the scores of its own calibration rows: a rare class keeps alpha as a common one does
 * (Mondrian conformal prediction, Vovk 2012). Infinity for classes with too few rows.
 *
 * @param classes the class of each score, from 0
 */
export function classThresholds(
  scores: ArrayLike<number>,
  classes: ArrayLike<number>,
  alpha: number,
): readonly number[] {
  if (scores.length !== classes.length) throw invalidInput('classes', `${scores.length} classes`, classes.length);
  const count = Array.from(classes).reduce((most, own) => Math.max(most, own + 1), 0);
  const byClass = Array.from({ length: count }, (): number[] => []);
  for (let i = 0; i < scores.length; i++) byClass[classes[i]!]!.push(scores[i]!);
  return byClass.map((own) => conformalThreshold(own, alpha));
}

/** `(1 + #{calibration scores >= score}) / (n + 1)`: small for what is stranger than nearly everything that was seen. */
export function conformalPValue(sorted: Float64Array, score: number): number {
  if (Number.isNaN(score)) return 1 / (sorted.length + 1);
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < score) low = middle + 1;
    else high = middle;
  }
  return (1 + sorted.length - low) / (sorted.length + 1);
}

/** Scores in ascending order, as `conformalPValue` takes them. @throws `input/invalid` for NaN */
export function sortedScores(scores: ArrayLike<number>): Float64Array {
  const sorted = Float64Array.from(scores).sort();
  // NaN sorts last.
  if (sorted.length > 0 && Number.isNaN(sorted[sorted.length - 1]!))
    throw invalidInput('scores', 'numbers', Number.NaN);
  return sorted;
}

/**
 * The classes whose score `1 - probability` keeps the threshold (one for all, or one for each class): the true one is
 * among them with probability `1 - alpha`.
 */
export function conformalSet(
  probabilities: ArrayLike<number>,
  threshold: number | readonly number[],
): readonly number[] {
  const set: number[] = [];
  for (let i = 0; i < probabilities.length; i++) {
    const own = typeof threshold === 'number' ? threshold : (threshold[i] ?? Number.POSITIVE_INFINITY);
    if (1 - probabilities[i]! <= own) set.push(i);
  }
  return set;
}

/** `[prediction - q, prediction + q]`, where q is the threshold of absolute calibration residuals. */
export function conformalInterval(prediction: number, threshold: number): readonly [number, number] {
  return [prediction - threshold, prediction + threshold];
}

/** Calibration scores, the level, and how requests or answers are scored now. */
export interface ConformalGuardOptions<I, O> {
  /** Strangeness of what was seen in calibration: larger is stranger. */
  readonly scores: ArrayLike<number>;
  /** Share of good requests that may be held back. */
  readonly alpha: number;
  /** The score of a request. Default: requests are not judged. */
  readonly ofInput?: ((input: I) => number) | undefined;
  /** The score of an answer. Default: answers are not judged. */
  readonly ofOutput?: ((output: O, input: I) => number) | undefined;
  /** In the reason of an abstention. Default `conformal`. */
  readonly name?: string | undefined;
}

/** Abstains when a request (or its answer) is stranger than calibration allows: at most `alpha` of the good ones, whatever the score is. */
export function conformalGuard<I, O>(options: ConformalGuardOptions<I, O>): Guard<I, O> {
  const { scores, alpha, name = 'conformal' } = options;
  const threshold = conformalThreshold(scores, alpha);
  // A NaN score is stranger than anything.
  const judge = (score: number) =>
    score <= threshold
      ? undefined
      : `Its strangeness ${score} exceeds ${threshold}, which ${alpha} of good requests do.`;
  return { name, ...scored(options, judge) };
}

/** The two checks of a guard that judges scores, each where there is a score to judge. */
export function scored<I, O>(
  { ofInput, ofOutput }: Pick<ConformalGuardOptions<I, O>, 'ofInput' | 'ofOutput'>,
  judge: (score: number) => string | undefined,
): Pick<Guard<I, O>, 'input' | 'output'> {
  return {
    ...(ofInput && { input: (input: I) => judge(ofInput(input)) }),
    ...(ofOutput && { output: (output: O, input: I) => judge(ofOutput(output, input)) }),
  };
}

/** When an answer leaves too many classes open. */
export interface ConformalSetGuardOptions<O> {
  /** The probability of each class. */
  readonly probabilities: (output: O) => ArrayLike<number>;
  /** Of `conformalThreshold` or `classThresholds`, over the scores `1 - probability of the true class`. */
  readonly threshold: number | readonly number[];
  /** Classes that an answer may leave open. Default 1. */
  readonly maxSize?: number | undefined;
  /** In the reason of an abstention. Default `conformal set`. */
  readonly name?: string | undefined;
}

/** Abstains when the classes that cannot be ruled out are none, or more than `maxSize`. */
export function conformalSetGuard<O, I = unknown>(options: ConformalSetGuardOptions<O>): Guard<I, O> {
  const { probabilities, threshold, maxSize = 1, name = 'conformal set' } = options;
  return {
    name,
    output(output) {
      const { length } = conformalSet(probabilities(output), threshold);
      if (length === 0) return 'No class is likely enough.';
      return length <= maxSize ? undefined : `${length} classes cannot be ruled out, more than ${maxSize}.`;
    },
  };
}
