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
  const sorted = sortedScores(scores);
  const rank = Math.ceil((sorted.length + 1) * (1 - alpha) - 1e-9);
  return rank > sorted.length ? Number.POSITIVE_INFINITY : sorted[rank - 1]!;
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

/** The classes whose score `1 - probability` keeps the threshold: the true one is among them with probability `1 - alpha`. */
export function conformalSet(probabilities: ArrayLike<number>, threshold: number): readonly number[] {
  const set: number[] = [];
  for (let i = 0; i < probabilities.length; i++) if (1 - probabilities[i]! <= threshold) set.push(i);
  return set;
}

/** `[prediction - q, prediction + q]`, where q is the threshold of absolute calibration residuals. */
export function conformalInterval(prediction: number, threshold: number): readonly [number, number] {
  return [prediction - threshold, prediction + threshold];
}

export interface ConformalGuardOptions<I, O> {
  /** Strangeness of what was seen in calibration: larger is stranger. */
  readonly scores: ArrayLike<number>;
  /** Share of good requests that may be held back. */
  readonly alpha: number;
  readonly ofInput?: ((input: I) => number) | undefined;
  readonly ofOutput?: ((output: O, input: I) => number) | undefined;
  readonly name?: string | undefined;
}

/** Abstains when a request (or its answer) is stranger than calibration allows: at most `alpha` of the good ones, whatever the score is. */
export function conformalGuard<I, O>(options: ConformalGuardOptions<I, O>): Guard<I, O> {
  const { scores, alpha, ofInput, ofOutput, name = 'conformal' } = options;
  const threshold = conformalThreshold(scores, alpha);
  // A NaN score is stranger than anything.
  const judge = (score: number) =>
    score <= threshold
      ? undefined
      : `Its strangeness ${score} exceeds ${threshold}, which ${alpha} of good requests do.`;
  return {
    name,
    ...(ofInput === undefined ? {} : { input: (input: I) => judge(ofInput(input)) }),
    ...(ofOutput === undefined ? {} : { output: (output: O, input: I) => judge(ofOutput(output, input)) }),
  };
}

/** Adaptive conformal inference (Gibbs and Candès 2021): alpha follows a stream that drifts. */
export interface AdaptiveAlpha {
  readonly alpha: number;
  /** Tells whether the last answer was outside of its set: `alpha += gamma (target - error)`. */
  observe(outside: boolean): number;
}

export function adaptiveAlpha(target: number, gamma = 0.005): AdaptiveAlpha {
  if (!(target > 0 && target < 1)) throw invalidInput('target', 'a number between 0 and 1', target);
  let alpha = target;
  return {
    get alpha() {
      return alpha;
    },
    observe(outside) {
      alpha += gamma * (target - (outside ? 1 : 0));
      return alpha;
    },
  };
}
