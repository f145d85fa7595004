import type { Digest } from '@millwright/core';
import type { LedgerEvent } from '@millwright/core/ledger';
import type { Policy } from '../routing/index.js';
import type { RolloutDefinition } from './definition.js';
import type { PauseReason, RollbackCause, RolloutEventData, RolloutEventType } from './events.js';
import type { RolloutEvidence, Situation } from './evidence.js';
import { type EpochPlan, type EpochStatistics, mergeStatistics, type RolloutStatistics } from './statistics.js';

/** Where a rollout stands. It ends as `completed`, `rolledBack` or `superseded`. */
export type RolloutStatus =
  /** Written down; nobody is exposed yet. */
  | 'submitted'
  /** A stage has begun but not every live replica serves it. */
  | 'ramping'
  /** The stage is in force; time, units or outcomes are missing for the next. */
  | 'holding'
  | 'awaitingApproval'
  /** The share is frozen until a person resumes; guardrails still roll back. */
  | 'paused'
  | 'promoting'
  /** The challenger has the alias; the old champion is kept warm. */
  | 'baking'
  | 'completed'
  | 'rollingBack'
  | 'rolledBack'
  | 'superseded';

/** Everything about one rollout that its events say. Immutable. */
export interface RolloutState {
  readonly id: string;
  readonly model: string;
  readonly alias: string;
  readonly champion: string;
  readonly challenger: string;
  readonly definition: RolloutDefinition;
  readonly author: string;
  /** Milliseconds since 1970. */
  readonly submittedAt: number;
  readonly status: RolloutStatus;
  /** From 0; -1 before the first. */
  readonly stage: number;
  readonly stageEnteredAt: number;
  /** When every live replica served the stage; undefined until then. */
  readonly inForceAt: number | undefined;
  /** When the old champion's time in reserve began. */
  readonly cutoverAt: number | undefined;
  /** From here `maxDuration` counts: the submission, or the last resume. */
  readonly deadlineFrom: number;
  readonly policy: Policy | undefined;
  readonly plans: readonly EpochPlan[];
  /** By replica, the newest epoch that it serves, when it was last heard of, and in which epoch its breaker opened last. */
  readonly replicas: Readonly<
    Record<string, { readonly epoch: number; readonly seenAt: number; readonly brokenIn?: number | undefined }>
  >;
  /** Newest sums by start of a process. */
  readonly observed: Readonly<
    Record<string, Readonly<Record<string, { readonly number: number; readonly epoch: EpochStatistics }>>>
  >;
  readonly evidence: { readonly digest: Digest; readonly evidence: RolloutEvidence; readonly time: number } | undefined;
  readonly approvals: readonly {
    readonly actor: string;
    readonly evidence: Digest;
    readonly reason: string;
    readonly time: number;
  }[];
  readonly paused:
    | { readonly reason: PauseReason; readonly sentence: string; readonly from: RolloutStatus }
    | undefined;
  /** Epochs up to here were looked at by a person: uneven arms or missing labels in them do not pause again. */
  readonly balancedUntil: number;
  readonly cause:
    | { readonly cause: RollbackCause; readonly sentence: string; readonly evidence: Digest | undefined }
    | undefined;
  readonly killed: boolean;
  /** Milliseconds since 1970. */
  readonly endedAt: number | undefined;
  /** Counts the events that change what may happen next; a command that was planned on another number is planned anew. */
  readonly step: number;
}

/** States that nothing leaves. */
export function isFinal(state: RolloutState): boolean {
  return state.status === 'completed' || state.status === 'rolledBack' || state.status === 'superseded';
}

/** Where the rollout stands, as the judge asks. */
export function situationOf(state: RolloutState, now: number): Situation {
  return {
    stage: Math.max(0, state.stage),
    epoch: state.policy?.epoch ?? 0,
    dwellMs: state.inForceAt === undefined ? 0 : now - state.inForceAt,
    balancedUntil: state.balancedUntil,
  };
}

/** What all replicas together saw. */
export function statisticsOf(state: RolloutState): RolloutStatistics {
  return mergeStatistics(Object.values(state.observed).map((boot) => Object.values(boot).map(({ epoch }) => epoch)));
}

/**
 * The next state. Pure and total: events of other rollouts, events that make no sense here, and whatever comes after the
 * end leave the state as it is.
 */
