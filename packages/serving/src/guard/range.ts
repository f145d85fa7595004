import { invalidInput } from '@millwright/core';
import type { Guard } from './types.js';

/** Bounds by name, inclusive. */
export type Ranges = Readonly<Record<string, { readonly min?: number | undefined; readonly max?: number | undefined }>>;

/** Abstains when a number in the answer is NaN or infinite, at any depth of arrays and records. */
export function finiteGuard<I = unknown, O = unknown>(name = 'finite'): Guard<I, O> {
  return {
    name,
    output(output) {
      const path = notFinite(output, '');
      return path === undefined
        ? undefined
        : `The answer${path === '' ? '' : ` at \`${path}\``} is not a finite number.`;
    },
  };
}

/**
 * Abstains when an input lies outside the envelope that the model has learned from: bounds by name, from the training
 * data's quantiles for instance. Absent values are the contract's business and pass.
 */
export function rangeGuard<I extends object, O = unknown>(ranges: Ranges, name = 'range'): Guard<I, O> {
  const entries = Object.entries(ranges);
  return {
    name,
    input(input) {
      for (const [key, { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }] of entries) {
        const value = (input as Readonly<Record<string, unknown>>)[key];
        // Written so that NaN is outside.
        if (typeof value === 'number' && !(value >= min && value <= max))
          return `\`${key}\` is ${value}, outside of ${min} to ${max}.`;
      }
      return undefined;
    },
  };
}

/**
 * The ranges that a share `inside` of each column lies in, as much outside below as above: an envelope for `rangeGuard`
 * from training data. A column without numbers has no range.
 *
 * @throws `input/invalid` for a share outside (0, 1]
 */
export function quantileRanges(columns: Readonly<Record<string, ArrayLike<number>>>, inside = 0.998): Ranges {
  if (!(inside > 0 && inside <= 1)) throw invalidInput('inside', 'a share above 0, 1 at most', inside);
  const ranges: Record<string, { readonly min: number; readonly max: number }> = {};
  for (const [name, values] of Object.entries(columns)) {
    const sorted = Float64Array.from(values)
      .filter((value) => !Number.isNaN(value))
      .sort();
    if (sorted.length === 0) continue;
    const cut = Math.floor((sorted.length * (1 - inside)) / 2);
    ranges[name] = { min: sorted[cut]!, max: sorted[sorted.length - 1 - cut]! };
  }
  return ranges;
}

/** Abstains when the answer's own confidence is below `atLeast`. NaN is below everything. */
export function confidenceGuard<O, I = unknown>(
  confidence: (output: O) => number,
  atLeast: number,
  name = 'confidence',
): Guard<I, O> {
  return {
    name,
    output(output) {
      const value = confidence(output);
      return value >= atLeast ? undefined : `The confidence is ${value}, less than ${atLeast}.`;
    },
  };
}

function notFinite(value: unknown, path: string): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : path;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, member] of Object.entries(value)) {
    const found = notFinite(member, path === '' ? key : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
