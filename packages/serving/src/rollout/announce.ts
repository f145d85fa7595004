import type { EventHub } from '@millwright/core';
import type { LedgerEvent } from '@millwright/core/ledger';
import type { PauseReason, RollbackCause, RolloutEventData } from './events.js';
import type { RolloutState } from './state.js';

interface Said {
  /** In-commit time, milliseconds since 1970. */
  readonly time: number;
  readonly because: { readonly sentence: string };
}

/** What happens to a rollout, whoever caused it and in whichever process. */
export interface RolloutHubEvents {
  /** A stage begins. */
  readonly advanced: Said & { readonly stage: number; readonly share: number; readonly epoch: number };
  readonly approvalRequested: Said;
  /** The challenger has the alias. */
  readonly promoted: Said & { readonly version: string };
  /** Baked; the old champion is let go. */
  readonly completed: { readonly time: number };
  readonly rollingBack: Said & { readonly cause: RollbackCause };
  /** Everybody serves the champion again. */
  readonly rolledBack: Said & { readonly cause: RollbackCause };
  readonly paused: Said & { readonly reason: PauseReason };
  /** A look by itself failed (the store is away), or a model did not load; the next look tries again. */
  readonly failed: { readonly error: unknown };
}

/** Tells listeners about an event of the ledger; `state` is the rollout after it. */
export function announce(hub: EventHub<RolloutHubEvents>, event: LedgerEvent, state: RolloutState): void {
  const { type, time } = event;
  const judged = { sentence: state.evidence?.evidence.because.sentence ?? '' };
  if (type === 'rollout.stageEntered') {
    const { stage, plan } = dataOf<'rollout.stageEntered'>(event);
    hub.emit('advanced', { stage, share: plan.share, epoch: plan.epoch, time, because: judged });
  } else if (type === 'rollout.approvalRequested') {
    hub.emit('approvalRequested', { time, because: judged });
  } else if (type === 'rollout.cutoverCommitted') {
    hub.emit('promoted', { version: state.challenger, time, because: judged });
  } else if (type === 'rollout.completed') {
    hub.emit('completed', { time });
  } else if (type === 'rollout.rollbackStarted') {
    const { cause, sentence } = dataOf<'rollout.rollbackStarted'>(event);
    hub.emit('rollingBack', { cause, time, because: { sentence } });
  } else if (type === 'rollout.rolledBack') {
    const { cause = 'requested', sentence = '' } = state.cause ?? {};
    hub.emit('rolledBack', { cause, time, because: { sentence } });
  } else if (type === 'rollout.paused') {
    const { reason, sentence } = dataOf<'rollout.paused'>(event);
    hub.emit('paused', { reason, time, because: { sentence } });
  }
}

function dataOf<T extends keyof RolloutEventData>({ data }: LedgerEvent): RolloutEventData[T] {
  return data as object as RolloutEventData[T];
}
