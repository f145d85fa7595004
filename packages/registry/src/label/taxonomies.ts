import {
  type Abortable,
  type Digest,
  type Json,
  type JsonObject,
  MillwrightError,
  type Name,
  parseName,
} from '@millwright/core';
import type { LedgerEvent, Projection } from '@millwright/core/ledger';
import * as z from 'zod/mini';
import { act, type CommandOptions, type RegistryDoors, storing } from '../doors.js';
import { getJson, plainJson, putJson } from '../json-blob.js';
import { notFound } from '../model/command/refusal.js';
import { parseReference, type ReferenceLike, referenceId } from '../reference.js';
import { digest, text, word } from '../schemas.js';
import { parseText } from '../text.js';
import { defineTaxonomy, type Taxonomy, upgradeLabel } from './taxonomy.js';
import { compareTaxonomies, type TaxonomyChange } from './taxonomy-change.js';

/** A taxonomy as it was published, with what it changed. */
export interface TaxonomyVersion {
  /** `name@number`; numbers are dense, from 1. */
  readonly id: string;
  readonly name: Name;
  readonly number: number;
  readonly digest: Digest;
  /** Blob with the taxonomy. */
  readonly record: Digest;
  readonly labels: number;
  /** How many labels came and went since the version before. */
  readonly change: Readonly<Record<Exclude<keyof TaxonomyChange, 'breaking'>, number>>;
  /** Something was removed or moved, and whoever published it said so. */
  readonly breaking: boolean;
  readonly reason: string;
  readonly publishedBy: string;
  /** Milliseconds since 1970. */
  readonly publishedAt: number;
  /** Leaf of the ledger, for a proof. */
  readonly eventIndex: number;
}

/** The taxonomies of a registry, version by version. */
export interface Taxonomies {
  /**
   * Publishes the next version. Labels that are gone or have moved break what was labelled before, so that must be meant:
   * `breaking: true`. The same taxonomy again is the version that is there.
   * @throws `state/precondition` for a breaking change that nobody announced, or when somebody else published meanwhile
   */
  publish(taxonomy: Taxonomy, options?: PublishOptions): Promise<TaxonomyVersion>;
  /** @throws `state/not-found` */
  get(version: ReferenceLike): TaxonomyVersion;
  /** The newest version, or undefined. */
  latest(name: string): TaxonomyVersion | undefined;
  /** All versions, oldest first. */
  versions(name: string): readonly TaxonomyVersion[];
  /** The taxonomy itself. @throws `state/not-found`, `storage/corrupt` */
  open(version: ReferenceLike, options?: Abortable): Promise<Taxonomy>;
  /** What changed between a version and the one before. @throws `state/not-found` for a first version */
  change(version: ReferenceLike, options?: Abortable): Promise<TaxonomyChange>;
  /** Labels of a version in the words of a later one (default the newest); undefined for those that are gone. */
  upgrade(
    labels: readonly string[],
    from: ReferenceLike,
    to?: ReferenceLike,
    options?: Abortable,
  ): Promise<readonly (string | undefined)[]>;
}

/** What whoever publishes says about the change. */
export interface PublishOptions extends CommandOptions {
  /** Labels were removed or moved, and that is meant. Default false: such a change is refused. */
  readonly breaking?: boolean | undefined;
  readonly reason?: string | undefined;
}

const count = z.int().check(z.minimum(0));

const taxonomyPublished = z.object({
  name: word,
  number: z.number(),
  digest,
  record: digest,
  labels: count,
  change: z.object({ added: count, renamed: count, merged: count, removed: count, moved: count, reworded: count }),
  breaking: z.boolean(),
  reason: text,
});

/** Published taxonomies by name, oldest first. */
export const taxonomiesProjection: Projection<Map<string, TaxonomyVersion[]>> = {
  id: 'registry.taxonomies@1',
  init: () => new Map(),
  apply(state, event) {
    if (event.type === 'taxonomy.published') published(state, event);
    return state;
  },
  fork: (state) => new Map(Array.from(state, ([name, versions]) => [name, [...versions]])),
  snapshot: {
    encode: (state) => Array.from(state, ([name, versions]): Json => [name, versions.map(plainJson)]),
    decode: (json) => new Map(json as readonly [string, TaxonomyVersion[]][]),
  },
};

function published(state: Map<string, TaxonomyVersion[]>, event: LedgerEvent): void {
  const { data, success } = taxonomyPublished.safeParse(event.data);
  if (!success || data.number !== (state.get(data.name)?.length ?? 0) + 1) return;
  const { actor: publishedBy, time: publishedAt, index: eventIndex } = event;
  const id = referenceId(data.name, data.number);
  const version = { ...data, id, name: data.name as Name, publishedBy, publishedAt, eventIndex };
  if (data.number === 1) state.set(data.name, [version]);
  else state.get(data.name)!.push(version);
}

