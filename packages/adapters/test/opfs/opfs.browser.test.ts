import { digestBytes } from '@millwright/core';
import { openArtifact, putArtifact, verifyArtifact } from '@millwright/core/artifact';
import { blobStoreCases } from '@millwright/core/conformance';
import { afterAll, describe, expect, test } from 'vitest';
import { opfsBlobs } from '../../src/opfs.js';

const names = new Set<string>();
const open = (place: string) => {
  // Places of the suite are no file names.
  const name = encodeURIComponent(place).replaceAll('%', '_');
  names.add(name);
  return opfsBlobs(name);
};
afterAll(async () => {
  const root = await navigator.storage.getDirectory();
  for (const name of names) await root.removeEntry(name, { recursive: true }).catch(() => undefined);
});

describe('conformance', () => {
  for (const c of blobStoreCases(open, { reopen: true })) test.skipIf(c.skip)(c.name, c.run);
});

test('an upload that never ended is absent, and the next one completes it', async () => {
  const bytes = new Uint8Array(3 * 2 ** 20).fill(7);
  const digest = digestBytes(bytes);
  const blobs = open('unfinished');
  await blobs.stat(digest);
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('unfinished');
  await folder.getFileHandle(`${digest.slice('sha256:'.length)}.${bytes.length}`, { create: true });
  expect(await blobs.stat(digest)).toBeUndefined();
  expect(await blobs.put(digest, bytes, { size: bytes.length })).toBe('created');
  expect((await blobs.stat(digest))?.size).toBe(bytes.length);
});

test('keeps an artifact that a page verifies before it is used', async () => {
  const blobs = open('models');
  const { digest } = await putArtifact(blobs, { 'model.onnx': new Uint8Array(2 * 2 ** 20 + 1).fill(3) });
  expect(await verifyArtifact(await openArtifact(open('models'), digest))).toMatchObject({ ok: true });
});

test('says so where there is no private file system', async () => {
  const root = { getDirectoryHandle: () => Promise.reject(new DOMException('no', 'SecurityError')) };
  const blobs = opfsBlobs('x', { root: root as never });
  await expect(blobs.stat(digestBytes(new Uint8Array()))).rejects.toMatchObject({ code: 'storage/failed' });
});
