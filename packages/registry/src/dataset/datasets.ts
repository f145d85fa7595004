import {
  type Abortable,
  type Digest,
  defined,
  digestJson,
  invalidInput,
  type JsonObject,
  parseDigest,
  parseName,
  type Verdict,
} from '@millwright/core';
import { blobsOf, type FileSource, openArtifact, putArtifact, type VerifiedArtifact } from '@millwright/core/artifact';
import type { Decide } from '@millwright/core/ledger';
import { type LineageNode, lineageRecorded } from '@millwright/core/lineage';
import { decodeProfile, encodeProfile, profileTable, type TableProfile } from '@millwright/core/profile';
import type { Table } from '@millwright/core/table';
import { act, type CommandOptions, numberedBy, type RegistryDoors, storing } from '../doors.js';
import { getBytes, putBytes } from '../json-blob.js';
import { notFound } from '../model/command/refusal.js';
import { type NodeLike, nodeId, parseNode, parseReference, type ReferenceLike, referenceId } from '../reference.js';
import { MAX_WORD, parseRecord, parseStatement, parseText } from '../text.js';
import { datasetsProjection, findDataset } from './state.js';
import { tableDigest } from './table-digest.js';
import type { DatasetLayer, DatasetSchema, DatasetTools, DatasetVersion, SourceTimes } from './types.js';

/** Datasets: immutable versions in layers, each with where it came from. */
export interface Datasets {
  /**
   * Adds the next version of a dataset: files (stored as an artifact), a table (digest, schema and profile are taken,
   * the rows are not stored) or facts about a table that lives elsewhere. The lineage stands in the same commit.
   * @throws `input/invalid`, `table/column`
   */
  add(name: string, content: DatasetContent, options: DatasetOptions & CommandOptions): Promise<AddedDataset>;
  /** @throws `state/not-found` */
  get(reference: ReferenceLike): DatasetVersion;
  /** The version, or undefined when there is none of this id. */
  find(reference: ReferenceLike): DatasetVersion | undefined;
  /** All versions of a dataset, oldest first. */
  versions(name: string): readonly DatasetVersion[];
  /** The newest version of every dataset, by name. */
  list(filter?: { readonly layer?: DatasetLayer | undefined }): readonly DatasetVersion[];
  /** The profile that a version was added with. @throws `state/not-found` when it had none, `storage/corrupt` */
  profile(reference: ReferenceLike, options?: Abortable): Promise<TableProfile>;
  /** The files of a stored dataset. @throws `state/not-found` when only facts are in the ledger */
  open(reference: ReferenceLike, options?: Abortable): Promise<VerifiedArtifact>;
}

/** A version with its profile at hand, the reference for monitors. */
export interface AddedDataset extends DatasetVersion {
  readonly profile: TableProfile | undefined;
}

/** What a dataset version is: files to store, a table to describe, or facts about a table that lies elsewhere. */
export type DatasetContent = { readonly files: Readonly<Record<string, FileSource>> } | Table | TableFacts;

/** What is known of a table that lives elsewhere. */
export interface TableFacts {
  readonly rowCount: number;
  readonly schema?: DatasetSchema | undefined;
  /** Of the content. Default: of these facts. */
  readonly digest?: Digest | undefined;
}

