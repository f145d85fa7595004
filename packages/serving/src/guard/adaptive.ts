import { invalidInput } from '@millwright/core';
import { type ConformalGuardOptions, scored, sortedScores, thresholdOf } from './conformal.js';
import type { Guard } from './types.js';

/**
 * Adaptive conformal inference (Gibbs and Candès 2021): alpha follows a stream that drifts. Whatever the stream does, the
 * share of `outside` over T answers is within `(max(target, 1 - target) + gamma) / (T gamma)` of the target, as long as
 * nothing is outside at an alpha of 0 or below and everything at 1 or above.
 */
export interface AdaptiveAlpha {
  /** May leave [0, 1] for a while: at 0 and below nothing is outside, at 1 and above everything. */
  readonly alpha: number;
  /** Tells whether the last answer was outside of its set: `alpha += gamma (target - error)`. */
  observe(outside: boolean): number;
}

/** A level that begins at the target. @throws `input/invalid` for a target outside (0, 1) or a step that is not positive */
export function adaptiveAlpha(target: number, gamma = 0.005): AdaptiveAlpha {
  if (!(target > 0 && target < 1)) throw invalidInput('target', 'a number between 0 and 1', target);
  if (!(gamma > 0)) throw invalidInput('gamma', 'a positive step', gamma);
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

/** A conformal guard whose threshold follows what it is told. */
export interface AdaptiveGuard<I, O> extends Guard<I, O> {
  readonly alpha: number;
  readonly threshold: number;
  /** The score of something that turned out to be fine, when that is known: too many of them held back raise the threshold. */
  observe(score: number): void;
}

/** A conformal guard's scores and level, and how fast the level follows the stream. */
export interface AdaptiveGuardOptions<I, O> extends ConformalGuardOptions<I, O> {
  /** How fast alpha moves. Default 0.005. */
  readonly gamma?: number | undefined;
}

/** As `conformalGuard`, for streams that drift: it keeps its share of false alarms by moving alpha. */
export function adaptiveConformalGuard<I, O>(options: AdaptiveGuardOptions<I, O>): AdaptiveGuard<I, O> {
  const { alpha: target, gamma, name = 'adaptive conformal' } = options;
  const adaptive = adaptiveAlpha(target, gamma);
  const sorted = sortedScores(options.scores);
  let threshold = thresholdOf(sorted, target);
  const judge = (score: number) =>
    score <= threshold ? undefined : `Its strangeness ${score} exceeds ${threshold}, the threshold at this time.`;
  return {
    name,
    get alpha() {
      return adaptive.alpha;
    },
    get threshold() {
      return threshold;
    },
    observe(score) {
      threshold = thresholdOf(sorted, adaptive.observe(!(score <= threshold)));
    },
    ...scored(options, judge),
  };
}
