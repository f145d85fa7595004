import type { Digest, Need, Verdict } from '@millwright/core';
import type { GateRule, ResolvedPolicy } from './policy.js';

/** What a gate decided and why, with the digests of what it was computed from: the same report and policy give the same bytes. */
export interface GateVerdict {
  readonly schema: 'millwright.gate-verdict@1';
  readonly kind: 'gate';
  readonly decision: 'promote' | 'block' | 'hold';
  /** The same in the words of every other check: promote = pass, block = fail, hold = insufficient. */
  readonly verdict: Verdict;
  /** One line for people: the decision and its main reason. */
  readonly sentence: string;
  /** A sentence per rule, the deciding ones first. */
  readonly reasons: readonly string[];
  readonly rules: readonly RuleResult[];
  /** What would turn a hold into a decision. */
  readonly need?: Need;
  readonly policy: ResolvedPolicy;
  /** Of the report that was judged. */
  readonly report: Digest;
  readonly policyDigest: Digest;
  /** Load tests, contract tests and the like that the gate was given. */
  readonly findings?: readonly { readonly schema: string; readonly digest: Digest }[];
  /** The challenger's figures, for alias policies and model cards. */
  readonly metrics: readonly { readonly metric: string; readonly slice?: string; readonly value: number }[];
  /** Of all of the above. */
  readonly digest: Digest;
}

/** How one rule came out. */
export interface RuleResult {
  /** `rows` is the check of the data itself that every gate makes. */
  readonly rule: GateRule | { readonly rule: 'rows' };
  readonly verdict: Verdict;
  readonly sentence: string;
  readonly need?: Need;
  readonly tests: readonly RuleTest[];
  /** What the rule could not look at, or could not have seen. */
  readonly notes: readonly string[];
}

/** One test of a rule: a place (overall or a slice value) and what was found there. */
export interface RuleTest {
  readonly place: string;
  readonly n: number;
  readonly verdict: Verdict;
  /** Positive when the challenger is better. */
  readonly benefit?: number;
  readonly pValue?: number;
  /** After the policy's correction over the rule family. */
  readonly adjustedP?: number;
  /** The smallest harm that these rows show with 80 % power at the strictest level of the family. */
  readonly detectable?: number;
  readonly undefinedWhy?: string;
}
