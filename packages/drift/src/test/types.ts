import type { Need } from '@millwright/core';
import type { ColumnProfile } from '@millwright/core/profile';
import type { ColumnView } from '@millwright/core/table';

/** `insufficient` whenever the rows could not have shown a change of the margin's size: never a silent `noDrift`. */
export type DriftVerdict = 'drift' | 'noDrift' | 'insufficient';

/** Evidence that two samples differ, and by how much. */
export interface TestResult {
  /** Which test: `cells`, `ks`, `missing`, `psi.evidently` … */
  readonly test: string;
  /** How the p-value was computed: `exact`, `asymptotic`, `chi-square`; `threshold` where there is none. */
  readonly method: string;
  readonly verdict: DriftVerdict;
  readonly statistic: number;
  /** Undefined for distances that have none, and when there were no rows. */
  readonly pValue: number | undefined;
  /** ln p, finite where p underflows. */
  readonly logPValue: number | undefined;
  /** The size of the difference on the scale of `margin`. */
  readonly effect: number;
  /** What `effect` measures: `share of rows moved`, `largest difference of the distribution functions` … */
  readonly measure: string;
  /** Smaller effects are of no practical interest and never alarm. */
  readonly margin: number;
  readonly alpha: number;
  /** Rows that entered the test, without null and NaN. */
  readonly rows: { readonly reference: number; readonly current: number };
  /** What is missing when the verdict is `insufficient`. */
  readonly need: Need | undefined;
  /** Where the difference is, largest first. */
  readonly parts: readonly TestPart[];
  /** The result in one sentence for people. */
  readonly sentence: string;
}

/** One cell or category and its share of the rows. */
export interface TestPart {
  readonly label: string;
  readonly reference: number;
  readonly current: number;
}

/** What every test takes. */
export interface TestOptions {
  /** Chance of a false alarm per test. Default 0.05. */
  readonly alpha?: number | undefined;
  /** Smallest effect that matters, on the scale of the test's effect. Each test documents its default. */
  readonly margin?: number | undefined;
  /** The change of `margin` size is found at least this often, else the verdict is `insufficient`. Default 0.8. */
  readonly power?: number | undefined;
}

/** A two-sample test that the monitor can run. Implement it to add your own. */
export interface TwoSampleTest {
  readonly id: string;
  readonly accepts: 'number' | 'category' | 'any';
  /** Null and NaN are left out; presence is a test of its own. @throws `table/column` for a column of another kind */
  fromSamples(reference: ColumnView, current: ColumnView, options?: TestOptions): TestResult;
  /** The same from counts. Undefined where the test needs the values. @throws `profile/unmergeable` */
  fromProfiles?(reference: ColumnProfile, current: ColumnProfile, options?: TestOptions): TestResult;
}
