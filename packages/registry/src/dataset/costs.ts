import { type Abortable, invalidInput, type Json } from '@millwright/core';
import type { LedgerEvent, LedgerView, Projection } from '@millwright/core/ledger';
import { ancestors, lineageProjection } from '@millwright/core/lineage';
import * as z from 'zod/mini';
import { act, type CommandOptions, type RegistryDoors } from '../doors.js';
import { notFound } from '../model/command/refusal.js';
import { modelsProjection } from '../model/state/projection.js';
import { findVersion } from '../model/state/state.js';
import { type NodeLike, parseNode } from '../reference.js';
import { word } from '../schemas.js';
import { MAX_WORD, parseStatement } from '../text.js';
import { datasetRetentionProjection } from './retention-state.js';
import { findDataset } from './state.js';

/** What an asset cost: computing that was written down, and bytes for as long as they were stored. */
export interface AssetCost {
  /** Of the node itself. */
  readonly own: CostParts;
  /** With everything that it was made from, each node once. */
  readonly total: CostParts;
  /** The node and what it was made from, dearest first. */
  readonly parts: readonly (CostParts & { readonly node: string })[];
}

/** Amounts in the currency of the registry. */
export interface CostParts {
  readonly compute: number;
  /** Bytes in the blob store. Content that two nodes share counts for the one that had it first. */
  readonly bytes: number;
  readonly storage: number;
  /** Computing and storage. */
  readonly amount: number;
}

/** Costs of datasets, runs, models: of anything that has a node in the lineage. */
export interface AssetCosts {
  /**
   * Writes down what something cost: an amount of 0 or more, kept in millionths. A run's cost counts for all that it made.
   * @throws `state/not-found` for a node that the lineage does not know, `input/invalid`
   */
  record(node: NodeLike, cost: CostEntry, options?: CommandOptions): Promise<void>;
  /** @throws `state/not-found` */
  of(node: NodeLike, options?: CostOptions): AssetCost;
}

/** What was spent, once. */
export interface CostEntry {
  /** In the currency of the registry; 0 or more. */
  readonly amount: number;
  /** What it was for: `gpu`, `labelling`. */
  readonly what: string;
}

/** Until when costs are added up, and what storing costs. */
export interface CostOptions {
  /** Until when storage counts, milliseconds since 1970. Default: the time of the last commit. */
  readonly at?: number | undefined;
  /** Price of a gibibyte for a day. Default 0: bytes are counted and cost nothing. */
  readonly gibibyteDay?: number | undefined;
}

const costRecorded = z.object({
  node: z.string().check(z.maxLength(2 * MAX_WORD)),
  what: word,
  micros: z.int().check(z.minimum(0)),
});

/** Recorded costs by node, in millionths. */
export const costsProjection: Projection<Map<string, number>> = {
  id: 'registry.costs@1',
  init: () => new Map(),
  apply(state, event: LedgerEvent) {
    const { data, success } = event.type === 'cost.recorded' ? costRecorded.safeParse(event.data) : NONE;
    if (success) state.set(data.node, (state.get(data.node) ?? 0) + data.micros);
    return state;
  },
  fork: (state) => new Map(state),
  snapshot: { encode: (state): Json => [...state], decode: (json) => new Map(json as readonly [string, number][]) },
};

const NONE = { success: false, data: undefined } as const;

/** Opens the costs of a registry. */
export async function assetCosts(doors: RegistryDoors, options: Abortable = {}): Promise<AssetCosts> {
  const { ledger } = doors;
  for (const projection of [costsProjection, datasetRetentionProjection]) await ledger.use(projection, options);
  return {
    async record(like, { amount, what }, o = {}) {
      const node = parseNode(like, 'node');
      const micros = Math.round(amount * 1e6);
      if (!Number.isSafeInteger(micros) || micros < 0) throw invalidInput('amount', 'an amount of 0 or more', amount);
      const data = { node, micros, what: parseStatement(what, 'what', MAX_WORD) };
      await act(
        doors,
        (view) => {
          requireNode(view, node);
          return { events: [{ type: 'cost.recorded', data }], result: undefined };
        },
        o,
        () => undefined,
      );
    },
    of: (node, o = {}) =>
      costOf(ledger, parseNode(node, 'node'), { at: o.at ?? ledger.head.time, price: o.gibibyteDay ?? 0 }),
  };
}

type View = Pick<LedgerView, 'state'>;

function costOf(view: View, node: string, { at, price }: { readonly at: number; readonly price: number }): AssetCost {
  requireNode(view, node);
  const costs = view.state(costsProjection);
  // Oldest first, so that shared content counts where it came from.
  const line = [node, ...ancestors(view.state(lineageProjection), node).map(({ id }) => id)];
  const blobs = line.map((id) => ({ id, ...storedBy(view, id) })).sort((a, b) => a.from - b.from);
  const seen = new Set<string>();
  const parts = blobs.map(({ id, digest, size, from, until }) => {
    const counted = digest === undefined || seen.has(digest) ? 0 : size;
    if (digest !== undefined) seen.add(digest);
    const days = Math.max(0, Math.min(until, at) - from) / DAY_MS;
    const storage = counted === 0 ? 0 : (counted / GIBIBYTE) * days * price;
    const compute = (costs.get(id) ?? 0) / 1e6;
    return { node: id, compute, bytes: counted, storage, amount: compute + storage };
  });
  const { node: _, ...own } = parts.find((part) => part.node === node)!;
  return { own, total: sum(parts), parts: parts.sort((a, b) => b.amount - a.amount || b.bytes - a.bytes) };
}

const DAY_MS = 86_400_000;
const GIBIBYTE = 1_073_741_824;

/** What a node has in the blob store, and for how long. */
function storedBy(view: View, node: string) {
  const { datasets, deletions } = view.state(datasetRetentionProjection);
  const id = node.slice(node.indexOf(':') + 1);
  const dataset = node.startsWith('dataset:') ? findDataset(datasets, id) : undefined;
  if (dataset?.stored === true) {
    const until = deletions.get(id)?.time ?? Number.POSITIVE_INFINITY;
    return { digest: dataset.digest, size: dataset.size ?? 0, from: dataset.addedAt, until };
  }
  const version = node.startsWith('model:') ? findVersion(view.state(modelsProjection), id) : undefined;
  return {
    digest: version?.artifact,
    size: version?.size ?? 0,
    from: version?.registeredAt ?? 0,
    until: version?.deleted?.time ?? Number.POSITIVE_INFINITY,
  };
}

function sum(parts: readonly CostParts[]): CostParts {
  const add = (key: keyof CostParts) => parts.reduce((total, part) => total + part[key], 0);
  return { compute: add('compute'), bytes: add('bytes'), storage: add('storage'), amount: add('amount') };
}

function requireNode(view: View, node: string): void {
  if (!view.state(lineageProjection).nodes.has(node)) throw notFound('node of the lineage', node);
}
