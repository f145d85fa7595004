import type { Digest } from '../foundation/digest.js';
import type { Need, Verdict } from '../foundation/verdict.js';

/** A value as it can be written in a suite. Points in time are milliseconds since 1970 or ISO 8601 strings with an offset. */
export type Scalar = string | number | boolean;

/** How two values are compared. */
export type ComparisonOperator = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** What a column holds, whatever its physical type. */
export type LogicalType = 'number' | 'integer' | 'boolean' | 'string' | 'timestamp' | 'list';

/** In what text is measured: code points as SQL, JSON Schema and zod, UTF-16 code units as JavaScript's `length`, or UTF-8 bytes. */
export type LengthUnit = 'codePoints' | 'utf16' | 'bytes';

/** Which rows an expectation looks at. A null makes every comparison false; `not` of it is true. */
export type Condition =
  | { readonly column: string; readonly op: ComparisonOperator; readonly value: Scalar }
  | { readonly column: string; readonly op: 'in'; readonly value: readonly Scalar[] }
  | { readonly column: string; readonly op: 'isNull' | 'notNull' }
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition };

/** How far a column's distribution may be from the reference profile. */
export type DistanceMeasure = 'totalVariation' | 'jensenShannon' | 'linf' | 'psi';

/** A figure of a whole column. `stddev` divides by n - 1; quantiles are interpolated between neighbours (R's type 7). */
export type ColumnMetric = 'sum' | 'mean' | 'stddev' | 'min' | 'max' | 'quantile' | 'distinct' | 'distinctShare';

/** What a metric is held to. Every bound that is given has to hold. */
export interface MetricBounds {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** How far from the same metric of the reference profile: at most `absolute + relative * |reference|`. */
  readonly ofReference?: { readonly absolute?: number | undefined; readonly relative?: number | undefined } | undefined;
  /** For `quantile`: the fraction of values below it. Default 0.5, the median. */
  readonly q?: number | undefined;
}

/** What is expected. Plain data: it has a digest, can be stored, and means the same everywhere. */
export type Check =
  /** Every slot holds a value. NaN is a value. */
  | { readonly kind: 'notNull'; readonly column: string }
  | { readonly kind: 'notNaN'; readonly column: string }
  /** Neither NaN nor infinite. */
  | { readonly kind: 'finite'; readonly column: string }
  /** Inclusive. NaN is outside every range; an infinity passes an open side. */
  | {
      readonly kind: 'between';
      readonly column: string;
      readonly min?: number | string | undefined;
      readonly max?: number | string | undefined;
    }
  | { readonly kind: 'in' | 'notIn'; readonly column: string; readonly values: readonly Scalar[] }
  /** Searches, as JSON Schema's `pattern` does: anchor it with `^` and `$` to match the whole value. */
  | { readonly kind: 'matches'; readonly column: string; readonly pattern: string; readonly flags?: string | undefined }
  | {
      readonly kind: 'length';
      readonly column: string;
      readonly unit: LengthUnit;
      readonly min?: number | undefined;
      readonly max?: number | undefined;
    }
  | { readonly kind: 'type'; readonly column: string; readonly type: LogicalType }
  /** Every member of a group of equal values is unexpected. Rows with a null in any of the columns are not considered. */
  | { readonly kind: 'unique'; readonly columns: readonly string[] }
  /** Each value is compared with the previous one that is not null. */
  | { readonly kind: 'increasing'; readonly column: string; readonly strict: boolean }
  | { readonly kind: 'compare'; readonly left: string; readonly op: ComparisonOperator; readonly right: string }
  /** Every value occurs in a column of another table (given as `tables` when the suite runs). */
  | { readonly kind: 'references'; readonly column: string; readonly table: string; readonly key: string }
  /** Every row keeps a schema, which is given by name when the suite runs. Default: all columns are read. */
  | { readonly kind: 'row'; readonly schema: string; readonly columns?: readonly string[] | undefined }
  | ({ readonly kind: 'metric'; readonly column: string; readonly metric: ColumnMetric } & MetricBounds)
  /** The table is one of these versions of its dataset. */
  | { readonly kind: 'version'; readonly versions: readonly string[] }
  | { readonly kind: 'rowCount'; readonly min?: number | undefined; readonly max?: number | undefined }
  | { readonly kind: 'columns'; readonly names: readonly string[]; readonly exact: boolean }
  /** The newest value is at most `maxAgeMs` before, and no value more than `maxAheadMs` after, the time of the check. */
  | {
      readonly kind: 'fresh';
      readonly column: string;
      readonly maxAgeMs: number;
      readonly maxAheadMs?: number | undefined;
    }
  | {
      readonly kind: 'distribution';
      readonly column: string;
      readonly measure: DistanceMeasure;
      readonly max: number;
      readonly minRows: number;
    };

