import type { Digest } from '@millwright/core';
import type { LedgerEvent } from '@millwright/core/ledger';
import type { infer as Infer } from 'zod/mini';
import * as events from '../events.js';
import { type Fold, fold } from './fold.js';
import { findModel, findVersion, judge, policyOf } from './state.js';
import type { ModelsState } from './types.js';

/** The moves of aliases. The policy is judged here again, so that an event written past the library moves nothing. */
export const aliasFolds: readonly (readonly [string, Fold])[] = [
  ['alias.moved', fold(events.aliasMoved, aliasMoved)],
  ['alias.removed', fold(events.aliasRemoved, aliasRemoved)],
];

function aliasMoved(state: ModelsState, data: Infer<typeof events.aliasMoved>, event: LedgerEvent): string | undefined {
  const model = findModel(state, data.model) && state.models.change(data.model);
  const version = findVersion(state, data.to);
  if (model === undefined || version?.model !== model || version.deleted !== undefined) return 'no such version';
  if (version.retired) return 'the version is retired';
  let plan: Digest | undefined;
  const alias = model.aliases.get(data.alias) ?? { target: undefined, generation: 0, history: [], before: [] };
  if (data.generation !== alias.generation + 1 || data.from !== alias.target?.id) return 'the alias has moved before';
  if (data.kind === 'rollback') {
    if (alias.before.at(-1) !== version) return 'it is not the version to roll back to';
    alias.before.pop();
  } else {
    if (version.deprecated) return 'the version is deprecated';
    const { allowed, reasons, ...relied } = judge(state, version, data.alias, event.actor, event.time, []);
    plan = relied.plan;
    const policy = policyOf(state, model)?.aliases.get(data.alias);
    if (!allowed && !(data.breakGlass && policy?.breakGlass?.includes(event.actor))) return reasons.join(' ');
    if (alias.target !== undefined) alias.before.push(alias.target);
  }
  model.aliases.set(data.alias, alias);
  alias.target?.aliases.delete(data.alias);
  alias.target = version;
  alias.generation = data.generation;
  version.aliases.add(data.alias);
  version.pastAliases.add(data.alias);
  alias.history.push({
    model: model.id,
    alias: data.alias,
    version: version.id,
    from: data.from,
    generation: data.generation,
    kind: data.kind,
    reason: data.reason,
    evidence: data.evidence,
    policy: data.policy,
    plan,
    breakGlass: data.breakGlass,
    by: event.actor,
    time: event.time,
    eventIndex: event.index,
  });
  return undefined;
}

function aliasRemoved(
  state: ModelsState,
  data: Infer<typeof events.aliasRemoved>,
  event: LedgerEvent,
): string | undefined {
  const model = state.models.change(data.model);
  const alias = model?.aliases.get(data.alias);
  if (model === undefined || alias?.target === undefined) return 'no such alias';
  if (data.generation !== alias.generation + 1 || data.from !== alias.target.id) return 'the alias has moved before';
  const policy = policyOf(state, model)?.aliases.get(data.alias);
  if (policy?.actors !== undefined && !policy.actors.includes(event.actor)) return 'the actor may not move the alias';
  alias.target.aliases.delete(data.alias);
  alias.before.push(alias.target);
  alias.target = undefined;
  alias.generation = data.generation;
  alias.history.push({
    model: model.id,
    alias: data.alias,
    version: undefined,
    from: data.from,
    generation: data.generation,
    kind: 'removal',
    reason: data.reason,
    evidence: [],
    policy: undefined,
    plan: undefined,
    breakGlass: false,
    by: event.actor,
    time: event.time,
    eventIndex: event.index,
  });
  return undefined;
}
