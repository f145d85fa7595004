import { expect } from 'vitest';
import vectors from '../vectors/two-sample.json' with { type: 'json' };

/** A sample of the vectors: numbers, or float64 in base64. */
export function column(name: string): Float64Array {
  const stored = (vectors.columns as Record<string, string | number[]>)[name]!;
  if (typeof stored !== 'string') return Float64Array.from(stored);
  return new Float64Array(Uint8Array.from(atob(stored), (char) => char.charCodeAt(0)).buffer);
}

/** Relative 1e-9, absolute 1e-12 near zero, unless said otherwise. */
export function near(actual: number | undefined, expected: number, tolerance = 1e-9, noise = 1e-12): void {
  const within = Math.abs(actual! - expected) <= Math.max(noise, tolerance * Math.abs(expected));
  expect(within, `${actual} for ${expected}`).toBe(true);
}
