import type { Need } from '@millwright/core';

/** What to do now. `hold` waits, for the reasons named in `need`; `pause` asks a person. */
export type RolloutVerdict = 'rollBack' | 'pause' | 'promote' | 'advance' | 'hold';

/** Where the rollout stands; without it only what the statistics alone say is judged, as if the last stage were done. */
export interface Situation {
  /** Index of the stage, from 0. */
  readonly stage: number;
  readonly epoch: number;
  /** How long the stage has been in force everywhere, in milliseconds. */
  readonly dwellMs: number;
  /** Epochs up to this one do not count against the balance of the arms: a person has looked at them. */
  readonly balancedUntil?: number | undefined;
}

/** The evidence about one metric. Logarithms are natural; E of 1 (log 0) is no evidence. */
export interface MetricEvidence {
  readonly metric: string;
  /** Against "no worse than the champion". Undefined for metrics that are no guardrail. */
  readonly harm: { readonly logE: number; readonly formula: Formula } | undefined;
  /** Against "worse than the margin". Undefined for metrics that need no proof. */
  readonly proof: { readonly logE: number; readonly formula: Formula; readonly proved: boolean } | undefined;
  /** Rows and sums of the newest epoch in which both arms have rows, [champion, challenger]. */
  readonly newest:
    | {
        readonly epoch: number;
        readonly rows: readonly [number, number];
        readonly sum: readonly [number, number];
        /** Of the latencies, for quantile metrics: the upper bounds of their buckets. */
        readonly quantiles?: readonly [number, number] | undefined;
      }
    | undefined;
  /** Rows over all epochs, for the record only: means are never formed from them. */
  readonly rows: readonly [number, number];
  readonly missing: readonly [number, number];
  /** Confidence sequence of the ratio challenger / champion at the rollback error, when asked for. Binary metrics only. */
  readonly ratio?: RatioInterval | undefined;
}

/** Bounds of the ratio challenger / champion. */
export interface RatioInterval {
  readonly lower: number;
  /** Undefined: without bound. */
  readonly upper: number | undefined;
}

/**
 * Formula and version; the same evidence is computed from the same sums for ever. Version 1 of the odds, which older records
 * name, bet on harms up to twentyfold.
 */
export type Formula =
  | 'conditional-odds/1'
  | 'conditional-odds/2'
  | 'restarted-odds/1'
  | 'quantile/1'
  | 'rank-betting/1'
  | 'effect-betting/1';

/** Everything that a verdict was formed from, as JSON: the same statistics and definition give the same evidence, bit for bit on one engine. */
export interface RolloutEvidence {
  readonly definition: string;
  readonly verdict: RolloutVerdict;
  readonly metrics: readonly MetricEvidence[];
  /** All guardrails merged by their weights. Rolled back when `logE` reaches `limit` = ln(1 / alpha). */
  readonly harm: { readonly logE: number; readonly limit: number; readonly cause: string | undefined };
  /** The weakest of the metrics that must be proved; 0 when there is none. */
  readonly proof: { readonly logE: number; readonly limit: number; readonly weakest: string | undefined };
  /** Whether arms are filled and labelled as their shares say. */
  readonly balance: { readonly logE: number; readonly limit: number; readonly cause: string | undefined };
  /** What is missing for the next step. */
  readonly need: readonly (Need & { readonly what: string })[];
  readonly because: Because;
  /** Some counts were sampled or interpolated: good enough to roll back, for nothing else. */
  readonly approximate?: true | undefined;
}

/** Why a verdict is what it is, in one sentence and the numbers behind it. */
export interface Because {
  /** What, how sure, in which stage, how many. */
  readonly sentence: string;
  /** The metric that decided, if one did. */
  readonly metric: string | undefined;
  /** ln E of what decided, and the limit it was held against. */
  readonly logE: number;
  readonly limit: number;
}
