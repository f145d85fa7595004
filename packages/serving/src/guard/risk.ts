import { invalidInput } from '@millwright/core';
import { deferralThreshold, type JudgedAnswer } from '../routing/cascade.js';
import type { Guard } from './types.js';

/** A promise about wrong answers, and the judged ones that it is made with. */
export interface RiskGuardOptions<O, I> {
  /** How sure an answer is. */
  readonly confidence: (output: O, input: I) => number;
  /** Answers whose truth is known, from neither training nor calibration. */
  readonly sample: readonly JudgedAnswer[];
  /** Share of the answers given that may be wrong. */
  readonly maxError: number;
  /** How often that promise may fail to hold, over samples. Default 0.05. */
  readonly alpha?: number | undefined;
  /** In the reason of an abstention. Default `risk`. */
  readonly name?: string | undefined;
}

/** A guard that says what it promises. */
export interface RiskGuard<I, O> extends Guard<I, O> {
  /** Answers at least this sure are given; undefined when no threshold keeps the promise, and none is. */
  readonly threshold: number | undefined;
  /** Upper confidence bound of the share of wrong answers among those given. */
  readonly errorBound: number;
  /** Share of the sample that is answered. */
  readonly coverage: number;
}

/**
 * Abstains where the upper bound of the risk is too high: of the answers it lets through, at most `maxError` are wrong,
 * with confidence `1 - alpha` (Clopper-Pearson over fixed steps, see `deferralThreshold`). Send what it holds back to
 * people with `reviewAbstentions`, or to a larger model with a cascade.
 *
 * @throws `input/invalid` for an empty sample, a bound outside (0, 1) or a NaN confidence in the sample
 */
export function riskGuard<O, I = unknown>(options: RiskGuardOptions<O, I>): RiskGuard<I, O> {
  const { confidence, sample, maxError, alpha, name = 'risk' } = options;
  if (sample.length === 0) throw invalidInput('sample', 'answers whose truth is known', sample);
  const { threshold, errorBound, coverage } = deferralThreshold(sample, { maxError, alpha });
  return {
    name,
    threshold,
    errorBound,
    coverage,
    output(output, input) {
      if (threshold === undefined) return `No confidence promises at most ${maxError} wrong answers.`;
      const value = confidence(output, input);
      // Written so that NaN is unsure.
      if (value >= threshold) return undefined;
      return `The confidence ${value} is below ${threshold}, from which at most ${maxError} of the answers are wrong.`;
    },
  };
}
