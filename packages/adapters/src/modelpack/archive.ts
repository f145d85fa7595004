import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { digestBytes } from '@millwright/core';
import type { FileSource } from '@millwright/core/artifact';
import { checkedFile, type FileClaim } from '../shared/checked-file.js';
import { readTar } from '../shared/tar.js';
import { mismatch, refused, tooLarge } from './refusal.js';
import type { Descriptor } from './types.js';

export interface LayerFile {
  /** Not checked yet. */
  readonly path: string;
  readonly source: FileSource;
}

/** What archives that had to be unpacked take, over all layers. */
export interface Memory {
  readonly limit: number;
  used: number;
}

/**
 * Files that stay where they are in an archive. The archive is read once, for its digest and theirs, and each file is held
 * against its own whenever it is opened.
 *
 * @throws `artifact/invalid`, `artifact/mismatch`
 */
export async function* filesOfTar(blob: string, digest: string): AsyncGenerator<LayerFile, void, undefined> {
  for await (const { path, size, offset, bytes } of readTar(checkedFile(blob, claimOf(digest, digest)))) {
    const hash = createHash('sha256');
    for await (const chunk of bytes) hash.update(chunk);
    const claim = { ...claimOf(path, `sha256:${hash.digest('hex')}`), part: { offset, size } };
    yield { path, source: size === 0 ? new Uint8Array() : { open: () => checkedFile(blob, claim) } };
  }
}

/**
 * Files of a compressed archive, unpacked into memory up to its limit. The blob is held against its digest before anything
 * is unpacked, and what comes out against the `diffId`.
 *
 * @throws `artifact/invalid`, `artifact/mismatch`, `input/too-large`
 */
export async function* filesOfGzip(
  blob: string,
  { digest, size }: Descriptor,
  diffId: string,
  memory: Memory,
): AsyncGenerator<LayerFile, void, undefined> {
  const left = memory.limit - memory.used;
  if (size > left) throw tooLarge('compressed archives', memory.limit, memory.used + size);
  const packed: Uint8Array[] = [];
  for await (const chunk of checkedFile(blob, claimOf(digest, digest))) packed.push(chunk);
  const tar = await unzipped(Buffer.concat(packed), left, digest);
  if (tar === undefined) throw tooLarge('compressed archives', memory.limit, memory.limit + 1);
  memory.used += tar.byteLength;
  const actual = digestBytes(tar);
  if (actual !== diffId) throw mismatch(`unpacked layer ${digest}`, diffId, actual);
  for await (const { path, size, offset } of readTar(once(tar)))
    yield { path, source: tar.subarray(offset, offset + size) };
}

export function claimOf(name: string, digest: string): FileClaim {
  return { name, algorithm: 'sha256', hex: digest.slice('sha256:'.length) };
}

/** Undefined when more comes out than is allowed. @throws `artifact/invalid` */
async function unzipped(packed: Uint8Array, limit: number, name: string): Promise<Uint8Array | undefined> {
  try {
    return await promisify(gunzip)(packed, { maxOutputLength: Math.max(limit, 1) });
  } catch (cause) {
    if (cause instanceof RangeError) return undefined;
    throw refused(name, 'it is not gzip');
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
