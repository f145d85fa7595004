import { isMillwrightError, MillwrightError, type RolloutTarget } from '@millwright/core';
import type { LedgerView, NewEvent } from '@millwright/core/ledger';
import { aliasEvents } from './alias-events.js';
import { rolloutEvent } from './events.js';
import { type Plan, rollBackPlan } from './plan.js';
import { rolloutProjection } from './projection.js';
import { isFinal, mayPause, type RolloutState } from './state.js';

/** Who acts. Default: the ledger's actor. */
export interface ActingFor {
  readonly actor?: string | undefined;
}

/** What people may do about a rollout. Every act is an event with its actor. */
export interface RolloutCommands {
  /** Freezes the share. Guardrails still roll back. @throws `rollout/state` */
  pause(reason: string, by?: ActingFor): Promise<void>;
  /** Goes on from where it was paused; names what was looked at. @throws `rollout/state` */
  resume(reason: string, by?: ActingFor): Promise<void>;
  /** Speaks for the promotion. The author's own approval does not count. @throws `rollout/state` when nothing is to be approved */
  approve(options: { readonly actor: string; readonly reason: string }): Promise<void>;
  /** Goes back to the champion in an orderly way. @throws `rollout/state` */
  rollBack(reason: string, by?: ActingFor): Promise<void>;
  /** Stops it; nothing undoes it. */
  kill(reason: string, by?: ActingFor): Promise<void>;
}

/**
 * The commands for a rollout from a process that does not serve the model: a console, a script. They are written to the
 * ledger, and those who serve the model obey as soon as they hear of it; a `Rollout` that runs in the process itself acts at
 * once. `rolloutProjection` must be in use.
 *
 * @example
 * await registry.ledger.use(rolloutProjection);
 * await rolloutCommands(registry, id).kill('Complaints doubled.', { actor: 'maria' });
 */
export function rolloutCommands(target: RolloutTarget, id: string): RolloutCommands {
  const command = (decide: Decide, by?: ActingFor) => commandRollout(target, id, decide, by);
  return {
    pause: (reason, by) =>
      command((state) => {
        require(state, 'be paused', mayPause(state));
        return [rolloutEvent('rollout.paused', { rollout: id, reason: 'requested', sentence: reason })];
      }, by),
    resume: (reason, by) =>
      command((state) => {
        require(state, 'be resumed', state.status === 'paused');
        return [rolloutEvent('rollout.resumed', { rollout: id, reason, acknowledges: state.evidence?.digest })];
      }, by),
    approve: ({ actor, reason }) =>
      command(
        (state) => {
          const seen = state.evidence;
          require(state, 'be approved', seen !== undefined && state.status === 'awaitingApproval');
          return [rolloutEvent('rollout.approved', { rollout: id, evidence: seen!.digest, reason })];
        },
        { actor },
      ),
    rollBack: (reason, by) =>
      command((state, view) => {
        require(state, 'be rolled back', !isFinal(state) && state.status !== 'rollingBack');
        const plan = rollBackPlan(state, 'requested', reason, undefined);
        return [...plan.events, ...aliasEvents(target, view, state, plan)];
      }, by),
    kill: (reason, by) =>
      command((state, view) => {
        if (isFinal(state) || state.killed) return [];
        const killed = rolloutEvent('rollout.killed', { rollout: id, reason });
        if (state.status === 'rollingBack') return [killed];
        return [killed, ...enact(target, view, state, rollBackPlan(state, 'killed', reason, undefined))];
      }, by),
  };
}

type Decide = (state: RolloutState, view: LedgerView) => readonly NewEvent[];

/** Commits what follows from the state that the rollout has then. @throws `state/not-found` */
export async function commandRollout(
  { ledger }: RolloutTarget,
  id: string,
  decide: Decide,
  by?: ActingFor,
): Promise<void> {
  await ledger.commit(
    (view) => {
      const state = view.state(rolloutProjection).byId.get(id);
      if (state !== undefined) return { events: decide(state, view), result: undefined };
      throw new MillwrightError('state/not-found', `There is no rollout \`${id}\`.`, {
        details: { what: 'rollout', id },
      });
    },
    { actor: by?.actor },
  );
}

/** The plan with the move of the alias. What the registry does not let happen becomes a pause that says why. */
export function enact(target: RolloutTarget, view: LedgerView, state: RolloutState, plan: Plan): readonly NewEvent[] {
  try {
    return [...plan.events, ...aliasEvents(target, view, state, plan)];
  } catch (error) {
    if (!isMillwrightError(error)) throw error;
    const why = isMillwrightError(error, 'registry/denied') ? `${error.details.reasons.join('; ')}.` : error.message;
    const sentence = `The registry does not let \`${state.alias}\` move: ${why}`;
    return [rolloutEvent('rollout.paused', { rollout: state.id, reason: 'denied', sentence })];
  }
}

function require(state: RolloutState, command: string, allowed: boolean): void {
  if (allowed) return;
  throw new MillwrightError('rollout/state', `A rollout that is ${state.status} cannot ${command}.`, {
    details: { state: state.status, command },
  });
}
