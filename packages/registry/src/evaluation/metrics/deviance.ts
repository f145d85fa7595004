import { quantileSorted, sortOrder } from '@millwright/core/statistics';
import { known, type Measure, unknown } from './measure.js';
import { meanLossOf, pinballLoss, type RegressionRows } from './regression.js';

/**
 * Mean Tweedie deviance: 0 is the squared error, 1 Poisson, 2 gamma, 3 inverse Gaussian, between 1 and 2 compound Poisson.
 * Values outside the distribution's domain are refused, not clamped: predictions must be positive except for power 0,
 * truths not negative for 1 <= power < 2 and positive from 2 on. Between 0 and 1 no such distribution exists.
 */
export function tweedieDeviance(rows: RegressionRows, power: number): Measure {
  const outside = outOfDomain(rows, power);
  return outside === undefined ? meanLossOf(rows, devianceOf(power)) : unknown(outside, rows.truth.length);
}

/** Share of the Tweedie deviance that the model explains beyond predicting the mean. Undefined for a constant truth. */
export function tweedieExplained(rows: RegressionRows, power: number): Measure {
  const own = tweedieDeviance(rows, power);
  const centre = meanLossOf(rows, (y) => y);
  if (own.value === undefined) return own;
  if (centre.value === undefined) return centre;
  if (rows.truth.every((y) => y === rows.truth[0])) return unknown('every truth is the same', own.n);
  const { value } = centre;
  return against(own, tweedieDeviance({ ...rows, predicted: rows.truth.map(() => value) }, power));
}

/** Share of the pinball loss that the model explains beyond predicting the α-quantile of the truth (0.5: absolute error). */
export function pinballExplained(rows: RegressionRows, alpha = 0.5): Measure {
  const own = pinballLoss(rows, alpha);
  if (own.value === undefined) return own;
  const level = quantileOf(rows, alpha);
  return against(own, pinballLoss({ ...rows, predicted: rows.truth.map(() => level) }, alpha));
}

function against(own: Measure & { readonly value: number }, plain: Measure): Measure {
  if (plain.value === undefined) return plain;
  return plain.value > 0 ? known(1 - own.value / plain.value, own.n) : unknown('every truth is the same', own.n);
}

function devianceOf(power: number): (y: number, p: number) => number {
  if (power === 0) return (y, p) => (y - p) ** 2;
  if (power === 1) return (y, p) => 2 * ((y === 0 ? 0 : y * Math.log(y / p)) - y + p);
  if (power === 2) return (y, p) => 2 * (Math.log(p / y) + y / p - 1);
  const [a, b] = [1 - power, 2 - power];
  return (y, p) => 2 * ((power < 0 ? Math.max(0, y) : y) ** b / (a * b) - (y * p ** a) / a + p ** b / b);
}

function outOfDomain({ truth, predicted }: RegressionRows, power: number): string | undefined {
  if (power > 0 && power < 1) return `no Tweedie distribution has the power ${power}`;
  if (power === 0) return undefined;
  for (let i = 0; i < truth.length; i++) {
    if (!(predicted[i]! > 0))
      return `the prediction of row ${i} is ${predicted[i]}, and power ${power} needs positive ones`;
    if (power >= 2 ? !(truth[i]! > 0) : power >= 1 && !(truth[i]! >= 0))
      return `the truth of row ${i} is ${truth[i]}, outside of what power ${power} allows`;
  }
  return undefined;
}

/** Linear without weights; with them the smallest value at which they add up to the share, as scikit-learn. */
function quantileOf({ truth, weights }: RegressionRows, alpha: number): number {
  const order = sortOrder(truth);
  if (weights === undefined)
    return quantileSorted(
      Float64Array.from(order, (i) => truth[i]!),
      alpha,
    );
  let total = 0;
  for (const i of order) total += weights[i]!;
  let sum = 0;
  for (const i of order) {
    sum += weights[i]!;
    if (sum >= alpha * total && sum > 0) return truth[i]!;
  }
  return truth[order.at(-1)!]!;
}
