import { type Digest, defined, digestJson, invalidInput } from '@millwright/core';
import { show } from '../show.js';
import type {
  TriggerAction,
  TriggerDecision,
  TriggerEvidence,
  TriggerPolicy,
  TriggerReason,
  TriggerState,
} from './types.js';

const DAY_MS = 86_400_000;
/** Keys remembered against double counting. */
const MAX_SEEN = 64;

const DEFAULTS = {
  retrainAt: 1,
  escalateAt: 5,
  clearAt: 0.6,
  confirm: { count: 3, of: 5 },
  cooldownMs: 7 * DAY_MS,
  budget: { retrains: 4, perMs: 30 * DAY_MS },
} as const satisfies TriggerPolicy;

/** Where every trigger begins. */
export const QUIET: TriggerState = { status: 'quiet', recent: [], retrainedAt: [], seen: [] };

/** A policy with its defaults filled in and checked. */
export interface CheckedPolicy
  extends Required<{ [K in keyof Omit<TriggerPolicy, 'cost'>]: NonNullable<TriggerPolicy[K]> }> {
  readonly cost: TriggerPolicy['cost'];
  readonly digest: Digest;
}

/** A policy with its defaults filled in. @throws `input/invalid` when bands overlap, or k of n cannot be */
export function checkPolicy(policy: TriggerPolicy = {}): CheckedPolicy {
  const checked = { ...DEFAULTS, cost: undefined, ...defined(policy) };
  const { retrainAt, escalateAt, clearAt, confirm, cooldownMs, budget, cost } = checked;
  if (!(clearAt <= retrainAt && retrainAt < escalateAt && clearAt >= 0))
    throw invalidInput('policy', '0 ≤ clearAt ≤ retrainAt < escalateAt', `${clearAt}, ${retrainAt}, ${escalateAt}`);
  if (!(Number.isInteger(confirm.count) && confirm.count >= 1 && confirm.of >= confirm.count))
    throw invalidInput('confirm', 'a count of 1 or more, of at least as many', `${confirm.count} of ${confirm.of}`);
  if (!(cooldownMs >= 0)) throw invalidInput('cooldownMs', 'milliseconds of 0 or more', cooldownMs);
  if (!(budget.retrains >= 0 && budget.perMs > 0))
    throw invalidInput('budget', 'retrains of 0 or more in a positive time', budget.retrains);
  if (cost !== undefined && !(cost.retraining >= 0 && cost.days > 0))
    throw invalidInput('cost', 'a cost of 0 or more that pays in a positive number of days', cost.retraining);
  const plain = { retrainAt, escalateAt, clearAt, confirm: { ...confirm }, cooldownMs, budget: { ...budget } };
  return { ...checked, digest: digestJson(cost === undefined ? plain : { ...plain, cost: { ...cost } }) };
}

/**
 * Decides what a window of evidence leads to. Pure and replayable: the same policy, states, evidence and times give the
 * same decisions. Broken data and changes beyond `escalateAt` escalate and hold: training on them would make the damage
 * permanent. Only `acknowledge` ends a hold.
 */
