import { invalidInput } from '@millwright/core';
import { catalogueOf, findModel, stageOf, toModel, toVersion } from '../state/state.js';
import type { MetricColumn, ModelState, ModelsState, RankedVersion, VersionState } from '../state/types.js';
import type { ModelVersion, RegisteredModel, VersionStage } from '../types.js';
import { byRank, firstFrom, posting, rankedVersions, rankOf } from './version-index.js';

/** Which versions; all that is given must hold. */
export interface VersionFilter {
  readonly model?: string | undefined;
  readonly kind?: string | undefined;
  readonly owner?: string | undefined;
  readonly stage?: VersionStage | undefined;
  /** Versions that this alias points to now. */
  readonly alias?: string | undefined;
  readonly madeBy?: string | undefined;
  readonly registeredBy?: string | undefined;
  /** Tags that the version must carry; `*` as a value means any. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Bounds of metrics, inclusive. A version without the metric, or with NaN, does not match. */
  readonly metrics?: Readonly<Record<string, MetricRange>> | undefined;
}

/** Bounds of a metric that count themselves in; a version without the metric, or with NaN, is outside. */
export interface MetricRange {
  readonly atLeast?: number | undefined;
  readonly atMost?: number | undefined;
}

/** Which models; all that is given must hold. */
export interface ModelFilter {
  readonly owner?: string | undefined;
  readonly risk?: string | undefined;
  /** Models whose name contains this text. */
  readonly nameContains?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

/** How long a page is, and where it begins. */
export interface PageOptions {
  /** Items per page, 1 to 1,000. Default 100. */
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly after?: string | undefined;
  /** Default `newest` first. */
  readonly order?: 'newest' | 'oldest' | undefined;
}

/** The same for versions, which can be ordered by a metric. */
export interface VersionPageOptions extends Omit<PageOptions, 'order'> {
  /**
   * Default `newest` first. By a metric, versions without it, or with NaN, are left out; of equal values the older comes
   * first from the lowest, the newer from the highest.
   */
  readonly order?: PageOptions['order'] | MetricOrder;
}

/** Which metric orders versions, and which end comes first. */
export interface MetricOrder {
  readonly metric: string;
  readonly first: 'lowest' | 'highest';
}

/** A part of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Undefined on the last page. */
  readonly next: string | undefined;
}

/**
 * A page of versions, in the order of registration or of a metric. The cursor is a place in the ledger, so pages stay apart and complete
 * while others register: oldest-first sees what is added later, newest-first does not.
 */
export function searchVersions(
  state: ModelsState,
  filter: VersionFilter,
  { order, ...options }: VersionPageOptions = {},
): Page<ModelVersion> {
  const matches = versionMatcher(filter);
  if (typeof order !== 'object') return page(candidates(state, filter), { ...options, order }, matches, toVersion);
  const column = catalogueOf(state).index.metrics.get(order.metric);
  if (column === undefined) return { items: [], next: undefined };
  return rankedPage(ranking(candidates(state, filter), column, order.metric), options, order, matches);
}

/** All versions by rank, or the few that can match, sorted now: whichever costs less. */
function ranking(few: readonly VersionState[], column: MetricColumn, metric: string): readonly RankedVersion[] {
  if (few.length * 20 > column.values.length) return rankedVersions(column);
  return few
    .map((version) => ({ version, value: version.metrics.get(metric) ?? Number.NaN }))
    .filter(({ value }) => !Number.isNaN(value))
    .sort(byRank);
}

function rankedPage(
  ranked: readonly RankedVersion[],
  { limit = 100, after }: Omit<PageOptions, 'order'>,
  { first }: MetricOrder,
  matches: (version: VersionState) => boolean,
): Page<ModelVersion> {
  checkLimit(limit);
  const step = first === 'lowest' ? 1 : -1;
  let at = step > 0 ? 0 : ranked.length - 1;
  if (after !== undefined) {
    const match = /^(lowest|highest):([^:]{1,30}):([0-9]{1,15})$/.exec(after);
    if (match === null || match[1] !== first || Number.isNaN(Number(match[2])))
      throw invalidInput('after', `the \`next\` of a page in order ${first}`, after);
    at = rankOf(ranked, Number(match[2]), Number(match[3]) + Math.max(step, 0)) + Math.min(step, 0);
  }
  const items: ModelVersion[] = [];
  let last: RankedVersion | undefined;
  for (; at >= 0 && at < ranked.length; at += step) {
    const entry = ranked[at]!;
    if (!matches(entry.version)) continue;
    if (items.length === limit) return { items, next: `${first}:${last!.value}:${last!.version.eventIndex}` };
    items.push(toVersion(entry.version));
    last = entry;
  }
  return { items, next: undefined };
}

/** The shortest list that holds every match: of the model, of a tag, of a metric's range, of an alias. */
function candidates(state: ModelsState, filter: VersionFilter): readonly VersionState[] {
  const { versions, index } = catalogueOf(state);
  const { postings } = index;
  const named: string[] = [];
  for (const [key, value] of Object.entries(filter.tags ?? {}))
    named.push(value === '*' ? posting.anyTag(key) : posting.tag(key, value));
  if (filter.owner !== undefined) named.push(posting.owner(filter.owner));
  if (filter.madeBy !== undefined) named.push(posting.madeBy(filter.madeBy));
  if (filter.registeredBy !== undefined) named.push(posting.registeredBy(filter.registeredBy));
  if (filter.stage !== undefined && JUDGED.has(filter.stage)) named.push(posting.judged);
  const lists = named.map((name) => postings.get(name) ?? []);
  if (filter.model !== undefined) lists.push(findModel(state, filter.model)?.versions ?? []);
  if (filter.alias !== undefined || filter.stage === 'serving') lists.push(aliased(state, filter.alias));
  let shortest = lists.reduce((a, b) => (b.length < a.length ? b : a), versions);
  for (const [name, range] of Object.entries(filter.metrics ?? {})) {
    const column = index.metrics.get(name);
    if (column === undefined) return [];
    // Reading a column of numbers is some fifty times faster than looking into as many versions.
    if (column.values.length > 50 * shortest.length) continue;
    const within = inRange(column, range);
    if (within.length < shortest.length) shortest = within;
  }
  return shortest;
}

