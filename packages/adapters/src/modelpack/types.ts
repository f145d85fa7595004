import { mediaTypeOf } from '@millwright/core/artifact';
import * as z from 'zod/mini';

/** Names of the OCI image layout 1.0 and of the CNCF ModelPack specification (github.com/modelpack/model-spec). */
export const MEDIA = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  model: 'application/vnd.cncf.model.manifest.v1+json',
  config: 'application/vnd.cncf.model.config.v1+json',
} as const;

export const ANNOTATION = {
  tag: 'org.opencontainers.image.ref.name',
  path: 'org.cncf.model.filepath',
  /** The media type of a file whose name does not tell it. */
  mediaType: 'io.millwright.file.mediatype',
} as const;

export const LAYOUT = '{"imageLayoutVersion":"1.0.0"}';

const annotations = z.optional(z.record(z.string(), z.string()));
const descriptor = z.object({
  mediaType: z.string(),
  digest: z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/)),
  size: z.number().check(z.int(), z.nonnegative()),
  annotations,
});
export type Descriptor = z.infer<typeof descriptor>;

export const indexSchema = z.object({ schemaVersion: z.literal(2), manifests: z.array(descriptor) });

export const manifestSchema = z.object({
  schemaVersion: z.literal(2),
  artifactType: z.literal(MEDIA.model),
  config: descriptor,
  layers: z.array(descriptor),
});

/** What the specification says of a model, as far as it is read here. */
export const configSchema = z.object({
  descriptor: z.object({
    name: z.optional(z.string()),
    version: z.optional(z.string()),
    revision: z.optional(z.string()),
    title: z.optional(z.string()),
    description: z.optional(z.string()),
    createdAt: z.optional(z.string()),
    authors: z.optional(z.array(z.string())),
    licenses: z.optional(z.array(z.string())),
  }),
  config: z.object({ format: z.optional(z.string()), architecture: z.optional(z.string()) }),
  modelfs: z.object({ type: z.literal('layers'), diffIds: z.array(z.string()) }),
});
/** The configuration of a ModelPack: who made the model, what it is made for, and how. */
export type ModelPackConfig = z.infer<typeof configSchema>;

/** The kinds of layers, each a file as it is: archives are read, and never written. */
export function layerType(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const kind = KINDS.find(([, pattern]) => pattern.test(name))?.[0] ?? 'weight';
  return `application/vnd.cncf.model.${kind}.v1.raw`;
}

/** How a layer holds its files; undefined for what is not read here, such as `tar+zstd`. */
export function formatOf(mediaType: string): 'raw' | 'tar' | 'tar+gzip' | undefined {
  return LAYER.exec(mediaType)?.[1] as ReturnType<typeof formatOf>;
}

const LAYER = /^application\/vnd\.cncf\.model\.(?:weight|weight\.config|doc|code|dataset)\.v1\.(raw|tar|tar\+gzip)$/;

const KINDS: readonly (readonly [kind: string, names: RegExp])[] = [
  ['doc', /^(?:readme|license|notice)\b|\.(?:md|txt|pdf)$/i],
  ['code', /\.(?:py|js|mjs|ts|sh)$/i],
  ['dataset', /\.(?:parquet|arrow|csv|jsonl|ndjson)$/i],
  ['weight.config', /\.(?:json|ya?ml|toml|jinja)$|^tokenizer\./i],
];

/** The layer of a file that is nothing else. */
export const WEIGHT_LAYER = layerType('');

/** The layer's annotations: where the file goes, and its media type unless its name says it. */
export function annotationsOf(path: string, mediaType: string | undefined): Readonly<Record<string, string>> {
  const known = mediaType === undefined || mediaType === mediaTypeOf(path);
  return { [ANNOTATION.path]: path, ...(known ? {} : { [ANNOTATION.mediaType]: mediaType }) };
}
