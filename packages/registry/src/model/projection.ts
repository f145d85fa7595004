import type { Digest, Json, Name } from '@millwright/core';
import { type LedgerEvent, type Projection, shardMap, shardMapFrom } from '@millwright/core/ledger';
import type { infer as Infer } from 'zod/mini';
import type { GatePolicy } from '../evaluation/gate/policy.js';
import { fromFigure } from '../figure.js';
import { referenceId } from '../reference.js';
import * as events from './events.js';
import { decodePolicy, encodePolicy, modelCodec, type StoredPolicyState } from './snapshot.js';
import {
  changeVersion,
  findModel,
  findVersion,
  type IgnoredEvent,
  judge,
  type ModelsState,
  mayChange,
  mayChangePolicy,
  mayTakeName,
  type PolicyState,
  policyOf,
  type VersionState,
} from './state.js';
import type { EvidenceMetric } from './types.js';
import { changeOwner, indexVersion, markJudged, retagVersion } from './version-index.js';

/** Models, versions, aliases, evidence, approvals and policies as a fold of the ledger. */
export const modelsProjection: Projection<ModelsState> = {
  id: 'registry.models@3',
  init: () => ({
    models: shardMap(modelCodec),
    names: new Map(),
    riskPolicies: new Map(),
    catalogue: undefined,
    ignored: [],
  }),
  apply(state, event) {
    const fold = FOLDS.get(event.type);
    if (fold === undefined) return state;
    const reason = fold(state, event);
    if (reason !== undefined && state.ignored.length < MAX_IGNORED)
      state.ignored.push({ eventIndex: event.index, type: event.type, reason });
    return state;
  },
  fork: ({ models, names, riskPolicies, ignored }) => ({
    models: models.fork(),
    names: new Map(names),
    riskPolicies: new Map(riskPolicies),
    catalogue: undefined,
    ignored: [...ignored],
  }),
  snapshot: {
    encode: ({ models, names, riskPolicies, ignored }, aside) => ({
      models: models.encode(aside),
      names: [...names],
      riskPolicies: Array.from(riskPolicies, ([risk, policy]) => [risk, encodePolicy(policy)]),
      ignored: ignored.map((event) => ({ ...event })),
    }),
    decode(json, part) {
      const { models, names, riskPolicies, ignored } = json as StoredModels;
      return {
        models: shardMapFrom(modelCodec, models, part),
        names: new Map(names),
        riskPolicies: new Map(riskPolicies.map(([risk, policy]) => [risk, decodePolicy(policy)])),
        catalogue: undefined,
        ignored: [...ignored],
      };
    },
  },
};

interface StoredModels {
  readonly models: Json;
  readonly names: readonly (readonly [string, string])[];
  readonly riskPolicies: readonly (readonly [string, StoredPolicyState])[];
  readonly ignored: readonly IgnoredEvent[];
}

/** How many ignored events are remembered for an audit. */
const MAX_IGNORED = 1_000;

/** Applies an event, or says why it is passed over. */
type Fold = (state: ModelsState, event: LedgerEvent) => string | undefined;

interface Schema<T> {
  safeParse(input: unknown): { readonly success: true; readonly data: T } | { readonly success: false };
}

function fold<T>(
  schema: Schema<T>,
  apply: (state: ModelsState, data: T, event: LedgerEvent) => string | undefined,
): Fold {
  return (state, event) => {
    const parsed = schema.safeParse(event.data);
    return parsed.success ? apply(state, parsed.data, event) : 'malformed';
  };
}

const FOLDS: ReadonlyMap<string, Fold> = new Map<string, Fold>([
  ['model.created', fold(events.modelCreated, created)],
  ['model.changed', fold(events.modelChanged, changed)],
  ['model.renamed', fold(events.modelRenamed, (state, data) => renamed(state, data))],
  ['model.deleted', fold(events.modelDeleted, modelDeleted)],
  ['version.registered', fold(events.versionRegistered, registered)],
  ['version.tagged', fold(events.versionTagged, (state, data) => tagged(state, data))],
  ['version.deprecated', fold(events.versionDeprecated, (state, data) => onVersion(state, data.version, deprecated))],
  ['version.retired', fold(events.versionRetired, (state, data) => onVersion(state, data.version, retired))],
  ['version.deleted', fold(events.versionDeleted, versionDeleted)],
  ['evidence.attached', fold(events.evidenceAttached, evidenceAttached)],
  ['approval.given', fold(events.approvalGiven, approvalGiven)],
  ['approval.withdrawn', fold(events.approvalWithdrawn, approvalWithdrawn)],
  ['policy.set', fold(events.policySet, policySet)],
  ['riskPolicy.set', fold(events.riskPolicySet, riskPolicySet)],
  ['alias.moved', fold(events.aliasMoved, aliasMoved)],
  ['alias.removed', fold(events.aliasRemoved, aliasRemoved)],
]);

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

