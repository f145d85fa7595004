import {
  type Abortable,
  canonicalJson,
  type Digest,
  decodeUtf8,
  digestBytes,
  encodeUtf8,
  type Json,
  type JsonObject,
  MillwrightError,
} from '@millwright/core';
import type { BlobStore } from '@millwright/core/storage';

/** Largest JSON document that is read back into memory. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Stores a value as canonical JSON. Its digest is `digestJson(value)`. */
export async function putJson(blobs: BlobStore, value: unknown, options?: Abortable): Promise<Digest> {
  return putBytes(blobs, encodeUtf8(canonicalJson(value)), options);
}

export async function putBytes(blobs: BlobStore, bytes: Uint8Array, options?: Abortable): Promise<Digest> {
  const digest = digestBytes(bytes);
  await blobs.put(digest, bytes, { size: bytes.byteLength, signal: options?.signal });
  return digest;
}

/** @throws `artifact/missing`, `storage/corrupt`, `input/too-large` */
export async function getJson(blobs: BlobStore, digest: Digest, options?: Abortable): Promise<Json> {
  return JSON.parse(decodeUtf8(await getBytes(blobs, digest, options))) as Json;
}

/** The verified bytes of a small blob. @throws `artifact/missing`, `storage/corrupt`, `input/too-large` */
export async function getBytes(blobs: BlobStore, digest: Digest, options?: Abortable): Promise<Uint8Array> {
  const body = await blobs.get(digest, { signal: options?.signal });
  if (body === undefined)
    throw new MillwrightError('artifact/missing', `The document ${digest} is not in the blob store.`, {
      details: { path: '', digest },
    });
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = body.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    size += next.value.byteLength;
    if (size > MAX_BYTES) {
      await reader.cancel();
      throw new MillwrightError('input/too-large', `The document ${digest} is larger than ${MAX_BYTES} bytes.`, {
        details: { name: digest, limit: MAX_BYTES, received: size },
      });
    }
    chunks.push(next.value);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  const actual = digestBytes(bytes);
  if (actual !== digest)
    throw new MillwrightError('storage/corrupt', `The document ${digest} was changed in the blob store.`, {
      details: { digest, actual },
    });
  return bytes;
}

/**
 * A report as plain JSON: its own `toJSON` if it has one, maps as objects, undefined members left out, and what JSON has
 * no number for (NaN, infinities, large integers) as text rather than as null.
 *
 * @throws `input/not-json` for what is still not JSON
 */
export function plainJson(value: object): JsonObject {
  return JSON.parse(canonicalJson(JSON.parse(JSON.stringify(value, replacer)))) as JsonObject;
}

function replacer(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Map) return Object.fromEntries(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as Float64Array);
  if (typeof value !== 'number') return value;
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value)) ? value : String(value);
}
