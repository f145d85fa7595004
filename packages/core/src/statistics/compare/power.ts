import { normalCdf, normalQuantile, normalSf } from '../distribution/normal.js';
import { findRoot } from '../distribution/root.js';

/** Cohen's h of two rates, 2 asin √p1 - 2 asin √p2. */
export function cohenH(p1: number, p2: number): number {
  return 2 * Math.asin(Math.sqrt(p1)) - 2 * Math.asin(Math.sqrt(p2));
}

/** Power of the two-sided normal test of two independent rates with `n` rows per group (arcsine form, as statsmodels). */
export function twoProportionPower(p1: number, p2: number, n: number, alpha = 0.05): number {
  const z = normalQuantile(1 - alpha / 2);
  const shift = Math.abs(cohenH(p1, p2)) * Math.sqrt(n / 2);
  return normalSf(z - shift) + normalCdf(-z - shift);
}

/** Rows per group for that power; +∞ when the rates are equal. */
export function twoProportionRows(p1: number, p2: number, power = 0.8, alpha = 0.05): number {
  if (p1 === p2) return Number.POSITIVE_INFINITY;
  return findRoot((n) => twoProportionPower(p1, p2, n, alpha) - power, 2, 1e12, 1e-9);
}

/** A paired comparison that is planned: the share of rows on which exactly one model is right, error and power. */
export interface PairedPlan {
  /** Share of discordant rows, 0 to 1. */
  readonly discordance: number;
  /** One-sided. Default 0.05. */
  readonly alpha?: number | undefined;
  /** Default 0.8. */
  readonly power?: number | undefined;
}

/**
 * Rows that a one-sided McNemar test needs to see a difference in accuracy (Connor 1987):
 * n = (z_α √ψ + z_β √(ψ - δ²))² / δ². With a margin, give `difference` as the distance from it.
 */
export function pairedRows(difference: number, plan: PairedPlan): number {
  return rowsFor(Math.abs(difference), plan.discordance, ...quantiles(plan));
}

/** The smallest difference in accuracy that `rows` rows detect with that power; 1 when not even a total one is. */
export function pairedDetectable(rows: number, plan: PairedPlan): number {
  if (!(rows > 0)) return 1;
  const [zAlpha, zPower] = quantiles(plan);
  const excess = (delta: number) => rowsFor(delta, plan.discordance, zAlpha, zPower) - rows;
  return excess(1) > 0 ? 1 : findRoot(excess, 1e-9, 1, 1e-12);
}

function quantiles({ alpha = 0.05, power = 0.8 }: PairedPlan): [number, number] {
  return [normalQuantile(1 - alpha), normalQuantile(power)];
}

function rowsFor(delta: number, discordance: number, zAlpha: number, zPower: number): number {
  if (delta === 0) return Number.POSITIVE_INFINITY;
  const psi = Math.max(discordance, delta);
  const top = zAlpha * Math.sqrt(psi) + zPower * Math.sqrt(Math.max(0, psi - delta * delta));
  return (top / delta) ** 2;
}
