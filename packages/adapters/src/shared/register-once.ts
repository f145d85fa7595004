import { isMillwrightError } from '@millwright/core';
import type { FileSource } from '@millwright/core/artifact';
import type { ModelVersion, Registry } from '@millwright/registry';

export interface ImportedVersion {
  readonly files: Readonly<Record<string, FileSource>>;
  /** What tells that it is here already. */
  readonly origin: Readonly<Record<string, string>>;
  readonly owner?: string | undefined;
  readonly description?: string | undefined;
}

/** Registers what comes from elsewhere, or finds the version that it was registered as before. */
export async function registerOnce(registry: Registry, model: string, from: ImportedVersion): Promise<ModelVersion> {
  const { origin: tags, ...version } = from;
  const [known] = has(registry, model) ? registry.models.search({ model, tags }, { limit: 1 }).items : [];
  return known ?? registry.models.register(model, { ...version, tags });
}

function has(registry: Registry, model: string): boolean {
  try {
    registry.models.get(model);
    return true;
  } catch (error) {
    if (isMillwrightError(error, 'state/not-found')) return false;
    throw error;
  }
}
