import { type Abortable, type ModelSource, parseName, type ResolvedModel } from '@millwright/core';
import { openArtifact } from '@millwright/core/artifact';
import { type Contract, parseContract } from '@millwright/core/contract';
import type { RegistryDoors } from '../doors.js';
import { getJson } from '../json-blob.js';
import { parseReference, type ReferenceLike, referenceId } from '../reference.js';
import { wakeOn } from '../wake.js';
import { notFound } from './command/refusal.js';
import { modelsProjection } from './state/projection.js';
import { findModel, findVersion } from './state/state.js';
import type { VersionState } from './state/types.js';

/** The model that an alias points to: resolved anew each time, and watched as the alias moves. */
export function aliasSource(doors: RegistryDoors, model: string, alias: string): ModelSource {
  const name = parseName(model, 'model name');
  const parsed = parseName(alias, 'alias');
  const target = () => findModel(doors.ledger.state(modelsProjection), name)?.aliases.get(parsed)?.target;
  return {
    async resolve(options) {
      await doors.ledger.refresh(options);
      const version = target();
      if (version === undefined) throw notFound('alias', `${name}:${parsed}`);
      return resolveVersion(doors, version, options);
    },
    async *watch(options) {
      let seen = target();
      const changes = wakeOn(doors.ledger, (event) => event.type === 'alias.moved', options?.signal);
      try {
        while (await changes.next()) {
          const version = target();
          if (version === undefined || version === seen) continue;
          seen = version;
          yield await resolveVersion(doors, version, options);
        }
      } finally {
        changes.stop();
      }
    },
  };
}

/** One version, which never changes. */
export function versionSource(doors: RegistryDoors, reference: ReferenceLike): ModelSource {
  const { name, number } = parseReference(reference);
  const id = referenceId(name, number);
  const find = () => {
    const version = findVersion(doors.ledger.state(modelsProjection), id);
    return version?.deleted === undefined ? version : undefined;
  };
  return {
    async resolve(options) {
      if (find() === undefined) await doors.ledger.refresh(options);
      const version = find();
      if (version === undefined) throw notFound('model version', id);
      return resolveVersion(doors, version, options);
    },
  };
}

async function resolveVersion(
  doors: RegistryDoors,
  version: VersionState,
  options: Abortable | undefined,
): Promise<ResolvedModel> {
  const artifact = await openArtifact(doors.blobs, version.artifact, options);
  const contract = await readContract(doors, version, options);
  return { id: version.id, digest: version.artifact, artifact, contract };
}

/** The contract of a version, as it was registered. */
export async function readContract(
  doors: RegistryDoors,
  version: VersionState,
  options?: Abortable,
): Promise<Contract | undefined> {
  if (version.contract === undefined || version.contractBlob === undefined) return undefined;
  return parseContract(await getJson(doors.blobs, version.contractBlob, options));
}
