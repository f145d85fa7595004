import { binomialLogPmf } from './discrete.js';
import { HALF_LN_TWO_PI, stirlingError } from './gamma-function.js';

/** Survival function of the Kolmogorov limit law, P(K > x) for x = √n D. */
export function kolmogorovLimitSf(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  if (x <= 0.04) return 1;
  return x < 0.82 ? 1 - limitCdf(x) : Math.exp(kolmogorovLimitLogSf(x));
}

/** ln P(K > x), finite for every finite x. */
export function kolmogorovLimitLogSf(x: number): number {
  if (x < 0.82) return Math.log(kolmogorovLimitSf(x));
  let sum = 1;
  for (let k = 2; k < 20; k++) sum += (k % 2 === 0 ? -1 : 1) * Math.exp(-2 * x * x * (k * k - 1));
  return Math.LN2 - 2 * x * x + Math.log(sum);
}

/**
 * Finite-n two-sided one-sample Kolmogorov-Smirnov survival function P(D_n > d). Region choice of Simard & L'Ecuyer (2011)
 * as in scipy's kstwo: closed forms at both ends, Durbin's matrix (Marsaglia, Tsang & Wang 2003), Pelz & Good's
 * expansion, twice the one-sided tail.
 */
export function ksSf(d: number, n: number): number {
  return Math.exp(ksLogSf(d, n));
}

/** ln P(D_n > d). */
export function ksLogSf(d: number, n: number): number {
  if (Number.isNaN(d) || !(n >= 1)) return Number.NaN;
  const t = n * d;
  if (d >= 1) return Number.NEGATIVE_INFINITY;
  if (t <= 0.5) return 0;
  if (t <= 1) return Math.log1p(-Math.exp(logFactorialOverPower(n) + n * Math.log(2 * t - 1)));
  if (t >= n - 1) return Math.LN2 + n * Math.log1p(-d);
  const square = t * d;
  if (d >= 0.5 || square >= (n <= SMALL_N ? 4 : 2.2)) return Math.min(0, Math.LN2 + ksOneSidedLogSf(d, n));
  const cdf = n <= SMALL_N || (n <= 100_000 && n * d ** 1.5 <= 1.4) ? durbin(n, d) : pelzGood(n, d);
  return Math.log1p(-Math.min(1, Math.max(0, cdf)));
}

/** Finite-n one-sided survival function P(D_n⁺ > d). */
export function ksOneSidedSf(d: number, n: number): number {
  return Math.exp(ksOneSidedLogSf(d, n));
}

/**
 * ln P(D_n⁺ > d) by the sum of Birnbaum & Tingey (1951), whose terms are all positive and rise to one peak: summed from
 * the peak outwards until nothing is added. Beyond a million rows the expansion exp(-(6nd + 1)²/(18n)) of Smirnov's law,
 * whose relative error is O(n d⁴ + 1/n), replaces the sum where it is safe.
 */
export function ksOneSidedLogSf(d: number, n: number): number {
  if (Number.isNaN(d) || !(n >= 1)) return Number.NaN;
  if (d <= 0) return 0;
  if (d >= 1) return Number.NEGATIVE_INFINITY;
  if (n > EXPANSION_FROM && n * d ** 4 < 1e-6) return Math.min(0, -((6 * n * d + 1) ** 2) / (18 * n));
  const last = Math.floor(n * (1 - d));
  const top = peakTerm(d, n, last);
  const peak = crossingTerm(top, d, n);
  let sum = 1;
  for (let step = -1; step <= 1; step += 2)
    for (let j = top + step; j >= 0 && j <= last; j += step) {
      const term = Math.exp(crossingTerm(j, d, n) - peak);
      sum += term;
      if (n > ENUMERATE_UP_TO && term < 1e-20) break;
    }
  return Math.min(0, Math.log(d) + peak + Math.log(sum));
}

/** ln of C(n, j) (d + j/n)^(j-1) (1 - d - j/n)^(n-j) */
function crossingTerm(j: number, d: number, n: number): number {
  const p = d + j / n;
  return binomialLogPmf(j, n, Math.min(1, p), Math.max(0, 1 - p)) - Math.log(p);
}

