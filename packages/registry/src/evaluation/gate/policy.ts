import { invalidInput } from '@millwright/core';
import * as z from 'zod/mini';

/** What a challenger must show. Plain data: it has a digest, lives in a ledger and can be judged again. */
export interface GatePolicy {
  /** One-sided error of each rule; `noHarm` spends it once over all its slices and metrics (Holm). Default 0.05. */
  readonly alpha?: number | undefined;
  /**
   * How that error is spent over slices. `holm`: the chance of any wrong block. `benjaminiHochberg`: the share of wrong ones
   * among the slices that are flagged; it catches more, and blocks more often by chance. Default `holm`.
   */
  readonly correction?: 'holm' | 'benjaminiHochberg' | undefined;
  /** All of these must pass. Default: better on the primary metric, and worse in no slice. */
  readonly rules?: readonly GateRule[] | undefined;
}

/** A metric is named as in the report; without a name it is the report's primary metric. */
export type GateRule = MetricRule | FindingRule;

/** Rules about the report's metrics. */
export type MetricRule = SuperiorRule | NonInferiorRule | NoHarmRule | BoundRule | FairRule;

/** Rules about what else was found out: they leave the gate open until the gate is given that finding. */
export type FindingRule = LatencyRule | CostRule | ContractRule | RobustRule | PreferredRule | BaselineRule;

/** The challenger is better, by more than `margin` (default 0). */
export interface SuperiorRule {
  readonly rule: 'superior';
  readonly metric?: string | undefined;
  /** By how much it must be better, on the scale of the metric. Default 0. */
  readonly margin?: number | undefined;
  /** Default: the policy's. */
  readonly alpha?: number | undefined;
}

/** The challenger is not worse by `margin` or more: proof, not absence of alarm. */
export interface NonInferiorRule {
  readonly rule: 'nonInferior';
  readonly metric?: string | undefined;
  readonly margin: number;
  /** Default: the policy's. */
  readonly alpha?: number | undefined;
}

/** In no slice is the challenger provably worse. */
export interface NoHarmRule {
  readonly rule: 'noHarm';
  readonly metric?: string | undefined;
  /** Slice names (`origin`) or values (`origin=SFO`). A named one that is missing or too small leaves the gate open. Default: every slice of the report. */
  readonly slices?: readonly string[] | undefined;
  /** Harm up to this much is accepted. Default 0. */
  readonly margin?: number | undefined;
  /** Default: the policy's. */
  readonly alpha?: number | undefined;
  /** Default: the report's. */
  readonly minSupport?: number | undefined;
  /** The harm that must be visible (with 80 % power): slices that could not show it leave the gate open. */
  readonly mustDetect?: number | undefined;
}

/** The challenger's value itself, with 95 % certainty on both sides of the bound; overall or in every listed slice. */
export interface BoundRule {
  readonly rule: 'atLeast' | 'atMost';
  readonly metric: string;
  readonly value: number;
  readonly slices?: readonly string[] | undefined;
}

/** The challenger's rates in the groups of one slice do not differ by more than that. */
export interface FairRule {
  readonly rule: 'fair';
  readonly slice: string;
  /** `selectionRate` (demographic parity), `recall` (equal opportunity), `falsePositiveRate`, `precision` … Default `recall`. */
  readonly metric?: string | undefined;
  /** Largest rate minus smallest, 0 to 1. Default: not asked. */
  readonly maxDifference?: number | undefined;
  /** 0.8 is the four-fifths rule. */
  readonly minRatio?: number | undefined;
  /** Rows that a group must have. Default: the report's. */
  readonly minSupport?: number | undefined;
}

/** Of a load test: that share of requests is answered within `maxMs`, with 95 % certainty. */
export interface LatencyRule {
  readonly rule: 'latency';
  /** 0.95 is the 95th percentile. */
  readonly quantile: number;
  readonly maxMs: number;
  /** Share of requests that may fail. Default 0. */
  readonly maxFailures?: number | undefined;
}

/** Of a load test: the mean cost of an answer, in the unit of its `costOf`, with 95 % certainty. */
export interface CostRule {
  readonly rule: 'cost';
  readonly maxPerRequest: number;
}

/** Of a contract test: no fault in any answer. */
export interface ContractRule {
  readonly rule: 'contract';
  /** Default: the report's `minSupport`. */
  readonly minChecked?: number | undefined;
  /** Accept two different answers to one input, as of a model that samples. Default false. */
  readonly allowChanged?: boolean | undefined;
}

/** Of a robustness test: perturbed inputs cost less than `maxLoss` of the benefit, proved for each perturbation. */
export interface RobustRule {
  readonly rule: 'robust';
  /** Names of perturbations that must have been tested. Default: whatever was. */
  readonly to?: readonly string[] | undefined;
  readonly maxLoss: number;
  /** Default: the policy's. */
  readonly alpha?: number | undefined;
}

