import { mergeSorted, sortedSample } from './samples.js';

/** Wasserstein-1 (earth mover's) distance: ∫ |F - G| dx, in the unit of the values. NaN when a sample is empty. @throws `input/invalid` */
export function wasserstein(reference: Float64Array, current: Float64Array): number {
  return overGap(reference, current, Math.abs);
}

/** Energy distance √(2 ∫ (F - G)² dx) (Székely and Rizzo 2013). NaN when a sample is empty. @throws `input/invalid` */
export function energyDistance(reference: Float64Array, current: Float64Array): number {
  return Math.sqrt(2 * overGap(reference, current, (gap) => gap * gap));
}

function overGap(reference: Float64Array, current: Float64Array, weight: (gap: number) => number): number {
  const [n, m] = [reference.length, current.length];
  if (n === 0 || m === 0) return Number.NaN;
  let [i, j, area, last] = [0, 0, 0, Number.NaN];
  mergeSorted(
    sortedSample('reference', reference),
    sortedSample('current', current),
    (value, inReference, inCurrent) => {
      if (i + j > 0) area += weight(i / n - j / m) * (value - last);
      i += inReference;
      j += inCurrent;
      last = value;
    },
  );
  return area;
}
