/**
 * Adjusted p-values: compare them with α itself. Order is kept. A NaN (a test that could not be run) stays NaN and still
 * counts as one of the family, as if its p were 1.
 *
 * Bonferroni controls the chance of any false finding, under any dependence.
 */
export function bonferroni(pValues: ArrayLike<number>): Float64Array {
  const m = pValues.length;
  return Float64Array.from(pValues, (p) => clip(m * p));
}

/** Sidak (1967): like Bonferroni for independent tests, slightly sharper. */
export function sidak(pValues: ArrayLike<number>): Float64Array {
  const m = pValues.length;
  return Float64Array.from(pValues, (p) => -Math.expm1(m * Math.log1p(-p)));
}

/** Holm (1979): the chance of any false finding, under any dependence; uniformly better than Bonferroni. */
export function holm(pValues: ArrayLike<number>): Float64Array {
  return stepDown(pValues, (p, left) => left * p);
}

/** Holm's steps with Sidak's bound, for independent tests. */
export function holmSidak(pValues: ArrayLike<number>): Float64Array {
  return stepDown(pValues, (p, left) => -Math.expm1(left * Math.log1p(-p)));
}

/** Hochberg (1988), also called Simes-Hochberg: Holm's bounds stepped up; needs independence or positive dependence. */
export function hochberg(pValues: ArrayLike<number>): Float64Array {
  return stepUp(pValues, (p, rank, m) => (m - rank + 1) * p);
}

/** Benjamini & Hochberg (1995): false discovery rate, independent or positively dependent tests. */
export function benjaminiHochberg(pValues: ArrayLike<number>): Float64Array {
  return stepUp(pValues, (p, rank, m) => (m / rank) * p);
}

/** Benjamini & Yekutieli (2001): false discovery rate under any dependence. */
export function benjaminiYekutieli(pValues: ArrayLike<number>): Float64Array {
  let harmonic = 0;
  for (let i = pValues.length; i >= 1; i--) harmonic += 1 / i;
  return stepUp(pValues, (p, rank, m) => ((m * harmonic) / rank) * p);
}

/**
 * e-BH (Wang & Ramdas 2022): indices of the rejected hypotheses, the k largest e-values for the largest k with
 * e₍k₎ ≥ n / (αk). False discovery rate ≤ α under any dependence.
 */
export function eBenjaminiHochberg(eValues: ArrayLike<number>, alpha: number): number[] {
  const order = sortedIndices(Float64Array.from(eValues, (e) => (Number.isNaN(e) ? 0 : -e)));
  let count = 0;
  for (let k = 1; k <= order.length; k++) if (eValues[order[k - 1]!]! >= eValues.length / (alpha * k)) count = k;
  return Array.from(order.subarray(0, count)).sort((a, b) => a - b);
}

function stepDown(pValues: ArrayLike<number>, bound: (p: number, left: number) => number): Float64Array {
  const m = pValues.length;
  const order = ascending(pValues);
  const out = new Float64Array(m);
  let highest = 0;
  for (let i = 0; i < m; i++) {
    const p = pValues[order[i]!]!;
    highest = Math.max(highest, clip(bound(Number.isNaN(p) ? 1 : p, m - i)));
    out[order[i]!] = Number.isNaN(p) ? Number.NaN : highest;
  }
  return out;
}

function stepUp(pValues: ArrayLike<number>, bound: (p: number, rank: number, m: number) => number): Float64Array {
  const m = pValues.length;
  const order = ascending(pValues);
  const out = new Float64Array(m);
  let lowest = 1;
  for (let i = m - 1; i >= 0; i--) {
    const p = pValues[order[i]!]!;
    lowest = Math.min(lowest, clip(bound(Number.isNaN(p) ? 1 : p, i + 1, m)));
    out[order[i]!] = Number.isNaN(p) ? Number.NaN : lowest;
  }
  return out;
}

function ascending(pValues: ArrayLike<number>): Uint32Array {
  return sortedIndices(Float64Array.from(pValues, (p) => (Number.isNaN(p) ? 1 : p)));
}

function sortedIndices(keys: Float64Array): Uint32Array {
  return Uint32Array.from(keys, (_, i) => i).sort((a, b) => keys[a]! - keys[b]! || a - b);
}

function clip(p: number): number {
  return Math.min(1, p);
}
