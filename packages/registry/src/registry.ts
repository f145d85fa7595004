import {
  type Abortable,
  type AliasMove,
  type Clock,
  invalidInput,
  type ModelSource,
  type Random,
  type RolloutTarget,
} from '@millwright/core';
import { garbageProjection } from '@millwright/core/garbage';
import { type Ledger, type LedgerView, type NewEvent, openLedger, type Projection } from '@millwright/core/ledger';
import { type LineageGraph, lineageProjection } from '@millwright/core/lineage';
import type { BlobStore, Storage } from '@millwright/core/storage';
import { type Datasets, datasets } from './dataset/datasets.js';
import { datasetsProjection } from './dataset/state.js';
import { type Note, type RegistryDoors, readNote } from './doors.js';
import { deniedError, moveAlias, rollBack } from './model/command/alias-commands.js';
import { type Models, models } from './model/models.js';
import { type Policies, policies } from './model/policy/policies.js';
import { aliasSource, versionSource } from './model/source.js';
import { modelsProjection } from './model/state/projection.js';
import { findModel } from './model/state/state.js';
import type { IgnoredEvent } from './model/state/types.js';
import { type ReferenceLike, referenceId } from './reference.js';
import { type Runs, runs, runsProjection } from './run/index.js';

/** Everything a team asks about its models, as folds of one ledger. */
export interface Registry extends RolloutTarget, AsyncDisposable {
  readonly ledger: Ledger;
  readonly blobs: BlobStore;
  readonly models: Models;
  readonly policies: Policies;
  readonly runs: Runs;
  readonly datasets: Datasets;
  /** What was made from what. */
  readonly lineage: LineageGraph;
  /** The model that an alias points to, ready to serve: it follows the alias. */
  alias(model: string, alias: string): ModelSource;
  /** One version, ready to serve. */
  version(reference: ReferenceLike): ModelSource;
  /** What somebody wrote beside an act, by the act's entry; undefined when nothing. @throws `storage/corrupt` */
  note(eventIndex: number, options?: Abortable): Promise<Note | undefined>;
  /** Entries that made no sense and changed nothing, up to 1,000: signs of a broken or hostile writer. */
  ignored(): readonly IgnoredEvent[];
  /** An alias of the model, or the version `3` or `name@3`. */
  source(model: string, aliasOrVersion: string): ModelSource;
  /** For rollouts: the events of a move, for a commit that also says why. @throws `registry/denied`, `state/not-found` */
  moveAlias(view: LedgerView, move: AliasMove): readonly NewEvent[];
}

/** Who acts, and what tells the time and draws ids. */
export interface RegistryOptions {
  /** Who acts: written into every entry. Commands may name another actor. */
  readonly actor: string;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** Further folds of the same ledger. */
  readonly projections?: readonly Projection<unknown>[] | undefined;
}

/**
 * Opens the registry that lives in a storage, and starts one in an empty storage.
 *
 * @throws `ledger/corrupt`, `storage/unsupported`, `input/invalid`
 * @example
 * await using registry = await openRegistry(folder('./factory'), { actor: 'maria' });
 */
export async function openRegistry(storage: Storage, options: RegistryOptions): Promise<Registry> {
  if (typeof options.actor !== 'string' || options.actor === '')
    throw invalidInput('actor', 'the name of a person or a service', options.actor);
  const { actor, clock, random } = options;
  const { log, blobs, hint } = storage;
  const projections = [...PROJECTIONS, ...(options.projections ?? [])];
  const ledger = await openLedger({ log, blobs, hint, projections, actor, clock, random });
  const doors: RegistryDoors = { ledger, blobs };
  return {
    ledger,
    blobs,
    models: models(doors),
    policies: policies(doors),
    runs: runs(doors),
    datasets: datasets(doors),
    get lineage() {
      return ledger.state(lineageProjection);
    },
    alias: (model, alias) => aliasSource(doors, model, alias),
    version: (reference) => versionSource(doors, reference),
    source: (model, aliasOrVersion) => source(doors, model, aliasOrVersion),
    note: (eventIndex, o = {}) => readNote(doors, eventIndex, o),
    ignored: () => [...ledger.state(modelsProjection).ignored],
    moveAlias: movedEvents,
    async [Symbol.asyncDispose]() {
      await ledger[Symbol.asyncDispose]();
      await storage[Symbol.asyncDispose]();
    },
  };
}

const PROJECTIONS: readonly Projection<unknown>[] = [
  modelsProjection,
  runsProjection,
  datasetsProjection,
  lineageProjection,
  garbageProjection,
];

function source(doors: RegistryDoors, model: string, aliasOrVersion: string): ModelSource {
  if (aliasOrVersion.includes('@')) return versionSource(doors, aliasOrVersion);
  if (/^[1-9][0-9]*$/.test(aliasOrVersion)) return versionSource(doors, referenceId(model, Number(aliasOrVersion)));
  return aliasSource(doors, model, aliasOrVersion);
}

function movedEvents(view: LedgerView, move: AliasMove): readonly NewEvent[] {
  const alias = findModel(view.state(modelsProjection), move.model)?.aliases.get(move.alias);
  const goesBack = move.rollback === true && alias?.before.at(-1)?.id === move.version;
  const decide = goesBack ? rollBack(move.model, move.alias, move) : moveAlias(move);
  const { events, result } = decide(view);
  if (result.denied !== undefined) throw deniedError(result.denied);
  return events;
}
