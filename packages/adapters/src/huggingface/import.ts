import type { ModelVersion, Registry } from '@millwright/registry';
import { registerOnce } from '../shared/register-once.js';
import { type HubCacheOptions, readHubSnapshot } from './cache.js';

/** How a downloaded repository becomes a model version. */
export interface HubImport extends HubCacheOptions {
  /** Owner of the model here, for its first version. */
  readonly owner?: string | undefined;
  /** What the version is, in words. Default: none. */
  readonly description?: string | undefined;
}

/**
 * Registers a snapshot of the hub's cache as a version, pinned to its commit by the tags `huggingface.repository` and
 * `huggingface.commit`. A commit that was imported before is the version that it became then.
 *
 * @throws as `readHubSnapshot`; `artifact/mismatch` for a file that is not what the cache says; `state/not-found` without an
 *   owner for a model that is new here
 * @example
 * await importFromHub(registry, 'sentiment', 'Xenova/distilbert-sst-2', { files: (path) => path.endsWith('.onnx'), owner: 'nlp' });
 */
export async function importFromHub(
  registry: Registry,
  model: string,
  repository: string,
  options: HubImport = {},
): Promise<ModelVersion> {
  const { owner, description } = options;
  const { files, commit } = await readHubSnapshot(repository, options);
  const origin = { 'huggingface.repository': repository, 'huggingface.commit': commit };
  return registerOnce(registry, model, { files, origin, owner, description });
}
