import { expect } from 'vitest';
import type { Measure } from '../../src/evaluation/index.js';

/** Vector files write non-finite numbers as strings. */
export function toNumber(value: number | string | null): number {
  if (typeof value === 'number') return value;
  if (value === 'inf' || value === 'Infinity') return Number.POSITIVE_INFINITY;
  if (value === '-inf' || value === '-Infinity') return Number.NEGATIVE_INFINITY;
  return Number.NaN;
}

/** Fails unless the values agree to `relative`, or `absolute` near zero. NaN agrees with NaN only. */
export function expectNear(
  actual: number,
  expected: number | string | null,
  label: string,
  { relative = 1e-9, absolute = 1e-12 } = {},
): void {
  const wanted = toNumber(expected);
  if (Object.is(actual, wanted) || actual === wanted) return;
  const close = Math.abs(actual - wanted) <= Math.max(absolute, relative * Math.abs(wanted));
  expect(close, `${label}: got ${actual}, expected ${wanted}`).toBe(true);
}

/** The same of a measure; an undefined one counts as NaN and shows its reason. */
export function expectMeasure(measure: Measure, expected: number | string | null, label: string, tolerance = {}): void {
  expectNear(measure.value ?? Number.NaN, expected, `${label} ${measure.undefinedWhy ?? ''}`, tolerance);
}
