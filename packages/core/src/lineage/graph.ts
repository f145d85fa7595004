import type { LineageEdge, LineageKind, LineageNode } from './types.js';

/** What was made from what. Node and edge order is the order of recording. */
export interface LineageGraph {
  readonly nodes: ReadonlyMap<string, LineageNode>;
  /** Ids that each node flows into. */
  readonly next: ReadonlyMap<string, readonly string[]>;
  /** Ids that flow into each node. */
  readonly previous: ReadonlyMap<string, readonly string[]>;
}

/** A graph of these nodes and edges, for what does not come from a ledger. */
export function lineageGraph(nodes: Iterable<LineageNode>, edges: Iterable<LineageEdge>): LineageGraph {
  const graph = emptyGraph();
  for (const node of nodes) addNode(graph, node);
  for (const edge of edges) addEdge(graph, edge);
  return graph;
}

export interface MutableGraph extends LineageGraph {
  readonly nodes: Map<string, LineageNode>;
  readonly next: Map<string, string[]>;
  readonly previous: Map<string, string[]>;
  /** `from` and `to` of every edge, so that none is there twice. */
  readonly edges: Set<string>;
}

export function emptyGraph(): MutableGraph {
  return { nodes: new Map(), next: new Map(), previous: new Map(), edges: new Set() };
}

/** The first record of a node counts; one that only an edge has named so far is completed. */
export function addNode(graph: MutableGraph, node: LineageNode): void {
  const known = graph.nodes.get(node.id);
  if (known === undefined || isNamedOnly(known)) graph.nodes.set(node.id, node);
}

export function addEdge(graph: MutableGraph, { from, to }: LineageEdge): void {
  const key = `${from}\n${to}`;
  if (from === to || graph.edges.has(key)) return;
  graph.edges.add(key);
  for (const id of [from, to]) if (!graph.nodes.has(id)) graph.nodes.set(id, namedOnly(id));
  append(graph.next, from, to);
  append(graph.previous, to, from);
}

/** Everything that flowed into the node, nearest first; the node itself is not among them. Unknown ids have none. */
export function ancestors(graph: LineageGraph, id: string): readonly LineageNode[] {
  return reachable(graph, graph.previous, id);
}

/** Everything that the node flowed into, nearest first. */
export function descendants(graph: LineageGraph, id: string): readonly LineageNode[] {
  return reachable(graph, graph.next, id);
}

/** The descendants of one kind: `impact(graph, 'dataset:flights@3', 'model')` are the models that saw the dataset. */
export function impact(graph: LineageGraph, id: string, kind: LineageKind): readonly LineageNode[] {
  return descendants(graph, id).filter((node) => node.kind === kind);
}

/** The ways from one node to another, without going round in circles; at most `limit` of them. */
export function paths(
  graph: LineageGraph,
  from: string,
  to: string,
  { limit = 100 }: { readonly limit?: number | undefined } = {},
): readonly (readonly LineageNode[])[] {
  const found: LineageNode[][] = [];
  const target = graph.nodes.get(to);
  if (target === undefined || !graph.nodes.has(from) || from === to) return found;
  // Only nodes that lead to the target are entered, so an acyclic graph has no dead ends.
  const useful = new Set(ancestors(graph, to).map((node) => node.id)).add(to);
  const way = [from];
  const onWay = new Set(way);
  const choices = [(graph.next.get(from) ?? []).values()];
  while (choices.length > 0 && found.length < limit) {
    const { done, value: id } = choices.at(-1)!.next();
    if (done === true) {
      choices.pop();
      onWay.delete(way.pop()!);
    } else if (id === to) {
      found.push([...way, to].map((each) => graph.nodes.get(each)!));
    } else if (useful.has(id) && !onWay.has(id)) {
      way.push(id);
      onWay.add(id);
      choices.push((graph.next.get(id) ?? []).values());
    }
  }
  return found;
}

/** The node with everything above and below it. */
export function neighbourhood(graph: LineageGraph, id: string): LineageGraph {
  const centre = graph.nodes.get(id);
  const kept = [...(centre === undefined ? [] : [centre]), ...ancestors(graph, id), ...descendants(graph, id)];
  const ids = new Set(kept.map((node) => node.id));
  const nodes = [...graph.nodes.values()].filter((node) => ids.has(node.id));
  return lineageGraph(
    nodes,
    edgesOf(graph).filter(({ from, to }) => ids.has(from) && ids.has(to)),
  );
}

/** All edges of a graph, in the order of its nodes. */
export function edgesOf(graph: LineageGraph): LineageEdge[] {
  const edges: LineageEdge[] = [];
  for (const [from, targets] of graph.next) for (const to of targets) edges.push({ from, to });
  return edges;
}

/** Breadth first with a plain array as queue: linear, no recursion, and circles end because ids are seen once. */
function reachable(
  graph: LineageGraph,
  step: ReadonlyMap<string, readonly string[]>,
  id: string,
): readonly LineageNode[] {
  const seen = new Set([id]);
  const queue = [id];
  const found: LineageNode[] = [];
  for (let at = 0; at < queue.length; at++) {
    const targets = step.get(queue[at]!);
    if (targets === undefined) continue;
    for (const target of targets) {
      if (seen.has(target)) continue;
      seen.add(target);
      queue.push(target);
      found.push(graph.nodes.get(target)!);
    }
  }
  return found;
}

function append(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

const KINDS: ReadonlySet<string> = new Set<LineageKind>([
  'run',
  'dataset',
  'model',
  'feature',
  'prompt',
  'index',
  'report',
  'artifact',
]);

/** Whether a word is one of the kinds of a node. */
export function isLineageKind(kind: unknown): kind is LineageKind {
  return typeof kind === 'string' && KINDS.has(kind);
}

/** A node of which only the id is known; its kind is the part before the colon. */
function namedOnly(id: string): LineageNode {
  const kind = id.slice(0, Math.max(0, id.indexOf(':')));
  return { id, kind: isLineageKind(kind) ? kind : 'artifact', label: id };
}

function isNamedOnly(node: LineageNode): boolean {
  return node.label === node.id && node.digest === undefined;
}
