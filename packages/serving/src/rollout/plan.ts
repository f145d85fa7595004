import type { Digest } from '@millwright/core';
import type { NewEvent } from '@millwright/core/ledger';
import { championPolicy, type Policy, ramp } from '../routing/index.js';
import { adaptedShare, openingShare } from './adapt.js';
import { breakerQuorum } from './breakers.js';
import { evidenceDigest, type PauseReason, type RollbackCause, rolloutEvent } from './events.js';
import type { RolloutEvidence } from './evidence.js';
import type { RolloutState } from './state.js';
import { type RolloutStatistics, referencesOf } from './statistics.js';
import { showDuration } from './units.js';

/** What should happen next. */
export interface Plan {
  readonly events: readonly NewEvent[];
  /** The version that the alias shall get in the same commit. */
  readonly aliasTo?: string | undefined;
}

/** What a look at a rollout knows besides its state. */
export interface PlanContext {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly evidence: RolloutEvidence;
  /** The sums the evidence was judged from: references of the next epoch come from them. */
  readonly statistics: RolloutStatistics;
  /** What a detector has to say of the challenger that bakes here, once it has given the alarm. */
  readonly alarm?: string | undefined;
}

/** The arm that is on trial. */
export const CHALLENGER = 'challenger';

/**
 * The controller's next move: a pure function of the folded state, the evidence and the time. Undefined: wait.
 * The share rises only after every live replica has acknowledged the epoch before.
 */
export function planRollout(state: RolloutState, context: PlanContext): Plan | undefined {
  const { now, evidence } = context;
  const { definition, status } = state;
  if (state.killed && status !== 'rollingBack' && BEFORE_END.has(status) && !isStranded(state))
    return rollBackPlan(state, 'killed', 'A person stopped the rollout.', undefined, context);
  const broken = ON_TRIAL.has(status) && state.cutoverAt === undefined && breakerQuorum(state, isLive(state, now));
  if (broken) return rollBackPlan(state, 'breakers', broken, undefined, context);
  switch (status) {
    case 'submitted':
      return { events: [enterStage(state, 0, context)] };
    case 'ramping':
      if (evidence.verdict === 'rollBack') return guardrailPlan(state, context);
      return everyoneServes(state, now) ? { events: [inForce(state)] } : undefined;
    case 'holding':
      return holdingPlan(state, context);
    case 'awaitingApproval': {
      if (evidence.verdict === 'rollBack') return guardrailPlan(state, context);
      if (evidence.verdict === 'pause') return pausePlan(state, 'imbalance', evidence.because.sentence, context);
      if (approvalsOf(state) >= definition.approvals) return promotionPlan(state, context);
      return overdue(state, context);
    }
    case 'paused':
      return state.cutoverAt === undefined && evidence.verdict === 'rollBack'
        ? guardrailPlan(state, context)
        : undefined;
    case 'promoting':
      if (evidence.verdict === 'rollBack') return guardrailPlan(state, context);
      return {
        events: [rolloutEvent('rollout.cutoverCommitted', { rollout: state.id, policy: fullShare(state) })],
        aliasTo: state.challenger,
      };
    case 'baking': {
      if (context.alarm !== undefined) return rollBackPlan(state, 'alarm', context.alarm, undefined, context);
      if (now - (state.cutoverAt ?? now) < definition.bakeMs || !everyoneServes(state, now)) return undefined;
      return { events: [rolloutEvent('rollout.completed', { rollout: state.id })] };
    }
    case 'rollingBack':
      return everyoneServes(state, now)
        ? { events: [rolloutEvent('rollout.rolledBack', { rollout: state.id })] }
        : undefined;
    case 'completed':
    case 'rolledBack':
    case 'superseded':
      return undefined;
    default:
      return status satisfies never;
  }
}

/** Somebody may be served by a challenger that is not champion. */
const ON_TRIAL: ReadonlySet<string> = new Set(['ramping', 'holding', 'awaitingApproval', 'paused', 'promoting']);

const BEFORE_END: ReadonlySet<string> = new Set([
  'submitted',
  'ramping',
  'holding',
  'awaitingApproval',
  'paused',
  'promoting',
  'baking',
]);

/** The challenger is champion and the registry does not take the old one back: until a person resumes, nothing better is known. */
const isStranded = ({ cutoverAt, paused }: RolloutState) => cutoverAt !== undefined && paused?.reason === 'denied';

function holdingPlan(state: RolloutState, context: PlanContext): Plan | undefined {
  const { evidence, statistics } = context;
  switch (evidence.verdict) {
    case 'rollBack':
      return guardrailPlan(state, context);
    case 'pause':
      return pausePlan(state, 'imbalance', evidence.because.sentence, context);
    case 'advance':
      if (atLastStage(state)) return overdue(state, context);
      return { events: [...record(state, context), enterStage(state, state.stage + 1, context)] };
    case 'promote':
      if (!atLastStage(state)) return overdue(state, context);
      return state.definition.approvals > approvalsOf(state)
        ? approvalPlan(state, context)
        : promotionPlan(state, context);
    case 'hold': {
      const silent = silentLabels(state, statistics);
      if (silent === undefined) return overdue(state, context) ?? adaptPlan(state, context);
      const sentence = `Not one label of ${silent} has come for ${MANY_ROWS} matured rows or more in each arm. Without labels nothing can be judged; see to the label feed.`;
      return pausePlan(state, 'missingOutcomes', sentence, context);
    }
    default:
      return evidence.verdict satisfies never;
  }
}

/** The judge is not asked whether it agrees with the stages: nothing is skipped and nothing comes after the last. */
const atLastStage = ({ stage, definition }: RolloutState) => stage >= definition.stages.length - 1;

