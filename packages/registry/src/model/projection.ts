import type { Json, Name } from '@millwright/core';
import { type LedgerEvent, type Projection, shardMap, shardMapFrom } from '@millwright/core/ledger';
import type { infer as Infer } from 'zod/mini';
import type { GatePolicy } from '../evaluation/gate/policy.js';
import { fromFigure } from '../figure.js';
import { referenceId } from '../reference.js';
import * as events from './events.js';
import { modelCodec } from './snapshot.js';
import {
  changeVersion,
  findVersion,
  type IgnoredEvent,
  judge,
  type ModelsState,
  mayChangePolicy,
  type VersionState,
} from './state.js';
import type { EvidenceMetric } from './types.js';
import { indexVersion, markJudged, retagVersion } from './version-index.js';

/** Models, versions, aliases, evidence, approvals and policies as a fold of the ledger. */
export const modelsProjection: Projection<ModelsState> = {
  id: 'registry.models@1',
  init: () => ({ models: shardMap(modelCodec), catalogue: undefined, ignored: [] }),
  apply(state, event) {
    const fold = FOLDS.get(event.type);
    if (fold === undefined) return state;
    const reason = fold(state, event);
    if (reason !== undefined && state.ignored.length < MAX_IGNORED)
      state.ignored.push({ eventIndex: event.index, type: event.type, reason });
    return state;
  },
  fork: ({ models, ignored }) => ({ models: models.fork(), catalogue: undefined, ignored: [...ignored] }),
  snapshot: {
    encode: ({ models, ignored }, aside) => ({
      models: models.encode(aside),
      ignored: ignored.map((event) => ({ ...event })),
    }),
    decode(json, part) {
      const { models, ignored } = json as { readonly models: Json; readonly ignored: readonly IgnoredEvent[] };
      return { models: shardMapFrom(modelCodec, models, part), catalogue: undefined, ignored: [...ignored] };
    },
  },
};

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
  ['version.registered', fold(events.versionRegistered, registered)],
  ['version.tagged', fold(events.versionTagged, (state, data) => tagged(state, data))],
  ['version.deprecated', fold(events.versionDeprecated, (state, data) => onVersion(state, data.version, deprecated))],
  ['version.retired', fold(events.versionRetired, (state, data) => onVersion(state, data.version, retired))],
  ['evidence.attached', fold(events.evidenceAttached, evidenceAttached)],
  ['approval.given', fold(events.approvalGiven, approvalGiven)],
  ['approval.withdrawn', fold(events.approvalWithdrawn, approvalWithdrawn)],
  ['policy.set', fold(events.policySet, policySet)],
  ['alias.moved', fold(events.aliasMoved, aliasMoved)],
  ['alias.removed', fold(events.aliasRemoved, aliasRemoved)],
]);

function created(state: ModelsState, data: Infer<typeof events.modelCreated>, event: LedgerEvent): string | undefined {
  if (state.models.has(data.name)) return 'the name is taken';
  const { name, tags, ...rest } = data;
  state.models.set(name, {
    ...rest,
    name: name as Name,
    tags: new Map(Object.entries(tags)),
    createdBy: event.actor,
    createdAt: event.time,
    eventIndex: event.index,
    versions: [],
    aliases: new Map(),
    policy: undefined,
  });
  return undefined;
}

function changed(state: ModelsState, data: Infer<typeof events.modelChanged>): string | undefined {
  const model = state.models.change(data.name);
  if (model === undefined) return 'no such model';
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
  const model = state.models.change(data.model);
  if (model === undefined) return 'no such model';
  if (data.number !== model.versions.length + 1) return `the next version is ${model.versions.length + 1}`;
  const version: VersionState = {
    id: referenceId(model.name, data.number),
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
  for (const { before } of version.model.aliases.values())
    for (let at = before.length - 1; at >= 0; at--) if (before[at] === version) before.splice(at, 1);
  return undefined;
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
  const model = state.models.change(data.model);
  if (model === undefined) return 'no such model';
  if (!mayChangePolicy(model, event.actor)) return 'the actor is not a guardian of the policy';
  model.policy = {
    digest: data.digest,
    aliases: new Map(Object.entries(data.aliases)),
    gate: data.gate as GatePolicy | undefined,
    gateDigest: data.gateDigest,
    guardians: data.guardians,
    setBy: event.actor,
    setAt: event.time,
    eventIndex: event.index,
  };
  return undefined;
}

function aliasMoved(state: ModelsState, data: Infer<typeof events.aliasMoved>, event: LedgerEvent): string | undefined {
  const model = state.models.change(data.model);
  const version = findVersion(state, data.to);
  if (model === undefined || version?.model !== model) return 'no such version';
  if (version.retired) return 'the version is retired';
  const alias = model.aliases.get(data.alias) ?? { target: undefined, generation: 0, history: [], before: [] };
  if (data.generation !== alias.generation + 1 || data.from !== alias.target?.id) return 'the alias has moved before';
  if (data.kind === 'rollback') {
    if (alias.before.at(-1) !== version) return 'it is not the version to roll back to';
    alias.before.pop();
  } else {
    if (version.deprecated) return 'the version is deprecated';
    const { allowed, reasons } = judge(version, data.alias, event.actor, event.time, []);
    const policy = model.policy?.aliases.get(data.alias);
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
    model: model.name,
    alias: data.alias,
    version: version.id,
    from: data.from,
    generation: data.generation,
    kind: data.kind,
    reason: data.reason,
    evidence: data.evidence,
    policy: data.policy,
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
  const policy = model.policy?.aliases.get(data.alias);
  if (policy?.actors !== undefined && !policy.actors.includes(event.actor)) return 'the actor may not move the alias';
  alias.target.aliases.delete(data.alias);
  alias.before.push(alias.target);
  alias.target = undefined;
  alias.generation = data.generation;
  alias.history.push({
    model: model.name,
    alias: data.alias,
    version: undefined,
    from: data.from,
    generation: data.generation,
    kind: 'removal',
    reason: data.reason,
    evidence: [],
    policy: undefined,
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
  if (version === undefined) return 'no such version';
  const reason = apply(version);
  if (reason === undefined) markJudged(state.catalogue?.index, version);
  return reason;
}
