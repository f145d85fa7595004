import type { Digest } from '@millwright/core';

/**
 * What to do about a window. `insufficient`: it could not be judged. `watch`: look, but do nothing yet. `hold`: nothing
 * may be retrained until a person says so. `escalate`: a person is needed now.
 */
export type TriggerAction = 'none' | 'insufficient' | 'watch' | 'retrain' | 'hold' | 'escalate';

/** When evidence becomes an action, so that neither noise nor one broken batch retrains a model. */
export interface TriggerPolicy {
  /** Severity from which a window speaks for retraining. 1 is the margin of the test. Default 1. */
  readonly retrainAt?: number | undefined;
  /** Severity from which the data are more likely broken than changed. Default 5. */
  readonly escalateAt?: number | undefined;
  /** Severity below which what was seen before is forgotten. Default 0.6. */
  readonly clearAt?: number | undefined;
  /** How many of the last judged windows must speak for retraining. Default 3 of 5. */
  readonly confirm?: { readonly count: number; readonly of: number } | undefined;
  /** No retraining for this long after one. Default 7 days. */
  readonly cooldownMs?: number | undefined;
  /** At most so many retrainings in so long; beyond, `hold`. Default 4 in 30 days. */
  readonly budget?: { readonly retrains: number; readonly perMs: number } | undefined;
  /**
   * Retrain only when what the current state loses in `days` is at least what a retraining costs, in one currency.
   * Evidence without an estimate of the loss is judged by its severity alone. Default: cost does not count.
   */
  readonly cost?: { readonly retraining: number; readonly days: number } | undefined;
}

/** What the reducer looks at. */
export interface TriggerEvidence {
  /** Names the evidence (monitor, reference, window). The same key is never counted twice. */
  readonly key: string;
  /** Largest effect in units of its margin; undefined when the window could not be judged. */
  readonly severity: number | undefined;
  /** Signs that data are broken rather than changed (column gone, null surge, unit change). Any of them escalates. */
  readonly integrity: readonly string[];
  /** What the current state loses per day, in the currency of the policy's `cost`. */
  readonly lossPerDay?: number | undefined;
  /** Digest of the record that the evidence comes from. */
  readonly digest?: Digest | undefined;
}

/** Everything the next decision depends on. Plain data: store it, replay it. */
export interface TriggerState {
  readonly status: 'quiet' | 'watching' | 'held';
  /** Whether each of the last judged windows spoke for retraining, newest last. */
  readonly recent: readonly boolean[];
  /** Times of retrainings that still count for cooldown and budget. */
  readonly retrainedAt: readonly number[];
  /** Keys that were seen lately. */
  readonly seen: readonly string[];
}

/** What was decided, and every number that it was decided from. */
export interface TriggerDecision {
  readonly action: TriggerAction;
  readonly reasons: readonly TriggerReason[];
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly key: string;
  readonly severity: number | undefined;
  readonly integrity: readonly string[];
  readonly lossPerDay: number | undefined;
  /** How many of the last judged windows spoke for retraining, this one included. */
  readonly confirmed: number;
  readonly policy: Digest;
  readonly evidence: Digest | undefined;
  readonly sentence: string;
}

/** Why a window led to its action. */
export type TriggerReason =
  | 'quiet'
  | 'duplicate'
  | 'not-enough-rows'
  | 'integrity'
  | 'too-large'
  | 'held'
  | 'unconfirmed'
  | 'not-cleared'
  | 'cleared'
  | 'confirmed'
  | 'cooldown'
  | 'not-worth-it'
  | 'budget';
