import { invalidInput } from '@millwright/core';
import { labelAtDepth, type Taxonomy, upgradeLabel } from './taxonomy.js';

/** What became of the labels of a taxonomy in its next version. */
export interface TaxonomyChange {
  /** Labels that are new. */
  readonly added: readonly string[];
  /** Labels that are called otherwise, and what now. */
  readonly renamed: Readonly<Record<string, string>>;
  /** Labels that several older ones became, and which: they cannot be told apart any more. */
  readonly merged: Readonly<Record<string, readonly string[]>>;
  /** Labels that nothing takes the place of: what carries them must be labelled anew. */
  readonly removed: readonly string[];
  /** Labels that stand below others than before: what was counted above them changes. */
  readonly moved: readonly string[];
  /** Labels whose name or guide was rewritten: people may label differently from now on. */
  readonly reworded: readonly string[];
  /** True when labels were removed or moved: figures over both versions then need labelling or counting again. */
  readonly breaking: boolean;
}

/** Compares a version of a taxonomy with the one before it. @throws `input/invalid` for versions of different taxonomies */
export function compareTaxonomies(before: Taxonomy, after: Taxonomy): TaxonomyChange {
  if (before.name !== after.name) throw invalidInput('after', `a version of \`${before.name}\``, after.name);
  const old = new Map(before.nodes.map((node) => [node.id, node]));
  const now = new Map(after.nodes.map((node) => [node.id, node]));
  const successor = (id: string) => upgradeLabel(id, [after]);
  const cameFrom = new Map<string, string[]>();
  for (const id of old.keys()) {
    const to = successor(id);
    if (to !== undefined) cameFrom.set(to, [...(cameFrom.get(to) ?? []), id]);
  }
  const kept = [...old.keys()].flatMap((id) => {
    const to = successor(id);
    return to === undefined ? [] : [{ id, to }];
  });
  const merged = [...cameFrom].filter(([, ids]) => ids.length > 1);
  const alone = kept.filter(({ to }) => cameFrom.get(to)!.length === 1);
  const removed = [...old.keys()].filter((id) => successor(id) === undefined);
  const moved = kept.filter(({ id, to }) => stoodBelow(before, after, id, to)).map(({ id }) => id);
  return {
    added: [...now.keys()].filter((id) => !cameFrom.has(id)),
    renamed: Object.fromEntries(alone.filter(({ id, to }) => id !== to).map(({ id, to }) => [id, to])),
    merged: Object.fromEntries(merged),
    removed,
    moved,
    reworded: alone.filter(({ id, to }) => wording(old.get(id)!) !== wording(now.get(to)!)).map(({ id }) => id),
    breaking: removed.length + moved.length > 0,
  };
}

/** Whether what stood above a label does not stand above it any more, names of today on both sides. */
function stoodBelow(before: Taxonomy, after: Taxonomy, id: string, to: string): boolean {
  const today = pathOf(after, to);
  return pathOf(before, id).some((ancestor) => {
    const now = upgradeLabel(ancestor, [after]);
    return now !== undefined && !today.includes(now);
  });
}

/** From the root to the label. */
function pathOf(taxonomy: Taxonomy, id: string): readonly string[] {
  const path: string[] = [];
  for (let depth = 0; path.at(-1) !== id; depth++) path.push(labelAtDepth(taxonomy, id, depth));
  return path;
}

function wording({ label, guide }: { readonly label: string; readonly guide?: string | undefined }): string {
  return JSON.stringify([label, guide ?? '']);
}
