/** Eigenvalues, largest first, and their vectors; vector k is `vectors[k]`, of length 1. */
export interface Eigen {
  readonly values: Float64Array;
  readonly vectors: readonly Float64Array[];
}

const MAX_SWEEPS = 100;

/**
 * Eigenvectors of a symmetric matrix (row by row, n × n) by cyclic Jacobi rotations: O(n³) per sweep, about 8 sweeps,
 * relative accuracy near machine precision. For some hundred columns at most.
 */
export function symmetricEigen(matrix: Float64Array, n: number): Eigen {
  const a = matrix.slice();
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  for (let sweep = 0; sweep < MAX_SWEEPS && offDiagonal(a, n) > 0; sweep++)
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, v, n, p, q);
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j * n + j]! - a[i * n + i]!);
  return {
    values: Float64Array.from(order, (i) => a[i * n + i]!),
    vectors: order.map((i) => Float64Array.from({ length: n }, (_, row) => v[row * n + i]!)),
  };
}

/** Zeroes a[p][q] by a rotation of rows and columns p and q (Golub and Van Loan, algorithm 8.4.1). */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q]!;
  if (apq === 0) return;
  const theta = (a[q * n + q]! - a[p * n + p]!) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (let k = 0; k < n; k++) {
    const [kp, kq] = [a[k * n + p]!, a[k * n + q]!];
    a[k * n + p] = c * kp - s * kq;
    a[k * n + q] = s * kp + c * kq;
  }
  for (let k = 0; k < n; k++) {
    const [pk, qk] = [a[p * n + k]!, a[q * n + k]!];
    a[p * n + k] = c * pk - s * qk;
    a[q * n + k] = s * pk + c * qk;
    const [vp, vq] = [v[k * n + p]!, v[k * n + q]!];
    v[k * n + p] = c * vp - s * vq;
    v[k * n + q] = s * vp + c * vq;
  }
  a[p * n + q] = 0;
  a[q * n + p] = 0;
}

/** Sum of squares beside the diagonal, 0 once it is lost in rounding. */
function offDiagonal(a: Float64Array, n: number): number {
  let [off, on] = [0, 0];
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      if (i === j) on += a[i * n + j]! ** 2;
      else off += a[i * n + j]! ** 2;
    }
  return off <= 1e-30 * on ? 0 : off;
}
