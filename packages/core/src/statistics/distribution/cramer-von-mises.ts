/**
 * Survival function of the Cramér-von Mises limit law, P(ω² > x), by Smirnov's series of integrals
 * (2/π) Σ (-1)^{j+1} ∫ s^{-1/2} (-sin s)^{-1/2} e^{-x s²/2} ds over ((2j-1)π, 2jπ). Each integral is evaluated by
 * tanh-sinh quadrature, so that the tail keeps its relative accuracy.
 */
export function cramerVonMisesSf(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  if (x < 0.005) return 1;
  let sum = 0;
  let sign = 1;
  for (let j = 1; j <= 60; j++) {
    const term = integral(x, (2 * j - 0.5) * Math.PI);
    sum += sign * term;
    if (term < 1e-17 * Math.abs(sum)) break;
    sign = -sign;
  }
  return Math.min(1, Math.max(0, (2 / Math.PI) * sum));
}

/** ∫ (s cos u)^{-1/2} e^{-x s²/2} du over (-π/2, π/2), s = middle + u. */
function integral(x: number, middle: number): number {
  let sum = 0;
  for (let i = -NODES; i <= NODES; i++) {
    const t = i * STEP;
    const w = (Math.PI / 2) * Math.sinh(t);
    const cosh = Math.cosh(w);
    const u = (Math.PI / 2) * Math.tanh(w);
    // The distance to the nearer end, without cancellation, gives cos u there.
    const gap = (Math.PI / 2) * (Math.exp(-Math.abs(w)) / cosh);
    const s = middle + u;
    const weight = (((Math.PI / 2) ** 2 * Math.cosh(t)) / (cosh * cosh)) * STEP;
    sum += (weight * Math.exp((-x * s * s) / 2)) / Math.sqrt(s * Math.sin(gap));
  }
  return sum;
}

const NODES = 96;
const STEP = 1 / 24;
