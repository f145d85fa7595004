import { digestBytes, encodeUtf8 } from '@millwright/core';
import type { LineageKind } from '@millwright/core/lineage';

/**
 * The id in our graph of what another system names by namespace and name. It can be read back, so that a run of ours that
 * uses it is seen there to use the same thing; what is too long for an id is named by its digest.
 */
export function foreignId(kind: LineageKind, namespace: string, name: string, version: string | undefined): string {
  const parts = [encodeURIComponent(namespace), name.replace(SPECIAL, encodeURIComponent)];
  const id = `${MARK}${parts.join('/')}${version === undefined ? '' : `@${version.replace(SPECIAL, encodeURIComponent)}`}`;
  return `${kind}:${encodeUtf8(id).length <= MAX_ID_BYTES ? id : `${MARK}${digestBytes(encodeUtf8(id))}`}`;
}

/** Namespace and name of an id without its version, when it is one of another system. */
export function foreignName(id: string): { readonly namespace: string; readonly name: string } | undefined {
  const slash = id.indexOf('/', MARK.length);
  if (!id.startsWith(MARK) || slash < 0) return undefined;
  try {
    const [namespace, name] = [id.slice(MARK.length, slash), id.slice(slash + 1)].map(decodeURIComponent);
    return { namespace: namespace!, name: name! };
  } catch {
    return undefined;
  }
}

const MARK = 'openlineage/';
/** An id has no blanks, and its version is what comes after the last `@`. */
const SPECIAL = /[\s%@]/g;
const MAX_ID_BYTES = 250;
