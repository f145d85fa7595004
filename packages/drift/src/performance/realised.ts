import { invalidInput } from '@millwright/core';
import type { DriftVerdict } from '../test/types.js';
import type { CbpeEstimator, CbpeMetric } from './cbpe.js';
import { predictionsOf } from './cbpe.js';
import { countConfusion, RATIO_NAMES, ratio, realisedAuc } from './figures.js';
import type { LabelledScores } from './types.js';

/** Rows whose labels come late, with the part of the traffic that each belongs to. */
export interface DelayedRows extends LabelledScores {
  /** One name per row. Default: all rows are one slice, `all`. */
  readonly slices?: readonly string[] | undefined;
}

/** One metric where both are known: what was expected of these rows, and what came. */
export interface RealisedFigure {
  readonly estimated: number;
  readonly realised: number;
  /** `drift`: the model is worse than its scores promise, beyond the band. The relation of score and label has changed. */
  readonly verdict: DriftVerdict;
}

/** Estimate and truth of one slice, on the rows that have their labels. */
export interface RealisedSlice {
  readonly slice: string;
  readonly rows: number;
  readonly labelled: number;
  readonly figures: Readonly<Record<CbpeMetric, RealisedFigure>>;
}

/** How far labels may fall short of the estimate. */
export interface RealisedOptions {
  /** Smallest shortfall that matters. Default 0.02. */
  readonly margin?: number | undefined;
  /** Half width of the band in standard errors. Default 3. */
  readonly sigmas?: number | undefined;
}

/**
 * Holds an estimate against the labels that have come, slice by slice and on the same rows, so that neither the mix of the
 * traffic nor the choice of the rows labelled first explains a difference. What is left is concept drift: the one change
 * that no estimate without labels can see.
 *
 * @throws `input/invalid` for unequal lengths or a label that is not 0, 1 or NaN
 */
export function compareRealised(
  estimator: CbpeEstimator,
  rows: DelayedRows,
  options: RealisedOptions = {},
): readonly RealisedSlice[] {
  const { margin = 0.02, sigmas = 3 } = options;
  const { scores, labels, slices } = rows;
  if (labels.length !== scores.length)
    throw invalidInput('labels', `as many as scores (${scores.length})`, labels.length);
  if (slices !== undefined && slices.length !== scores.length)
    throw invalidInput('slices', `as many as scores (${scores.length})`, slices.length);
  const predictions = predictionsOf(rows);
  const members = new Map<string, { rows: number; labelled: number[] }>();
  for (let i = 0; i < scores.length; i++) {
    const name = slices?.[i] ?? 'all';
    const member = members.get(name) ?? { rows: 0, labelled: [] };
    members.set(name, member);
    member.rows++;
    const label = labels[i]!;
    if (label === 0 || label === 1) member.labelled.push(i);
    else if (!Number.isNaN(label)) throw invalidInput(`labels[${i}]`, '0, 1, or NaN while it has not come', label);
  }
  return [...members].map(([slice, { rows, labelled }]) => {
    const pick = (from: ArrayLike<number>) => Float64Array.from(labelled, (i) => from[i]!);
    const part = { scores: pick(scores), predictions: pick(predictions), labels: pick(labels) };
    return { slice, rows, labelled: labelled.length, figures: figuresOf(estimator, part, margin, sigmas) };
  });
}

function figuresOf(
  estimator: CbpeEstimator,
  part: LabelledScores & { readonly predictions: Float64Array },
  margin: number,
  sigmas: number,
): Record<CbpeMetric, RealisedFigure> {
  const { figures } = estimator.estimate(part);
  const cells = countConfusion(part.predictions, part.labels);
  const realisedOf = (name: CbpeMetric) =>
    name === 'rocAuc' ? realisedAuc(part.labels, part.scores).auc : ratio(name, cells);
  return Object.fromEntries(
    (['rocAuc', ...RATIO_NAMES] as const).map((name): [CbpeMetric, RealisedFigure] => {
      const { value, samplingError, modelError } = figures[name];
      const realised = realisedOf(name);
      const short = value - realised;
      const doubt = sigmas * Math.hypot(samplingError, modelError);
      const verdict = short >= margin && short > doubt ? 'drift' : short + doubt < margin ? 'noDrift' : 'insufficient';
      return [name, { estimated: value, realised, verdict }];
    }),
  ) as Record<CbpeMetric, RealisedFigure>;
}
