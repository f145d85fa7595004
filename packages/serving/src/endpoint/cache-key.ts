import { type Digest, digestBytes, encodeUtf8 } from '@millwright/core';

/** What an answer depends on. */
export interface CacheFacts {
  /** Of the artifact. */
  readonly model: Digest;
  readonly arm: string;
  /** One tenant must not find out what another one asked. */
  readonly tenant: string | undefined;
  readonly input: unknown;
}

/**
 * The digest of everything an answer depends on, or undefined for an input that has no form of its own (functions, class
 * instances, cycles): that is not cached. Keys are in order, numbers bit-exact: 0 and -0 differ, as they may to a model.
 */
export function cacheKey({ model, arm, tenant, input }: CacheFacts): Digest | undefined {
  const parts: string[] = [model, JSON.stringify([arm, tenant ?? null])];
  return write(input, parts, 0) ? digestBytes(encodeUtf8(parts.join('\n'))) : undefined;
}

/** Deeper inputs are not cached; a cycle is infinitely deep. */
const MAX_DEPTH = 16;

/** One line per value, each beginning with its kind, so that no two inputs have the same lines. */
function write(value: unknown, parts: string[], depth: number): boolean {
  if (depth > MAX_DEPTH) return false;
  switch (typeof value) {
    case 'string':
      parts.push(JSON.stringify(value));
      return true;
    case 'number':
      parts.push(Object.is(value, -0) ? 'n-0' : `n${value}`);
      return true;
    case 'bigint':
      parts.push(`i${value}`);
      return true;
    case 'boolean':
    case 'undefined':
      parts.push(`${value}`);
      return true;
    case 'object':
      return value === null ? parts.push('null') > 0 : writeObject(value, parts, depth);
    default:
      return false;
  }
}

function writeObject(value: object, parts: string[], depth: number): boolean {
  if (Array.isArray(value)) {
    parts.push(`[${value.length}`);
    return value.every((item) => write(item, parts, depth + 1));
  }
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    parts.push(`${value.constructor.name} ${digestBytes(bytes)}`);
    return true;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  parts.push(`{${entries.length}`);
  return entries.every(([key, member]) => parts.push(JSON.stringify(key)) > 0 && write(member, parts, depth + 1));
}
