import {
  type Clock,
  invalidInput,
  MillwrightError,
  type Predictor,
  type RequestContext,
  systemClock,
} from '@millwright/core';
import { clopperPearson } from '@millwright/core/statistics';

/** One model of a cascade or of a fallback chain. */
export interface CascadeStep<I, O> {
  readonly name: string;
  readonly predictor: Predictor<I, O>;
  /** How sure the answer is, for example the calibrated probability of its class. */
  readonly confidence?: ((output: O, input: I) => number) | undefined;
  /** Answers at least this sure are given; others go on to the next step. Default 0: every answer. See `deferralThreshold`. */
  readonly threshold?: number | undefined;
  /** How long the step usually takes. Default 0. */
  readonly expectedMs?: number | undefined;
}

/** An answer and whose it is. */
export interface CascadeAnswer<O> {
  readonly output: O;
  /** The step that answered. */
  readonly step: string;
  /** Steps before it, and why they did not. */
  readonly passed: readonly {
    readonly step: string;
    readonly reason: 'unsure' | 'failed' | 'noTime';
    readonly error?: unknown;
  }[];
}

/**
 * Cheap models first, dear ones when the cheap are unsure or fail. The last answer counts whatever its confidence: an
 * unsure answer is better than none, and `step` says whose it is. While there is an unsure answer to give, a step that would
 * overrun the deadline is left out, and one under way is given up at the deadline.
 */
export function cascade<I, O>(
  steps: readonly CascadeStep<I, O>[],
  options: { readonly clock?: Clock | undefined } = {},
): Predictor<I, CascadeAnswer<O>> {
  const { clock = systemClock } = options;
  if (steps.length === 0) throw invalidInput('steps', 'at least one step', steps.length);
  return {
    async predict(input, context) {
      const passed: CascadeAnswer<O>['passed'][number][] = [];
      let unsure: { readonly output: O; readonly step: string } | undefined;
      for (const { name, predictor, confidence, threshold = 0, expectedMs = 0 } of steps) {
        const left = (context.deadlineAt ?? Infinity) - clock.now();
        if (left <= 0 || (left <= expectedMs && unsure !== undefined)) {
          passed.push({ step: name, reason: 'noTime' });
          continue;
        }
        try {
          const output = await (unsure === undefined
            ? predictor.predict(input, context)
            : inTime(predictor, input, context, left));
          if (output === LATE) {
            passed.push({ step: name, reason: 'noTime' });
            break;
          }
          const sure = confidence === undefined ? Infinity : confidence(output, input);
          if (sure >= threshold) return { output, step: name, passed };
          unsure = { output, step: name };
          passed.push({ step: name, reason: 'unsure' });
        } catch (error) {
          if (context.signal?.aborted) throw error;
          passed.push({ step: name, reason: 'failed', error });
        }
      }
      if (unsure !== undefined) {
        const { step } = unsure;
        return { ...unsure, passed: passed.filter((one) => one.step !== step) };
      }
      throw nobodyAnswered(passed);
    },
  };

  async function inTime(
    predictor: Predictor<I, O>,
    input: I,
    context: RequestContext,
    left: number,
  ): Promise<O | typeof LATE> {
    if (left === Infinity) return predictor.predict(input, context);
    let cancel = () => {};
    const timeout = new Promise<typeof LATE>((resolve) => {
      cancel = clock.schedule(left, () => resolve(LATE));
    });
    try {
      return await Promise.race([predictor.predict(input, context), timeout]);
    } finally {
      cancel();
    }
  }
}

const LATE = Symbol('late');

function nobodyAnswered(passed: CascadeAnswer<unknown>['passed']): MillwrightError<'serving/model-failed'> {
  const last = passed.findLast(({ reason }) => reason === 'failed');
  return new MillwrightError(
    'serving/model-failed',
    `No step of the cascade answered: ${passed.map(({ step, reason }) => `${step} ${reason}`).join(', ')}.`,
    { details: { model: passed.at(-1)?.step ?? '' }, cause: last?.error },
  );
}

/** Labelled answers of a step: how sure it was, and whether it was right. */
export interface JudgedAnswer {
  readonly confidence: number;
  readonly right: boolean;
}

/** How sure an answer must be, and what that promises. */
export interface DeferralThreshold {
  /** Give answers at least this sure; undefined when no threshold keeps the bound. */
  readonly threshold: number | undefined;
  /** Share of the sample that it answers. */
  readonly coverage: number;
  /** Upper confidence bound of the error rate among the answers it gives. */
  readonly errorBound: number;
}

/**
 * The lowest threshold at which the answers given are wrong at most `maxError` of the time, with confidence 1 - alpha.
 * Thresholds are tried at fixed shares of the sample, each with Clopper-Pearson's bound at alpha / steps, so that choosing
 * among them is paid for. The sample must not have been used to train or calibrate. @throws `input/invalid`
 */
export function deferralThreshold(
  sample: readonly JudgedAnswer[],
  options: { readonly maxError: number; readonly alpha?: number | undefined; readonly steps?: number | undefined },
): DeferralThreshold {
  const { maxError, alpha = 0.05, steps = 20 } = options;
  if (!(maxError > 0 && maxError < 1)) throw invalidInput('maxError', 'a rate between 0 and 1', maxError);
  for (const { confidence } of sample)
    if (Number.isNaN(confidence)) throw invalidInput('sample', 'confidences that are numbers', confidence);
  const sorted = [...sample].sort((a, b) => b.confidence - a.confidence);
  let best: DeferralThreshold = { threshold: undefined, coverage: 0, errorBound: 1 };
  let n = 0;
  let count = 0;
  for (let step = 1; step <= steps && sorted.length > 0; step++) {
    const threshold = sorted[Math.ceil((sorted.length * step) / steps) - 1]!.confidence;
    for (; n < sorted.length && sorted[n]!.confidence >= threshold; n++) count += Number(!sorted[n]!.right);
    const errorBound = clopperPearson({ count, n }, 1 - (2 * alpha) / steps).upper;
    if (errorBound <= maxError) best = { threshold, coverage: n / sorted.length, errorBound };
  }
  return best;
}
