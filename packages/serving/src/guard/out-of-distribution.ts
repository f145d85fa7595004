import { invalidInput } from '@millwright/core';

/** Energy of logits, `-T log sum exp(z / T)`: high for inputs that no class claims (Liu et al. 2020). */
export function energyScore(logits: ArrayLike<number>, temperature = 1): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) largest = Math.max(largest, logits[i]!);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp((logits[i]! - largest) / temperature);
  return -(largest + temperature * Math.log(sum));
}

/** A distance from what was seen: larger is stranger. */
export type DistanceScore = (features: ArrayLike<number>) => number;

/**
 * Squared Mahalanobis distance from the mean of `rows` (row-major, `width` features each). The covariance is shrunk
 * towards its diagonal by `shrinkage`, so that it can be inverted with fewer rows than features.
 *
 * @throws `input/invalid` for fewer than two rows
 */
export function mahalanobis(rows: ArrayLike<number>, width: number, shrinkage = 0.1): DistanceScore {
  const count = Math.floor(rows.length / width);
  if (count < 2) throw invalidInput('rows', 'at least two rows', count);
  const mean = new Float64Array(width);
  for (let r = 0; r < count; r++) for (let j = 0; j < width; j++) mean[j]! += rows[r * width + j]! / count;
  const covariance = new Float64Array(width * width);
  for (let r = 0; r < count; r++) {
    for (let i = 0; i < width; i++) {
      const left = rows[r * width + i]! - mean[i]!;
      for (let j = 0; j <= i; j++)
        covariance[i * width + j]! += (left * (rows[r * width + j]! - mean[j]!)) / (count - 1);
    }
  }
  for (let i = 0; i < width; i++) for (let j = 0; j < i; j++) covariance[i * width + j]! *= 1 - shrinkage;
  const factor = cholesky(covariance, width);
  const z = new Float64Array(width);
  return (features) => {
    // Solves L z = x - mean; the distance is |z|².
    let distance = 0;
    for (let i = 0; i < width; i++) {
      let value = features[i]! - mean[i]!;
      for (let j = 0; j < i; j++) value -= factor[i * width + j]! * z[j]!;
      z[i] = value / factor[i * width + i]!;
      distance += z[i]! * z[i]!;
    }
    return distance;
  };
}

/** Euclidean distance to the k-th nearest of `rows` (Sun et al. 2022; normalise features first). Keep to some thousand rows: each call visits all. */
export function nearestNeighbours(rows: Float32Array | Float64Array, width: number, k = 10): DistanceScore {
  const count = Math.floor(rows.length / width);
  if (count < k) throw invalidInput('rows', `at least k = ${k} rows`, count);
  const nearest = new Float64Array(k);
  return (features) => {
    nearest.fill(Number.POSITIVE_INFINITY);
    for (let r = 0; r < count; r++) {
      let distance = 0;
      for (let j = 0; j < width; j++) distance += (features[j]! - rows[r * width + j]!) ** 2;
      // Insertion into the k smallest, kept in order; most rows end here at the first comparison.
      if (Number.isNaN(distance)) return Number.NaN;
      let at = k - 1;
      if (distance >= nearest[at]!) continue;
      while (at > 0 && nearest[at - 1]! > distance) {
        nearest[at] = nearest[at - 1]!;
        at--;
      }
      nearest[at] = distance;
    }
    return Math.sqrt(nearest[k - 1]!);
  };
}

/** Lower triangle L with L Lᵀ = the matrix. A direction without variance gets the smallest one that can be divided by. */
function cholesky(matrix: Float64Array, width: number): Float64Array {
  const factor = new Float64Array(width * width);
  for (let i = 0; i < width; i++) {
    for (let j = 0; j <= i; j++) {
      let value = matrix[i * width + j]!;
      for (let k = 0; k < j; k++) value -= factor[i * width + k]! * factor[j * width + k]!;
      factor[i * width + j] = i === j ? Math.sqrt(Math.max(value, 1e-12)) : value / factor[j * width + j]!;
    }
  }
  return factor;
}