function registered(
  state: ModelsState,
  data: Infer<typeof events.versionRegistered>,
  event: LedgerEvent,
): string | undefined {
  const model = findModel(state, data.model) && state.models.change(data.model);
  if (model === undefined) return 'no such model';
  if (data.number !== model.versions.length + 1) return `the next version is ${model.versions.length + 1}`;
  const version: VersionState = {
    id: referenceId(model.id, data.number),
    model,
    number: data.number,
    kind: data.kind,
    artifact: data.artifact,
    size: data.size,
    contract: data.contract,
    contractBlob: data.contractBlob,
    features: data.features,
    madeBy: data.madeBy,
    origin: data.origin,
    description: data.description,
    metrics: new Map(Object.entries(data.metrics).map(([name, figure]) => [name, fromFigure(figure)])),
    tags: new Map(Object.entries(data.tags)),
    evidence: [],
    approvals: [],
    aliases: new Set(),
    pastAliases: new Set(),
    deprecated: false,
    retired: false,
    deleted: undefined,
    judged: false,
    registeredBy: event.actor,
    registeredAt: event.time,
    eventIndex: event.index,
  };
  model.versions.push(version);
  state.catalogue?.versions.push(version);
  if (state.catalogue !== undefined) indexVersion(state.catalogue.index, version);
  return undefined;
}

function tagged(state: ModelsState, data: Infer<typeof events.versionTagged>): string | undefined {
  return onVersion(state, data.version, (version) => {
    for (const [key, value] of Object.entries(data.tags)) retagVersion(state.catalogue?.index, version, key, value);
    return undefined;
  });
}

function deprecated(version: VersionState): string | undefined {
  if (version.retired) return 'the version is retired';
  version.deprecated = true;
  return undefined;
}

function retired(version: VersionState): string | undefined {
  if (version.aliases.size > 0) return 'an alias points to the version';
  version.retired = true;
  leaveHistory(version);
  return undefined;
}

function versionDeleted(
  state: ModelsState,
  data: Infer<typeof events.versionDeleted>,
  { actor: by, time, index: eventIndex }: LedgerEvent,
): string | undefined {
  return onVersion(state, data.version, (version) => {
    if (version.aliases.size > 0) return 'an alias points to the version';
    version.deleted = { by, reason: data.reason, time, eventIndex };
    leaveHistory(version);
    return undefined;
  });
}

/** Rolling back never leads to what is out of use. */
function leaveHistory(version: VersionState): void {
  for (const { before } of version.model.aliases.values())
    for (let at = before.length - 1; at >= 0; at--) if (before[at] === version) before.splice(at, 1);
}

function evidenceAttached(
  state: ModelsState,
  data: Infer<typeof events.evidenceAttached>,
  event: LedgerEvent,
): string | undefined {
  return onVersion(state, data.version, (version) => {
    version.evidence.push({
      kind: data.kind,
      verdict: data.verdict,
      digest: data.digest,
      policy: data.policy,
      record: data.record,
      sentence: data.sentence,
      metrics: data.metrics.map((m): EvidenceMetric => ({ ...m, value: fromFigure(m.value) })),
      by: event.actor,
      time: event.time,
      eventIndex: event.index,
    });
    return undefined;
  });
}

function approvalGiven(
  state: ModelsState,
  data: Infer<typeof events.approvalGiven>,
  event: LedgerEvent,
): string | undefined {
  return onVersion(state, data.version, (version) => {
    if (version.retired) return 'the version is retired';
    if (version.approvals.some((a) => a.by === event.actor && a.role === data.role)) return 'given before';
    version.approvals.push({
      role: data.role,
      by: event.actor,
      reason: data.reason,
      time: event.time,
      eventIndex: event.index,
    });
    return undefined;
  });
}

function approvalWithdrawn(
  state: ModelsState,
  data: Infer<typeof events.approvalWithdrawn>,
  event: LedgerEvent,
): string | undefined {
  return onVersion(state, data.version, (version) => {
    const at = version.approvals.findIndex((a) => a.by === event.actor && a.role === data.role);
    if (at < 0) return 'not given by this actor';
    version.approvals.splice(at, 1);
    return undefined;
  });
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

function onVersion(
  state: ModelsState,
  id: string,
  apply: (version: VersionState) => string | undefined,
): string | undefined {
  const version = changeVersion(state, id);
  if (version === undefined || version.deleted !== undefined) return 'no such version';
  const reason = apply(version);
  if (reason === undefined) markJudged(state.catalogue?.index, version);
  return reason;
}
