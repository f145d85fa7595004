import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, digestBytes, invalidInput, MillwrightError, parseDigest } from '@millwright/core';
import { checkCollisions, checkPath, type FileSource } from '@millwright/core/artifact';
import type * as z from 'zod/mini';
import { checkedFile, fileFailed } from '../shared/checked-file.js';
import { claimOf, filesOfGzip, filesOfTar, type LayerFile, type Memory } from './archive.js';
import { mismatch, refused, tooLarge } from './refusal.js';
import {
  ANNOTATION,
  configSchema,
  type Descriptor,
  formatOf,
  indexSchema,
  LAYOUT,
  MEDIA,
  type ModelPackConfig,
  manifestSchema,
} from './types.js';

/** Which model of an OCI layout is read, and what it must be. */
export interface ReadModelPackOptions {
  /** Which model of the layout. Default the only one. */
  readonly tag?: string | undefined;
  /** The digest of the manifest, from somewhere that is trusted. Without it the layout can only be held against itself. */
  readonly digest?: string | undefined;
  /** Largest sum of the layers. Default 10 GiB. */
  readonly maxBytes?: number | undefined;
  /** Largest sum of the compressed archives when unpacked, which is in memory. Default 256 MiB. */
  readonly maxUnpackedBytes?: number | undefined;
}

/** A model in an OCI image layout. */
export interface ModelPack {
  /** Digest of the manifest. */
  readonly digest: Digest;
  readonly config: ModelPackConfig;
  /** Checked against the manifest while they are read. @throws `artifact/mismatch` when opened */
  readonly files: Readonly<Record<string, FileSource>>;
}

/**
 * Reads a model from an OCI image layout, which may come from anybody: index, manifest and configuration are bounded and
 * held against their digests, paths are relative and do not collide, blobs are plain files of the size that is stated. A raw
 * layer is a file, an archive (`tar`, `tar+gzip`) as many as it has, of which none may be a link or a device; nothing is
 * written. Layers of `tar+zstd` are refused: Node 20 cannot read them.
 *
 * @throws `artifact/invalid` for what breaks the specification or these rules, `artifact/mismatch`, `input/too-large`,
 *   `state/not-found` for a tag or a digest that is not there, `storage/failed`
 */
export async function readModelPack(folder: string, options: ReadModelPackOptions = {}): Promise<ModelPack> {
  const { maxBytes = MAX_BYTES, maxUnpackedBytes = MAX_UNPACKED_BYTES } = options;
  const layout = await bounded(join(folder, 'oci-layout'), 'oci-layout');
  if (JSON.stringify(parsed(layout, 'oci-layout')) !== LAYOUT)
    throw refused('oci-layout', 'it is no image layout of the version 1.0.0');
  const index = checked(
    indexSchema,
    parsed(await bounded(join(folder, 'index.json'), 'index.json'), 'index.json'),
    'index.json',
  );
  const chosen = choose(index.manifests, options);
  const manifest = checked(manifestSchema, await document(folder, chosen, 'manifest'), 'manifest');
  if (manifest.config.mediaType !== MEDIA.config) throw refused('config', `it is \`${manifest.config.mediaType}\``);
  const config = checked(configSchema, await document(folder, manifest.config, 'config'), 'config');
  const total = manifest.layers.reduce((sum, { size }) => sum + size, 0);
  if (total > maxBytes) throw tooLarge('layers', maxBytes, total);
  const { diffIds } = config.modelfs;
  if (diffIds.length !== manifest.layers.length) throw refused('config', 'its `diffIds` are not those of the layers');
  const files = new Map<string, FileSource>();
  const memory = { limit: maxUnpackedBytes, used: 0 };
  for (const [i, layer] of manifest.layers.entries()) {
    for await (const { path, source } of filesOf(folder, layer, diffIds[i]!, memory)) {
      checkPath(path);
      if (files.has(path)) throw refused(path, 'two files have the same path');
      if (files.size === MAX_FILES) throw refused(path, `there are more than ${MAX_FILES} files`);
      files.set(path, source);
    }
  }
  checkCollisions(files.keys());
  return { digest: parseDigest(chosen.digest), config, files: Object.fromEntries(files) };
}

