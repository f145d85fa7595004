import type { Random } from '../../foundation/random.js';
import { logGamma } from './gamma-function.js';

/** A draw from Binomial(n, p), exact: inversion below a mean of 10, else transformed rejection (Hörmann 1993, BTRS). */
export function drawBinomial(random: Random, n: number, p: number): number {
  if (!(n > 0 && p > 0)) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - drawBinomial(random, n, 1 - p);
  return n * p < 10 ? invert(random, n, p) : reject(random, n, p);
}

/** A draw from Multinomial(Σ counts, counts / Σ counts) into `out`: the bootstrap of a contingency table without its rows. */
export function drawMultinomial(random: Random, counts: ArrayLike<number>, out: Float64Array | number[]): void {
  let left = 0;
  for (let i = 0; i < counts.length; i++) left += counts[i]!;
  let weight = left;
  for (let i = 0; i < counts.length; i++) {
    const draw = weight > 0 ? drawBinomial(random, left, counts[i]! / weight) : 0;
    out[i] = draw;
    left -= draw;
    weight -= counts[i]!;
  }
}

function invert(random: Random, n: number, p: number): number {
  const odds = p / (1 - p);
  let mass = (1 - p) ** n;
  let u = random.next();
  let k = 0;
  while (u > mass && k < n) {
    u -= mass;
    k++;
    mass *= ((n - k + 1) / k) * odds;
  }
  return k;
}

function reject(random: Random, n: number, p: number): number {
  const spread = Math.sqrt(n * p * (1 - p));
  const b = 1.15 + 2.53 * spread;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const centre = n * p + 0.5;
  const inside = 0.92 - 4.2 / b;
  const alpha = (2.83 + 5.1 / b) * spread;
  const logOdds = Math.log(p / (1 - p));
  const mode = Math.floor((n + 1) * p);
  const peak = logGamma(mode + 1) + logGamma(n - mode + 1);
  for (;;) {
    const u = random.next() - 0.5;
    const v = random.next();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + centre);
    if (us >= 0.07 && v <= inside) return k;
    if (k < 0 || k > n) continue;
    const bound = peak - logGamma(k + 1) - logGamma(n - k + 1) + (k - mode) * logOdds;
    if (Math.log((v * alpha) / (a / (us * us) + b)) <= bound) return k;
  }
}
