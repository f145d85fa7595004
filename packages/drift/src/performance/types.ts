import type { Need } from '@millwright/core';
import type { DriftVerdict } from '../test/types.js';

/** Scores of a binary classifier. Rows whose score is NaN are refused. */
export interface Scores {
  /** Higher means more likely positive; probabilities or not. */
  readonly scores: Float64Array;
  /** 1 where the model answered positive. Default: a score of 0.5 or more. */
  readonly predictions?: ArrayLike<number> | undefined;
}

/** Scores with what turned out to be true: 1 positive, 0 negative, NaN while the label has not come. */
export interface LabelledScores extends Scores {
  readonly labels: ArrayLike<number>;
}

/** A performance figure of rows without labels. */
export interface EstimatedFigure {
  /** NaN when the rows do not define it; `undefinedWhy` says why. */
  readonly value: number;
  /** What the metric was on the reference, with labels. */
  readonly reference: number;
  /** Standard deviation of the realised metric on this many rows. */
  readonly samplingError: number;
  /** How far the model of the losses may be off: refits of it on resampled reference rows. */
  readonly modelError: number;
  /** The band: value ± sigmas × both errors, inside the metric's range. */
  readonly lower: number;
  readonly upper: number;
  /** `drift`: worse than the reference by the margin or more, beyond the band. */
  readonly verdict: DriftVerdict;
  /** Rows that are missing when the verdict is `insufficient`. */
  readonly need: Need | undefined;
  readonly undefinedWhy?: string | undefined;
}

/** Estimated performance of one window. */
export interface PerformanceEstimate<M extends string> {
  readonly method: 'cbpe' | 'dle';
  readonly rows: number;
  readonly figures: Readonly<Record<M, EstimatedFigure>>;
  /** What must hold for the estimate to mean anything. No estimate without labels can see it fail. */
  readonly assumes: string;
  /** The figure that changed most for the worse, in one sentence. */
  readonly sentence: string;
}

/** What every estimator takes. */
export interface EstimatorOptions {
  /** Smallest loss of the metric that matters, on its own scale. Default 0.02. */
  readonly margin?: number | undefined;
  /** Half width of the band in standard errors. Default 3, as NannyML. */
  readonly sigmas?: number | undefined;
  /** Refits on resampled reference rows that measure the model error. Default 20. */
  readonly refits?: number | undefined;
  /** Seed of the resampling. Default 1. */
  readonly seed?: number | undefined;
}
