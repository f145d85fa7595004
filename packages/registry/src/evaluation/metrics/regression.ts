import { quantileSorted, sortOrder } from '@millwright/core/statistics';
import { known, type Measure, unknown } from './measure.js';

/** Rows of a regression task. */
export interface RegressionRows {
  readonly truth: Float64Array;
  readonly predicted: Float64Array;
  readonly weights?: ArrayLike<number> | undefined;
}

/** Mean absolute error. */
export function meanAbsoluteError(rows: RegressionRows): Measure {
  return meanLossOf(rows, (y, p) => Math.abs(y - p));
}

/** Mean squared error. */
export function meanSquaredError(rows: RegressionRows): Measure {
  return meanLossOf(rows, (y, p) => (y - p) ** 2);
}

/** Root of the mean squared error. */
export function rootMeanSquaredError(rows: RegressionRows): Measure {
  const square = meanSquaredError(rows);
  return square.value === undefined ? square : known(Math.sqrt(square.value), square.n);
}

/** Mean of predicted - true. */
export function bias(rows: RegressionRows): Measure {
  return meanLossOf(rows, (y, p) => p - y);
}

/** Mean absolute error relative to |truth|, which must not be 0 anywhere (scikit-learn divides by 2^-52 there). */
export function meanAbsolutePercentageError(rows: RegressionRows): Measure {
  for (let i = 0; i < rows.truth.length; i++)
    if (rows.truth[i] === 0)
      return unknown(`the truth of row ${i} is 0, so that no percentage exists`, rows.truth.length);
  return meanLossOf(rows, (y, p) => Math.abs(y - p) / Math.abs(y));
}

/** Σ|error| / Σ|truth|: a percentage error that a zero does not break. */
export function weightedAbsolutePercentageError(rows: RegressionRows): Measure {
  const error = meanAbsoluteError(rows);
  const size = meanLossOf(rows, (y) => Math.abs(y));
  if (error.value === undefined) return error;
  return size.value === undefined || size.value === 0
    ? unknown('every truth is 0', error.n)
    : known(error.value / size.value, error.n);
}

/** Mean squared error of ln(1 + value). Negative values are refused, as by scikit-learn, not clamped. */
export function meanSquaredLogError(rows: RegressionRows): Measure {
  for (let i = 0; i < rows.truth.length; i++)
    if (rows.truth[i]! < 0 || rows.predicted[i]! < 0)
      return unknown(`row ${i} has a negative value`, rows.truth.length);
  return meanLossOf(rows, (y, p) => (Math.log1p(y) - Math.log1p(p)) ** 2);
}

/** Largest absolute error. */
export function maxError({ truth, predicted }: RegressionRows): Measure {
  let largest = -1;
  for (let i = 0; i < truth.length; i++) {
    const error = Math.abs(truth[i]! - predicted[i]!);
    if (Number.isNaN(error)) return unknown(`row ${i} is NaN`, truth.length);
    largest = Math.max(largest, error);
  }
  return largest < 0 ? unknown('there is no row') : known(largest, truth.length);
}

/** Median absolute error; weighted by the lower weighted percentile as scikit-learn. */
export function medianAbsoluteError({ truth, predicted, weights }: RegressionRows): Measure {
  const errors = truth.map((y, i) => Math.abs(y - predicted[i]!));
  const order = sortOrder(errors);
  const n = errors.length;
  if (n === 0) return unknown('there is no row');
  if (Number.isNaN(errors[order[n - 1]!])) return unknown('an error is NaN', n);
  if (weights === undefined)
    return known(
      quantileSorted(
        Float64Array.from(order, (i) => errors[i]!),
        0.5,
      ),
      n,
    );
  let total = 0;
  for (let i = 0; i < n; i++) total += weights[i]!;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    sum += weights[order[i]!]!;
    if (sum >= total / 2) return known(errors[order[i]!]!, n);
  }
  return unknown('every weight is 0', n);
}

/** Pinball loss of the α-quantile: max(α e, (α - 1) e), e = truth - predicted. */
export function pinballLoss(rows: RegressionRows, alpha = 0.5): Measure {
  return meanLossOf(rows, (y, p) => Math.max(alpha * (y - p), (alpha - 1) * (y - p)));
}

