import type { Digest } from '../foundation/digest.js';
import type { ColumnView, PhysicalType } from '../table/types.js';
import type { ExactNumber } from './exact-number.js';
import type { PresencePatterns } from './presence.js';

/** What is known about a table without its rows: one profile per column. Profiles with the same anchors merge exactly. */
export interface TableProfile {
  readonly format: 'millwright.profile/1';
  readonly rowCount: number;
  readonly columns: ReadonlyMap<string, ColumnProfile>;
  /** Which columns have values together; undefined unless it was asked for. */
  readonly presence?: PresencePatterns | undefined;
  /** Digest of the encoded profile. */
  readonly digest: Digest;
}

/** What a profile holds of a column: numbers, categories, or only which rows have a value. */
export type ColumnProfile = NumberProfile | CategoryProfile | PresenceProfile;

interface ProfileBase {
  readonly type: PhysicalType;
  readonly rows: number;
  readonly nulls: number;
  /** Present when profiled with a sketcher (`columnSketches`). */
  readonly sketches?: SketchBytes | undefined;
}

/** Apache DataSketches images of one column, for `@millwright/core/sketch` and for other engines to read and merge. */
export interface SketchBytes {
  /** HLL of the distinct values: numbers as doubles, strings as UTF-8. */
  readonly distinct: Uint8Array;
  /** KLL of the finite values, as doubles. */
  readonly quantiles?: Uint8Array | undefined;
  /** Frequent strings. */
  readonly frequent?: Uint8Array | undefined;
}

/** Makes and merges the sketches of a column. A door of its own, so that who does not sketch does not ship sketches. */
export interface ColumnSketcher {
  sketch(column: ColumnView): SketchBytes | undefined;
  /** @throws `profile/unmergeable` when the two hold sketches of different kinds */
  merge(column: string, a: SketchBytes, b: SketchBytes): SketchBytes;
}

/** Numbers, timestamps and dates (milliseconds). NaN and infinities are counted apart and are in no other figure. */
export interface NumberProfile extends ProfileBase {
  readonly kind: 'number';
  readonly nan: number;
  readonly positiveInfinity: number;
  readonly negativeInfinity: number;
  /** How many finite values there are. */
  readonly finite: number;
  /** Whether every finite value is an integer. */
  readonly integers: boolean;
  /** Of the finite values; undefined when there are none, or when values are withheld. */
  readonly min: number | undefined;
  readonly max: number | undefined;
  /** Exact, so that merging in any order gives the same bits. */
  readonly sum: ExactNumber;
  readonly sumOfSquares: ExactNumber;
  /** Sums of third and fourth powers, for skewness and kurtosis; undefined unless they were asked for. */
  readonly shape?: { readonly cubes: ExactNumber; readonly fourths: ExactNumber } | undefined;
  readonly histogram: Histogram;
}

/**
 * Counts of finite values between edges: cell `k` counts values with exactly `k` edges at or below them, so the first
 * cell is below the reference's smallest value and the last one above its largest. A value with more than its share of
 * the reference has a cell of its own.
 */
export interface Histogram {
  readonly edges: Float64Array;
  readonly counts: Float64Array;
}

/** Strings, dictionaries and booleans (`true`, `false`). */
export interface CategoryProfile extends ProfileBase {
  readonly kind: 'category';
  /** How many values are the empty string. They are counted as a category too. */
  readonly empty: number;
  /** Rows per category: of the reference's categories, or of the most frequent ones. A category of the reference that did not come is 0. */
  readonly counts: ReadonlyMap<string, number>;
  /** Rows in other categories: unseen in the reference, or beyond the cap. */
  readonly other: number;
  /** Some of the other categories with exact counts: those with the smallest hash, so that merging keeps them. */
  readonly otherSample: ReadonlyMap<string, number>;
}

/** Types without kernels: only presence is counted. */
export interface PresenceProfile extends ProfileBase {
  readonly kind: 'presence';
}
