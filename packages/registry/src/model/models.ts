import { type Abortable, parseName } from '@millwright/core';
import { blobsOf, putArtifact } from '@millwright/core/artifact';
import type { Contract } from '@millwright/core/contract';
import type { Committed, Decide } from '@millwright/core/ledger';
import { act, type CommandOptions, numberedBy, type RegistryDoors, storing } from '../doors.js';
import { fromFigure } from '../figure.js';
import { getBytes, putBytes, putJson } from '../json-blob.js';
import { parseNode, parseReference, type ReferenceLike, referenceId } from '../reference.js';
import * as aliases from './command/alias-commands.js';
import * as endings from './command/endings.js';
import { type EvidenceLike, evidenceParts } from './command/evidence.js';
import * as judgements from './command/evidence-commands.js';
import * as commands from './command/model-commands.js';
import { existingModel, existingVersion } from './command/refusal.js';
import { checkPassport, copyArtifact, type VersionPassport, writePassport } from './passport.js';
import {
  type ModelFilter,
  type Page,
  type PageOptions,
  searchModels,
  searchVersions,
  type VersionFilter,
  type VersionPageOptions,
} from './query/search.js';
import type { ApprovalRequest, ImportOptions, MoveOptions, NewVersion, ReasonOptions } from './requests.js';
import { readContract } from './source.js';
import { modelsProjection } from './state/projection.js';
import { findModel, modelEver, toModel, toVersion } from './state/state.js';
import type { AliasRecord, ModelVersion, RegisteredModel } from './types.js';

/** Models, their versions, and the aliases that say which version is in use. */
export interface Models {
  /** @throws `registry/exists`, `input/invalid` */
  create(name: string, facts: commands.ModelFacts & CommandOptions): Promise<RegisteredModel>;
  /**
   * Changes what is said about a model. Where its rules have guardians, only they change its risk class.
   * @throws `state/not-found`, `input/invalid`, `registry/denied`
   */
  change(name: string, change: commands.ModelChange & CommandOptions): Promise<RegisteredModel>;
  /**
   * Gives a model another name. The old one keeps leading to it, so what is deployed goes on, and nobody else can take
   * it; the ids of versions stay. @throws `state/not-found`, `registry/exists`, `input/invalid`
   */
  rename(name: string, to: string, options?: CommandOptions): Promise<RegisteredModel>;
  /**
   * Hides a model and its versions for ever; their history stays. Its names become free. Creating the name again makes
   * another model, whose versions go on counting and whose rules are those of the one before.
   * @throws `state/not-found`, `state/precondition` while an alias points to a version, `registry/denied` for those who
   * are no guardians of its rules
   */
  delete(name: string, options: ReasonOptions): Promise<void>;
  /**
   * Stores the files and registers them as the model's next version, with its lineage, in one commit. With an `owner`,
   * a model that does not exist is created by the same commit.
   * @throws `state/not-found`, `input/invalid`
   */
  register(name: string, version: NewVersion & CommandOptions): Promise<ModelVersion>;
  /** The version with its evidence and the proofs of both, for another registry. @throws `state/not-found` */
  passport(version: ReferenceLike, options?: Abortable): Promise<VersionPassport>;
  /**
   * Registers a version that another ledger holds: development hands to production. Every entry of the passport must be
   * proved under a root that is trusted already; the files are copied and verified. Evidence comes along, approvals do not.
   * @throws `registry/denied` for a passport that does not hold, `artifact/missing`, `state/not-found` without an owner
   */
  import(passport: VersionPassport, options: ImportOptions): Promise<ModelVersion>;
  /** Sets tags of a version; `null` removes one. @throws `state/not-found` */
  tag(
    version: ReferenceLike,
    tags: Readonly<Record<string, string | null>>,
    options?: CommandOptions,
  ): Promise<ModelVersion>;
  /** Stores the evidence and attaches it to the version. @throws `state/not-found`, `input/invalid` */
  attachEvidence(
    version: ReferenceLike,
    evidence: EvidenceLike,
    options?: { readonly kind?: string | undefined } & CommandOptions,
  ): Promise<ModelVersion>;
  /** Records that the actor approves the version in a role. @throws `state/not-found`, `registry/lifecycle` */
  approve(version: ReferenceLike, approval: ApprovalRequest): Promise<ModelVersion>;
  /** Takes the actor's own approval back. @throws `state/not-found`, `state/precondition` */
  withdrawApproval(version: ReferenceLike, approval: ApprovalRequest): Promise<ModelVersion>;
  /** Says that the version should not be used any more. It can be rolled back to, not moved to. @throws `registry/lifecycle` */
  deprecate(version: ReferenceLike, options: ReasonOptions): Promise<ModelVersion>;
  /** Hides a version for ever. Its number is not given again. @throws `state/not-found`, `registry/lifecycle` while an alias points to it */
  deleteVersion(version: ReferenceLike, options: ReasonOptions): Promise<void>;
  /** Takes the version out of use for ever. @throws `registry/lifecycle` while an alias points to it */
  retire(version: ReferenceLike, options: ReasonOptions): Promise<ModelVersion>;
  /**
   * Points an alias at a version, if the model's policy allows it. When somebody else moves the alias at the same time,
   * one of both moves fails. A denial is written to the ledger before it is thrown.
   * @throws `registry/denied`, `state/not-found`, `state/precondition`, `registry/lifecycle`
   */
  moveAlias(name: string, alias: string, version: ReferenceLike, options: MoveOptions): Promise<AliasRecord>;
  /**
   * Points an alias back to where it pointed before. One call, no approval, no policy.
   * @throws `state/not-found`, `state/precondition` when there is nothing to go back to, or somebody moved it meanwhile
   */
  rollBack(name: string, alias: string, options: ReasonOptions): Promise<AliasRecord>;
  /** @throws `registry/denied`, `state/not-found` */
  removeAlias(name: string, alias: string, options: ReasonOptions): Promise<AliasRecord>;

