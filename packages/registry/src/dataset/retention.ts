import { type Digest, defined, MillwrightError } from '@millwright/core';
import { blobsReleased } from '@millwright/core/garbage';
import { type Decide, holdPlaced, holdReleased, type LedgerView, type NewEvent } from '@millwright/core/ledger';
import { impact, lineageProjection } from '@millwright/core/lineage';
import { act, type CommandOptions, type RegistryDoors } from '../doors.js';
import { notFound } from '../model/command/refusal.js';
import { modelsProjection } from '../model/state/projection.js';
import { findVersion } from '../model/state/state.js';
import { parseReference, type ReferenceLike, referenceId } from '../reference.js';
import { parseStatement } from '../text.js';
import { type DatasetRule, ruleFor, ruleSet, type StoredDatasetRule } from './retention-rule.js';
import {
  type DatasetDeletion,
  type DatasetRetentionState,
  datasetRetentionProjection,
  days,
  keptBecause,
} from './retention-state.js';
import { findDataset } from './state.js';
import type { DatasetVersion } from './types.js';

/** How long datasets stay, and what has gone. */
export interface DatasetRetention {
  /** Sets a rule. @throws `input/invalid` */
  setRule(rule: DatasetRule, options?: CommandOptions): Promise<StoredDatasetRule>;
  /** The rules in force. */
  rules(): readonly StoredDatasetRule[];
  /** The rule that a version follows: that of its dataset, else of its layer. @throws `state/not-found` */
  ruleOf(dataset: ReferenceLike): StoredDatasetRule | undefined;
  /**
   * What the rules say is old enough at a time, milliseconds, oldest first: what may go, and what stays all the same
   * because of a legal hold or because a model that serves was made from it.
   */
  due(at: number): readonly DueDataset[];
  /** Deletes what may go now; run it every day. @returns what went */
  apply(options?: CommandOptions): Promise<readonly DatasetDeletion[]>;
  /**
   * Deletes a version because somebody asks for it, with or without a rule. The entry, its lineage and what was made from
   * it stay; `collectGarbage` then takes the files and the profile. What lies elsewhere, its keeper must delete.
   * @throws `state/not-found`, `state/precondition` for what is deleted already, under legal hold or too young
   */
  delete(dataset: ReferenceLike, options: { readonly reason: string } & CommandOptions): Promise<DatasetDeletion>;
  /** Who deleted a version, when and why; undefined while it is there. */
  deletion(dataset: ReferenceLike): DatasetDeletion | undefined;
  /** Forbids the deletion of versions until the hold with the same reason is released. @throws `state/not-found` */
  hold(datasets: readonly ReferenceLike[], options: { readonly reason: string } & CommandOptions): Promise<void>;
  /** @throws `state/not-found` */
  release(datasets: readonly ReferenceLike[], options: { readonly reason: string } & CommandOptions): Promise<void>;
}

/** A version whose time has come. */
export interface DueDataset {
  readonly dataset: DatasetVersion;
  readonly rule: StoredDatasetRule;
  readonly mayGo: boolean;
  /** One sentence: why it may go, or why it stays. */
  readonly reason: string;
}

/** Opens the retention of a registry's datasets. */
export async function datasetRetention(doors: RegistryDoors): Promise<DatasetRetention> {
  const { ledger } = doors;
  await ledger.use(datasetRetentionProjection);
  const state = () => ledger.state(datasetRetentionProjection);
  const write = (event: NewEvent, options: CommandOptions) =>
    act(
      doors,
      () => ({ events: [event], result: undefined }),
      options,
      () => undefined,
    );
  const digests = (references: readonly ReferenceLike[]) =>
    references.map((reference) => ({ digest: existing(state(), reference).digest }));

  return {
    async setRule(rule, options = {}) {
      await write(ruleSet(rule), options);
      return state().rules.get(`${rule.of} ${rule.name}`)!;
    },
    rules: () => [...state().rules.values()],
    ruleOf: (reference) => ruleFor(state().rules, existing(state(), reference)),
    due: (at) => due(ledger, at),
    async apply(options = {}) {
      const gone: DatasetDeletion[] = [];
      for (;;) {
        const { result } = await act(doors, deleteDue, options, () => []);
        gone.push(...result.map((id) => state().deletions.get(id)!));
        if (result.length < BATCH) return gone;
      }
    },
    async delete(reference, options) {
      const { result } = await act(doors, deleteOne(reference, options.reason), options, () => idOf(reference));
      return state().deletions.get(result)!;
    },
    deletion: (reference) => state().deletions.get(idOf(reference)),
    async hold(references, options) {
      await write(holdPlaced(digests(references), parseStatement(options.reason, 'reason')), options);
    },
    async release(references, options) {
      await write(holdReleased(digests(references), parseStatement(options.reason, 'reason')), options);
    },
  };
}

