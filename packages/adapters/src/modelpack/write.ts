import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { canonicalJson, type Digest, digestBytes, encodeUtf8, isMillwrightError } from '@millwright/core';
import type { ModelVersion, ReferenceLike, Registry } from '@millwright/registry';
import { fileFailed } from '../shared/checked-file.js';
import { freshFolder } from '../shared/fresh-folder.js';
import {
  ANNOTATION,
  annotationsOf,
  type Descriptor,
  LAYOUT,
  layerType,
  MEDIA,
  type ModelPackConfig,
  WEIGHT_LAYER,
} from './types.js';

/** What a ModelPack says of a model beyond what the registry knows. */
export interface WriteModelPackOptions {
  /** The tag in the layout. Default the version's number. */
  readonly tag?: string | undefined;
  /** SPDX identifiers. */
  readonly licenses?: readonly string[] | undefined;
  /** What runs it, such as `resnet` or `gradient-boosting`. */
  readonly architecture?: string | undefined;
}

/**
 * Writes a version as an OCI image layout with the media types of the CNCF ModelPack specification, one raw layer per file:
 * `oras cp --from-oci-layout`, `skopeo copy oci:folder:tag docker://…` and `modctl` take it to a container registry. The same
 * version gives the same bytes.
 *
 * @param folder new or empty
 * @returns the digest of the manifest, as registries call it
 * @throws `state/not-found`, `state/precondition` for a folder with files, `artifact/missing`, `artifact/mismatch`, `storage/failed`
 */
export async function writeModelPack(
  registry: Registry,
  reference: ReferenceLike,
  folder: string,
  options: WriteModelPackOptions = {},
): Promise<Digest> {
  const version = registry.models.version(reference);
  const { artifact } = await registry.version(version).resolve();
  const blobs = join(folder, 'blobs', 'sha256');
  await freshFolder(folder);
  const place = (digest: string) => join(blobs, digest.slice('sha256:'.length));
  const json = async (value: unknown, mediaType: string): Promise<Descriptor & { digest: Digest }> => {
    const bytes = encodeUtf8(canonicalJson(value));
    const digest = digestBytes(bytes);
    await writeFile(place(digest), bytes);
    return { mediaType, digest, size: bytes.byteLength };
  };
  try {
    await mkdir(blobs, { recursive: true });
    const layers: Descriptor[] = [];
    for (const { path, digest, size, mediaType } of artifact.manifest.files) {
      await pipeline(await artifact.stream(path), createWriteStream(place(digest)));
      layers.push({ mediaType: layerType(path), digest, size, annotations: annotationsOf(path, mediaType) });
    }
    const config = await json(configOf(registry, version, layers, options), MEDIA.config);
    const content = { schemaVersion: 2, mediaType: MEDIA.manifest, artifactType: MEDIA.model, config, layers };
    const manifest = await json(content, MEDIA.manifest);
    const tagged = { ...manifest, artifactType: MEDIA.model };
    const annotations = { [ANNOTATION.tag]: options.tag ?? String(version.number) };
    const index = { schemaVersion: 2, mediaType: MEDIA.index, manifests: [{ ...tagged, annotations }] };
    await writeFile(join(folder, 'index.json'), canonicalJson(index));
    await writeFile(join(folder, 'oci-layout'), LAYOUT);
    return manifest.digest;
  } catch (cause) {
    throw isMillwrightError(cause) ? cause : fileFailed('write', folder, cause);
  }
}

function configOf(
  registry: Registry,
  version: ModelVersion,
  layers: readonly Descriptor[],
  { licenses, architecture }: WriteModelPackOptions,
): ModelPackConfig {
  const { name, owner, description } = registry.models.get(version.model);
  const text = version.description || description;
  const weights = layers.filter(({ mediaType }) => mediaType === WEIGHT_LAYER);
  const formats = weights.map(({ annotations }) => /\.([^./]+)$/.exec(annotations?.[ANNOTATION.path] ?? '')?.[1]);
  return {
    descriptor: {
      createdAt: new Date(version.registeredAt).toISOString(),
      authors: [owner],
      name,
      version: String(version.number),
      revision: version.artifact,
      ...(text === '' ? {} : { description: text }),
      ...(licenses === undefined ? {} : { licenses: [...licenses] }),
    },
    config: {
      ...(architecture === undefined ? {} : { architecture }),
      ...(new Set(formats).size === 1 && formats[0] !== undefined ? { format: formats[0] } : {}),
    },
    modelfs: { type: 'layers', diffIds: layers.map(({ digest }) => digest) },
  };
}