  /** @throws `state/not-found` */
  get(name: string): RegisteredModel;
  /** @throws `state/not-found` */
  version(reference: ReferenceLike): ModelVersion;
  /** The version that an alias points to, or undefined. @throws `state/not-found` when there is no such model */
  aliased(name: string, alias: string): ModelVersion | undefined;
  /**
   * Where an alias points, or pointed at a time in the past, who had moved it there, why, and on what evidence. Leave the
   * time out for now: the ledger's times are a millisecond apart at least, and may run ahead of a clock.
   */
  aliasAt(name: string, alias: string, time?: number): AliasRecord | undefined;
  /** Every move of an alias, oldest first. */
  history(name: string, alias: string): readonly AliasRecord[];
  /** Every move of any alias to this version or away from it, oldest first. @throws `state/not-found` */
  movesOf(reference: ReferenceLike): readonly AliasRecord[];
  /** All versions of a model, oldest first. @throws `state/not-found` */
  versions(name: string): readonly ModelVersion[];
  list(filter?: ModelFilter, options?: PageOptions): Page<RegisteredModel>;
  search(filter?: VersionFilter, options?: VersionPageOptions): Page<ModelVersion>;
  /** The contract that a version was registered with. @throws `state/not-found`, `storage/corrupt` */
  contract(reference: ReferenceLike, options?: Abortable): Promise<Contract | undefined>;
}

