import type { Name } from '@millwright/core';
import type { LedgerEvent } from '@millwright/core/ledger';
import type { infer as Infer } from 'zod/mini';
import type { GatePolicy } from '../../evaluation/gate/policy.js';
import * as events from '../events.js';
import { changeOwner } from '../query/version-index.js';
import { type Fold, fold } from './fold.js';
import { findModel, mayChange, mayChangePolicy, mayTakeName } from './state.js';
import type { ModelsState, PolicyState } from './types.js';

/** What happens to models and to the rules that they follow. */
export const modelFolds: readonly (readonly [string, Fold])[] = [
  ['model.created', fold(events.modelCreated, created)],
  ['model.changed', fold(events.modelChanged, changed)],
  ['model.renamed', fold(events.modelRenamed, (state, data) => renamed(state, data))],
  ['model.deleted', fold(events.modelDeleted, modelDeleted)],
  ['policy.set', fold(events.policySet, policySet)],
  ['riskPolicy.set', fold(events.riskPolicySet, riskPolicySet)],
];

function created(state: ModelsState, data: Infer<typeof events.modelCreated>, event: LedgerEvent): string | undefined {
  if (findModel(state, data.name) !== undefined) return 'the name is taken';
  const { name, tags, ...rest } = data;
  const id = name as Name;
  const facts = {
    ...rest,
    name: id,
    formerNames: [],
    createdBy: event.actor,
    createdAt: event.time,
    eventIndex: event.index,
    deleted: undefined,
  };
  const before = state.models.change(name);
  if (before === undefined)
    state.models.set(name, { ...facts, id, tags: new Map(), versions: [], aliases: new Map(), policy: undefined });
  else {
    // The name comes back as another model. Numbers, moves and rules go on, so that nothing is ever said twice.
    Object.assign(before, facts);
    before.tags.clear();
  }
  for (const [key, value] of Object.entries(tags)) state.models.get(name)!.tags.set(key, value);
  if (before !== undefined) state.catalogue = undefined;
  return undefined;
}

function renamed(state: ModelsState, { model: id, to }: Infer<typeof events.modelRenamed>): string | undefined {
  if (findModel(state, id)?.id !== id) return 'no such model';
  if (!mayTakeName(state, id, to)) return 'the name is taken';
  const model = state.models.change(id)!;
  model.formerNames = [...model.formerNames.filter((name) => name !== to), model.name];
  model.name = to as Name;
  if (to !== id) state.names.set(to, id);
  return undefined;
}

function modelDeleted(
  state: ModelsState,
  { model: id, reason }: Infer<typeof events.modelDeleted>,
  { actor: by, time, index: eventIndex }: LedgerEvent,
): string | undefined {
  const model = findModel(state, id)?.id === id ? state.models.change(id) : undefined;
  if (model === undefined) return 'no such model';
  if (!mayChangePolicy(state, model, by)) return 'the actor is not a guardian of the policy';
  for (const { target } of model.aliases.values()) if (target !== undefined) return 'an alias points to a version';
  model.deleted = { by, reason, time, eventIndex };
  for (const version of model.versions) version.deleted ??= model.deleted;
  for (const { before } of model.aliases.values()) before.length = 0;
  for (const name of [model.name, ...model.formerNames]) state.names.delete(name);
  return undefined;
}

function changed(state: ModelsState, data: Infer<typeof events.modelChanged>, event: LedgerEvent): string | undefined {
  const model = findModel(state, data.name) && state.models.change(data.name);
  if (model === undefined) return 'no such model';
  const leaves = data.risk !== undefined && data.risk !== model.risk;
  if (leaves && !mayChangePolicy(state, model, event.actor)) return 'the actor is not a guardian of the policy';
  if (state.catalogue !== undefined && data.owner !== undefined)
    changeOwner(state.catalogue.index, model.versions, model.owner, data.owner);
  model.owner = data.owner ?? model.owner;
  model.risk = data.risk ?? model.risk;
  model.intendedUse = data.intendedUse ?? model.intendedUse;
  model.outOfScope = data.outOfScope ?? model.outOfScope;
  model.description = data.description ?? model.description;
  for (const [key, value] of Object.entries(data.tags ?? {})) {
    if (value === null) model.tags.delete(key);
    else model.tags.set(key, value);
  }
  return undefined;
}

function policySet(state: ModelsState, data: Infer<typeof events.policySet>, event: LedgerEvent): string | undefined {
  const model = findModel(state, data.model) && state.models.change(data.model);
  if (model === undefined) return 'no such model';
  if (!mayChangePolicy(state, model, event.actor)) return 'the actor is not a guardian of the policy';
  model.policy = policyState(data, event);
  return undefined;
}

function riskPolicySet(
  state: ModelsState,
  data: Infer<typeof events.riskPolicySet>,
  event: LedgerEvent,
): string | undefined {
  if (!mayChange(state.riskPolicies.get(data.risk), event.actor)) return 'the actor is not a guardian of the policy';
  state.riskPolicies.set(data.risk, policyState(data, event));
  return undefined;
}

function policyState(data: Omit<Infer<typeof events.policySet>, 'model'>, event: LedgerEvent): PolicyState {
  return {
    digest: data.digest,
    aliases: new Map(Object.entries(data.aliases)),
    gate: data.gate as GatePolicy | undefined,
    gateDigest: data.gateDigest,
    guardians: data.guardians,
    setBy: event.actor,
    setAt: event.time,
    eventIndex: event.index,
  };
}
