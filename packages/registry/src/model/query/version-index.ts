import type { MetricColumn, RankedVersion, VersionIndex, VersionState } from '../state/types.js';

export function versionIndex(): VersionIndex {
  return { postings: new Map(), metrics: new Map() };
}

/** Names of the lists. */
export const posting = {
  tag: (key: string, value: string) => JSON.stringify(['tag', key, value]),
  anyTag: (key: string) => JSON.stringify(['tag', key]),
  owner: (owner: string) => JSON.stringify(['owner', owner]),
  madeBy: (run: string) => JSON.stringify(['madeBy', run]),
  registeredBy: (actor: string) => JSON.stringify(['registeredBy', actor]),
  /** Versions of which more is known than their registration: evidence, approvals, the end of their use. */
  judged: JSON.stringify(['judged']),
};

/** Adds a version that has just been registered. */
export function indexVersion(index: VersionIndex, version: VersionState): void {
  append(index, posting.owner(version.model.owner), version);
  append(index, posting.registeredBy(version.registeredBy), version);
  if (version.madeBy !== undefined) append(index, posting.madeBy(version.madeBy), version);
  for (const [key, value] of version.tags) {
    append(index, posting.tag(key, value), version);
    append(index, posting.anyTag(key), version);
  }
  for (const [name, value] of version.metrics) {
    const column = index.metrics.get(name) ?? { versions: [], values: [], ranked: undefined };
    index.metrics.set(name, column);
    column.versions.push(version);
    column.values.push(value);
    if (column.ranked !== undefined && !Number.isNaN(value))
      column.ranked.splice(rankOf(column.ranked, value, version.eventIndex), 0, { version, value });
  }
  if (version.judged) append(index, posting.judged, version);
}

/** A column's versions by value, then by age. */
export function rankedVersions(column: MetricColumn): readonly RankedVersion[] {
  if (column.ranked !== undefined) return column.ranked;
  const ranked: RankedVersion[] = [];
  for (const [i, version] of column.versions.entries())
    if (!Number.isNaN(column.values[i])) ranked.push({ version, value: column.values[i]! });
  column.ranked = ranked.sort(byRank);
  return ranked;
}

/** Lowest value first; of equal values the older version first. */
export function byRank(a: RankedVersion, b: RankedVersion): number {
  if (a.value !== b.value) return a.value < b.value ? -1 : 1;
  return a.version.eventIndex - b.version.eventIndex;
}

/** First place at or after a value and a leaf, by bisection. */
export function rankOf(ranked: readonly RankedVersion[], value: number, eventIndex: number): number {
  let low = 0;
  let high = ranked.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = ranked[middle]!;
    if (at.value < value || (at.value === value && at.version.eventIndex < eventIndex)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Moves a model's versions from one owner's list to another's. */
export function changeOwner(index: VersionIndex, versions: readonly VersionState[], from: string, to: string): void {
  if (from === to || versions.length === 0) return;
  const [gone, moved] = [posting.owner(from), new Set(versions)];
  index.postings.set(
    gone,
    (index.postings.get(gone) ?? []).filter((version) => !moved.has(version)),
  );
  const list = [...(index.postings.get(posting.owner(to)) ?? []), ...versions];
  index.postings.set(
    posting.owner(to),
    list.sort((a, b) => a.eventIndex - b.eventIndex),
  );
}

/** Sets or removes a tag of a version, and notes it where there is an index. */
export function retagVersion(
  index: VersionIndex | undefined,
  version: VersionState,
  key: string,
  value: string | null,
): void {
  const old = version.tags.get(key);
  if (old === value || (old === undefined && value === null)) return;
  if (index !== undefined) moveTag(index, version, key, old, value);
  if (value === null) version.tags.delete(key);
  else version.tags.set(key, value);
}

function moveTag(
  index: VersionIndex,
  version: VersionState,
  key: string,
  old: string | undefined,
  value: string | null,
): void {
  if (old !== undefined) remove(index, posting.tag(key, old), version);
  if (value === null) {
    remove(index, posting.anyTag(key), version);
    return;
  }
  if (old === undefined) insert(index, posting.anyTag(key), version);
  insert(index, posting.tag(key, value), version);
}

/** Notes that more is known of a version than its registration. */
export function markJudged(index: VersionIndex | undefined, version: VersionState): void {
  if (!version.judged && index !== undefined) insert(index, posting.judged, version);
  version.judged = true;
}

function append(index: VersionIndex, name: string, version: VersionState): void {
  const list = index.postings.get(name);
  if (list === undefined) index.postings.set(name, [version]);
  else list.push(version);
}

function insert(index: VersionIndex, name: string, version: VersionState): void {
  const list = index.postings.get(name) ?? [];
  index.postings.set(name, list);
  list.splice(firstFrom(list, version.eventIndex), 0, version);
}

function remove(index: VersionIndex, name: string, version: VersionState): void {
  const list = index.postings.get(name);
  const at = list === undefined ? -1 : firstFrom(list, version.eventIndex);
  if (list?.[at] !== version) return;
  list.splice(at, 1);
  if (list.length === 0) index.postings.delete(name);
}

/** First place whose entry is at or after this leaf, by bisection. */
export function firstFrom(sorted: readonly { readonly eventIndex: number }[], eventIndex: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]!.eventIndex < eventIndex) low = middle + 1;
    else high = middle;
  }
  return low;
}
