import type { JsonObject } from '../foundation/canonical-json.js';
import { type Digest, parseDigest } from '../foundation/digest.js';
import type { NewEvent, Projection } from '../ledger/types.js';
import { addEdge, addNode, emptyGraph, isLineageKind, type LineageGraph, type MutableGraph } from './graph.js';
import type { LineageEdge, LineageNode } from './types.js';

/** The event that records nodes and edges; it goes into the commit of what they describe. */
export function lineageRecorded(nodes: readonly LineageNode[], edges: readonly LineageEdge[]): NewEvent {
  return {
    type: 'lineage.recorded',
    data: {
      nodes: nodes.map(({ id, kind, label, digest }) =>
        digest === undefined ? { id, kind, label } : { id, kind, label, digest },
      ),
      edges: edges.map(({ from, to }) => ({ from, to })),
    },
  };
}

/** The lineage graph of a ledger: the fold of its `lineage.recorded` events. Malformed entries are skipped. */
export const lineageProjection: Projection<LineageGraph> = {
  id: 'millwright.lineage@1',
  init: emptyGraph,
  apply(state, event) {
    if (event.type !== 'lineage.recorded') return state;
    const graph = state as MutableGraph;
    for (const node of objectsIn(event.data['nodes'])) {
      const parsed = parseNode(node);
      if (parsed !== undefined) addNode(graph, parsed);
    }
    for (const { from, to } of objectsIn(event.data['edges'])) {
      if (typeof from === 'string' && typeof to === 'string') addEdge(graph, { from, to });
    }
    return graph;
  },
  fork: (state) => copyOf(state as MutableGraph),
};

function copyOf(graph: MutableGraph): MutableGraph {
  const lists = (from: ReadonlyMap<string, readonly string[]>) =>
    new Map(Array.from(from, ([id, list]): [string, string[]] => [id, [...list]]));
  return {
    nodes: new Map(graph.nodes),
    next: lists(graph.next),
    previous: lists(graph.previous),
    edges: new Set(graph.edges),
  };
}

function objectsIn(value: unknown): JsonObject[] {
  if (!Array.isArray(value)) return [];
  return value.filter((item): item is JsonObject => typeof item === 'object' && item !== null && !Array.isArray(item));
}

function parseNode({ id, kind, label, digest }: JsonObject): LineageNode | undefined {
  if (typeof id !== 'string' || id === '' || !isLineageKind(kind)) return undefined;
  const node = { id, kind, label: typeof label === 'string' ? label : id };
  const parsed = digest === undefined ? undefined : digestOrNothing(digest);
  return parsed === undefined ? node : { ...node, digest: parsed };
}

function digestOrNothing(value: unknown): Digest | undefined {
  try {
    return parseDigest(value);
  } catch {
    return undefined;
  }
}
