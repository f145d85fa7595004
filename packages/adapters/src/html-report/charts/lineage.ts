import { type Markup, markup } from '../markup.js';
import type { LineageSection } from '../model.js';
import { shorten } from './bars.js';
import { svg } from './frame.js';
import { px } from './scale.js';

const NODE = { width: 150, height: 42, gapX: 40, gapY: 14 } as const;
const MAX_NODES = 120;

interface Place {
  readonly id: string;
  readonly layer: number;
  /** From 0, top to bottom. Ordered by the mean position of the neighbours. */
  row: number;
  /** A bend of an edge that spans several layers. */
  readonly bend: boolean;
}

/** Where everything is drawn, in pixels. Layers go from left to right; an edge never goes back. */
export interface LineageDrawing {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly {
    readonly node: LineageSection['nodes'][number];
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  }[];
  /** The edges, as one path. */
  readonly edges: string;
  /** Nodes beyond those that a drawing can show. */
  readonly left: number;
}

/** The graph, layered by its longest paths, with the order that four sweeps over the neighbours give. */
export function drawLineage(graph: LineageSection): LineageDrawing {
  const nodes = graph.nodes.slice(0, MAX_NODES);
  const known = new Set(nodes.map((n) => n.id));
  const edges = graph.edges.filter((e) => known.has(e.from) && known.has(e.to) && e.from !== e.to);
  const layers = layersOf(
    nodes.map((n) => n.id),
    edges,
  );
  const { rows, chains } = order(layers, edges);
  const tallest = Math.max(1, ...rows.map((r) => r.length));
  const width = Math.max(rows.length, 1) * (NODE.width + NODE.gapX) - NODE.gapX + 2;
  const height = tallest * (NODE.height + NODE.gapY) - NODE.gapY + 4;
  const at = (place: Place) => {
    const count = rows[place.layer]!.length;
    const used = count * (NODE.height + NODE.gapY) - NODE.gapY;
    return {
      x: 1 + place.layer * (NODE.width + NODE.gapX),
      y: 2 + (height - 4 - used) / 2 + place.row * (NODE.height + NODE.gapY),
    };
  };
  const places = new Map(rows.flat().map((place) => [place.id, place]));
  const lines = chains.map((chain) =>
    curve(chain.map((id) => ({ ...at(places.get(id)!), bend: places.get(id)!.bend }))),
  );
  const boxes = nodes.map((node) => ({
    node,
    ...at(places.get(node.id)!),
    width: NODE.width,
    height: NODE.height,
  }));
  return { width, height, boxes, edges: lines.join(''), left: graph.nodes.length - nodes.length };
}

/** The drawing as an image. */
export function lineageGraph(title: string, graph: LineageSection): Markup {
  const { width, height, boxes, edges, left } = drawLineage(graph);
  const drawn = boxes.map(
    ({ node, x, y, ...box }) =>
      markup`<g class="node ${kindClass(node.kind)}"><title>${node.id}</title><rect x="${px(x)}" y="${px(y)}" width="${box.width}" height="${box.height}" rx="3"/><text class="kind" x="${px(x + 10)}" y="${px(y + 15)}">${shorten(node.kind, 20)}</text><text class="label" x="${px(x + 10)}" y="${px(y + 31)}">${shorten(node.label, 20)}</text></g>`,
  );
  const note = left > 0 && markup`<p class="note">${left} more nodes are not drawn.</p>`;
  return markup`${svg({ width, height }, title, [markup`<path class="edge" d="${edges}"/>`, ...drawn])}${note}`;
}

/** The longest way to each node from one that nothing leads to. Cycles, which lineage cannot have, are cut where met. */
export function layersOf(
  ids: readonly string[],
  edges: readonly { readonly from: string; readonly to: string }[],
): ReadonlyMap<string, number> {
  const before = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (const { from, to } of edges) before.get(to)?.push(from);
  const layers = new Map<string, number>();
  const open = new Set<string>();
  const layerOf = (id: string): number => {
    const known = layers.get(id);
    if (known !== undefined) return known;
    if (open.has(id)) return -1;
    open.add(id);
    const layer = Math.max(-1, ...before.get(id)!.map(layerOf)) + 1;
    open.delete(id);
    layers.set(id, layer);
    return layer;
  };
  for (const id of ids) layerOf(id);
  return layers;
}

function order(layers: ReadonlyMap<string, number>, edges: readonly { readonly from: string; readonly to: string }[]) {
  const depth = Math.max(0, ...layers.values());
  const rows: Place[][] = Array.from({ length: depth + 1 }, () => []);
  const put = (id: string, layer: number, bend: boolean) =>
    rows[layer]!.push({ id, layer, row: rows[layer]!.length, bend });
  for (const [id, layer] of layers) put(id, layer, false);
  const links: [string, string][] = [];
  const chains = edges
    .filter((e) => layers.get(e.from)! < layers.get(e.to)!)
    .map(({ from, to }) => {
      const chain = [from];
      for (let layer = layers.get(from)! + 1; layer < layers.get(to)!; layer++) {
        const bend = `\u0000${from}\u0000${to}\u0000${layer}`;
        put(bend, layer, true);
        chain.push(bend);
      }
      chain.push(to);
      for (let i = 1; i < chain.length; i++) links.push([chain[i - 1]!, chain[i]!]);
      return chain;
    });
  const places = new Map(rows.flat().map((place) => [place.id, place]));
  for (let sweep = 0; sweep < 4; sweep++) {
    const forward = sweep % 2 === 0;
    const neighbours = new Map<string, number[]>();
    for (const [from, to] of links) {
      const [self, other] = forward ? [to, from] : [from, to];
      neighbours.set(self, [...(neighbours.get(self) ?? []), places.get(other)!.row]);
    }
    for (const row of forward ? rows : rows.toReversed()) {
      const weight = (p: Place) => mean(neighbours.get(p.id)) ?? p.row;
      row.sort((a, b) => weight(a) - weight(b));
      for (const [i, place] of row.entries()) place.row = i;
    }
  }
  return { rows, chains };
}

function mean(values: readonly number[] | undefined): number | undefined {
  return values === undefined || values.length === 0 ? undefined : values.reduce((a, b) => a + b, 0) / values.length;
}

/** From the right side of each place to the left side of the next; bends are passed straight through. */
function curve(stops: readonly { readonly x: number; readonly y: number; readonly bend: boolean }[]): string {
  const middle = NODE.height / 2;
  let d = '';
  for (const [i, stop] of stops.entries()) {
    const next = stops[i + 1];
    if (next === undefined) break;
    const from = { x: stop.x + NODE.width, y: stop.y + middle };
    const to = { x: next.x, y: next.y + middle };
    const half = (from.x + to.x) / 2;
    if (i === 0) d += `M${px(from.x)} ${px(from.y)}`;
    d += `C${px(half)} ${px(from.y)} ${px(half)} ${px(to.y)} ${px(to.x)} ${px(to.y)}`;
    if (next.bend) d += `h${NODE.width}`;
  }
  return d;
}

/** Kinds are data; only known ones choose a style. */
export function kindClass(kind: string): string {
  return ['run', 'model', 'dataset'].includes(kind) ? kind : 'other';
}
