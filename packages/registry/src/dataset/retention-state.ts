import type { Digest, Json } from '@millwright/core';
import { type Erasures, erasureProjection, type LedgerEvent, type Projection } from '@millwright/core/ledger';
import * as z from 'zod/mini';
import type { Deletion } from '../model/types.js';
import { pruned } from '../pruned.js';
import { digest, text, word } from '../schemas.js';
import { parseRule, ruleFor, ruleKey, type StoredDatasetRule } from './retention-rule.js';
import { type DatasetsState, datasetsProjection, findDataset } from './state.js';
import type { DatasetVersion } from './types.js';

/** That a version of a dataset is gone. Its node stays in the lineage, its entry in the ledger. */
export interface DatasetDeletion extends Deletion {
  readonly dataset: string;
  /** Digest of the retention rule that it followed; undefined when somebody asked for it. */
  readonly rule: Digest | undefined;
}

/** Datasets with what may and may not be deleted of them. */
export interface DatasetRetentionState {
  readonly datasets: DatasetsState;
  /** By `layer raw` or `dataset flights`. */
  readonly rules: Map<string, StoredDatasetRule>;
  /** By id of the dataset. */
  readonly deletions: Map<string, DatasetDeletion>;
  /** For the legal holds: `holdPlaced` on a dataset's digest. */
  readonly erasures: Erasures;
}

const datasetDeleted = z.object({
  dataset: word,
  reason: text,
  rule: z.optional(digest),
});

/**
 * Rules, holds and deletions of datasets. It follows the datasets itself, so that a deletion that is written against a
 * rule or a hold, past the library, deletes nothing.
 */
export const datasetRetentionProjection: Projection<DatasetRetentionState> = {
  id: 'registry.datasetRetention@1',
  init: () => ({
    datasets: datasetsProjection.init(),
    rules: new Map(),
    deletions: new Map(),
    erasures: erasureProjection.init(),
  }),
  apply(state, event) {
    if (event.type === 'dataset.ruleSet') {
      const rule = parseRule(event);
      const stored = { setBy: event.actor, setAt: event.time, eventIndex: event.index };
      if (rule !== undefined) state.rules.set(ruleKey(rule.of, rule.name), { ...rule, ...stored });
    } else if (event.type === 'dataset.deleted') deleted(state, event);
    else {
      datasetsProjection.apply(state.datasets, event);
      erasureProjection.apply(state.erasures, event);
    }
    return state;
  },
  fork: ({ datasets, rules, deletions, erasures }) => ({
    datasets: datasetsProjection.fork!(datasets),
    rules: new Map(rules),
    deletions: new Map(deletions),
    erasures: erasureProjection.fork!(erasures),
  }),
  snapshot: {
    encode: ({ datasets, rules, deletions, erasures }, aside) => ({
      datasets: datasetsProjection.snapshot!.encode(datasets, aside),
      rules: [...rules.values()].map(pruned),
      deletions: [...deletions.values()].map(pruned),
      erasures: erasureProjection.snapshot!.encode(erasures, aside),
    }),
    decode(json, part) {
      const { datasets, rules, deletions, erasures } = json as {
        readonly datasets: Json;
        readonly rules: readonly StoredDatasetRule[];
        readonly deletions: readonly DatasetDeletion[];
        readonly erasures: Json;
      };
      return {
        datasets: datasetsProjection.snapshot!.decode(datasets, part),
        rules: new Map(rules.map((rule) => [ruleKey(rule.of, rule.name), rule])),
        deletions: new Map(deletions.map((deletion) => [deletion.dataset, { ...ABSENT, ...deletion }])),
        erasures: erasureProjection.snapshot!.decode(erasures, part),
      };
    },
  },
};

const ABSENT = { rule: undefined };

function deleted(state: DatasetRetentionState, { data, actor: by, time, index: eventIndex }: LedgerEvent): void {
  const parsed = datasetDeleted.safeParse(data);
  const dataset = parsed.success ? findDataset(state.datasets, parsed.data.dataset) : undefined;
  if (!parsed.success || dataset === undefined || keptBecause(state, dataset, time) !== undefined) return;
  const { reason, rule } = parsed.data;
  const deletion = { dataset: dataset.id, by, reason, time, eventIndex, rule };
  state.deletions.set(dataset.id, deletion);
}

/** Why a dataset may not be deleted at a time, whoever asks; undefined when it may. */
export function keptBecause(
  { rules, deletions, erasures }: DatasetRetentionState,
  dataset: DatasetVersion,
  time: number,
): string | undefined {
  const deletion = deletions.get(dataset.id);
  if (deletion !== undefined) return `deleted by ${deletion.by} before`;
  const holds = erasures.held.get(dataset.digest);
  if (holds !== undefined) return `under legal hold (${holds.join('; ')})`;
  const rule = ruleFor(rules, dataset);
  const age = time - dataset.addedAt;
  if (rule !== undefined && age < (rule.keepMs ?? 0))
    return `${days(age)} old and to be kept for ${days(rule.keepMs!)} (${rule.basis})`;
  return undefined;
}

/** A duration in days, with one digit where it matters. */
export function days(ms: number): string {
  const count = Math.floor(ms / 8_640_000) / 10;
  return `${count} ${count === 1 ? 'day' : 'days'}`;
}
