import type { Json, JsonObject } from '../foundation/canonical-json.js';
import { type Digest, parseDigest } from '../foundation/digest.js';
import type { NewEvent, Projection, SnapshotPart } from '../ledger/types.js';
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
  init: () => new RecordedGraph(),
  apply(state, event) {
    if (event.type === 'lineage.recorded') (state as RecordedGraph).record(event.data);
    return state;
  },
  fork: (state) => (state as RecordedGraph).fork(),
  snapshot: {
    encode: (state, aside) => (state as RecordedGraph).chapters().map(aside),
    decode: (json, part) => new RecordedGraph((json as readonly Json[]).map(part)),
  },
};

/** A graph that is built when somebody looks at it: most processes write lineage and never ask. */
class RecordedGraph implements LineageGraph {
  /** What a checkpoint held, each a list of records. */
  #parts: readonly SnapshotPart[];
  /** Records that are not in the graph yet. */
  #records: JsonObject[];
  #built: MutableGraph | undefined;

  constructor(parts: readonly SnapshotPart[] = [], records: readonly JsonObject[] = [], built?: MutableGraph) {
    this.#parts = parts;
    this.#records = [...records];
    this.#built = built;
  }

  get nodes() {
    return this.#graph().nodes;
  }

  get next() {
    return this.#graph().next;
  }

  get previous() {
    return this.#graph().previous;
  }

  record(data: JsonObject): void {
    this.#records.push(data);
  }

  fork(): RecordedGraph {
    return new RecordedGraph(this.#parts, this.#records, this.#built && copyOf(this.#built));
  }

  /** Lists of records that make this graph. Parts that were loaded are handed on as they are, as long as they are few. */
  chapters(): (Json | SnapshotPart)[] {
    if (this.#built === undefined && this.#parts.length < MAX_CHAPTERS)
      return this.#records.length === 0 ? [...this.#parts] : [...this.#parts, [...this.#records]];
    const { nodes, next } = this.#graph();
    const edges: Json[] = [];
    for (const [from, targets] of next) for (const to of targets) edges.push({ from, to });
    return [[{ nodes: Array.from(nodes.values(), (node): Json => ({ ...node }) as JsonObject), edges }]];
  }

  #graph(): MutableGraph {
    this.#built ??= emptyGraph();
    for (const part of this.#parts) for (const data of objectsIn(part.json())) add(this.#built, data);
    for (const data of this.#records) add(this.#built, data);
    this.#parts = [];
    this.#records = [];
    return this.#built;
  }
}

const MAX_CHAPTERS = 16;

function add(graph: MutableGraph, { nodes, edges }: JsonObject): void {
  for (const node of objectsIn(nodes)) {
    const parsed = parseNode(node);
    if (parsed !== undefined) addNode(graph, parsed);
  }
  for (const { from, to } of objectsIn(edges)) {
    if (typeof from === 'string' && typeof to === 'string') addEdge(graph, { from, to });
  }
}

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
