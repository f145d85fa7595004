import type { Name } from '@millwright/core';
import {
  type LedgerEvent,
  type Projection,
  type ShardCodec,
  type ShardMap,
  shardMap,
  shardMapFrom,
} from '@millwright/core/ledger';
import * as z from 'zod/mini';
import { pruned } from '../pruned.js';
import { nodeId, referenceId } from '../reference.js';
import { digest, text, word, words } from '../schemas.js';
import type { DatasetVersion } from './types.js';

const datasetAdded = z.object({
  name: word,
  number: z.number(),
  layer: z.enum(['raw', 'staged', 'curated']),
  digest,
  stored: z.boolean(),
  size: z.optional(z.number()),
  rowCount: z.optional(z.number()),
  schema: z.optional(z.record(word, word)),
  profileBlob: z.optional(digest),
  validation: z.optional(z.object({ verdict: z.enum(['pass', 'fail', 'insufficient']), digest })),
  madeWith: z.optional(
    z.object({ taxonomy: z.optional(word), embedding: z.optional(word), transform: z.optional(word) }),
  ),
  origin: z._default(text, ''),
  sourceTimes: z.optional(z.object({ from: z.number(), until: z.number() })),
  madeFrom: z._default(z.array(text), []),
  madeBy: z.optional(word),
  description: z._default(text, ''),
  tags: z._default(words, {}),
});

/** All dataset versions that the ledger holds. */
export interface DatasetsState {
  /** The versions of each name; the place is the number minus 1. */
  readonly datasets: ShardMap<DatasetVersion[]>;
}

/** Every version of every dataset. */
export const datasetsProjection: Projection<DatasetsState> = {
  id: 'registry.datasets@2',
  init: () => ({ datasets: shardMap(versionsCodec) }),
  apply(state, event) {
    if (event.type === 'dataset.added') added(state, event);
    return state;
  },
  fork: ({ datasets }) => ({ datasets: datasets.fork() }),
  snapshot: {
    encode: ({ datasets }, aside) => datasets.encode(aside),
    decode: (json, part) => ({ datasets: shardMapFrom(versionsCodec, json, part) }),
  },
};

const versionsCodec: ShardCodec<DatasetVersion[]> = {
  encode: (versions) => versions.map(pruned),
  decode: (json) => (json as readonly DatasetVersion[]).map((version) => ({ ...ABSENT, ...version })),
  copy: (versions) => [...versions],
};

const ABSENT = {
  size: undefined,
  rowCount: undefined,
  schema: undefined,
  profileBlob: undefined,
  validation: undefined,
  madeWith: undefined,
  sourceTimes: undefined,
  madeBy: undefined,
};

/** The version with this id, if there is one. */
export function findDataset({ datasets }: DatasetsState, id: string): DatasetVersion | undefined {
  const at = id.lastIndexOf('@');
  const version = datasets.get(id.slice(0, Math.max(at, 0)))?.[Number(id.slice(at + 1)) - 1];
  return version?.id === id ? version : undefined;
}

function added(state: DatasetsState, event: LedgerEvent): void {
  const { data, success } = datasetAdded.safeParse(event.data);
  if (!success) return;
  if (data.number !== (state.datasets.get(data.name)?.length ?? 0) + 1) return;
  if (data.number === 1) state.datasets.set(data.name, []);
  const id = referenceId(data.name, data.number);
  state.datasets.change(data.name)!.push({
    ...data,
    id,
    node: nodeId('dataset', id),
    name: data.name as Name,
    size: data.size,
    rowCount: data.rowCount,
    schema: data.schema,
    profileBlob: data.profileBlob,
    validation: data.validation,
    madeWith: data.madeWith,
    sourceTimes: data.sourceTimes,
    madeBy: data.madeBy,
    addedBy: event.actor,
    addedAt: event.time,
    eventIndex: event.index,
  });
}