/** Deletions per commit, which holds 256 events: each is two. */
const BATCH = 100;

const deleteDue: Decide<readonly string[]> = (view) => {
  const going = due(view, view.time)
    .filter(({ mayGo }) => mayGo)
    .slice(0, BATCH);
  const ids = new Set(going.map(({ dataset }) => dataset.id));
  const needed = neededBlobs(view, ids);
  const events = going.flatMap(({ dataset, rule, reason }) =>
    deletionOf(dataset, needed, { reason, rule: rule.digest }),
  );
  return { events, result: [...ids] };
};

function deleteOne(reference: ReferenceLike, why: string): Decide<string> {
  const reason = parseStatement(why, 'reason');
  return (view) => {
    const state = view.state(datasetRetentionProjection);
    const dataset = existing(state, reference);
    const kept = keptBecause(state, dataset, view.time);
    if (kept !== undefined)
      throw new MillwrightError('state/precondition', `${dataset.id} may not be deleted: it is ${kept}.`, {
        details: { what: `dataset ${dataset.id}`, expected: 'free to go', actual: kept },
      });
    const needed = neededBlobs(view, new Set([dataset.id]));
    return { events: deletionOf(dataset, needed, { reason }), result: dataset.id };
  };
}

function due(view: Pick<LedgerView, 'state'>, at: number): readonly DueDataset[] {
  const state = view.state(datasetRetentionProjection);
  const found: DueDataset[] = [];
  for (const versions of state.datasets.datasets.values()) {
    const living = versions.filter(({ id }) => !state.deletions.has(id));
    living.forEach((dataset, i) => {
      const rule = ruleFor(state.rules, dataset);
      const age = at - dataset.addedAt;
      if (rule?.deleteAfterMs === undefined || age < rule.deleteAfterMs) return;
      if (i >= living.length - (rule.keepNewest ?? 0)) return;
      const stays = keptBecause(state, dataset, at) ?? servedBy(view, dataset);
      const aged = `${days(age)} old, kept for ${days(rule.deleteAfterMs)} (${rule.basis})`;
      found.push({ dataset, rule, mayGo: stays === undefined, reason: stays ?? aged });
    });
  }
  return found.sort((a, b) => a.dataset.eventIndex - b.dataset.eventIndex);
}

/** A model that is in use and was made from the dataset, directly or by way of others. */
function servedBy(view: Pick<LedgerView, 'state'>, { node }: DatasetVersion): string | undefined {
  const models = view.state(modelsProjection);
  for (const { label } of impact(view.state(lineageProjection), node, 'model')) {
    const alias = findVersion(models, label)?.aliases.values().next().value;
    if (alias !== undefined) return `what ${label} was made from, and that is \`${alias}\``;
  }
  return undefined;
}

/** What other datasets and versions still need: two datasets of the same content share their files. */
function neededBlobs(view: LedgerView, going: ReadonlySet<string>): ReadonlySet<Digest | undefined> {
  const { datasets, deletions } = view.state(datasetRetentionProjection);
  const needed = new Set<Digest | undefined>();
  for (const versions of datasets.datasets.values())
    for (const { id, digest, profileBlob } of versions)
      if (!going.has(id) && !deletions.has(id)) needed.add(digest).add(profileBlob);
  for (const { versions } of view.state(modelsProjection).models.values())
    for (const { deleted, artifact } of versions) if (deleted === undefined) needed.add(artifact);
  return needed;
}

/** The deletion, and the release of the blobs that nothing else needs. */
function deletionOf(
  { id, stored, digest, profileBlob }: DatasetVersion,
  needed: ReadonlySet<Digest | undefined>,
  why: { readonly reason: string; readonly rule?: Digest | undefined },
): NewEvent[] {
  const own = [stored ? digest : undefined, profileBlob];
  const released = own.filter((blob): blob is Digest => blob !== undefined && !needed.has(blob));
  const events: NewEvent[] = [{ type: 'dataset.deleted', data: { dataset: id, ...defined(why) } }];
  if (released.length > 0) events.push(blobsReleased(released, `${id} was deleted`));
  return events;
}

function existing(state: DatasetRetentionState, reference: ReferenceLike): DatasetVersion {
  const id = idOf(reference);
  const dataset = findDataset(state.datasets, id);
  if (dataset === undefined) throw notFound('dataset', id);
  return dataset;
}

function idOf(reference: ReferenceLike): string {
  const { name, number } = parseReference(reference, 'dataset');
  return referenceId(name, number);
}
