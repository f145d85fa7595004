import type { Digest, Name } from '@millwright/core';
import type { ShardMap } from '@millwright/core/ledger';
import type { GatePolicy } from '../../evaluation/gate/policy.js';
import { nodeId } from '../../reference.js';
import type { VersionOrigin } from '../passport.js';
import { changesBetween, type Judgement, judgeMove } from '../policy/judge-move.js';
import type { AliasPolicy } from '../policy/policy.js';
import { indexVersion, type VersionIndex, versionIndex } from '../query/version-index.js';
import type { AliasRecord, Approval, Deletion, Evidence, ModelVersion, RegisteredModel, Stage } from '../types.js';

/** All models, as the fold keeps them. Only the projection changes it. */
export interface ModelsState {
  /** By id, deleted ones included. */
  readonly models: ShardMap<ModelState>;
  /** Names that models were given later, and the ids that they lead to. */
  readonly names: Map<string, string>;
  /** Rules by risk class, for models that have none of their own. */
  readonly riskPolicies: Map<string, PolicyState>;
  /** Made by the first search, kept up to date from then on. */
  catalogue: Catalogue | undefined;
  /** Events of this room that made no sense and were passed over: a malformed payload, a number taken, a move that the policy forbids. */
  readonly ignored: IgnoredEvent[];
}

/** What search looks at. */
export interface Catalogue {
  /** All versions of all models in the order of registration. */
  readonly versions: VersionState[];
  readonly index: VersionIndex;
}

/** An event that changed nothing. */
export interface IgnoredEvent {
  readonly eventIndex: number;
  readonly type: string;
  readonly reason: string;
}

export interface ModelState {
  readonly id: Name;
  name: Name;
  /** What it was called before, oldest first. */
  formerNames: Name[];
  owner: string;
  risk: string;
  intendedUse: string;
  outOfScope: string;
  description: string;
  readonly tags: Map<string, string>;
  createdBy: string;
  createdAt: number;
  /** Of its creation, or of the creation that brought the name back. */
  eventIndex: number;
  readonly versions: VersionState[];
  readonly aliases: Map<string, AliasState>;
  policy: PolicyState | undefined;
  deleted: Deletion | undefined;
}

export interface PolicyState {
  readonly digest: Digest;
  readonly aliases: ReadonlyMap<string, AliasPolicy>;
  readonly gate: GatePolicy | undefined;
  readonly gateDigest: Digest | undefined;
  readonly guardians: readonly string[] | undefined;
  readonly setBy: string;
  readonly setAt: number;
  readonly eventIndex: number;
}

export interface AliasState {
  /** Where it points now. */
  target: VersionState | undefined;
  generation: number;
  readonly history: AliasRecord[];
  /** Versions that rolling back returns to, newest last; the current target is not among them. */
  readonly before: VersionState[];
}

export interface VersionState {
  readonly id: string;
  readonly model: ModelState;
  readonly number: number;
  readonly kind: string;
  readonly artifact: Digest;
  readonly size: number;
  readonly contract: Digest | undefined;
  readonly contractBlob: Digest | undefined;
  readonly features: Digest | undefined;
  readonly madeBy: string | undefined;
  readonly origin: VersionOrigin | undefined;
  readonly description: string;
  readonly metrics: ReadonlyMap<string, number>;
  readonly tags: Map<string, string>;
  readonly evidence: Evidence[];
  readonly approvals: Approval[];
  /** Aliases that point to it now. */
  readonly aliases: Set<string>;
  /** Aliases that have ever pointed to it. */
  readonly pastAliases: Set<string>;
  deprecated: boolean;
  retired: boolean;
  deleted: Deletion | undefined;
  /** More is known of it than its registration. */
  judged: boolean;
  readonly registeredBy: string;
  readonly registeredAt: number;
  readonly eventIndex: number;
}

/** The model that a name leads to, its id or any name that it was given, deleted or not. */
export function modelEver(state: ModelsState, name: string): ModelState | undefined {
  return state.models.get(state.names.get(name) ?? name);
}

/** The same, if it is not deleted. */
export function findModel(state: ModelsState, name: string): ModelState | undefined {
  const model = modelEver(state, name);
  return model?.deleted === undefined ? model : undefined;
}

/** A name is free for a model when no model has it, and when it is no model's id: ids mean one thing for ever. */
export function mayTakeName(state: ModelsState, id: string, name: string): boolean {
  const holder = modelEver(state, name);
  return holder === undefined || (holder.id === id && holder.name !== name);
}

