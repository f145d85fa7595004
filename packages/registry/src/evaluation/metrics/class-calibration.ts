import { findRoot } from '@millwright/core/statistics';
import { type CalibrationReport, calibration } from './calibration.js';
import { decide, type MulticlassRows } from './class-scores.js';
import { known, type Measure, unknown } from './measure.js';

/** How well the probabilities of several classes match frequencies. */
export interface ClassCalibration {
  /** The highest probability of a row against whether that class is right. */
  readonly topLabel: CalibrationReport;
  /** The probability of each class against how often it is true. */
  readonly classes: readonly CalibrationReport[];
  /** Mean of the classes' calibration errors. */
  readonly classwiseEce: Measure;
}

/** Calibration of class probabilities by top label and by class. Default 15 bins, as Guo et al. (2017). */
export function classCalibration(rows: MulticlassRows, bins = 15): ClassCalibration {
  const { truth, scores, classes } = rows;
  const chosen = decide(rows);
  const right = Array.from(chosen, (c, row) => Number(truth[row] === c));
  const top = chosen.map((c, row) => scores[row * classes + c] ?? Number.NaN);
  const each = Array.from({ length: classes }, (_, c) =>
    calibration(
      {
        truth: Array.from(chosen, (_, row) => Number(truth[row] === c)),
        scores: chosen.map((_, row) => scores[row * classes + c]!),
      },
      bins,
    ),
  );
  const errors = each.map(({ ece }) => ece.value ?? Number.NaN);
  const mean = errors.reduce((sum, error) => sum + error, 0) / classes;
  return {
    topLabel: calibration({ truth: right, scores: top }, bins),
    classes: each,
    classwiseEce: Number.isNaN(mean)
      ? unknown('a class has no calibration error', chosen.length)
      : known(mean, chosen.length),
  };
}

/** A temperature that was fitted, and what it brings. */
export interface TemperatureFit {
  /** Logits are divided by it: above 1 the model was too sure of itself. */
  readonly temperature: Measure;
  readonly logLossBefore: Measure;
  readonly logLossAfter: Measure;
}

/**
 * Temperature scaling (Guo et al. 2017): the one number that minimises the log loss of softmax(log p / T). Fit it on rows
 * that are neither trained nor evaluated on. The loss is convex in 1/T, so its slope has one root. Undefined when no
 * temperature between 0.01 and 100 is best: every row right, or scores that say nothing.
 */
export function fitTemperature(rows: MulticlassRows): TemperatureFit {
  const { truth, classes } = rows;
  const n = truth.length;
  const bad = rows.scores.findIndex((score) => !(score >= 0 && score <= 1));
  if (n === 0 || bad >= 0) {
    const why = unknown(
      n === 0
        ? 'there is no row'
        : `row ${Math.floor(bad / classes)} has the score ${rows.scores[bad]}, which is no probability`,
      n,
    );
    return { temperature: why, logLossBefore: why, logLossAfter: why };
  }
  const logits = rows.scores.map((score) => Math.log(Math.max(CLIP, score)));
  const at = (beta: number) => lossAndSlope(logits, truth, classes, beta);
  const before = known(at(1).loss, n);
  const [coldest, hottest] = [at(1 / MOST).slope, at(MOST).slope];
  if (!(coldest < 0 && hottest > 0))
    return {
      temperature: unknown('no temperature between 0.01 and 100 is best', n),
      logLossBefore: before,
      logLossAfter: before,
    };
  const beta = Math.exp(findRoot((log) => at(Math.exp(log)).slope, -Math.log(MOST), Math.log(MOST)));
  return { temperature: known(1 / beta, n), logLossBefore: before, logLossAfter: known(at(beta).loss, n) };
}

/** Probabilities at a temperature, row-major; rows sum to 1. */
export function applyTemperature(
  { scores, classes }: Pick<MulticlassRows, 'scores' | 'classes'>,
  temperature: number,
): Float64Array {
  const out = scores.map((score) => Math.max(CLIP, score) ** (1 / temperature));
  for (let start = 0; start < out.length; start += classes) {
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += out[start + c]!;
    for (let c = 0; c < classes; c++) out[start + c]! /= sum;
  }
  return out;
}

/** A probability of 0 would forbid any temperature. */
const CLIP = 1e-12;
const MOST = 100;

/** Mean log loss of softmax(beta × logits), and its derivative by beta: expected minus true logit. */
function lossAndSlope(
  logits: Float64Array,
  truth: ArrayLike<number>,
  classes: number,
  beta: number,
): { readonly loss: number; readonly slope: number } {
  let loss = 0;
  let slope = 0;
  for (let row = 0; row < truth.length; row++) {
    const at = row * classes;
    let most = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < classes; c++) most = Math.max(most, logits[at + c]!);
    let total = 0;
    let weighted = 0;
    for (let c = 0; c < classes; c++) {
      const e = Math.exp(beta * (logits[at + c]! - most));
      total += e;
      weighted += e * logits[at + c]!;
    }
    const own = logits[at + truth[row]!]!;
    loss += Math.log(total) - beta * (own - most);
    slope += weighted / total - own;
  }
  return { loss: loss / truth.length, slope: slope / truth.length };
}
