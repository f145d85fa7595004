import { airportHash, type FeatureSet, scaleMiles } from './features.js';
import type { FlightArrays } from './flights.js';

/** A flight is late when it leaves 15 minutes or more after schedule. */
export const LATE_MINUTES = 15;

/** The trained weights: one per code, then the distance, then the intercept. */
export interface Weights {
  readonly features: FeatureSet;
  readonly table: Float32Array;
  readonly miles: number;
  readonly intercept: number;
  /** Probability from which passengers are warned, by weekday, so that on each a fixed share of the training flights is. */
  readonly thresholds: Float32Array;
}

export interface TrainOptions {
  readonly epochs: number;
  readonly learningRate: number;
  readonly l2: number;
  /** Share of each day's flights that may be announced as probably late: warn everybody and nobody listens. */
  readonly alertShare: number;
}

export const TRAINING: TrainOptions = { epochs: 2, learningRate: 0.1, l2: 1e-4, alertShare: 1 / 3 };

/**
 * Logistic regression by stochastic gradient descent with per-weight step sizes (AdaGrad; Duchi, Hazan, Singer 2011).
 * Rows are visited in a fixed scattered order, so that the same rows give the same weights.
 */
export function train(
  flights: FlightArrays,
  rows: { start: number; end: number },
  features: FeatureSet,
  options: TrainOptions = TRAINING,
): Weights {
  const { epochs, learningRate, l2 } = options;
  const count = rows.end - rows.start;
  const size = features.vocabulary + 2;
  const weights = new Float64Array(size);
  const squares = new Float64Array(size).fill(1e-8);
  const codes = new Int32Array(features.codes);
  const origins = flights.origins.map(airportHash);
  const destinations = flights.destinations.map(airportHash);
  const distanceAt = features.vocabulary;
  const interceptAt = features.vocabulary + 1;
  const step = (at: number, gradient: number) => {
    squares[at]! += gradient * gradient;
    weights[at]! -= (learningRate * gradient) / Math.sqrt(squares[at]!);
  };
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let t = 0; t < count; t++) {
      const row = rows.start + ((t * STRIDE) % count);
      features.write(
        codes,
        0,
        flights.hour[row]!,
        flights.weekday[row]!,
        flights.miles[row]!,
        origins[flights.origin[row]!]!,
        destinations[flights.destination[row]!]!,
      );
      const miles = scaleMiles(flights.miles[row]!);
      let logit = weights[interceptAt]! + weights[distanceAt]! * miles;
      for (let k = 0; k < codes.length; k++) logit += weights[codes[k]!]!;
      const error = 1 / (1 + Math.exp(-logit)) - (flights.delay[row]! >= LATE_MINUTES ? 1 : 0);
      for (let k = 0; k < codes.length; k++) step(codes[k]!, error + l2 * weights[codes[k]!]!);
      step(distanceAt, error * miles);
      step(interceptAt, error);
    }
  }
  const model = {
    features,
    table: Float32Array.from(weights.subarray(0, features.vocabulary)),
    miles: Math.fround(weights[distanceAt]!),
    intercept: Math.fround(weights[interceptAt]!),
  };
  const silent = { ...model, thresholds: new Float32Array(7).fill(1) };
  return { ...model, thresholds: alertThresholds(predict(silent, flights, rows), flights, rows, options.alertShare) };
}

/** A prime, so that stepping by it visits every row once. */
const STRIDE = 7_919;

/** The probability of being late for every row, in TypeScript; the ONNX model must agree to 1e-5. */
export function predict(
  model: Weights,
  flights: FlightArrays,
  rows: { start: number; end: number },
  milesFactor = 1,
): Float64Array {
  const out = new Float64Array(rows.end - rows.start);
  const codes = new Int32Array(model.features.codes);
  const origins = flights.origins.map(airportHash);
  const destinations = flights.destinations.map(airportHash);
  for (let row = rows.start; row < rows.end; row++) {
    const miles = flights.miles[row]! * milesFactor;
    model.features.write(
      codes,
      0,
      flights.hour[row]!,
      flights.weekday[row]!,
      miles,
      origins[flights.origin[row]!]!,
      destinations[flights.destination[row]!]!,
    );
    let logit = model.intercept + model.miles * scaleMiles(miles);
    for (let k = 0; k < codes.length; k++) logit += model.table[codes[k]!]!;
    out[row - rows.start] = 1 / (1 + Math.exp(-logit));
  }
  return out;
}

/** The truth for every row: 1 when the flight was late. */
export function truth(flights: FlightArrays, rows: { start: number; end: number }): Uint8Array {
  const out = new Uint8Array(rows.end - rows.start);
  for (let i = 0; i < out.length; i++) out[i] = flights.delay[rows.start + i]! >= LATE_MINUTES ? 1 : 0;
  return out;
}

/** 1 for every row whose passengers are warned. */
export function warnings(model: Weights, flights: FlightArrays, rows: { start: number; end: number }): Uint8Array {
  const out = new Uint8Array(rows.end - rows.start);
  const late = predict(model, flights, rows);
  for (let i = 0; i < out.length; i++) out[i] = Number(late[i]! >= model.thresholds[flights.weekday[rows.start + i]!]!);
  return out;
}

function alertThresholds(
  probabilities: Float64Array,
  flights: FlightArrays,
  rows: { start: number; end: number },
  share: number,
): Float32Array {
  return Float32Array.from({ length: 7 }, (_, weekday) => {
    const sorted = probabilities.filter((_, i) => flights.weekday[rows.start + i] === weekday).sort();
    return sorted[Math.floor(sorted.length * (1 - share))] ?? 1;
  });
}
