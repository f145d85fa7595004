import type { NewEvent } from '@millwright/core/ledger';
import type { RolloutDefinition } from './definition.js';
import { rolloutEvent } from './events.js';
import type { ServedDecision } from './observe.js';
import type { RolloutState } from './state.js';

/** Watches the challenger's last answers in one process. */
export interface BreakerWatch {
  decided(decision: ServedDecision): void;
  /** The report that this process owes the others: once per epoch, when its breaker has opened. */
  reports(state: RolloutState, replica: string): readonly NewEvent[];
}

/**
 * Opens when too many of the last requests assigned to the challenger failed or fell back, and stays open for the epoch. An
 * emergency brake, not a test: it has no stated error, and is meant for what no healthy model ever does.
 */
export function breakerWatch({ breakers }: RolloutDefinition): BreakerWatch {
  if (breakers === undefined) return { decided: () => undefined, reports: () => [] };
  const { failures, of } = breakers;
  const last = new Uint8Array(of);
  let seen = 0;
  let failed = 0;
  let epoch = 0;
  let open = false;
  return {
    decided(decision) {
      if (decision.shadow || decision.armAssigned !== 'challenger') return;
      if (decision.epoch !== epoch) {
        epoch = decision.epoch;
        last.fill(0);
        seen = 0;
        failed = 0;
        open = false;
      }
      const now = Number(decision.status === 'failed' || decision.status === 'fellBack');
      const at = seen++ % of;
      failed += now - last[at]!;
      last[at] = now;
      open ||= seen >= of && failed >= failures * of;
    },
    reports(state, replica) {
      const known = state.replicas[replica];
      if (!open || epoch !== state.policy?.epoch || known === undefined || known.brokenIn === epoch) return [];
      return [rolloutEvent('rollout.breakerOpened', { rollout: state.id, replica, epoch })];
    },
  };
}

/** Why the breakers take the challenger back, when enough of the live replicas have opened theirs in this epoch. */
export function breakerQuorum(
  { definition, policy, replicas }: RolloutState,
  isLive: (replica: { readonly seenAt: number }) => boolean,
): string | undefined {
  if (definition.breakers === undefined || policy === undefined) return undefined;
  const live = Object.values(replicas).filter(isLive);
  const broken = live.filter(({ brokenIn }) => brokenIn === policy.epoch).length;
  if (broken === 0 || broken < definition.breakers.quorum * live.length) return undefined;
  const { failures, of } = definition.breakers;
  return `${broken} of ${live.length} live processes report that at least ${Math.ceil(failures * of)} of their last ${of} requests to the challenger failed.`;
}
