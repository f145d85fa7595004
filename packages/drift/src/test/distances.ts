/** Distances between two discrete distributions given as counts or shares. They are divided by their totals first. */
type Counts = ArrayLike<number>;

/** Total variation: the share of rows that would have to move. 0 to 1. */
export function totalVariation(reference: Counts, current: Counts): number {
  return overShares(reference, current, (p, q) => Math.abs(p - q)) / 2;
}

/** The largest difference of one cell's shares. 0 to 1. */
export function lInfinity(reference: Counts, current: Counts): number {
  const [p, q] = [shares(reference), shares(current)];
  let largest = 0;
  for (let k = 0; k < p.length; k++) largest = Math.max(largest, Math.abs(p[k]! - q[k]!));
  return largest;
}

/** Hellinger distance, 0 to 1. */
export function hellinger(reference: Counts, current: Counts): number {
  return Math.sqrt(overShares(reference, current, (p, q) => (Math.sqrt(p) - Math.sqrt(q)) ** 2) / 2);
}

/** Base and root, without which the number means nothing. */
export interface JensenShannonOptions {
  /** Unit of the logarithm: 2 gives 0 to 1, `e` gives 0 to 0.8326 (distance). Default 2. */
  readonly base?: 2 | 'e' | undefined;
  /** `distance` is the square root of `divergence`. Default `distance`. */
  readonly form?: 'distance' | 'divergence' | undefined;
}

/** Jensen-Shannon distance or divergence. Base and root are part of the name of any number that is quoted. */
export function jensenShannon(reference: Counts, current: Counts, options: JensenShannonOptions = {}): number {
  const { base = 2, form = 'distance' } = options;
  const nats = overShares(reference, current, (p, q) => {
    const middle = (p + q) / 2;
    return (xLogRatio(p, middle) + xLogRatio(q, middle)) / 2;
  });
  const divergence = Math.max(0, base === 2 ? nats / Math.LN2 : nats);
  return form === 'distance' ? Math.sqrt(divergence) : divergence;
}

/** Kullback-Leibler divergence of the current distribution from the reference, in nats. Infinite where a cell vanished. */
export function kullbackLeibler(reference: Counts, current: Counts): number {
  return overShares(reference, current, xLogRatio);
}

/** How empty cells are smoothed. */
export interface PsiOptions {
  /** Added to every count, so that empty cells do not decide. Default 0.5 (Jeffreys). */
  readonly pseudoCount?: number | undefined;
}

/** Population stability index, Σ (p - q) ln(p / q), of smoothed shares. */
export function psi(reference: Counts, current: Counts, options: PsiOptions = {}): number {
  const { pseudoCount = 0.5 } = options;
  const smooth = (counts: Counts) => Float64Array.from(counts, (count) => count + pseudoCount);
  return overShares(smooth(reference), smooth(current), (p, q) => (p - q) * Math.log(p / q));
}

/** Counts divided by their total; all 0 when there is none. */
export function shares(counts: Counts): Float64Array {
  let total = 0;
  for (let k = 0; k < counts.length; k++) total += counts[k]!;
  return Float64Array.from(counts, (count) => (total === 0 ? 0 : count / total));
}

function overShares(reference: Counts, current: Counts, term: (p: number, q: number) => number): number {
  const [p, q] = [shares(reference), shares(current)];
  let sum = 0;
  for (let k = 0; k < p.length; k++) sum += term(p[k]!, q[k]!);
  return sum;
}

function xLogRatio(p: number, q: number): number {
  return p === 0 ? 0 : p * Math.log(p / q);
}
