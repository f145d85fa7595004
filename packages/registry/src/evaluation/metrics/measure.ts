import type { Interval } from '@millwright/core/statistics';

/**
 * A metric's value on `n` rows, or why it has none. 0/0 is never a number: a group without positives has no recall,
 * neither 0 nor 1.
 */
export type Measure = Known | Unknown;

/** A metric that has a value. */
export interface Known {
  readonly value: number;
  /** Rows (or the sum of weights) that the value is about: the denominator of a rate. */
  readonly n: number;
  /** 95 %, where the metric has one. */
  readonly interval?: Interval;
  /** Where `value` is approximate: the exact value is within this of it. */
  readonly bound?: number;
  readonly undefinedWhy?: undefined;
}

/** A metric that has no value for these rows, and why. */
export interface Unknown {
  readonly value?: undefined;
  readonly n: number;
  readonly interval?: undefined;
  readonly bound?: undefined;
  readonly undefinedWhy: string;
}

/** A value with the rows behind it. A value that is not finite becomes an undefined measure. */
export function known(value: number, n: number, interval?: Interval): Measure {
  if (!Number.isFinite(value)) return unknown(`the value is ${value}`, n);
  return interval === undefined ? { value, n } : { value, n, interval };
}

/** No value, and why. */
export function unknown(undefinedWhy: string, n = 0): Unknown {
  return { undefinedWhy, n };
}

/** numerator / denominator, undefined with the reason when the denominator is 0. */
export function ratio(numerator: number, denominator: number, why: string): Measure {
  return denominator > 0 ? known(numerator / denominator, denominator) : unknown(why);
}
