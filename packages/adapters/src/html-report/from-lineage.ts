import { type LineageGraph, toJson } from '@millwright/core/lineage';
import type { LineageSection } from './model.js';

/** Which part of the lineage graph is drawn. */
export interface LineageSectionOptions {
  /** Only what these nodes were made from and what was made from them. Default: everything. */
  readonly around?: readonly string[] | undefined;
  /** What is said above the graph. Default nothing. */
  readonly sentence?: string | undefined;
}

/**
 * The section of a lineage graph, or of the parts of it around some nodes.
 *
 * @example
 * renderReport({ title: 'flight-delay', lineage: lineageOf(registry.lineage, { around: ['model:flight-delay@4'] }) });
 */
export function lineageOf(graph: LineageGraph, { around, sentence }: LineageSectionOptions = {}): LineageSection {
  const parts = around === undefined ? [toJson(graph)] : around.map((id) => toJson(graph, id));
  const nodes = new Map(parts.flatMap((part) => part.nodes).map((node) => [node.id, node]));
  const edges = new Map(parts.flatMap((part) => part.edges).map((edge) => [`${edge.from}\n${edge.to}`, edge]));
  return {
    sentence,
    nodes: Array.from(nodes.values(), ({ id, kind, label }) => ({ id, kind, label })),
    edges: [...edges.values()],
  };
}
