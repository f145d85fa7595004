import { MillwrightError, type RolloutTarget } from '@millwright/core';
import type { LedgerView, NewEvent } from '@millwright/core/ledger';
import { aliasEvents } from './alias-events.js';
import type { RolloutDefinition } from './definition.js';
import { plainJson, rolloutEvent } from './events.js';
import { forecastRollout, type Traffic } from './forecast.js';
import { CHALLENGER, rollBackPlan } from './plan.js';
import { activeRollout, lastRollout, rolloutProjection } from './projection.js';
import type { RolloutEndpoint } from './replica.js';
import { isFinal, type RolloutState } from './state.js';

export interface SubmitOptions {
  /** The id that the rollout gets when it is a new one. */
  readonly fresh: string;
  readonly actor?: string | undefined;
  readonly again?: boolean | undefined;
  readonly supersede?: boolean | undefined;
  readonly traffic?: Traffic | undefined;
}

/** Writes the rollout down, or finds the one to join. The id of either. @throws as `startRollout` */
export async function submitRollout(
  target: RolloutTarget,
  endpoint: RolloutEndpoint,
  definition: RolloutDefinition,
  { fresh, actor, again = false, supersede = false, traffic }: SubmitOptions,
): Promise<string> {
  const { ledger } = target;
  const { model, alias, challenger } = definition;
  /** Also one that has ended, unless it shall begin anew. */
  const joined = (last: RolloutState | undefined) =>
    last?.definition.digest === definition.digest && !(again && isFinal(last)) ? last : undefined;
  const { id: champion } = await target.source(model, alias).resolve();
  const known = joined(lastRollout(ledger.state(rolloutProjection), model, alias));
  if (known === undefined && traffic !== undefined) refuseHopeless(definition, traffic);
  // A challenger that cannot be loaded fails here, before anything is written.
  if ((known === undefined || !isFinal(known)) && endpoint.arms.get(CHALLENGER)?.model !== challenger)
    await endpoint.arms.prepare(CHALLENGER, target.source(model, challenger));
  const { result } = await ledger.commit(
    (view) => {
      const rollouts = view.state(rolloutProjection);
      const same = joined(lastRollout(rollouts, model, alias));
      if (same !== undefined) return { events: [], result: same.id };
      const active = activeRollout(rollouts, model, alias);
      if (active !== undefined && !supersede)
        throw new MillwrightError(
          'rollout/state',
          `\`${model}\` is already being rolled out (${active.challenger}, ${active.status}). Wait, roll it back, or pass \`supersede: true\`.`,
          { details: { state: active.status, command: 'start' } },
        );
      const data = {
        rollout: fresh,
        model,
        alias,
        champion,
        challenger,
        definition: plainJson(definition),
        digest: definition.digest,
      };
      const ending = active === undefined ? [] : supersedeEvents(target, view, active, fresh);
      return { events: [...ending, rolloutEvent('rollout.submitted', data)], result: fresh };
    },
    { actor },
  );
  return result;
}

/** What is not known is tried; what cannot end with a verdict is not begun. */
function refuseHopeless(definition: RolloutDefinition, traffic: Traffic): void {
  const { verdict, sentence } = forecastRollout(definition, traffic);
  if (verdict !== 'fail') return;
  throw new MillwrightError('rollout/invalid', `The rollout cannot conclude at this traffic. ${sentence}`, {
    details: { path: 'traffic', reason: sentence },
  });
}

function supersedeEvents(
  target: RolloutTarget,
  view: LedgerView,
  active: RolloutState,
  by: string,
): readonly NewEvent[] {
  // A challenger that is champion already stays: the newer rollout competes with it.
  if (active.cutoverAt !== undefined && active.status !== 'rollingBack')
    return [rolloutEvent('rollout.completed', { rollout: active.id })];
  const back = rollBackPlan(active, 'requested', 'A newer rollout took its place.', undefined);
  return [
    ...back.events,
    rolloutEvent('rollout.superseded', { rollout: active.id, by }),
    ...aliasEvents(target, view, active, back),
  ];
}
