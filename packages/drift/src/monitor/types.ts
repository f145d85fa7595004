import type { Digest } from '@millwright/core';
import type { TableProfile } from '@millwright/core/profile';
import type { Table } from '@millwright/core/table';
import type { DriftVerdict, TestResult, TwoSampleTest } from '../test/types.js';
import type { TriggerDecision } from '../trigger/types.js';

/** What is looked for in a column. */
export type ColumnCheckKind = 'distribution' | 'missing' | 'unseen' | 'range' | 'presence' | 'schema';

/** How one column is checked. */
export interface ColumnPlan {
  /** Default: `distribution`, for numbers and categories alike. Must be able to work on profiles. */
  readonly test?: TwoSampleTest | undefined;
  /** Smallest effect that matters, on the scale of the test. Default 0.1, of the rates 0.02. */
  readonly margins?: Partial<Record<Exclude<ColumnCheckKind, 'schema'>, number>> | undefined;
  /** Checks that are left out. */
  readonly without?: readonly ColumnCheckKind[] | undefined;
}

/** One check of one column in one window. */
export interface ColumnCheck {
  readonly column: string;
  readonly check: ColumnCheckKind;
  /** After multiplicity control. */
  readonly verdict: DriftVerdict;
  /** p-value adjusted for all checks of the window. */
  readonly adjusted: number | undefined;
  /** Effect in units of its margin, 0 while it may be chance. Undefined when it could not be judged. */
  readonly severity: number | undefined;
  readonly result: TestResult | undefined;
  readonly sentence: string;
}

/** What a window's profile says against the reference. */
export interface Assessment {
  readonly verdict: DriftVerdict;
  readonly checks: readonly ColumnCheck[];
  /** Largest severity of all checks; undefined when none could be judged. */
  readonly severity: number | undefined;
  /** Signs of broken data, as sentences. */
  readonly integrity: readonly string[];
  /** What changed most, in one sentence. */
  readonly sentence: string;
}

/** Where a change is looked for once it is found: see `segmentedReference`. */
export interface SegmentedReference {
  /** The column that names a row's segment. */
  readonly by: string;
  /** The reference's rows by segment, counted against the reference of the monitor. */
  readonly profiles: ReadonlyMap<string, TableProfile>;
  /** One profile per segment of the rows. @throws `table/column` */
  count(table: Table, columns: readonly string[]): ReadonlyMap<string, TableProfile>;
  merge(a: ReadonlyMap<string, TableProfile>, b: ReadonlyMap<string, TableProfile>): ReadonlyMap<string, TableProfile>;
  /** Where the changes of a window are, the largest share first, and the assessment's sentence with it. */
  attribute(
    assessment: Assessment,
    now: ReadonlyMap<string, TableProfile>,
    options: { readonly columns?: readonly string[] | Readonly<Record<string, ColumnPlan>> | undefined },
  ): { readonly shares: readonly SegmentShare[]; readonly sentence: string };
}

/** How much of a change one segment holds. */
export interface SegmentShare {
  readonly column: string;
  readonly check: ColumnCheckKind;
  readonly segment: string;
  /** Share of all rows that are in the segment. A changed mix shows here. */
  readonly rows: { readonly reference: number; readonly current: number };
  /** The effect among the segment's rows alone. */
  readonly effect: number;
  /** Of what all segments have moved, weighted by their rows: 0 to 1. */
  readonly share: number;
}

/** Which window it is, and what it holds. */
export interface WindowFacts {
  /** Place of the window: counted from the origin of windows of time, or from 0. */
  readonly index: number;
  /** Event time; undefined for windows of rows without times. */
  readonly startMs: number | undefined;
  /** First moment that is not in it. */
  readonly endMs: number | undefined;
  readonly rows: number;
  /** Closed before its end: it is reported, but never leads to an action. */
  readonly partial: boolean;
  /** Windows without any row since the one before. */
  readonly emptyBefore: number;
}

/** What the monitor says about one window, with the digests of everything it looked at. */
export interface DriftDecision extends Assessment {
  readonly format: 'millwright.drift-decision/1';
  readonly monitor: string;
  readonly window: WindowFacts;
  readonly trigger: TriggerDecision;
  readonly reference: Digest;
  /** Which hour or weekday of the reference it was compared with; undefined for all of it. */
  readonly season: { readonly name: string; readonly reference: Digest } | undefined;
  /** Against the latest windows together; undefined when not asked for, or before there were enough. */
  readonly rolling: (Assessment & { readonly reference: Digest; readonly windows: number }) | undefined;
  /** Where the changes are, the largest share first; undefined when not asked for, or when nothing drifted. */
  readonly segments: readonly SegmentShare[] | undefined;
  readonly profile: Digest;
  readonly plan: Digest;
  /** The part of α that this window may spend. */
  readonly alpha: number;
  readonly digest: Digest;
}
