import {
  type Abortable,
  canonicalJson,
  decodeUtf8,
  encodeUtf8,
  type JsonObject,
  MillwrightError,
} from '@millwright/core';
import type { FileSource, VerifiedArtifact } from '@millwright/core/artifact';
import type { NewVersion } from '../model/requests.js';

/** What `models.register` takes of an artifact of a kind of its own: the rest of a version's life is that of a model. */
export type ArtifactVersion = Required<Pick<NewVersion, 'kind' | 'files'>>;

/** A document as the file of an artifact. */
export function documentFile(document: JsonObject, mediaType: string): FileSource {
  return { bytes: encodeUtf8(canonicalJson(document)), mediaType };
}

/** Reads such a file back, verified by the artifact. @throws `contract/invalid` when it is something else, `state/not-found` */
export async function readDocument<T>(
  artifact: VerifiedArtifact,
  path: string,
  format: string,
  options?: Abortable,
): Promise<T> {
  const text = decodeUtf8(await artifact.bytes(path, options));
  const document = parsed(text);
  if (document?.['format'] !== format)
    throw new MillwrightError('contract/invalid', `Expected \`${path}\` to be a document of format \`${format}\`.`, {
      details: { path, reason: `it is no ${format}` },
    });
  return document as T;
}

function parsed(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}