/** The j with the largest term, by bisection on the sign of the difference. */
function peakTerm(d: number, n: number, last: number): number {
  let low = 0;
  let high = last;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (crossingTerm(middle, d, n) < crossingTerm(middle + 1, d, n)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Exact two-sample two-sided p-value P(D ≥ d) for samples of n and m distinct values. O(n m d) worst case; d·n·m/gcd is rounded to its lattice. */
export function ksTwoSampleSf(d: number, n: number, m: number): number {
  const { h, lcm } = lattice(d, n, m);
  if (h <= 0) return 1;
  if (n === m) return equalSizes(h, n);
  return crossing(h / lcm, n, m, true);
}

/** Exact two-sample one-sided p-value P(D⁺ ≥ d), D⁺ = sup(F_n - G_m). */
export function ksTwoSampleOneSidedSf(d: number, n: number, m: number): number {
  const { h, lcm } = lattice(d, n, m);
  if (h <= 0) return 1;
  if (n === m) {
    let p = 1;
    for (let j = 0; j < h; j++) p *= (n - j) / (n + j + 1);
    return p;
  }
  return crossing(h / lcm, n, m, false);
}

function lattice(d: number, n: number, m: number): { readonly h: number; readonly lcm: number } {
  let a = n;
  let b = m;
  while (b > 0) [a, b] = [b, a % b];
  const lcm = (n / a) * m;
  return { h: Math.round(d * lcm), lcm };
}

/** P(|path| reaches h) for n = m by reflection: 2 Σ (-1)^{k-1} C(2n, n - kh) / C(2n, n). */
function equalSizes(h: number, n: number): number {
  let p = 0;
  for (let k = Math.floor(n / h); k >= 1; k--) {
    // C(2n, n - kh) / C(2n, n) as a telescoping product.
    let ratio = 1;
    const reach = k * h;
    for (let j = 0; j < reach && ratio > 0; j++) ratio *= (n - j) / (n + j + 1);
    p += (k % 2 === 1 ? 2 : -2) * ratio;
  }
  return Math.min(1, p);
}

/**
 * The probability that a uniformly random lattice path from (0, 0) to (n, m) reaches a distance of d from the diagonal.
 * A(i, j) = i/(i+j) A(i-1, j) + j/(i+j) A(i, j-1), and 1 outside the band: sums of positive terms, so small
 * probabilities keep their relative accuracy.
 */
function crossing(d: number, n: number, m: number, twoSided: boolean): number {
  const column = new Float64Array(m + 1);
  const bound = d - 0.5 / (n * m);
  let low = 0;
  let high = 0;
  for (let i = 0; i <= n; i++) {
    const x = i / n;
    // Inside the band: x - j/m < d, and for two sides j/m - x < d. Outside it the path has crossed.
    const from = Math.max(0, Math.floor((x - bound) * m) + 1);
    const to = twoSided ? Math.min(m, Math.ceil((x + bound) * m) - 1) : m;
    for (let j = low; j < from && j <= m; j++) column[j] = 1;
    for (let j = high + 1; j <= to; j++) column[j] = i === 0 ? 0 : 1;
    for (let j = from; j <= to; j++) {
      if (i + j === 0) {
        column[0] = 0;
        continue;
      }
      const left = i === 0 ? 0 : column[j]!;
      const below = j === 0 ? 0 : j - 1 < from ? 1 : column[j - 1]!;
      column[j] = (i * left + j * below) / (i + j);
    }
    low = from;
    high = to;
    if (from > to) return 1;
  }
  return column[m]!;
}

/** ln(n! / n^n) */
function logFactorialOverPower(n: number): number {
  return 0.5 * Math.log(n) + HALF_LN_TWO_PI - n + stirlingError(n);
}

/** Theta-function form of the limit cdf, for small x. */
function limitCdf(x: number): number {
  const v = (Math.PI * Math.PI) / (8 * x * x);
  let sum = 0;
  for (let k = 1; k < 20; k += 2) sum += Math.exp(-k * k * v);
  return (Math.sqrt(2 * Math.PI) / x) * sum;
}

/** Durbin's matrix formula, P(D_n < d) = n!/n^n · (H^n)_{kk}. */
function durbin(n: number, d: number): number {
  const k = Math.floor(n * d) + 1;
  const size = 2 * k - 1;
  const h = k - n * d;
  let matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) matrix[i * size + j] = i - j + 1 < 0 ? 0 : 1;
  for (let i = 0; i < size; i++) {
    matrix[i * size] = matrix[i * size]! - h ** (i + 1);
    const bottom = (size - 1) * size + i;
    matrix[bottom] = matrix[bottom]! - h ** (size - i);
  }
  const corner = (size - 1) * size;
  if (2 * h - 1 > 0) matrix[corner] = matrix[corner]! + (2 * h - 1) ** size;
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++)
      for (let g = 1; g <= i - j + 1; g++) matrix[i * size + j] = matrix[i * size + j]! / g;
  let power = new Float64Array(size * size);
  for (let i = 0; i < size; i++) power[i * size + i] = 1;
  let logScale = 0;
  let matrixScale = 0;
  for (let exponent = n; exponent > 0; exponent >>= 1) {
    if (exponent & 1) {
      power = multiply(power, matrix, size);
      logScale += matrixScale + normalise(power, size);
    }
    if (exponent === 1) break;
    matrix = multiply(matrix, matrix, size);
    matrixScale = 2 * matrixScale + normalise(matrix, size);
  }
  return Math.exp(Math.log(power[(k - 1) * size + k - 1]!) + logScale + logFactorialOverPower(n));
}