/** So many matured rows without a single label in either arm are an outage of the label feed, not bad luck. */
const MANY_ROWS = 200;

function silentLabels(state: RolloutState, statistics: RolloutStatistics): string | undefined {
  if (state.balancedUntil >= (state.policy?.epoch ?? 0)) return undefined;
  const current = statistics.find(({ epoch }) => epoch === state.policy?.epoch);
  return state.definition.metrics.find(({ id, kind }) => {
    const sums = current?.metrics[id];
    if (kind !== 'label' || sums === undefined) return false;
    return sums.rows[0] + sums.rows[1] === 0 && Math.min(...sums.missing) >= MANY_ROWS;
  })?.id;
}

function overdue(state: RolloutState, context: PlanContext): Plan | undefined {
  const { maxDurationMs } = state.definition;
  if (context.now - state.deadlineFrom < maxDurationMs) return undefined;
  const sentence = `There is no verdict after ${showDuration(maxDurationMs)}. ${context.evidence.because.sentence} A person decides: resume, roll back, or start anew with wider margins.`;
  return pausePlan(state, 'inconclusive', sentence, context);
}

function pausePlan(state: RolloutState, reason: PauseReason, sentence: string, context: PlanContext): Plan {
  const evidence = evidenceDigest(context.evidence);
  return {
    events: [
      ...record(state, context),
      rolloutEvent('rollout.paused', { rollout: state.id, reason, sentence, evidence }),
    ],
  };
}

function approvalPlan(state: RolloutState, context: PlanContext): Plan {
  const evidence = evidenceDigest(context.evidence);
  return {
    events: [...record(state, context), rolloutEvent('rollout.approvalRequested', { rollout: state.id, evidence })],
  };
}

function promotionPlan(state: RolloutState, context: PlanContext): Plan {
  const { sentence } = context.evidence.because;
  const evidence = evidenceDigest(context.evidence);
  return {
    events: [
      ...record(state, context),
      rolloutEvent('rollout.promotionStarted', { rollout: state.id, sentence, evidence }),
    ],
  };
}

function guardrailPlan(state: RolloutState, context: PlanContext): Plan {
  return rollBackPlan(state, 'guardrail', context.evidence.because.sentence, evidenceDigest(context.evidence), context);
}

/** Back to the champion, with the alias if it has moved already. */
export function rollBackPlan(
  state: RolloutState,
  cause: RollbackCause,
  sentence: string,
  evidence: Digest | undefined,
  context?: PlanContext,
): Plan {
  const policy = { ...ramp(policyOf(state), {}), killed: cause === 'killed' };
  return {
    events: [
      ...(context === undefined ? [] : record(state, context)),
      rolloutEvent('rollout.rollbackStarted', { rollout: state.id, cause, sentence, policy, evidence }),
    ],
    aliasTo: state.cutoverAt === undefined ? undefined : state.champion,
  };
}

/** The evidence as it stands, so that what follows can name it. */
export function record(state: RolloutState, { evidence }: Pick<PlanContext, 'evidence'>): NewEvent[] {
  const data = { rollout: state.id, digest: evidenceDigest(evidence), evidence };
  return [rolloutEvent('rollout.evidenceRecorded', data)];
}

/** The next share of a stage that follows its metric. */
function adaptPlan(state: RolloutState, context: PlanContext): Plan | undefined {
  const { stage, definition, inForceAt } = state;
  const now = { stage, share: shareOf(state), lastedMs: context.now - (inForceAt ?? context.now) };
  const share = adaptedShare(definition, context.statistics, now);
  return share === undefined ? undefined : { events: [enterStage(state, stage, context, share)] };
}

const shareOf = ({ plans }: RolloutState) => plans.at(-1)?.share ?? 0;

function enterStage(
  state: RolloutState,
  stage: number,
  { statistics }: PlanContext,
  share = openingShare(state.definition, stage, shareOf(state)),
): NewEvent {
  const mode = state.definition.stages[stage]!.adapt === undefined ? state.definition.mode : 'bandit';
  const policy = ramp(policyOf(state), share > 0 ? { [CHALLENGER]: share } : {}, { mode });
  const plan = { epoch: policy.epoch, share, references: referencesOf(statistics) };
  return rolloutEvent('rollout.stageEntered', { rollout: state.id, stage, plan, policy });
}

function inForce(state: RolloutState): NewEvent {
  return rolloutEvent('rollout.epochInForce', { rollout: state.id, epoch: state.policy?.epoch ?? 0 });
}

function policyOf(state: RolloutState): Policy {
  return state.policy ?? championPolicy({ salt: state.id, overrides: state.definition.overrides });
}

const fullShare = (state: RolloutState): Policy => ramp(policyOf(state), { [CHALLENGER]: 1 });

/** Approvals by people other than the author. */
function approvalsOf(state: RolloutState): number {
  return new Set(state.approvals.filter(({ actor }) => actor !== state.author).map(({ actor }) => actor)).size;
}

const isLive =
  ({ definition: { hardTtlMs } }: RolloutState, now: number) =>
  ({ seenAt }: { readonly seenAt: number }) =>
    hardTtlMs === 0 || now - seenAt <= hardTtlMs;

/** Every replica that was heard of within the hard time to live serves the newest epoch, and at least one does. */
function everyoneServes(state: RolloutState, now: number): boolean {
  const epoch = state.policy?.epoch ?? 0;
  const all = Object.values(state.replicas);
  const waitedFor = all.filter(isLive(state, now));
  return all.some((one) => one.epoch >= epoch) && waitedFor.every((one) => one.epoch >= epoch);
}