/** The version that `name@number` means, deleted or not. */
export function findVersion(state: ModelsState, reference: string): VersionState | undefined {
  const at = reference.lastIndexOf('@');
  if (at <= 0) return undefined;
  const number = reference.slice(at + 1);
  const version = modelEver(state, reference.slice(0, at))?.versions[Number(number) - 1];
  return version !== undefined && String(version.number) === number ? version : undefined;
}

/** The version with this id, to change it. */
export function changeVersion(state: ModelsState, id: string): VersionState | undefined {
  const version = findVersion(state, id);
  if (version === undefined) return undefined;
  state.models.change(version.model.id);
  return findVersion(state, id);
}

/** The catalogue of a state, made now if nobody has searched before. */
export function catalogueOf(state: ModelsState): Catalogue {
  if (state.catalogue !== undefined) return state.catalogue;
  const versions = [...state.models.values()].flatMap((model) => model.versions);
  versions.sort((a, b) => a.eventIndex - b.eventIndex);
  const index = versionIndex();
  for (const version of versions) indexVersion(index, version);
  state.catalogue = { versions, index };
  return state.catalogue;
}

/** Where a version stands; see `Stage`. */
export function stageOf(version: VersionState): Stage {
  if (version.retired) return 'retired';
  if (version.deprecated) return 'deprecated';
  if (version.aliases.size > 0) return 'serving';
  if (version.approvals.length > 0) return 'approved';
  if (version.evidence.length === 0) return 'registered';
  const newest = new Map(version.evidence.map((e) => [e.kind, e.verdict]));
  for (const verdict of newest.values()) if (verdict !== 'pass') return 'registered';
  return 'validated';
}

/** A copy that later events do not change. */
export function toVersion(version: VersionState): ModelVersion {
  const { id, model, metrics, tags, aliases, evidence, approvals, ...rest } = version;
  return {
    id,
    node: nodeId('model', id),
    model: model.id,
    number: rest.number,
    kind: rest.kind,
    stage: stageOf(version),
    artifact: rest.artifact,
    size: rest.size,
    contract: rest.contract,
    features: rest.features,
    madeBy: rest.madeBy,
    origin: rest.origin,
    description: rest.description,
    metrics: Object.fromEntries(metrics),
    tags: Object.fromEntries(tags),
    aliases: [...aliases].sort(),
    evidence: [...evidence],
    approvals: [...approvals],
    registeredBy: rest.registeredBy,
    registeredAt: rest.registeredAt,
    eventIndex: rest.eventIndex,
  };
}

/** A copy that later events do not change. */
export function toModel(model: ModelState): RegisteredModel {
  const aliases: [string, string][] = [];
  for (const [name, { target }] of model.aliases) if (target !== undefined) aliases.push([name, target.id]);
  return {
    id: model.id,
    name: model.name,
    formerNames: [...model.formerNames],
    owner: model.owner,
    risk: model.risk,
    intendedUse: model.intendedUse,
    outOfScope: model.outOfScope,
    description: model.description,
    tags: Object.fromEntries(model.tags),
    createdBy: model.createdBy,
    createdAt: model.createdAt,
    versions: model.versions.length,
    aliases: Object.fromEntries(aliases.sort()),
    eventIndex: model.eventIndex,
  };
}

/** The rules that a model follows: its own, else those of its risk class. */
export function policyOf(state: ModelsState, model: ModelState): PolicyState | undefined {
  return model.policy ?? state.riskPolicies.get(model.risk);
}

/** True when the rules, as they stand, let this actor change them, or leave their reach. */
export function mayChangePolicy(state: ModelsState, model: ModelState, actor: string): boolean {
  return mayChange(model.policy, actor) && mayChange(state.riskPolicies.get(model.risk), actor);
}

export function mayChange(policy: PolicyState | undefined, actor: string): boolean {
  return policy?.guardians?.includes(actor) ?? true;
}

/** Judges the move of an alias to a version by the model's policy; `extra` is evidence that comes in the same commit. */
export function judge(
  state: ModelsState,
  version: VersionState,
  alias: string,
  actor: string,
  time: number,
  extra: readonly Evidence[],
): Judgement {
  const rules = policyOf(state, version.model);
  const policy = rules?.aliases.get(alias);
  if (policy === undefined) return { allowed: true, reasons: [], evidence: [] };
  const target = version.model.aliases.get(alias)?.target;
  return judgeMove(policy, {
    actor,
    time,
    registeredBy: version.registeredBy,
    evidence: extra.length === 0 ? version.evidence : [...version.evidence, ...extra],
    approvals: version.approvals,
    pastAliases: version.pastAliases,
    gate: rules?.gateDigest,
    changes: target && changesBetween(version, target),
  });
}
