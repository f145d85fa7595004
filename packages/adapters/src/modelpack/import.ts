import type { ModelVersion, Registry } from '@millwright/registry';
import { registerOnce } from '../shared/register-once.js';
import { type ReadModelPackOptions, readModelPack } from './read.js';

/** How a ModelPack becomes a model version. */
export interface ModelPackImport extends ReadModelPackOptions {
  /** Owner of the model here, for its first version. */
  readonly owner?: string | undefined;
}

/**
 * Registers a model of an OCI image layout as a version, with the digest of its manifest as the tag `modelpack.digest`. A
 * manifest that was imported before is the version that it became then. Files that `writeModelPack` wrote become an
 * artifact of the same digest.
 *
 * @throws as `readModelPack`; `state/not-found` without an owner for a model that is new here
 */
export async function importModelPack(
  registry: Registry,
  model: string,
  folder: string,
  options: ModelPackImport = {},
): Promise<ModelVersion> {
  const { digest, config, files } = await readModelPack(folder, options);
  const { description } = config.descriptor;
  const origin = { 'modelpack.digest': digest };
  return registerOnce(registry, model, { files, origin, owner: options.owner, description });
}
