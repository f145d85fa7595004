import { type Digest, digestJson, invalidInput, type JsonObject, parseName } from '@millwright/core';
import * as z from 'zod/mini';
import { type GatePolicy, resolvePolicy } from '../../evaluation/gate/policy.js';
import { plainJson } from '../../json-blob.js';
import { word } from '../../schemas.js';
import { MAX_WORD } from '../../text.js';

const decimal = z.string().check(z.regex(/^-?[0-9]{1,30}(?:\.[0-9]{1,30})?$/));
const count = z.int().check(z.minimum(1), z.maximum(100));

const bound = z.object({
  metric: word,
  slice: z.optional(z.string().check(z.maxLength(MAX_WORD))),
  atLeast: z.optional(decimal),
  atMost: z.optional(decimal),
});

const evidenceRequirement = z.object({
  kind: word,
  maxAgeMs: z.optional(z.number().check(z.positive())),
  metrics: z.optional(z.array(bound)),
  by: z.optional(z.array(word)),
});

const approvalRequirement = z.object({ role: word, count: z.optional(count), from: z.optional(z.array(word)) });

/** What of a version can differ from another's. */
export const CHANGES = ['artifact', 'contract', 'features', 'kind'] as const;

const changePlan = z.strictObject({
  changes: z.array(z.enum(CHANGES)),
  within: z.array(evidenceRequirement).check(z.minLength(1)),
  until: z.optional(z.number()),
});

export const aliasPolicySchema = z.strictObject({
  evidence: z.optional(z.array(evidenceRequirement)),
  approvals: z.optional(z.array(approvalRequirement)),
  separationOfDuties: z.optional(z.boolean()),
  actors: z.optional(z.array(word)),
  after: z.optional(word),
  breakGlass: z.optional(z.array(word)),
  plan: z.optional(changePlan),
});

/** What must hold before an alias may point to a version. Plain data, so that it has a digest and can be judged again later. */
export interface AliasPolicy {
  /** All of these. Of each kind the newest record counts, so a later failure undoes an earlier pass. */
  readonly evidence?: readonly EvidenceRequirement[] | undefined;
  /** All of these. */
  readonly approvals?: readonly ApprovalRequirement[] | undefined;
  /** Approvals of the actor who registered the version do not count. Default true. */
  readonly separationOfDuties?: boolean | undefined;
  /** Who may move the alias. Default: anyone. */
  readonly actors?: readonly string[] | undefined;
  /** An alias that must have pointed to the version before (`canary`). */
  readonly after?: string | undefined;
  /** Who may override the policy, giving a reason that is recorded. Default: nobody. */
  readonly breakGlass?: readonly string[] | undefined;
  /** Changes that were approved in advance: a move inside the plan needs no approvals. All else still has to hold. */
  readonly plan?: ChangePlan | undefined;
}

/**
 * A pre-determined change plan. Who may set the policy approves it; its digest stands in every move that relied on it.
 * A version is compared with the one that the alias points to.
 */
export interface ChangePlan {
  /** What may differ. Retraining changes the `artifact` and nothing else. */
  readonly changes: readonly VersionChange[];
  /** What must be measured, and within which bounds. At least one. */
  readonly within: readonly EvidenceRequirement[];
  /** Milliseconds since 1970 after which it covers nothing. Default: never. */
  readonly until?: number | undefined;
}

/** What of a version can differ from another's. */
export type VersionChange = (typeof CHANGES)[number];

/** Evidence that a version must have: the newest of this kind must pass. */
export interface EvidenceRequirement {
  /** `evaluation`, `load-test` … */
  readonly kind: string;
  /** Milliseconds for which a verdict may be relied on. Default: for ever. */
  readonly maxAgeMs?: number | undefined;
  /** Figures that the evidence must state, as decimal strings: what is missing or NaN does not hold. */
  readonly metrics?: readonly MetricBound[] | undefined;
  /** Who may have attached it. Default: anyone. */
  readonly by?: readonly string[] | undefined;
}

/** A figure that the evidence must state, within bounds that count themselves in. */
export interface MetricBound {
  readonly metric: string;
  /** Of this slice alone: `origin = SFO`. Default: all rows. */
  readonly slice?: string | undefined;
  /** Decimal string: `'0.72'`. */
  readonly atLeast?: string | undefined;
  readonly atMost?: string | undefined;
}

/** Approvals that a version must have in one role. */
export interface ApprovalRequirement {
  readonly role: string;
  /** Different people. Default 1. */
  readonly count?: number | undefined;
  /** Who may approve in this role. Default: anyone. */
  readonly from?: readonly string[] | undefined;
}

/** The rules of a model: one policy for each alias that has one, and the rules of its evaluation gate. */
export interface ModelPolicy {
  readonly aliases?: Readonly<Record<string, AliasPolicy>> | undefined;
  /**
   * Rules for the evaluation's `gate`. Where an alias asks for evidence of kind `gate`, only verdicts by these rules
   * count. Default: whatever rules the verdict names.
   */
  readonly gate?: GatePolicy | undefined;
  /** Who may change these rules from now on. Default: anyone. */
  readonly guardians?: readonly string[] | undefined;
}

const modelPolicySchema = z.strictObject({
  aliases: z.optional(z.record(word, aliasPolicySchema)),
  guardians: z.optional(z.array(word)),
});

/** A policy as it is stored: without undefined members, the gate's defaults filled in. */
export interface NormalisedPolicy {
  readonly policy: JsonObject;
  readonly digest: Digest;
  /** As a gate's verdict names its rules. */
  readonly gateDigest: Digest | undefined;
}

/** @throws `input/invalid` */
export function normalisePolicy(input: ModelPolicy): NormalisedPolicy {
  const { gate, ...rest } = input;
  const parsed = modelPolicySchema.safeParse(plainJson(rest));
  if (!parsed.success) throw badPolicy(parsed.error);
  for (const alias of Object.keys(parsed.data.aliases ?? {})) parseName(alias, 'alias');
  const resolved = gate === undefined ? undefined : plainJson(resolvePolicy(gate));
  const policy = plainJson({ aliases: {}, ...parsed.data, gate: resolved });
  return { policy, digest: digestJson(policy), gateDigest: resolved === undefined ? undefined : digestJson(resolved) };
}

function badPolicy(error: z.core.$ZodError): Error {
  const issue = error.issues[0];
  return invalidInput(`policy.${issue?.path.join('.') ?? ''}`, issue?.message ?? 'a policy', undefined);
}
