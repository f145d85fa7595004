import { parseName } from '@millwright/core';
import type { Decide } from '@millwright/core/ledger';
import type { ReferenceLike } from '../../reference.js';
import { parseStatement } from '../../text.js';
import { modelsProjection } from '../state/projection.js';
import { mayChangePolicy, mayTakeName, modelEver } from '../state/state.js';
import type { VersionState } from '../state/types.js';
import { type Outcome, refuseStranger } from './alias-commands.js';
import { lifecycle, nameTaken, onVersion, precondition, requireModel } from './refusal.js';

/** How names and versions come to an end: renamed, deprecated, retired, deleted. Nothing leaves the ledger. */

/** @throws `state/not-found`, `registry/exists`, `input/invalid` */
export function renameModel(name: string, to: string): Decide<undefined> {
  const parsed = parseName(name, 'model name');
  const wanted = parseName(to, 'model name');
  return (view) => {
    const model = requireModel(view, parsed);
    if (model.name === wanted) return { events: [], result: undefined };
    const state = view.state(modelsProjection);
    if (!mayTakeName(state, model.id, wanted)) throw nameTaken(wanted, modelEver(state, wanted)!);
    return { events: [{ type: 'model.renamed', data: { model: model.id, to: wanted } }], result: undefined };
  };
}

/** A denial for those who are no guardians of the model's rules. @throws `state/not-found`, `state/precondition` */
export function deleteModel(name: string, reason: string): Decide<Outcome> {
  const parsed = parseName(name, 'model name');
  const why = parseStatement(reason, 'reason');
  return (view) => {
    const model = requireModel(view, parsed);
    const state = view.state(modelsProjection);
    if (!mayChangePolicy(state, model, view.actor)) return refuseStranger('model.delete', model, state, view.actor);
    const pointing = [...model.aliases].filter(([, { target }]) => target !== undefined).map(([alias]) => alias);
    if (pointing.length > 0)
      throw precondition(
        `model \`${parsed}\``,
        'without aliases; remove them first',
        `known as ${pointing.join(', ')}`,
      );
    return {
      events: [{ type: 'model.deleted', data: { model: model.id, reason: why } }],
      result: { denied: undefined },
    };
  };
}

/** @throws `state/not-found`, `registry/lifecycle` */
export function deprecateVersion(version: ReferenceLike, reason: string): Decide<string> {
  const why = parseStatement(reason, 'reason');
  return onVersion(version, (found) => {
    if (found.deprecated) return [];
    if (found.retired) throw lifecycle(found, 'deprecated');
    return [{ type: 'version.deprecated', data: { version: found.id, reason: why } }];
  });
}

/** @throws `state/not-found`, `registry/lifecycle` when an alias points to the version */
export function deleteVersion(version: ReferenceLike, reason: string): Decide<string> {
  const why = parseStatement(reason, 'reason');
  return onVersion(version, (found) => {
    refuseAliased(found, 'deleted');
    return [{ type: 'version.deleted', data: { version: found.id, reason: why } }];
  });
}

/** @throws `state/not-found`, `registry/lifecycle` when an alias points to the version */
export function retireVersion(version: ReferenceLike, reason: string): Decide<string> {
  const why = parseStatement(reason, 'reason');
  return onVersion(version, (found) => {
    if (found.retired) return [];
    refuseAliased(found, 'retired');
    return [{ type: 'version.retired', data: { version: found.id, reason: why } }];
  });
}

function refuseAliased(version: VersionState, to: string): void {
  if (version.aliases.size > 0)
    throw lifecycle(version, to, `Move ${[...version.aliases].map((a) => `\`${a}\``).join(', ')} first.`);
}