/** 1 - SSE / SST. Undefined for a constant truth or a single row (scikit-learn says 1 or 0 there). */
export function rSquared(rows: RegressionRows): Measure {
  return explained(rows, false);
}

/** Like R² with the error's mean taken out. */
export function explainedVariance(rows: RegressionRows): Measure {
  return explained(rows, true);
}

/**
 * A measure of several outputs at once: the mean over outputs, or weighted by the variance of each output's truth
 * (scikit-learn's `variance_weighted`). Undefined when it is undefined for one of them.
 */
export function acrossOutputs(
  outputs: readonly RegressionRows[],
  of: (rows: RegressionRows) => Measure,
  average: 'uniform' | 'variance' = 'uniform',
): Measure {
  let sum = 0;
  let weight = 0;
  let n = 0;
  for (const [i, rows] of outputs.entries()) {
    const own = of(rows);
    if (own.value === undefined) return unknown(`output ${i}: ${own.undefinedWhy}`, own.n);
    const share = average === 'uniform' ? 1 : varianceOf(rows);
    sum += share * own.value;
    weight += share;
    n = own.n;
  }
  return weight > 0 ? known(sum / weight, n) : unknown('there is no output with a value', n);
}

/** Of a prediction interval: share of truths inside, mean width, and the mean Winkler score at error `alpha`. */
export function intervalScores(
  truth: Float64Array,
  lower: Float64Array,
  upper: Float64Array,
  alpha: number,
): { readonly coverage: Measure; readonly meanWidth: Measure; readonly winkler: Measure } {
  const n = truth.length;
  let inside = 0;
  let width = 0;
  let score = 0;
  for (let i = 0; i < n; i++) {
    const [y, l, u] = [truth[i]!, lower[i]!, upper[i]!];
    if (y >= l && y <= u) inside++;
    width += u - l;
    score += u - l + (2 / alpha) * (Math.max(0, l - y) + Math.max(0, y - u));
  }
  const of = (sum: number) => (n > 0 ? known(sum / n, n) : unknown('there is no row'));
  return { coverage: of(inside), meanWidth: of(width), winkler: of(score) };
}

/** The weighted mean of a loss per row; undefined without rows, without weight, or with a NaN. */
export function meanLossOf(
  { truth, predicted, weights }: RegressionRows,
  of: (y: number, p: number) => number,
): Measure {
  const n = truth.length;
  let sum = 0;
  let total = 0;
  for (let i = 0; i < n; i++) {
    const weight = weights?.[i] ?? 1;
    sum += weight * of(truth[i]!, predicted[i]!);
    total += weight;
  }
  if (n === 0) return unknown('there is no row');
  if (!(total > 0)) return unknown('every weight is 0', n);
  return Number.isNaN(sum) ? unknown('a truth or a prediction is NaN', n) : known(sum / total, n);
}

function varianceOf(rows: RegressionRows): number {
  const centre = meanLossOf(rows, (y) => y).value ?? 0;
  return meanLossOf(rows, (y) => (y - centre) ** 2).value ?? 0;
}

function explained(rows: RegressionRows, centred: boolean): Measure {
  const n = rows.truth.length;
  if (n < 2) return unknown('needs two rows', n);
  // By comparison: the rounding of a mean would leave a constant truth some spread.
  if (rows.truth.every((y) => y === rows.truth[0])) return unknown('every truth is the same', n);
  const average = meanLossOf(rows, (y) => y);
  const shift = centred ? meanLossOf(rows, (y, p) => y - p) : known(0, n);
  if (average.value === undefined) return average;
  if (shift.value === undefined) return shift;
  const [centre, drop] = [average.value, shift.value];
  const error = meanLossOf(rows, (y, p) => (y - p - drop) ** 2);
  const spread = meanLossOf(rows, (y) => (y - centre) ** 2);
  if (error.value === undefined) return error;
  if (spread.value === undefined || spread.value === 0) return unknown('every truth is the same', n);
  return known(1 - error.value / spread.value, n);
}
