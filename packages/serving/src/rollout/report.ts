import { eBenjaminiHochberg } from '@millwright/core/statistics';
import type { RollbackCause } from './events.js';

/** What is read of a rollout's state. */
export interface JudgedRollout {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly submittedAt: number;
  readonly evidence: { readonly evidence: { readonly harm: { readonly logE: number } } } | undefined;
  readonly cause: { readonly cause: RollbackCause } | undefined;
}

/** What a year of rollouts says about its rollbacks. */
export interface RollbackReport {
  /** Rollouts that were judged. */
  readonly judged: number;
  /** Those that a guardrail took back. */
  readonly rolledBack: readonly string[];
  /** Those of them that are harmful with a false discovery rate of at most alpha over all judged. */
  readonly confirmed: readonly string[];
}

/**
 * Which rollbacks stand when all rollouts of a period are looked at together. Each rollout keeps its own error, but of a
 * hundred harmless ones some are taken back; e-BH (Wang & Ramdas 2022) bounds the expected share of such among those it
 * confirms, whatever the rollouts have in common. Pure.
 */
export function rollbackReport(
  rollouts: Iterable<JudgedRollout>,
  options: {
    readonly alpha?: number | undefined;
    readonly from?: number | undefined;
    readonly until?: number | undefined;
  } = {},
): RollbackReport {
  const { alpha = 0.1, from = -Infinity, until = Infinity } = options;
  const judged = [...rollouts].filter(
    ({ evidence, submittedAt }) => evidence !== undefined && submittedAt >= from && submittedAt < until,
  );
  // The evidence at the time of a verdict is an e-value, for that is a stopping time.
  const eValues = judged.map(({ evidence }) => Math.exp(Math.min(700, evidence!.evidence.harm.logE)));
  const rejected = eBenjaminiHochberg(eValues, alpha).map((i) => judged[i]!);
  const taken = ({ cause }: JudgedRollout) => cause?.cause === 'guardrail';
  return {
    judged: judged.length,
    rolledBack: judged.filter(taken).map(({ id }) => id),
    confirmed: rejected.filter(taken).map(({ id }) => id),
  };
}