/** Of a pairwise judgement: the judge prefers the challenger, and can be relied on. */
export interface PreferredRule {
  readonly rule: 'preferred';
  /** (won - lost) / pairs must be above that. Default 0; -0.05 accepts a loss of five points. */
  readonly atLeast?: number | undefined;
  /** Share of pairs without a judgement, which count as lost. Default 0. */
  readonly maxUndecided?: number | undefined;
  /** Share of pairs with the same outcome in both orders. */
  readonly minConsistency?: number | undefined;
  /** Share of the pairs with a known outcome on which the judge must agree with it. Default: not asked. */
  readonly minAnchorAgreement?: number | undefined;
  /** The digest of the judge that must have judged. */
  readonly judge?: string | undefined;
  /** Default: the policy's. */
  readonly alpha?: number | undefined;
}

/** Not worse than the blessed figures: on the same rows by no more than `maxLoss`, on others not provably so. */
export interface BaselineRule {
  readonly rule: 'baseline';
  readonly metric?: string | undefined;
  /** Slice names or values; `overall` for all rows. Default: all rows. */
  readonly slices?: readonly string[] | undefined;
  /** Default 0. */
  readonly maxLoss?: number | undefined;
  /** Default: the policy's. */
  readonly alpha?: number | undefined;
}

/** A policy with everything filled in, as the verdict names it. */
export interface ResolvedPolicy {
  readonly alpha: number;
  /** Named only where it is not Holm's. */
  readonly correction?: 'benjaminiHochberg';
  readonly rules: readonly GateRule[];
}

/** Better on the primary metric, worse nowhere. */
export const DEFAULT_POLICY: ResolvedPolicy = { alpha: 0.05, rules: [{ rule: 'superior' }, { rule: 'noHarm' }] };

/** Checks a policy, also one that comes out of a store, and fills in defaults. @throws `input/invalid` */
export function resolvePolicy(policy: unknown = {}): ResolvedPolicy {
  const parsed = policySchema.safeParse(policy);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalidInput(`policy.${issue?.path.map(String).join('.') ?? ''}`, 'a gate policy', issue?.message ?? policy);
  }
  const rules = (parsed.data.rules ?? DEFAULT_POLICY.rules) as readonly GateRule[];
  if (rules.length === 0)
    throw invalidInput('policy.rules', 'at least one rule', rules, 'Leave `rules` out for the default ones.');
  const resolved = { alpha: parsed.data.alpha ?? DEFAULT_POLICY.alpha, rules };
  return parsed.data.correction === 'benjaminiHochberg'
    ? { ...resolved, correction: parsed.data.correction }
    : resolved;
}

const alpha = z.optional(z.number().check(z.gt(0), z.lt(0.5)));
const metric = z.optional(z.string().check(z.minLength(1)));
const margin = z.number().check(z.gte(0));
const slices = z.optional(z.array(z.string()).check(z.minLength(1)));
const support = z.optional(z.number().check(z.gte(1)));
const share = z.number().check(z.gte(0), z.lte(1));
const bound = { metric: z.string().check(z.minLength(1)), value: z.number(), slices };

const policySchema = z.strictObject({
  alpha,
  correction: z.optional(z.enum(['holm', 'benjaminiHochberg'])),
  rules: z.optional(
    z.array(
      z.discriminatedUnion('rule', [
        z.strictObject({ rule: z.literal('superior'), metric, margin: z.optional(margin), alpha }),
        z.strictObject({ rule: z.literal('nonInferior'), metric, margin, alpha }),
        z.strictObject({
          rule: z.literal('noHarm'),
          metric,
          slices,
          margin: z.optional(margin),
          alpha,
          minSupport: support,
          mustDetect: z.optional(z.number().check(z.gt(0))),
        }),
        z.strictObject({ rule: z.literal('atLeast'), ...bound }),
        z.strictObject({ rule: z.literal('atMost'), ...bound }),
        z.strictObject({
          rule: z.literal('fair'),
          slice: z.string(),
          metric,
          maxDifference: z.optional(margin),
          minRatio: z.optional(z.number().check(z.gt(0), z.lte(1))),
          minSupport: support,
        }),
        z.strictObject({
          rule: z.literal('latency'),
          quantile: z.number().check(z.gt(0), z.lt(1)),
          maxMs: z.number().check(z.gt(0)),
          maxFailures: z.optional(share),
        }),
        z.strictObject({ rule: z.literal('cost'), maxPerRequest: margin }),
        z.strictObject({ rule: z.literal('contract'), minChecked: support, allowChanged: z.optional(z.boolean()) }),
        z.strictObject({ rule: z.literal('robust'), to: slices, maxLoss: margin, alpha }),
        z.strictObject({
          rule: z.literal('preferred'),
          atLeast: z.optional(z.number().check(z.gt(-1), z.lt(1))),
          maxUndecided: z.optional(share),
          minConsistency: z.optional(share),
          minAnchorAgreement: z.optional(share),
          judge: z.optional(z.string()),
          alpha,
        }),
        z.strictObject({ rule: z.literal('baseline'), metric, slices, maxLoss: z.optional(margin), alpha }),
      ]),
    ),
  ),
});