/** What kinds of checks there are. */
export type CheckKind = Check['kind'];

/** How an expectation is judged, whatever it checks. */
export interface Rule {
  /** Names the expectation in reports and histories; one suite has each id once. */
  readonly id: string;
  /** Only rows for which this holds are considered. */
  readonly where?: Condition | undefined;
  /** The share of considered rows that has to keep the expectation, in parts per million at the finest. Default 1. */
  readonly mostly?: number | undefined;
  /** A `warning` is reported and never fails the suite. Default `error`. */
  readonly severity?: 'error' | 'warning' | undefined;
  /** The verdict when not one row is considered. Default `insufficient`. */
  readonly onEmpty?: Verdict | undefined;
  /** The expectation is met when the column does not exist (an optional input that has a fallback). Default false. */
  readonly ifPresent?: boolean | undefined;
}

/** What is expected, and how it is judged. */
export type Expectation = Rule & Check;

/** Rows by what became of them: `rows = excluded + missing + considered`, `unexpected <= considered`. */
export interface Counts {
  readonly rows: number;
  /** Rows that `where` left out. */
  readonly excluded: number;
  /** Rows with a null in a checked column. A null check considers them. */
  readonly missing: number;
  readonly considered: number;
  readonly unexpected: number;
}

/** One row that does not keep an expectation. */
export interface FailureSample {
  /** Row number in the whole table, from 0. */
  readonly row: number;
  /** The value as JSON: NaN, infinities and integers beyond 2^53 are strings, long text is cut, `masked` when asked. */
  readonly value: SampleValue;
}

/** A value in a report, as JSON; a list for checks of several columns. */
export type SampleValue = Scalar | null | readonly (Scalar | null)[];

/** What came of one expectation. */
export interface ExpectationOutcome {
  readonly expectation: Expectation;
  readonly verdict: Verdict;
  readonly counts: Counts;
  /** The first failing rows, in row order. */
  readonly samples: readonly FailureSample[];
  /** A measured number for checks of the whole column: rows, age in ms, distance. */
  readonly observed?: number | undefined;
  readonly need?: Need | undefined;
  /** Why, when counts alone do not say it. */
  readonly reasons: readonly string[];
  /** One sentence for people. */
  readonly sentence: string;
}

/** The part of a report that is stored, with everything that is needed to say what it was computed from. */
export interface ReportBody {
  readonly format: 'millwright.validation/1';
  readonly verdict: Verdict;
  readonly rows: number;
  /** Digest of the expectations. */
  readonly suite: Digest;
  /** Digest of the reference profile. */
  readonly reference?: Digest | undefined;
  readonly outcomes: readonly ExpectationOutcome[];
}

/** What came of a suite of expectations on one table. */
export interface ValidationReport extends ReportBody {
  /** Digest of everything above. */
  readonly digest: Digest;
  /** Outcomes that do not pass, warnings included. */
  readonly failures: readonly ExpectationOutcome[];
  /** Returns the report. @throws `validation/failed` unless the verdict is `pass` */
  orThrow(): ValidationReport;
  /** What is stored: everything but the methods. */
  toJSON(): ReportBody & { readonly digest: Digest };
}