const MAX_BYTES = 10 * 2 ** 30;
const MAX_UNPACKED_BYTES = 256 * 2 ** 20;
const MAX_FILES = 10_000;
/** The largest document: container registries accept manifests up to 4 MiB. */
const MAX_DOCUMENT_BYTES = 4 * 2 ** 20;

function choose(manifests: readonly Descriptor[], { tag, digest }: ReadModelPackOptions): Descriptor {
  const found = manifests.filter(
    (each) =>
      (tag === undefined || each.annotations?.[ANNOTATION.tag] === tag) &&
      (digest === undefined || each.digest === digest),
  );
  const [only] = found;
  if (only === undefined) {
    const wanted = [tag, digest].filter((part) => part !== undefined).join(', ');
    throw new MillwrightError('state/not-found', `The layout has no model ${wanted || 'at all'}.`, {
      details: { what: 'model', id: wanted },
    });
  }
  if (found.length > 1) throw invalidInput('tag', `one of the ${found.length} models`, tag, 'Name a tag or a digest.');
  if (only.mediaType !== MEDIA.manifest) throw refused('index.json', `it names a \`${only.mediaType}\``);
  return only;
}

async function* filesOf(
  folder: string,
  layer: Descriptor,
  diffId: string,
  memory: Memory,
): AsyncGenerator<LayerFile, void, undefined> {
  const { mediaType, digest, size, annotations = {} } = layer;
  const format = formatOf(mediaType);
  const path = annotations[ANNOTATION.path];
  const name = path ?? digest;
  if (format === undefined)
    throw refused(name, `\`${mediaType}\` is neither a file as it is nor an archive of tar or tar+gzip`);
  if (format !== 'tar+gzip' && diffId !== digest) throw refused('config', 'its `diffIds` are not those of the layers');
  const blob = await plainFile(folder, digest, size, name);
  if (format === 'tar') yield* filesOfTar(blob, digest);
  else if (format === 'tar+gzip') yield* filesOfGzip(blob, layer, diffId, memory);
  else if (path === undefined) throw refused(digest, `it has no annotation \`${ANNOTATION.path}\``);
  else
    yield {
      path,
      source: { open: () => checkedFile(blob, claimOf(path, digest)), mediaType: annotations[ANNOTATION.mediaType] },
    };
}

/** Where a blob is: a file, no link, of the size that is stated. */
async function plainFile(folder: string, digest: string, size: number, name: string): Promise<string> {
  const path = join(folder, 'blobs', 'sha256', parseDigest(digest).slice('sha256:'.length));
  const found = await lstat(path).catch((cause: unknown) => {
    throw fileFailed('read', path, cause);
  });
  if (!found.isFile()) throw refused(name, 'its blob is no plain file');
  if (found.size !== size) throw refused(name, `its blob has ${found.size} bytes, and ${size} are stated`);
  return path;
}

/** A JSON blob. The size is looked at before memory is taken for it. */
async function document(folder: string, { digest, size }: Descriptor, name: string): Promise<unknown> {
  const bytes = await bounded(await plainFile(folder, digest, size, name), name);
  const actual = digestBytes(bytes);
  if (actual !== digest) throw mismatch(name, digest, actual);
  return parsed(bytes, name);
}

async function bounded(path: string, name: string): Promise<Uint8Array> {
  try {
    const found = await lstat(path);
    if (!found.isFile()) throw refused(name, 'it is no plain file');
    if (found.size > MAX_DOCUMENT_BYTES) throw tooLarge(name, MAX_DOCUMENT_BYTES, found.size);
    return await readFile(path);
  } catch (cause) {
    throw cause instanceof MillwrightError ? cause : fileFailed('read', path, cause);
  }
}

function parsed(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw refused(name, 'it is not JSON');
  }
}

function checked<T extends z.ZodMiniType>(schema: T, value: unknown, name: string): z.infer<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw refused(name, `\`${issue?.path.join('.')}\`: ${issue?.message}`);
}