export function models(doors: RegistryDoors): Models {
  const { ledger, blobs } = doors;
  const state = () => ledger.state(modelsProjection);

  const modelState = (name: string) => existingModel(state(), name);
  const versionState = (reference: ReferenceLike) => existingVersion(state(), reference);
  const changed = async (reference: ReferenceLike, decide: Decide<string>, options: CommandOptions) => {
    const { name, number } = parseReference(reference);
    const { result } = await act(doors, decide, options, () => referenceId(name, number));
    return toVersion(versionState(result));
  };
  const history = (name: string, alias: string) => {
    // The past of what was deleted stays known.
    const model = modelEver(state(), name) ?? modelState(name);
    return model.aliases.get(alias)?.history ?? [];
  };

  /** The generation that the mover sees, so that two movers cannot both win. */
  const generation = async (name: string, alias: string, options: Abortable) => {
    await ledger.refresh(options);
    return findModel(state(), name)?.aliases.get(alias)?.generation ?? 0;
  };
  const moved = async (name: string, alias: string, decide: Decide<aliases.Outcome>, options: CommandOptions) => {
    const committed = await act(doors, decide, options, aliases.replayedOutcome);
    refuseDenied(committed);
    const records = history(name, alias);
    const index = committed.events.find((e) => e.type === 'alias.moved' || e.type === 'alias.removed')?.index;
    return (index === undefined ? undefined : records.find((r) => r.eventIndex === index)) ?? records.at(-1)!;
  };

  return {
    async create(name, facts) {
      const { result } = await act(doors, commands.createModel(name, facts), facts, () => parseName(name));
      return toModel(modelState(result));
    },
    async change(name, change) {
      refuseDenied(await act(doors, commands.changeModel(name, change), change, aliases.replayedOutcome));
      return toModel(modelState(name));
    },
    async rename(name, to, options = {}) {
      await act(doors, endings.renameModel(name, to), options, () => undefined);
      return toModel(modelState(to));
    },
    async delete(name, options) {
      refuseDenied(await act(doors, endings.deleteModel(name, options.reason), options, aliases.replayedOutcome));
    },
    register: storing(doors, async (name, version) => {
      parseName(name, 'model name');
      const { owner, risk, intendedUse, outOfScope, contract, features, madeBy, madeFrom, files, ...rest } = version;
      if (owner === undefined) modelState(name);
      const { manifest, digest } = await putArtifact(blobs, files, version);
      const decide = commands.registerVersion(name, {
        ...rest,
        artifact: digest,
        size: manifest.files.reduce((sum, file) => sum + file.size, 0),
        features: typeof features === 'object' ? features.digest : features,
        contract: contract?.digest,
        contractBlob: contract === undefined ? undefined : await putJson(blobs, { ...contract }, version),
        madeBy: madeBy === undefined ? undefined : runId(madeBy),
        madeFrom: madeFrom?.map((node) => parseNode(node, 'madeFrom')),
        model: owner === undefined ? undefined : { owner, risk, intendedUse, outOfScope },
      });
      const options = { ...version, blobs: blobsOf(manifest) };
      const { result } = await act(doors, decide, options, numberedBy('version.registered', 'model'));
      return toVersion(versionState(result));
    }),
    passport: async (version, options) => writePassport(doors, toVersion(versionState(version)), options),
    import: storing(doors, async (passport, options) => {
      const { origin, registration, evidence } = checkPassport(passport, options.trustedRoot);
      const { from = blobs, name = registration.model, owner } = options;
      if (owner === undefined) modelState(name);
      const manifest = await copyArtifact(from, blobs, registration.artifact, options);
      if (registration.contractBlob !== undefined)
        await putBytes(blobs, await getBytes(from, registration.contractBlob, options), options);
      const { kind, artifact, size, contract, contractBlob, features, description, metrics, tags } = registration;
      const decide = commands.registerVersion(name, {
        ...{ kind, artifact, size, contract, contractBlob, features, description, tags, origin },
        metrics: Object.fromEntries(Object.entries(metrics).map(([key, figure]) => [key, fromFigure(figure)])),
        // The whole reports stay where they were written; their digests and figures come along.
        evidence: evidence.map(({ record: _, ...e }) => ({
          ...e,
          metrics: e.metrics.map((m) => ({ ...m, value: fromFigure(m.value) })),
        })),
        model: owner === undefined ? undefined : { owner },
      });
      const stored = { ...options, blobs: blobsOf(manifest) };
      const { result } = await act(doors, decide, stored, numberedBy('version.registered', 'model'));
      return toVersion(versionState(result));
    }),
    tag: (version, tags, options = {}) => changed(version, commands.tagVersion(version, tags), options),
    attachEvidence: storing(doors, async (version, evidence, options = {}) => {
      const { record, ...note } = evidenceParts(evidence, options.kind);
      parseReference(version);
      const stored = await putJson(blobs, record, options);
      return changed(version, judgements.attachEvidence(version, { ...note, record: stored }), options);
    }),
    approve: (version, approval) => changed(version, judgements.approveVersion(version, approval), approval),
    withdrawApproval: (version, approval) => changed(version, judgements.withdrawApproval(version, approval), approval),
    deprecate: (version, options) => changed(version, endings.deprecateVersion(version, options.reason), options),
    retire: (version, options) => changed(version, endings.retireVersion(version, options.reason), options),
    async deleteVersion(version, options) {
      await act(doors, endings.deleteVersion(version, options.reason), options, () => '');
    },
    async moveAlias(name, alias, version, options) {
      const request: aliases.MoveRequest = {
        model: name,
        alias,
        version,
        reason: options.reason,
        evidence: options.evidence?.map((e) => (typeof e === 'string' ? e : e.digest)),
        attach: options.attach,
        generation: await generation(name, alias, options),
        breakGlass: options.breakGlass,
      };
      return moved(name, alias, aliases.moveAlias(request), options);
    },
    async rollBack(name, alias, options) {
      const seen = await generation(name, alias, options);
      const decide = aliases.rollBack(name, alias, { reason: options.reason, generation: seen });
      return moved(name, alias, decide, options);
    },
    async removeAlias(name, alias, options) {
      const seen = await generation(name, alias, options);
      const decide = aliases.removeAlias(name, alias, { reason: options.reason, generation: seen });
      return moved(name, alias, decide, options);
    },

    get: (name) => toModel(modelState(name)),
    version: (reference) => toVersion(versionState(reference)),
    aliased(name, alias) {
      const target = modelState(name).aliases.get(alias)?.target;
      return target === undefined ? undefined : toVersion(target);
    },
    aliasAt: (name, alias, time = Number.POSITIVE_INFINITY) => recordAt(history(name, alias), time),
    history: (name, alias) => [...history(name, alias)],
    movesOf(reference) {
      const version = versionState(reference);
      const records = [...version.pastAliases].flatMap((alias) => history(version.model.id, alias));
      return records
        .filter((r) => r.version === version.id || r.from === version.id)
        .sort((a, b) => a.eventIndex - b.eventIndex);
    },
    versions: (name) =>
      modelState(name)
        .versions.filter((version) => version.deleted === undefined)
        .map(toVersion),
    list: (filter = {}, options = {}) => searchModels(state(), filter, options),
    search: (filter = {}, options = {}) => searchVersions(state(), filter, options),
    contract: async (reference, options) => readContract(doors, versionState(reference), options),
  };
}

/** The last record at or before `time`, by bisection. */
function recordAt(records: readonly AliasRecord[], time: number): AliasRecord | undefined {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (records[middle]!.time <= time) low = middle + 1;
    else high = middle;
  }
  return records[low - 1];
}

export function refuseDenied(committed: Committed<aliases.Outcome>): void {
  if (committed.result.denied !== undefined) throw aliases.deniedError(committed.result.denied);
}

function runId(run: ReferenceLike): string {
  const { name, number } = parseReference(run, 'madeBy');
  return referenceId(name, number);
}
