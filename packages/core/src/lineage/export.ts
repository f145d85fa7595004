import { edgesOf, type LineageGraph, neighbourhood } from './graph.js';
import type { LineageEdge, LineageKind, LineageNode } from './types.js';

/** A Mermaid flowchart of the graph, or of everything above and below one node. Labels are escaped. */
export function toMermaid(graph: LineageGraph, id?: string): string {
  const { nodes, edges } = part(graph, id);
  const names = namesOf(nodes);
  const lines = ['flowchart LR'];
  for (const node of nodes) {
    const [open, close] = MERMAID_SHAPES[node.kind];
    lines.push(`  ${names.get(node.id)}${open}"${escapeMermaid(node.label)}"${close}`);
  }
  for (const { from, to } of edges) lines.push(`  ${names.get(from)} --> ${names.get(to)}`);
  return `${lines.join('\n')}\n`;
}

/** A Graphviz digraph of the graph, or of everything above and below one node. */
export function toDot(graph: LineageGraph, id?: string): string {
  const { nodes, edges } = part(graph, id);
  const names = namesOf(nodes);
  const lines = ['digraph lineage {', '  rankdir=LR;'];
  for (const node of nodes)
    lines.push(
      `  ${names.get(node.id)} [label=${quote(node.label)} shape=${DOT_SHAPES[node.kind]} class="${node.kind}"];`,
    );
  for (const { from, to } of edges) lines.push(`  ${names.get(from)} -> ${names.get(to)};`);
  return `${[...lines, '}'].join('\n')}\n`;
}

/** The graph, or everything above and below one node, as plain data. */
export function toJson(
  graph: LineageGraph,
  id?: string,
): { readonly nodes: readonly LineageNode[]; readonly edges: readonly LineageEdge[] } {
  return part(graph, id);
}

function part(graph: LineageGraph, id: string | undefined) {
  const shown = id === undefined ? graph : neighbourhood(graph, id);
  return { nodes: [...shown.nodes.values()], edges: edgesOf(shown) };
}

/** Ids may hold anything; `n0`, `n1`, … are safe in every syntax. */
function namesOf(nodes: readonly LineageNode[]): ReadonlyMap<string, string> {
  return new Map(nodes.map((node, i) => [node.id, `n${i}`]));
}

const MERMAID_SHAPES: Readonly<Record<LineageKind, readonly [string, string]>> = {
  run: ['([', '])'],
  dataset: ['[(', ')]'],
  model: ['{{', '}}'],
  feature: ['[/', '/]'],
  prompt: ['>', ']'],
  index: ['[[', ']]'],
  report: ['[', ']'],
  artifact: ['[', ']'],
};

const DOT_SHAPES: Readonly<Record<LineageKind, string>> = {
  run: 'ellipse',
  dataset: 'cylinder',
  model: 'hexagon',
  feature: 'parallelogram',
  prompt: 'note',
  index: 'box3d',
  report: 'box',
  artifact: 'box',
};

// Mermaid's own entity codes; a bare `#` would start one.
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '#amp;',
  '<': '#lt;',
  '>': '#gt;',
  '"': '#quot;',
  '#': '#35;',
};

function escapeMermaid(text: string): string {
  return text.replace(/[&<>"#]/g, (c) => ENTITIES[c]!).replace(/\s+/g, ' ');
}

function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replace(/\s+/g, ' ')}"`;
}
