import { deviance, HALF_LN_TWO_PI, logChoose, stirlingError } from './gamma-function.js';
import { betaI, logBetaI } from './incomplete-beta.js';
import { gammaP, gammaQ } from './incomplete-gamma.js';

/** ln P(X = k) for X ~ Binomial(n, p), by Loader's saddle-point form: relative error about 1e-15 at any n. */
export function binomialLogPmf(k: number, n: number, p: number, q: number = 1 - p): number {
  if (!(k >= 0 && k <= n)) return Number.isNaN(k + n + p) ? Number.NaN : Number.NEGATIVE_INFINITY;
  if (p === 0) return k === 0 ? 0 : Number.NEGATIVE_INFINITY;
  if (q === 0) return k === n ? 0 : Number.NEGATIVE_INFINITY;
  if (k === 0) return n * (p < 0.1 ? Math.log1p(-p) : Math.log(q));
  if (k === n) return n * (q < 0.1 ? Math.log1p(-q) : Math.log(p));
  return (
    stirlingError(n) -
    stirlingError(k) -
    stirlingError(n - k) -
    deviance(k, n * p) -
    deviance(n - k, n * q) -
    HALF_LN_TWO_PI -
    0.5 * Math.log(k * (1 - k / n))
  );
}

/** P(X = k). */
export function binomialPmf(k: number, n: number, p: number): number {
  return Math.exp(binomialLogPmf(k, n, p));
}

/** P(X ≤ k). */
export function binomialCdf(k: number, n: number, p: number): number {
  const floor = Math.floor(k);
  if (floor < 0) return 0;
  if (floor >= n) return 1;
  return betaI(1 - p, n - floor, floor + 1, p);
}

/** P(X > k). */
export function binomialSf(k: number, n: number, p: number): number {
  const floor = Math.floor(k);
  if (floor < 0) return 1;
  if (floor >= n) return 0;
  return betaI(p, floor + 1, n - floor);
}

/** ln P(X > k). */
export function binomialLogSf(k: number, n: number, p: number): number {
  const floor = Math.floor(k);
  if (floor < 0) return 0;
  if (floor >= n) return Number.NEGATIVE_INFINITY;
  return logBetaI(p, floor + 1, n - floor);
}

/** ln P(X ≤ k). */
export function binomialLogCdf(k: number, n: number, p: number): number {
  const floor = Math.floor(k);
  if (floor < 0) return Number.NEGATIVE_INFINITY;
  if (floor >= n) return 0;
  return logBetaI(1 - p, n - floor, floor + 1, p);
}

/** The smallest k with P(X ≤ k) ≥ p. */
export function binomialQuantile(p: number, n: number, probability: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  return smallest((k) => binomialCdf(k, n, probability) >= p, 0, n);
}

/** P(X ≤ k) for X ~ Poisson(mean). */
export function poissonCdf(k: number, mean: number): number {
  return k < 0 ? 0 : gammaQ(Math.floor(k) + 1, mean);
}

/** P(X > k) for X ~ Poisson(mean). */
export function poissonSf(k: number, mean: number): number {
  return k < 0 ? 1 : gammaP(Math.floor(k) + 1, mean);
}

/** The smallest k with P(X ≤ k) ≥ p. */
export function poissonQuantile(p: number, mean: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p === 1) return Number.POSITIVE_INFINITY;
  let high = Math.ceil(mean + 10);
  while (poissonCdf(high, mean) < p) high *= 2;
  return smallest((k) => poissonCdf(k, mean) >= p, 0, high);
}

/** A draw of `draws` from `population` items of which `marked` count; X is how many of those were drawn. */
export interface Hypergeometric {
  readonly population: number;
  readonly marked: number;
  readonly draws: number;
}

/** ln P(X = k), as a ratio of binomials so that large populations do not cancel. */
export function hypergeometricLogPmf(k: number, { population, marked, draws }: Hypergeometric): number {
  const rest = population - marked;
  if (k < 0 || k > marked || k > draws || draws - k > rest) return Number.NEGATIVE_INFINITY;
  if (draws === 0 || draws === population) return 0;
  if (population < SMALL_POPULATION)
    return logChoose(marked, k) + logChoose(rest, draws - k) - logChoose(population, draws);
  const p = draws / population;
  return binomialLogPmf(k, marked, p) + binomialLogPmf(draws - k, rest, p) - binomialLogPmf(draws, population, p);
}

/** P(X ≤ k). */
export function hypergeometricCdf(k: number, h: Hypergeometric): number {
  return tailSum(Math.floor(k), h, -1);
}

/** P(X > k). */
export function hypergeometricSf(k: number, h: Hypergeometric): number {
  return tailSum(Math.floor(k) + 1, h, 1);
}

/** Σ pmf from `from` in the direction of `step`, summed by the ratio of neighbours, the smaller side first. */
function tailSum(from: number, h: Hypergeometric, step: 1 | -1): number {
  const lowest = Math.max(0, h.draws - (h.population - h.marked));
  const highest = Math.min(h.draws, h.marked);
  if (step < 0 ? from < lowest : from > highest) return 0;
  if (step < 0 ? from >= highest : from <= lowest) return 1;
  const mean = (h.draws * h.marked) / h.population;
  if (step < 0 ? from > mean : from < mean) return 1 - tailSum(from - step, h, step < 0 ? 1 : -1);
  let term = Math.exp(hypergeometricLogPmf(from, h));
  let sum = term;
  for (let k = from; k !== (step < 0 ? lowest : highest); k += step) {
    const rest = h.population - h.marked - h.draws;
    term *=
      step < 0
        ? (k * (rest + k)) / ((h.marked - k + 1) * (h.draws - k + 1))
        : ((h.marked - k) * (h.draws - k)) / ((k + 1) * (rest + k + 1));
    sum += term;
    if (term < sum * 1e-17) break;
  }
  return sum;
}

/** The smallest integer in [low, high] for which a monotone predicate holds; `high` when it never does. */
function smallest(holds: (k: number) => boolean, low: number, high: number): number {
  let a = low;
  let b = high;
  while (a < b) {
    const middle = Math.floor(a + (b - a) / 2);
    if (holds(middle)) b = middle;
    else a = middle + 1;
  }
  return a;
}

/** Below this the binomial ratio has no advantage over plain binomial coefficients. */
const SMALL_POPULATION = 1_000;