/** Opens the taxonomies of a registry. */
export async function taxonomies(doors: RegistryDoors): Promise<Taxonomies> {
  const { ledger, blobs } = doors;
  await ledger.use(taxonomiesProjection);
  const versions = (name: string) => ledger.state(taxonomiesProjection).get(parseName(name, 'taxonomy name')) ?? [];
  const get = (reference: ReferenceLike) => {
    const { name, number } = parseReference(reference, 'taxonomy');
    const version = versions(name)[number - 1];
    if (version === undefined) throw notFound('taxonomy', referenceId(name, number));
    return version;
  };
  const open = async (reference: ReferenceLike, options?: Abortable) => {
    const { name, nodes, replaces } = (await getJson(blobs, get(reference).record, options)) as StoredTaxonomy;
    return defineTaxonomy(name, nodes, replaces);
  };

  return {
    publish: storing(doors, async (taxonomy, options = {}) => {
      await ledger.refresh(options);
      const before = versions(taxonomy.name).at(-1);
      if (before?.digest === taxonomy.digest) return before;
      const change = before === undefined ? FIRST : compareTaxonomies(await open(before, options), taxonomy);
      if (change.breaking && options.breaking !== true) throw unannounced(taxonomy, change);
      const number = (before?.number ?? 0) + 1;
      const { name, digest: own, nodes, replaces } = taxonomy;
      const record = await putJson(blobs, plainJson({ name, nodes, replaces }), options);
      const data = plainJson({
        ...{ name, number, digest: own, record, labels: nodes.length, breaking: change.breaking },
        change: { ...countsOf(change), added: before === undefined ? nodes.length : change.added.length },
        reason: parseText(options.reason ?? '', 'reason'),
      });
      await act(
        doors,
        (view) => {
          const newest = view.state(taxonomiesProjection).get(name)?.length ?? 0;
          if (newest !== number - 1) throw overtaken(name, number, newest);
          return { events: [{ type: 'taxonomy.published', data }], result: undefined };
        },
        options,
        () => undefined,
      );
      return versions(name)[number - 1]!;
    }),
    get,
    latest: (name) => versions(name).at(-1),
    versions: (name) => [...versions(name)],
    open,
    async change(reference, options) {
      const { name, number } = get(reference);
      const [before, after] = [await open(referenceId(name, number - 1), options), await open(reference, options)];
      return compareTaxonomies(before, after);
    },
    async upgrade(labels, from, to, options) {
      const first = get(from);
      const last = to === undefined ? versions(first.name).at(-1)! : get(to);
      const later = versions(first.name).slice(first.number, last.number);
      const opened = await Promise.all(later.map((version) => open(version, options)));
      return labels.map((label) => upgradeLabel(label, opened));
    },
  };
}

type StoredTaxonomy = JsonObject & Pick<Taxonomy, 'name' | 'nodes' | 'replaces'>;

const FIRST: TaxonomyChange = {
  ...{ added: [], renamed: {}, merged: {}, removed: [], moved: [], reworded: [] },
  breaking: false,
};

function countsOf({ added, renamed, merged, removed, moved, reworded }: TaxonomyChange): TaxonomyVersion['change'] {
  const sizes = { renamed: Object.keys(renamed).length, merged: Object.keys(merged).length };
  return { ...sizes, added: added.length, removed: removed.length, moved: moved.length, reworded: reworded.length };
}

function unannounced({ name }: Taxonomy, { removed, moved }: TaxonomyChange): MillwrightError<'state/precondition'> {
  const what = `${removed.length} labels removed (${removed.slice(0, 5).join(', ')}), ${moved.length} moved (${moved.slice(0, 5).join(', ')})`;
  return new MillwrightError(
    'state/precondition',
    `The next version of \`${name}\` breaks what was labelled before: ${what}. Say in \`replaces\` what the labels are now, or publish it with \`breaking: true\`.`,
    { details: { what: `taxonomy ${name}`, expected: 'a change that keeps every label', actual: what } },
  );
}

function overtaken(name: string, number: number, newest: number): MillwrightError<'state/precondition'> {
  return new MillwrightError(
    'state/precondition',
    `Somebody published ${name}@${newest} meanwhile. Compare with it and publish again.`,
    { details: { what: `taxonomy ${name}`, expected: `version ${number - 1}`, actual: `version ${newest}` } },
  );
}