function multiply(a: Float64Array, b: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let k = 0; k < size; k++) {
      const factor = a[i * size + k]!;
      if (factor === 0) continue;
      for (let j = 0; j < size; j++) out[i * size + j] = out[i * size + j]! + factor * b[k * size + j]!;
    }
  return out;
}

/** Divides by the middle element when it is large; returns the log of the divisor. */
function normalise(a: Float64Array, size: number): number {
  const middle = a[((size - 1) / 2) * size + (size - 1) / 2]!;
  if (middle < 1e100) return 0;
  for (let i = 0; i < a.length; i++) a[i] = a[i]! / middle;
  return Math.log(middle);
}

/** Pelz & Good (1976): the limit law and its corrections to n^(-3/2), as written by Simard & L'Ecuyer (2011), eq. 4-7. */
function pelzGood(n: number, d: number): number {
  const z = Math.sqrt(n) * d;
  const z2 = z * z;
  const z4 = z2 * z2;
  const z6 = z4 * z2;
  const pi2 = Math.PI * Math.PI;
  let k0 = 0;
  let k1 = 0;
  let k2a = 0;
  let k3a = 0;
  for (let k = 20; k >= 0; k--) {
    const m2 = (k + 0.5) * (k + 0.5);
    const e = Math.exp((-pi2 * m2) / (2 * z2));
    const p2 = pi2 * m2;
    k0 += e;
    k1 += (p2 - z2) * e;
    k2a += (6 * z6 + 2 * z4 + p2 * (2 * z4 - 5 * z2) + p2 * p2 * (1 - 2 * z2)) * e;
    k3a +=
      (p2 * p2 * p2 * (5 - 30 * z2) +
        p2 * p2 * (-60 * z2 + 212 * z4) +
        p2 * (135 * z4 - 96 * z6) -
        (30 * z6 + 90 * z6 * z2)) *
      e;
  }
  let k2b = 0;
  let k3b = 0;
  for (let k = 20; k >= 1; k--) {
    const p2 = pi2 * k * k;
    const e = Math.exp(-p2 / (2 * z2));
    k2b += p2 * e;
    k3b += (3 * p2 * z2 - p2 * p2) * e;
  }
  const root = Math.sqrt(Math.PI / 2);
  const first = (Math.sqrt(2 * Math.PI) / z) * k0;
  const second = (2 * root * k1) / (6 * z4);
  const third = 2 * root * (k2a / (72 * z6 * z) - k2b / (36 * z2 * z));
  const fourth = 2 * root * (k3a / (6480 * z6 * z4) + k3b / (216 * z6));
  return first + second / Math.sqrt(n) + third / n + fourth / (n * Math.sqrt(n));
}

const SMALL_N = 140;
const EXPANSION_FROM = 1_000_000;
/** Up to here every term is added; the ends need not be negligible. */
const ENUMERATE_UP_TO = 2_000;
