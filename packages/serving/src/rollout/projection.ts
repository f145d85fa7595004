import type { Projection } from '@millwright/core/ledger';
import { isFinal, type RolloutState, reduceRollout } from './state.js';

/** All rollouts of a ledger. */
export interface Rollouts {
  readonly byId: ReadonlyMap<string, RolloutState>;
}

interface MutableRollouts extends Rollouts {
  readonly byId: Map<string, RolloutState>;
}

/** The fold of all `rollout.…` events. */
export const rolloutProjection: Projection<Rollouts> = {
  id: 'rollouts@1',
  init: (): MutableRollouts => ({ byId: new Map() }),
  apply(state, event) {
    if (!event.type.startsWith('rollout.')) return state;
    const { byId } = state as MutableRollouts;
    const id = event.data['rollout'];
    if (typeof id !== 'string') return state;
    const next = reduceRollout(byId.get(id), event);
    if (next !== undefined) byId.set(id, next);
    return state;
  },
  fork: (state): MutableRollouts => ({ byId: new Map(state.byId) }),
  snapshot: {
    // As a text, because the order of members is kept by it: sums over replicas are added up in that order.
    encode: ({ byId }) => JSON.stringify([...byId.values()]),
    decode: (json): MutableRollouts => ({
      byId: new Map((JSON.parse(String(json)) as RolloutState[]).map((state) => [state.id, state])),
    }),
  },
};

/** The rollout under way for an alias, if any. */
export function activeRollout(rollouts: Rollouts, model: string, alias: string): RolloutState | undefined {
  for (const state of rollouts.byId.values())
    if (state.model === model && state.alias === alias && !isFinal(state)) return state;
  return undefined;
}

/** The newest rollout of an alias, under way or ended. */
export function lastRollout(rollouts: Rollouts, model: string, alias: string): RolloutState | undefined {
  let last: RolloutState | undefined;
  for (const state of rollouts.byId.values()) if (state.model === model && state.alias === alias) last = state;
  return last;
}
