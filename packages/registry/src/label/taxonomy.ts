import { type Digest, defined, digestJson, invalidInput, type Name, parseName } from '@millwright/core';
import { MAX_TEXT, MAX_WORD, parseStatement, parseText } from '../text.js';

/** What can be labelled: a tree of labels, as one immutable version. */
export interface Taxonomy {
  readonly name: Name;
  readonly nodes: readonly TaxonomyNode[];
  /** Labels of the version before that are other labels now: a rename, a merge, or undefined for one that is gone. */
  readonly replaces: Readonly<Record<string, string | null>>;
  readonly digest: Digest;
}

/** One label and where it stands; without `parent` it is a root. */
export interface TaxonomyNode {
  readonly id: string;
  readonly label: string;
  readonly parent?: string | undefined;
  /** What belongs here, and what does not. */
  readonly guide?: string | undefined;
}

/** A taxonomy from its nodes: ids are unique, parents exist, nothing is its own ancestor. @throws `input/invalid` */
export function defineTaxonomy(
  name: string,
  nodes: readonly TaxonomyNode[],
  replaces: Readonly<Record<string, string | null>> = {},
): Taxonomy {
  const parsed = parseName(name, 'taxonomy name');
  const byId = new Map<string, TaxonomyNode>();
  for (const { id, label, parent, guide } of nodes) {
    if (byId.has(id)) throw invalidInput('nodes', 'unique ids', id);
    byId.set(parseStatement(id, 'node id', MAX_WORD), {
      id,
      label: parseStatement(label, 'label', MAX_WORD),
      ...defined({ parent, guide: guide === undefined ? undefined : parseText(guide, 'guide', MAX_TEXT) }),
    });
  }
  if (byId.size === 0) throw invalidInput('nodes', 'at least one label', 0);
  for (const node of byId.values()) pathTo(byId, node.id);
  for (const [old, now] of Object.entries(replaces))
    if (now !== null && !byId.has(now)) throw invalidInput(`replaces.${old}`, 'a label of this version or null', now);
  const body = { name: parsed, nodes: [...byId.values()], replaces: Object.fromEntries(Object.entries(replaces)) };
  return { ...body, digest: digestJson(body) };
}

/** The label's ancestor at a depth (0 is the root), or the label itself when it is not that deep. @throws `input/invalid` */
export function labelAtDepth(taxonomy: Taxonomy, id: string, depth: number): string {
  const path = pathTo(new Map(taxonomy.nodes.map((node) => [node.id, node])), id);
  return path[Math.min(depth, path.length - 1)]!;
}

/** A label of an older version in the words of the newest; undefined when it is gone. `later` are the versions after it, in order. */
export function upgradeLabel(id: string, later: readonly Taxonomy[]): string | undefined {
  let label: string | undefined = id;
  for (const { replaces, nodes } of later) {
    const current: string = label;
    const now: string | null = Object.hasOwn(replaces, current)
      ? replaces[current]!
      : nodes.some((node) => node.id === current)
        ? current
        : null;
    if (now === null) return undefined;
    label = now;
  }
  return label;
}

function pathTo(nodes: ReadonlyMap<string, TaxonomyNode>, id: string): readonly string[] {
  const path: string[] = [];
  for (let at: string | undefined = id; at !== undefined; at = nodes.get(at)?.parent) {
    if (!nodes.has(at)) throw invalidInput('label', 'a label of the taxonomy', at);
    if (path.includes(at)) throw invalidInput('parent', 'a tree without circles', at);
    path.unshift(at);
  }
  return path;
}