/** Where a dataset version stands in the line, what made it, and what is known of it. */
export interface DatasetOptions {
  readonly layer: DatasetLayer;
  /** Datasets that it was made from: themselves, or their nodes. */
  readonly madeFrom?: readonly NodeLike[] | undefined;
  /** The run that made it: itself or its id. */
  readonly madeBy?: ReferenceLike | undefined;
  /** Where the data came from: a URL, a file name, a query. Never dereferenced; leave passwords out. */
  readonly origin?: string | undefined;
  /** The span of time that the rows are about. */
  readonly sourceTimes?: SourceTimes | undefined;
  /** Rows, for files whose table is known. */
  readonly rowCount?: number | undefined;
  /** Types by column, for files whose table is known. Default: read off a table that is given. */
  readonly schema?: DatasetSchema | undefined;
  /** Default: computed, when a table is given. */
  readonly profile?: TableProfile | undefined;
  /** The report of the validation that judged it. */
  readonly validation?: { readonly verdict: Verdict; readonly digest: Digest } | undefined;
  /** Versions of taxonomy, embedding and transform. */
  readonly madeWith?: DatasetTools | undefined;
  readonly description?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

const LAYERS = new Set<unknown>(['raw', 'staged', 'curated']);

/** The datasets of an open registry. */
export function datasets(doors: RegistryDoors): Datasets {
  const { ledger, blobs } = doors;
  const all = () => ledger.state(datasetsProjection).datasets;
  const find = (reference: ReferenceLike) => {
    const { name, number } = parseReference(reference, 'dataset');
    return findDataset(ledger.state(datasetsProjection), referenceId(name, number));
  };
  const get = (reference: ReferenceLike) => {
    const found = find(reference);
    if (found === undefined) throw notFound('dataset', typeof reference === 'string' ? reference : reference.id);
    return found;
  };
  return {
    add: storing(doors, async (name, content, options) => {
      const parsed = parseName(name, 'dataset name');
      const facts = datasetFacts(options);
      const profile = options.profile ?? ('columns' in content ? profileTable(content) : undefined);
      const { files, ...stored } = await contentFacts(content, options);
      const profileBlob = profile === undefined ? undefined : await putBytes(blobs, encodeProfile(profile), options);
      const sources = [
        ...(options.madeFrom ?? []).map((node) => parseNode(node, 'madeFrom')),
        ...(options.madeBy === undefined ? [] : [nodeId('run', runId(options.madeBy))]),
      ];
      const decide: Decide<string> = (view) => {
        const number = (view.state(datasetsProjection).datasets.get(parsed)?.length ?? 0) + 1;
        const id = referenceId(parsed, number);
        const node: LineageNode = { id: nodeId('dataset', id), kind: 'dataset', label: id, digest: stored.digest };
        const edges = sources.map((from) => ({ from, to: node.id }));
        return {
          events: [
            { type: 'dataset.added', data: { name: parsed, number, ...facts, ...defined({ ...stored, profileBlob }) } },
            lineageRecorded([node], edges),
          ],
          result: id,
        };
      };
      const { result } = await act(doors, decide, { ...options, blobs: files }, numberedBy('dataset.added', 'name'));
      return { ...get(result), profile };
    }),
    get,
    find,
    versions: (name) => [...(all().get(name) ?? [])],
    list: ({ layer } = {}) =>
      [...all().values()]
        .map((versions) => versions.at(-1)!)
        .filter((dataset) => layer === undefined || dataset.layer === layer)
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    async profile(reference, options) {
      const { id, profileBlob } = get(reference);
      if (profileBlob === undefined) throw notFound('profile of the dataset', id);
      return decodeProfile(await getBytes(blobs, profileBlob, options));
    },
    async open(reference, options) {
      const dataset = get(reference);
      if (!dataset.stored) throw notFound('stored file of the dataset', dataset.id);
      return openArtifact(blobs, dataset.digest, options);
    },
  };

  async function contentFacts(content: DatasetContent, options: DatasetOptions & Abortable): Promise<ContentFacts> {
    if ('files' in content) {
      const { manifest, digest } = await putArtifact(blobs, content.files, options);
      const size = manifest.files.reduce((sum, file) => sum + file.size, 0);
      const files = blobsOf(manifest);
      return { files, digest, stored: true, size, rowCount: options.rowCount, schema: schemaOf(options.schema) };
    }
    if (!Number.isSafeInteger(content.rowCount) || content.rowCount < 0)
      throw invalidInput('rowCount', 'an integer of 0 or more', content.rowCount);
    if ('columns' in content) {
      const types = [...content.columns].map(([column, { type }]): [string, string] => [column, type]);
      const schema = schemaOf(Object.fromEntries(types.sort()));
      return { digest: await tableDigest(content, options), stored: false, rowCount: content.rowCount, schema };
    }
    const { rowCount } = content;
    const schema = schemaOf(content.schema);
    const digest =
      content.digest === undefined
        ? digestJson({ rowCount, ...defined({ schema }) })
        : parseDigest(content.digest, 'dataset digest');
    return { digest, stored: false, rowCount, schema };
  }
}

interface ContentFacts {
  /** Blobs of the artifact's files. */
  readonly files?: readonly Digest[] | undefined;
  readonly digest: Digest;
  readonly stored: boolean;
  readonly size?: number | undefined;
  readonly rowCount?: number | undefined;
  readonly schema?: DatasetSchema | undefined;
}

function datasetFacts(options: DatasetOptions): JsonObject {
  const { layer, madeFrom, madeBy, madeWith, validation, sourceTimes } = options;
  if (!LAYERS.has(layer)) throw invalidInput('layer', '`raw`, `staged` or `curated`', layer);
  if (sourceTimes !== undefined && !(sourceTimes.from <= sourceTimes.until))
    throw invalidInput(
      'sourceTimes',
      'a time span with `from` before `until`',
      `${sourceTimes.from}..${sourceTimes.until}`,
    );
  return {
    layer,
    origin: parseText(options.origin ?? '', 'origin'),
    madeFrom: (madeFrom ?? []).map((node) => parseNode(node, 'madeFrom')),
    description: parseText(options.description ?? '', 'description'),
    tags: parseRecord(options.tags, 'tags', (value, key) => parseText(value, key)),
    ...defined({
      madeBy: madeBy === undefined ? undefined : runId(madeBy),
      sourceTimes: sourceTimes === undefined ? undefined : { from: sourceTimes.from, until: sourceTimes.until },
      madeWith:
        madeWith &&
        parseRecord(defined({ ...madeWith }), 'madeWith', (tool, key) => parseStatement(tool, key, MAX_WORD)),
      validation: validation === undefined ? undefined : { verdict: validation.verdict, digest: validation.digest },
    }),
  };
}

function schemaOf(schema: DatasetSchema | undefined): DatasetSchema | undefined {
  return schema === undefined
    ? undefined
    : parseRecord(schema, 'schema', (type, key) => parseStatement(type, key, MAX_WORD));
}

function runId(run: ReferenceLike): string {
  const { name, number } = parseReference(run, 'madeBy');
  return referenceId(name, number);
}