export function reduceTrigger(
  policy: CheckedPolicy,
  state: TriggerState,
  evidence: TriggerEvidence,
  now: number,
): { readonly state: TriggerState; readonly decision: TriggerDecision } {
  const { key, severity, integrity, lossPerDay } = evidence;
  const judged = severity !== undefined && !Number.isNaN(severity);
  const next = { ...state, seen: [...state.seen, key].slice(-MAX_SEEN) };
  const end = (action: TriggerAction, reason: TriggerReason, change: Partial<TriggerState> = {}) => {
    const after = { ...next, ...change };
    const confirmed = (change.recent ?? recentWith(state, policy, judged && severity >= policy.retrainAt)).filter(
      Boolean,
    ).length;
    const base = {
      action,
      reasons: [reason],
      at: now,
      key,
      severity: judged ? severity : undefined,
      integrity,
      lossPerDay,
      confirmed,
    };
    const decision = { ...base, policy: policy.digest, evidence: evidence.digest };
    return { state: after, decision: { ...decision, sentence: sentenceOf(decision, policy) } };
  };

  if (state.seen.includes(key)) return { ...end('none', 'duplicate'), state };
  if (integrity.length > 0) return end('escalate', 'integrity', { status: 'held' });
  if (judged && severity >= policy.escalateAt) return end('escalate', 'too-large', { status: 'held' });
  if (state.status === 'held') return end('hold', 'held');
  if (!judged) return end('insufficient', 'not-enough-rows');
  if (severity < policy.clearAt)
    return end('none', state.status === 'watching' ? 'cleared' : 'quiet', { status: 'quiet', recent: [] });
  if (severity < policy.retrainAt)
    return state.status === 'watching'
      ? end('watch', 'not-cleared', { recent: recentWith(state, policy, false) })
      : end('none', 'quiet');

  const recent = recentWith(state, policy, true);
  const watching = { status: 'watching', recent } as const;
  if (recent.filter(Boolean).length < policy.confirm.count) return end('watch', 'unconfirmed', watching);
  const last = state.retrainedAt[state.retrainedAt.length - 1];
  if (last !== undefined && now - last < policy.cooldownMs) return end('watch', 'cooldown', watching);
  const { cost } = policy;
  if (cost !== undefined && lossPerDay !== undefined && !(lossPerDay * cost.days >= cost.retraining))
    return end('watch', 'not-worth-it', watching);
  const spent = state.retrainedAt.filter((at) => now - at < policy.budget.perMs);
  if (spent.length >= policy.budget.retrains) return end('hold', 'budget', { status: 'held', recent });
  const done = end('retrain', 'confirmed', { ...watching, retrainedAt: [...spent, now] });
  // The evidence is used up; the next retraining needs new windows.
  return { ...done, state: { ...done.state, status: 'quiet', recent: [] } };
}

/** A person has looked: ends a hold and forgets what led to it. */
export function acknowledge(state: TriggerState): TriggerState {
  return { ...state, status: 'quiet', recent: [] };
}

function recentWith(state: TriggerState, policy: CheckedPolicy, speaks: boolean): readonly boolean[] {
  return [...state.recent, speaks].slice(-policy.confirm.of);
}

function sentenceOf(decision: Omit<TriggerDecision, 'sentence'>, policy: CheckedPolicy): string {
  const { count, of } = policy.confirm;
  const size = decision.severity === undefined ? '' : `severity ${show(decision.severity)}`;
  switch (decision.reasons[0]!) {
    case 'quiet':
      return 'Nothing that matters has changed.';
    case 'duplicate':
      return `The window ${decision.key} was counted already.`;
    case 'not-enough-rows':
      return 'The window has too few rows to tell.';
    case 'integrity':
      return `The data are broken rather than changed: ${decision.integrity.join('; ')}. Retraining is blocked until a person has looked.`;
    case 'too-large':
      return `A change this large (${size}, from ${policy.escalateAt} on) is more often broken data than a new world. Retraining is blocked until a person has looked.`;
    case 'held':
      return 'Held: a person has to look first.';
    case 'unconfirmed':
      return `A change (${size}), confirmed by ${decision.confirmed} of ${count} windows that are needed among ${of}.`;
    case 'not-cleared':
      return `Smaller (${size}), but not below ${policy.clearAt} yet.`;
    case 'cleared':
      return 'What was seen before is gone.';
    case 'confirmed':
      return `${decision.confirmed} of the last ${of} windows show the change (${size}): retrain.`;
    case 'cooldown':
      return 'The change is confirmed, but the last retraining is too recent to do another.';
    case 'not-worth-it':
      return `The change is confirmed, but ${policy.cost?.days} days of it lose ${show((decision.lossPerDay ?? 0) * (policy.cost?.days ?? 0))} and a retraining costs ${policy.cost?.retraining}.`;
    case 'budget':
      return `The budget of ${policy.budget.retrains} retrainings is spent: a person has to decide.`;
  }
}
