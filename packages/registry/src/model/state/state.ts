import { nodeId } from '../../reference.js';
import { changesBetween, type Judgement, judgeMove } from '../policy/judge-move.js';
import { indexVersion, versionIndex } from '../query/version-index.js';
import type { Evidence, ModelVersion, RegisteredModel, VersionStage } from '../types.js';
import type { Catalogue, ModelState, ModelsState, PolicyState, VersionState } from './types.js';

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

/** Where a version stands; see `VersionStage`. */
export function stageOf(version: VersionState): VersionStage {
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
