import type { Digest } from '@millwright/core';
import type { Task } from '../metrics/catalogue.js';
import type { Measure } from '../metrics/measure.js';
import type { Cells } from './cells.js';
import type { Difference } from './paired.js';

/**
 * What a comparison found: plain JSON, versioned, with the digests of what it was computed from. Everything that a gate
 * needs is in it, so that a verdict can be computed again without the rows.
 */
export interface EvaluationReport {
  readonly schema: 'millwright.evaluation@1';
  readonly task: Task;
  /** Scores at or above count as positive. */
  readonly threshold?: { readonly champion: number; readonly challenger: number };
  readonly champion: string;
  readonly challenger: string;
  /** Names the metric that decides unless a policy says otherwise. */
  readonly primary: string;
  readonly seed: number;
  readonly minSupport: number;
  /** What decisions are worth, where the comparison was told: `payoffs[truth][decision]`. */
  readonly payoffs?: readonly (readonly number[])[];
  /** How many units the rows belong to, where tests count units. */
  readonly units?: number;
  /** In how many parts the rows came, where they did; then areas under curves are approximate and say how closely. */
  readonly chunks?: number;
  readonly rows: RowFacts;
  /** By name: `truth`, `champion`, `challenger`, `slice:origin`. */
  readonly inputs: Readonly<Record<string, Digest>>;
  readonly overall: Group;
  readonly slices: readonly SliceGroup[];
  /** Of all of the above. */
  readonly digest: Digest;
}

/** How many rows there were and why some do not count. */
export interface RowFacts {
  readonly given: number;
  /** Rows that count: truth known and both models answered. */
  readonly considered: number;
  readonly withoutTruth: number;
  /** Rows with a truth for which the model gave NaN. */
  readonly championInvalid: number;
  readonly challengerInvalid: number;
  /** Row ids that one side has and another lacks. */
  readonly unmatched: number;
}

/** All rows, or those of one slice value. */
export interface Group {
  readonly n: number;
  /** Eight counts for a binary task (truth × champion × challenger), four for several classes (who was right). */
  readonly cells?: Cells;
  readonly metrics: readonly MetricComparison[];
}

/** The same figures for the rows of one slice: those whose `slice` is `value`. */
export interface SliceGroup extends Group {
  readonly slice: string;
  readonly value: string;
  /** Declared by the caller: without rows it is a gap. */
  readonly declared: boolean;
  /** Found by searching these rows, so that they cannot test it: shown and never judged. */
  readonly found?: true;
}

/** One metric of both models; `difference` is challenger - champion. */
export interface MetricComparison {
  readonly metric: string;
  readonly id: string;
  readonly better: 'higher' | 'lower';
  readonly champion: Measure;
  readonly challenger: Measure;
  readonly difference?: Difference;
}
