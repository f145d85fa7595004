/**
 * The natural logarithm of |Γ(x)|. NaN for NaN, +∞ at the poles 0, -1, -2, … Relative error about 1e-15 away from the
 * zeros at 1 and 2, absolute there (Lanczos, g = 607/128, n = 15, coefficients of Godfrey).
 */
export function logGamma(x: number): number {
  if (x < 0.5) {
    if (Number.isInteger(x)) return Number.POSITIVE_INFINITY;
    return Math.log(Math.PI / Math.abs(Math.sin(Math.PI * x))) - logGamma(1 - x);
  }
  if (x === 1 || x === 2) return 0;
  if (x > STIRLING_FROM) return (x - 0.5) * Math.log(x) - x + HALF_LN_TWO_PI + stirlingSeries(x);
  let sum = LANCZOS[0]!;
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i]! / (x - 1 + i);
  const t = x - 0.5 + LANCZOS_G;
  return HALF_LN_TWO_PI + Math.log(sum) + (x - 0.5) * Math.log(t) - t;
}

/** ln B(a, b) = ln Γ(a) + ln Γ(b) - ln Γ(a + b), without the cancellation of large arguments. */
export function logBeta(a: number, b: number): number {
  const n = a + b;
  if (Math.min(a, b) < STIRLING_FROM / 2) {
    const small = Math.min(a, b);
    const large = Math.max(a, b);
    if (large < STIRLING_FROM) return logGamma(a) + logGamma(b) - logGamma(n);
    // ln Γ(large) - ln Γ(large + small), by Stirling with the leading terms taken together.
    const ratio = small / large;
    return (
      logGamma(small) +
      small -
      small * Math.log(n) -
      (large - 0.5) * Math.log1p(ratio) +
      stirlingSeries(large) -
      stirlingSeries(n)
    );
  }
  return (
    HALF_LN_TWO_PI +
    0.5 * Math.log(n / (a * b)) -
    a * Math.log1p(b / a) -
    b * Math.log1p(a / b) +
    stirlingSeries(a) +
    stirlingSeries(b) -
    stirlingSeries(n)
  );
}

/** ln C(n, k) for real n ≥ k ≥ 0. */
export function logChoose(n: number, k: number): number {
  if (k < 0 || k > n) return Number.NEGATIVE_INFINITY;
  return -Math.log1p(n) - logBeta(k + 1, n - k + 1);
}

/**
 * Stirling's error δ(x) = ln Γ(x + 1) - (x + ½) ln x + x - ½ ln 2π for x > 0. With it and `deviance` binomial, Poisson,
 * beta and gamma densities keep their relative accuracy at any size (Loader, "Fast and accurate computation of binomial
 * probabilities", 2000).
 */
export function stirlingError(x: number): number {
  if (x > STIRLING_FROM) return stirlingSeries(x);
  return logGamma(x + 1) - (x + 0.5) * Math.log(x) + x - HALF_LN_TWO_PI;
}

/** Loader's deviance x ln(x / m) + m - x for x ≥ 0 and m > 0, also where x is close to m. */
export function deviance(x: number, m: number): number {
  if (x === 0) return m;
  const difference = x - m;
  if (Math.abs(difference) >= 0.1 * (x + m)) return x * Math.log(x / m) + m - x;
  const v = difference / (x + m);
  let sum = difference * v;
  let term = 2 * x * v;
  const v2 = v * v;
  for (let j = 1; j < 1000; j++) {
    term *= v2;
    const next = sum + term / (2 * j + 1);
    if (next === sum) break;
    sum = next;
  }
  return sum;
}

/** ½ ln 2π */
export const HALF_LN_TWO_PI = 0.9189385332046728;

/** From here on eight terms of Stirling's series reach double precision. */
const STIRLING_FROM = 15;
const LANCZOS_G = 607 / 128;
const LANCZOS = [
  0.9999999999999971, 57.15623566586292, -59.59796035547549, 14.136097974741746, -0.4919138160976202,
  3.399464998481189e-5, 4.652362892704858e-5, -9.837447530487956e-5, 0.0001580887032249125, -0.00021026444172410488,
  0.00021743961811521265, -0.0001643181065367639, 8.441822398385275e-5, -2.6190838401581408e-5, 3.6899182659531625e-6,
];

function stirlingSeries(x: number): number {
  const s = 1 / (x * x);
  return (
    (1 / 12 -
      s *
        (1 / 360 -
          s *
            (1 / 1260 - s * (1 / 1680 - s * (1 / 1188 - s * (691 / 360360 - s * (1 / 156 - (s * 3617) / 122400))))))) /
    x
  );
}