const JUDGED: ReadonlySet<VersionStage> = new Set(['validated', 'approved', 'deprecated', 'retired']);

function aliased(state: ModelsState, alias: string | undefined): VersionState[] {
  const found = new Set<VersionState>();
  for (const { aliases } of state.models.values())
    for (const [name, { target }] of aliases) if (target !== undefined && (alias ?? name) === name) found.add(target);
  return [...found].sort((a, b) => a.eventIndex - b.eventIndex);
}

function inRange({ versions, values }: MetricColumn, { atLeast, atMost }: MetricRange): VersionState[] {
  const low = atLeast ?? Number.NEGATIVE_INFINITY;
  const high = atMost ?? Number.POSITIVE_INFINITY;
  const found: VersionState[] = [];
  for (let i = 0; i < values.length; i++) if (values[i]! >= low && values[i]! <= high) found.push(versions[i]!);
  return found;
}

/** A page of models in the order of their creation. */
export function searchModels(
  state: ModelsState,
  filter: ModelFilter,
  options: PageOptions = {},
): Page<RegisteredModel> {
  const { owner, risk, nameContains } = filter;
  const tags = Object.entries(filter.tags ?? {});
  const matches = (model: ModelState) =>
    model.deleted === undefined &&
    (owner === undefined || model.owner === owner) &&
    (risk === undefined || model.risk === risk) &&
    (nameContains === undefined || model.name.includes(nameContains)) &&
    hasTags(model.tags, tags);
  // A name that came back is as new as its second creation.
  const models = [...state.models.values()].sort((a, b) => a.eventIndex - b.eventIndex);
  return page(models, options, matches, toModel);
}

function versionMatcher(filter: VersionFilter): (version: VersionState) => boolean {
  const { model, kind, owner, stage, alias, madeBy, registeredBy } = filter;
  const tags = Object.entries(filter.tags ?? {});
  const metrics = Object.entries(filter.metrics ?? {});
  return (version) =>
    version.deleted === undefined &&
    (model === undefined || version.model.name === model || version.model.id === model) &&
    (kind === undefined || version.kind === kind) &&
    (owner === undefined || version.model.owner === owner) &&
    (alias === undefined || version.aliases.has(alias)) &&
    (madeBy === undefined || version.madeBy === madeBy) &&
    (registeredBy === undefined || version.registeredBy === registeredBy) &&
    hasTags(version.tags, tags) &&
    hasMetrics(version.metrics, metrics) &&
    (stage === undefined || stageOf(version) === stage);
}

function hasTags(tags: ReadonlyMap<string, string>, wanted: readonly [string, string][]): boolean {
  for (const [key, value] of wanted) {
    const actual = tags.get(key);
    if (actual === undefined || (value !== '*' && actual !== value)) return false;
  }
  return true;
}

function hasMetrics(metrics: ReadonlyMap<string, number>, wanted: readonly [string, MetricRange][]): boolean {
  for (const [name, { atLeast, atMost }] of wanted) {
    const value = metrics.get(name);
    if (value === undefined || Number.isNaN(value)) return false;
    if ((atLeast !== undefined && !(value >= atLeast)) || (atMost !== undefined && !(value <= atMost))) return false;
  }
  return true;
}

function page<E extends { readonly eventIndex: number }, T>(
  sorted: readonly E[],
  options: PageOptions,
  matches: (entry: E) => boolean,
  copy: (entry: E) => T,
): Page<T> {
  const { limit = 100, after, order = 'newest' } = options;
  checkLimit(limit);
  const cursor = after === undefined ? undefined : parseCursor(after, order);
  const step = order === 'oldest' ? 1 : -1;
  let at = start(sorted, step, cursor);
  const items: T[] = [];
  let last: E | undefined;
  for (; at >= 0 && at < sorted.length; at += step) {
    const entry = sorted[at]!;
    if (!matches(entry)) continue;
    if (items.length === limit) return { items, next: `${order}:${last!.eventIndex}` };
    items.push(copy(entry));
    last = entry;
  }
  return { items, next: undefined };
}

function checkLimit(limit: number): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000)
    throw invalidInput('limit', 'an integer from 1 to 1000', limit);
}

function parseCursor(after: string, order: string): number {
  const match = /^(newest|oldest):([0-9]{1,15})$/.exec(after);
  if (match === null || match[1] !== order)
    throw invalidInput('after', `the \`next\` of a page in order ${order}`, after);
  return Number(match[2]);
}

/** First place strictly beyond the cursor in the direction of `step`. */
function start(sorted: readonly { readonly eventIndex: number }[], step: number, cursor: number | undefined): number {
  if (step > 0) return cursor === undefined ? 0 : firstFrom(sorted, cursor + 1);
  return (cursor === undefined ? sorted.length : firstFrom(sorted, cursor)) - 1;
}
