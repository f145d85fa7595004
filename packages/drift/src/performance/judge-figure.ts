import { invalidInput } from '@millwright/core';
import type { EstimatedFigure, EstimatorOptions } from './types.js';

export const DEFAULTS = { margin: 0.02, sigmas: 3, refits: 20, seed: 1 } as const;

export interface FigureFacts {
  readonly value: number;
  readonly reference: number;
  readonly samplingError: number;
  readonly modelError: number;
  /** Standard error of the reference's own figure. */
  readonly referenceError: number;
  readonly rows: number;
  /** +1 when more is better, -1 for a loss. */
  readonly better: 1 | -1;
  readonly range: readonly [number, number];
}

/** Judges an estimate: worse than the reference by the margin and beyond the errors of both. */
export function judgeFigure(facts: FigureFacts, { margin, sigmas }: Required<EstimatorLimits>): EstimatedFigure {
  const { value, reference, samplingError, modelError, referenceError, better, range } = facts;
  if (Number.isNaN(value) || Number.isNaN(reference)) return undefinedFigure(facts, 'no row defines it');
  const half = sigmas * Math.hypot(samplingError, modelError);
  const worse = better * (reference - value);
  const doubt = sigmas * Math.hypot(samplingError, modelError, referenceError);
  const verdict = worse >= margin && worse > doubt ? 'drift' : worse + doubt < margin ? 'noDrift' : 'insufficient';
  return {
    value,
    reference,
    samplingError,
    modelError,
    lower: Math.max(range[0], value - half),
    upper: Math.min(range[1], value + half),
    verdict,
    need: verdict === 'insufficient' ? { rows: missingRows(facts, Math.abs(margin - worse) / sigmas) } : undefined,
  };
}

/** A figure that the rows do not define. It never passes. */
function undefinedFigure(facts: FigureFacts, undefinedWhy: string): EstimatedFigure {
  const { reference, modelError } = facts;
  return {
    value: Number.NaN,
    reference,
    samplingError: Number.NaN,
    modelError,
    lower: Number.NaN,
    upper: Number.NaN,
    verdict: 'insufficient',
    need: { rows: undefined },
    undefinedWhy,
  };
}

/** `margin`, `sigmas` and `refits` in range. @throws `input/invalid` */
export function checkEstimator(
  options: EstimatorOptions,
): Required<EstimatorLimits> & { refits: number; seed: number } {
  const {
    margin = DEFAULTS.margin,
    sigmas = DEFAULTS.sigmas,
    refits = DEFAULTS.refits,
    seed = DEFAULTS.seed,
  } = options;
  if (!(margin >= 0)) throw invalidInput('margin', 'a number of 0 or more', margin);
  if (!(sigmas > 0)) throw invalidInput('sigmas', 'a number above 0', sigmas);
  if (!(Number.isInteger(refits) && refits >= 2)) throw invalidInput('refits', 'an integer of 2 or more', refits);
  return { margin, sigmas, refits, seed };
}

type EstimatorLimits = Pick<{ margin: number; sigmas: number }, 'margin' | 'sigmas'>;

/** Rows until the sampling error is small enough; undefined when more rows of this window cannot help. */
function missingRows(facts: FigureFacts, target: number): number | undefined {
  const left = target ** 2 - facts.modelError ** 2 - facts.referenceError ** 2;
  if (!(left > 0)) return undefined;
  return Math.max(1, Math.ceil(facts.rows * (facts.samplingError ** 2 / left - 1)));
}
