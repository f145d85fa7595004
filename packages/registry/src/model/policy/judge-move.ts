import { type Digest, defined, digestJson, type EvidenceNote } from '@millwright/core';
import { plainJson } from '../../json-blob.js';
import { type AliasPolicy, CHANGES, type ChangePlan, type EvidenceRequirement, type VersionChange } from './policy.js';

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

/** What a policy says to a move. */
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

/** What differs between two versions. */
export function changesBetween(
  a: Readonly<Record<VersionChange, string | undefined>>,
  b: Readonly<Record<VersionChange, string | undefined>>,
): readonly VersionChange[] {
  return CHANGES.filter((member) => a[member] !== b[member]);
}
