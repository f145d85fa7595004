import {
  type Digest,
  defined,
  digestJson,
  type EvidenceNote,
  invalidInput,
  type JsonObject,
  parseName,
} from '@millwright/core';
import * as z from 'zod/mini';
import { type GatePolicy, resolvePolicy } from '../evaluation/gate/policy.js';
import { plainJson } from '../json-blob.js';
import { word } from '../schemas.js';
import { MAX_WORD } from '../text.js';

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

const CHANGES = ['artifact', 'contract', 'features', 'kind'] as const;

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

/** What differs between two versions. */
export function changesBetween(
  a: Readonly<Record<VersionChange, string | undefined>>,
  b: Readonly<Record<VersionChange, string | undefined>>,
): readonly VersionChange[] {
  return CHANGES.filter((member) => a[member] !== b[member]);
}

export interface EvidenceRequirement {
  readonly kind: string;
  /** Milliseconds for which a verdict may be relied on. Default: for ever. */
  readonly maxAgeMs?: number | undefined;
  /** Figures that the evidence must state, as decimal strings: what is missing or NaN does not hold. */
  readonly metrics?: readonly MetricBound[] | undefined;
  /** Who may have attached it. Default: anyone. */
  readonly by?: readonly string[] | undefined;
}

export interface MetricBound {
  readonly metric: string;
  readonly slice?: string | undefined;
  /** Decimal string: `'0.72'`. */
  readonly atLeast?: string | undefined;
  readonly atMost?: string | undefined;
}

export interface ApprovalRequirement {
  readonly role: string;
  /** Different people. Default 1. */
  readonly count?: number | undefined;
  /** Who may approve in this role. Default: anyone. */
  readonly from?: readonly string[] | undefined;
}

/** What a policy looks at. The same facts give the same answer, when the move is made and in any later audit. */
export interface MoveFacts {
  readonly actor: string;
  /** Time of the commit. */
  readonly time: number;
  readonly registeredBy: string;
  readonly evidence: readonly (EvidenceNote & {
    readonly by: string;
    readonly time: number;
    readonly policy?: Digest | undefined;
    readonly metrics: readonly {
      readonly metric: string;
      readonly slice?: string | undefined;
      readonly value: number;
    }[];
  })[];
  readonly approvals: readonly { readonly role: string; readonly by: string }[];
  /** Aliases that have pointed to the version. */
  readonly pastAliases: ReadonlySet<string>;
  /** Digest of the model's gate rules, when it has any. */
  readonly gate?: Digest | undefined;
  /** What differs from the version that the alias points to; undefined when it points to none. */
  readonly changes?: readonly VersionChange[] | undefined;
}

export interface Judgement {
  readonly allowed: boolean;
  /** Why not, one sentence each. */
  readonly reasons: readonly string[];
  /** The evidence that the policy relied on. */
  readonly evidence: readonly Digest[];
  /** Digest of the change plan that stood in for approvals. */
  readonly plan?: Digest | undefined;
}

/** Judges a move by a policy: a pure function, evaluated inside the commit and again by every fold of the ledger. */
export function judgeMove(policy: AliasPolicy, facts: MoveFacts): Judgement {
  const reasons: string[] = [];
  const relied: Digest[] = [];
  if (policy.actors !== undefined && !policy.actors.includes(facts.actor))
    reasons.push(`${facts.actor} may not move this alias.`);
  const check = (requirements: readonly EvidenceRequirement[] = []) => {
    const found: string[] = [];
    for (const requirement of requirements) {
      const newest = facts.evidence.findLast((e) => e.kind === requirement.kind);
      const reason = missing(requirement, newest, facts);
      if (reason !== undefined) found.push(reason);
      else if (newest !== undefined) relied.push(newest.digest);
    }
    return found;
  };
  reasons.push(...check(policy.evidence));
  const unapproved: string[] = [];
  const separate = policy.separationOfDuties ?? true;
  for (const { role, count: needed = 1, from } of policy.approvals ?? []) {
    const people = new Set<string>();
    for (const { role: given, by } of facts.approvals)
      if (given === role && (from?.includes(by) ?? true) && !(separate && by === facts.registeredBy)) people.add(by);
    if (people.size < needed)
      unapproved.push(
        `${people.size} of ${needed} approvals in the role \`${role}\`${separate ? ' by someone other than the registrant' : ''}.`,
      );
  }
  let plan: Digest | undefined;
  if (policy.plan !== undefined && unapproved.length > 0) {
    const outside = [...beyond(policy.plan, facts), ...check(policy.plan.within)];
    if (outside.length === 0) plan = digestJson(plainJson(policy.plan));
    else reasons.push(...unapproved, `The change plan does not cover it: ${outside.join(' ')}`);
  } else reasons.push(...unapproved);
  if (policy.after !== undefined && !facts.pastAliases.has(policy.after))
    reasons.push(`The version has not been \`${policy.after}\` before.`);
  return { allowed: reasons.length === 0, reasons, evidence: [...new Set(relied)], ...defined({ plan }) };
}

/** What of a move no plan of this kind covers, whatever was measured. */
function beyond({ changes, until }: ChangePlan, facts: MoveFacts): readonly string[] {
  if (facts.changes === undefined) return ['There is no version in use to compare it with.'];
  const reasons = facts.changes.filter((c) => !changes.includes(c)).map((c) => `It has another ${c}.`);
  if (until !== undefined && facts.time > until) reasons.push('It has run out.');
  return reasons;
}

type Fact = MoveFacts['evidence'][number];

function missing(
  requirement: EvidenceRequirement,
  newest: Fact | undefined,
  { time, gate }: MoveFacts,
): string | undefined {
  const { kind, maxAgeMs, metrics, by } = requirement;
  if (newest === undefined) return `No evidence of kind \`${kind}\`.`;
  if (newest.verdict !== 'pass')
    return `The newest evidence of kind \`${kind}\` ${newest.verdict === 'fail' ? 'fails' : 'does not decide'}.`;
  if (kind === 'gate' && gate !== undefined && newest.policy !== gate)
    return 'The newest gate verdict was reached by other rules than those of the model.';
  if (by !== undefined && !by.includes(newest.by))
    return `Evidence of kind \`${kind}\` by ${newest.by} does not count.`;
  if (maxAgeMs !== undefined && !(time - newest.time <= maxAgeMs))
    return `The evidence of kind \`${kind}\` is ${time - newest.time} ms old; at most ${maxAgeMs} ms are allowed.`;
  for (const { metric, slice, atLeast, atMost } of metrics ?? []) {
    const stated = newest.metrics.find((m) => m.metric === metric && m.slice === slice)?.value;
    const where = slice === undefined ? `\`${metric}\`` : `\`${metric}\` on ${slice}`;
    if (stated === undefined) return `The evidence of kind \`${kind}\` does not state ${where}.`;
    if (atLeast !== undefined && !(stated >= Number(atLeast)))
      return `${where} is ${stated}, at least ${atLeast} is required.`;
    if (atMost !== undefined && !(stated <= Number(atMost)))
      return `${where} is ${stated}, at most ${atMost} is allowed.`;
  }
  return undefined;
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