export function reduceRollout(state: RolloutState | undefined, event: LedgerEvent): RolloutState | undefined {
  const { type, time, actor } = event;
  if (state === undefined) {
    return type === 'rollout.submitted' ? submitted(dataOf(event, type), time, actor) : undefined;
  }
  if (event.data['rollout'] !== state.id || isFinal(state)) return state;
  const next = (change: Partial<RolloutState>): RolloutState => ({ ...state, ...change, step: state.step + 1 });
  switch (type as RolloutEventType) {
    case 'rollout.submitted':
      return state;
    case 'rollout.stageEntered': {
      const { stage, plan, policy } = dataOf(event, 'rollout.stageEntered');
      if (state.killed || !MAY_ENTER.has(state.status) || plan.epoch <= (state.policy?.epoch ?? 0)) return state;
      if (stage !== state.stage && stage !== state.stage + 1) return state;
      const plans = [...state.plans, plan];
      return next({ status: 'ramping', stage, stageEnteredAt: time, inForceAt: undefined, policy, plans });
    }
    case 'rollout.epochAcknowledged': {
      const { epoch, replica } = dataOf(event, 'rollout.epochAcknowledged');
      const known = state.replicas[replica];
      if (known !== undefined && known.epoch >= epoch) return seen(state, replica, known.epoch, time);
      return { ...seen(state, replica, epoch, time), step: state.step + 1 };
    }
    case 'rollout.breakerOpened': {
      const { replica, epoch } = dataOf(event, 'rollout.breakerOpened');
      const known = state.replicas[replica];
      if (known === undefined || epoch !== state.policy?.epoch) return state;
      return next({ replicas: { ...state.replicas, [replica]: { ...known, seenAt: time, brokenIn: epoch } } });
    }
    case 'rollout.epochInForce':
      if (dataOf(event, 'rollout.epochInForce').epoch !== state.policy?.epoch || state.status !== 'ramping')
        return state;
      return next({ status: 'holding', inForceAt: time });
    case 'rollout.observed':
      return observed(state, dataOf(event, 'rollout.observed'), time);
    case 'rollout.evidenceRecorded': {
      const { digest, evidence } = dataOf(event, 'rollout.evidenceRecorded');
      return { ...state, evidence: { digest, evidence, time } };
    }
    case 'rollout.approvalRequested':
      return state.status === 'holding' ? next({ status: 'awaitingApproval' }) : state;
    case 'rollout.approved': {
      const { evidence, reason } = dataOf(event, 'rollout.approved');
      if (state.approvals.some((one) => one.actor === actor)) return state;
      return next({ approvals: [...state.approvals, { actor, evidence, reason, time }] });
    }
    case 'rollout.paused': {
      const { reason, sentence } = dataOf(event, 'rollout.paused');
      if (!mayPause(state)) return state;
      return next({ status: 'paused', paused: { reason, sentence, from: state.status } });
    }
    case 'rollout.resumed':
      if (state.status !== 'paused' || (state.killed && state.paused?.reason !== 'denied')) return state;
      return next({
        status: state.paused?.from === 'awaitingApproval' ? 'holding' : (state.paused?.from ?? 'holding'),
        deadlineFrom: time,
        balancedUntil: LOOKED_AT.has(state.paused?.reason) ? (state.policy?.epoch ?? 0) : state.balancedUntil,
        paused: undefined,
      });
    case 'rollout.promotionStarted':
      if (state.killed || (state.status !== 'holding' && state.status !== 'awaitingApproval')) return state;
      return next({ status: 'promoting' });
    case 'rollout.cutoverCommitted': {
      if (state.killed || state.status !== 'promoting') return state;
      const { policy } = dataOf(event, 'rollout.cutoverCommitted');
      return next({ status: 'baking', policy, cutoverAt: time });
    }
    case 'rollout.completed':
      return state.status === 'baking' ? next({ status: 'completed', endedAt: time }) : state;
    case 'rollout.rollbackStarted': {
      const { cause, sentence, policy, evidence } = dataOf(event, 'rollout.rollbackStarted');
      if (state.status === 'rollingBack') return state;
      return next({ status: 'rollingBack', policy, cause: { cause, sentence, evidence }, paused: undefined });
    }
    case 'rollout.rolledBack':
      return state.status === 'rollingBack' ? next({ status: 'rolledBack', endedAt: time }) : state;
    case 'rollout.killed':
      return state.killed ? state : next({ killed: true });
    case 'rollout.superseded':
      return next({ status: 'superseded', endedAt: time });
    default:
      return state;
  }
}

const MAY_ENTER: ReadonlySet<RolloutStatus> = new Set(['submitted', 'ramping', 'holding']);
/** Reasons to pause that, once a person has resumed, do not pause again for the same epochs. */
const LOOKED_AT: ReadonlySet<PauseReason | undefined> = new Set<PauseReason>(['imbalance', 'missingOutcomes']);
/** Whether it may wait for a person now. */
export function mayPause({ status }: RolloutState): boolean {
  return PAUSABLE.has(status);
}

const PAUSABLE: ReadonlySet<RolloutStatus> = new Set([
  'submitted',
  'ramping',
  'holding',
  'awaitingApproval',
  'promoting',
  'baking',
]);

/** Our own events are written through `rolloutEvent`, so their data has the shape that their type says. */
function dataOf<T extends RolloutEventType>(event: LedgerEvent, _type: T): RolloutEventData[T] {
  const data: object = event.data;
  return data as RolloutEventData[T];
}

function submitted(data: RolloutEventData['rollout.submitted'], time: number, author: string): RolloutState {
  const definition: object = data.definition;
  return {
    id: data.rollout,
    model: data.model,
    alias: data.alias,
    champion: data.champion,
    challenger: data.challenger,
    definition: definition as RolloutDefinition,
    author,
    submittedAt: time,
    status: 'submitted',
    stage: -1,
    stageEnteredAt: time,
    inForceAt: undefined,
    cutoverAt: undefined,
    deadlineFrom: time,
    policy: undefined,
    plans: [],
    replicas: {},
    observed: {},
    evidence: undefined,
    approvals: [],
    paused: undefined,
    balancedUntil: -1,
    cause: undefined,
    killed: false,
    endedAt: undefined,
    step: 0,
  };
}

function seen(state: RolloutState, replica: string, epoch: number, time: number): RolloutState {
  const known = state.replicas[replica];
  return { ...state, replicas: { ...state.replicas, [replica]: { ...known, epoch, seenAt: time } } };
}

function observed(state: RolloutState, data: RolloutEventData['rollout.observed'], time: number): RolloutState {
  const boot = { ...state.observed[data.boot] };
  for (const epoch of data.epochs)
    if ((boot[epoch.epoch]?.number ?? -1) < data.number) boot[epoch.epoch] = { number: data.number, epoch };
  const known = state.replicas[data.replica];
  const next = { ...state, observed: { ...state.observed, [data.boot]: boot } };
  return known === undefined ? next : seen(next, data.replica, known.epoch, time);
}
