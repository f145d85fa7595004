import { type Digest, digestJson, type JsonObject } from '@millwright/core';
import type { NewEvent } from '@millwright/core/ledger';
import type { Policy } from '../routing/index.js';
import type { RolloutEvidence } from './evidence.js';
import type { EpochPlan, EpochStatistics } from './statistics.js';

/** Why a rollout waits for a person. */
export type PauseReason = 'inconclusive' | 'imbalance' | 'missingOutcomes' | 'denied' | 'requested';

/**
 * Why a rollout went back. `alarm`: a detector saw the promoted challenger change for the worse while it baked. `breakers`:
 * in enough processes most requests to the challenger failed.
 */
export type RollbackCause = 'guardrail' | 'breakers' | 'alarm' | 'killed' | 'requested';

/** The ledger's events of a rollout; every one carries the rollout's id. */
export interface RolloutEventData {
  'rollout.submitted': {
    readonly rollout: string;
    readonly model: string;
    readonly alias: string;
    /** The version that has the alias now, and gets it back if anything goes wrong. */
    readonly champion: string;
    readonly challenger: string;
    readonly definition: JsonObject;
    readonly digest: Digest;
  };
  'rollout.stageEntered': {
    readonly rollout: string;
    /** From 0. */
    readonly stage: number;
    readonly plan: EpochPlan;
    readonly policy: Policy;
  };
  /** A replica serves this epoch. */
  'rollout.epochAcknowledged': { readonly rollout: string; readonly epoch: number; readonly replica: string };
  /** In this replica most requests to the challenger fail. */
  'rollout.breakerOpened': { readonly rollout: string; readonly replica: string; readonly epoch: number };
  /** All live replicas serve it: the stage's time begins. */
  'rollout.epochInForce': { readonly rollout: string; readonly epoch: number };
  /** Sums since the process started: of each boot and epoch, the highest number replaces the ones before. */
  'rollout.observed': {
    readonly rollout: string;
    readonly replica: string;
    /** One start of one process; unique. */
    readonly boot: string;
    readonly number: number;
    readonly epochs: readonly EpochStatistics[];
  };
  'rollout.evidenceRecorded': {
    readonly rollout: string;
    readonly digest: Digest;
    readonly evidence: RolloutEvidence;
  };
  'rollout.approvalRequested': { readonly rollout: string; readonly evidence: Digest };
  'rollout.approved': { readonly rollout: string; readonly evidence: Digest; readonly reason: string };
  'rollout.paused': {
    readonly rollout: string;
    readonly reason: PauseReason;
    readonly sentence: string;
    readonly evidence?: Digest | undefined;
  };
  'rollout.resumed': { readonly rollout: string; readonly reason: string; readonly acknowledges?: Digest | undefined };
  'rollout.promotionStarted': { readonly rollout: string; readonly sentence: string; readonly evidence: Digest };
  /** Written together with the alias move. */
  'rollout.cutoverCommitted': { readonly rollout: string; readonly policy: Policy };
  'rollout.completed': { readonly rollout: string };
  'rollout.rollbackStarted': {
    readonly rollout: string;
    readonly cause: RollbackCause;
    readonly sentence: string;
    readonly policy: Policy;
    readonly evidence?: Digest | undefined;
  };
  'rollout.rolledBack': { readonly rollout: string };
  /** Nothing undoes it. Written with, or without, the rollback that follows. */
  'rollout.killed': { readonly rollout: string; readonly reason: string };
  'rollout.superseded': { readonly rollout: string; readonly by: string };
}

/** The events that rollouts write into the ledger: `rollout.submitted`, `rollout.rolledBack` … */
export type RolloutEventType = keyof RolloutEventData;

/** An event ready for the ledger. */
export function rolloutEvent<T extends RolloutEventType>(type: T, data: RolloutEventData[T]): NewEvent {
  return { type, data: plainJson(data) };
}

/** The digest under which evidence is named in events and alias moves. */
export function evidenceDigest(evidence: RolloutEvidence): Digest {
  return digestJson(plainJson(evidence));
}

/** The value as JSON keeps it: members that are undefined are left out. */
export function plainJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
