/**
 * A root of a continuous function on [low, high], to the last bits (Chandrupatla 1997: inverse quadratic steps where they
 * are safe, bisection where not). `f(low)` and `f(high)` must have opposite signs or be 0; otherwise the end with the
 * smaller absolute value is returned.
 */
export function findRoot(f: (x: number) => number, low: number, high: number, tolerance = 0): number {
  let x1 = low;
  let x2 = high;
  let f1 = f(low);
  let f2 = f(high);
  if (f1 === 0) return x1;
  if (f2 === 0) return x2;
  if (f1 > 0 === f2 > 0) return Math.abs(f1) < Math.abs(f2) ? low : high;
  let t = 0.5;
  for (let i = 0; i < MAX_STEPS; i++) {
    const x = x1 + t * (x2 - x1);
    const fx = f(x);
    let x3 = x2;
    let f3 = f2;
    if (fx > 0 === f1 > 0) {
      x3 = x1;
      f3 = f1;
    } else {
      x2 = x1;
      f2 = f1;
    }
    x1 = x;
    f1 = fx;
    const best = Math.abs(f1) < Math.abs(f2) ? x1 : x2;
    const least = (tolerance + 2 * Number.EPSILON * Math.abs(best)) / Math.abs(x2 - x1);
    if (least > 0.5 || fx === 0) return best;
    const xi = (x1 - x2) / (x3 - x2);
    const phi = (f1 - f2) / (f3 - f2);
    t = 0.5;
    if (phi * phi < xi && (1 - phi) * (1 - phi) < 1 - xi)
      t = (f1 / (f2 - f1)) * (f3 / (f2 - f3)) + ((x3 - x1) / (x2 - x1)) * (f1 / (f3 - f1)) * (f2 / (f3 - f2));
    t = Math.min(1 - least, Math.max(least, t));
  }
  return Math.abs(f1) < Math.abs(f2) ? x1 : x2;
}

const MAX_STEPS = 300;
