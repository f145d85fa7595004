import { type Digest, digestBytes, seededRandom } from '@millwright/core';
import { CHUNK_BYTES, findBadChunk, openArtifact, putArtifact, readRange } from '@millwright/core/artifact';
import { type BlobStore, type ByteRange, collect, memoryBlobs } from '@millwright/core/storage';
import { beforeAll, describe, expect, test } from 'vitest';

const size = 2 * CHUNK_BYTES + 12_345;
const weights = new Uint8Array(size);
const random = seededRandom(1);
for (let i = 0; i < size; i += 997) weights[i] = random.next() * 256;
let blobs: BlobStore;
let digest: Digest;

beforeAll(async () => {
  blobs = memoryBlobs();
  ({ digest } = await putArtifact(blobs, { weights, small: weights.subarray(0, 100) }));
});

const fileOf = async (path: string) => (await openArtifact(blobs, digest)).manifest.files.find((f) => f.path === path)!;

/** Blobs that change one byte of one blob on its way out, and count what they hand out. */
function watching(of: Digest, changedAt?: number) {
  let read = 0;
  const watched: BlobStore = {
    ...blobs,
    async get(asked: Digest, o?: { readonly range?: ByteRange | undefined }) {
      const body = await blobs.get(asked, o);
      if (asked !== of || body === undefined) return body;
      const bytes = await collect(body);
      read += bytes.byteLength;
      const at = changedAt === undefined ? -1 : changedAt - (o?.range?.start ?? 0);
      if (at >= 0 && at < bytes.byteLength) bytes[at]! ^= 1;
      return new Blob([new Uint8Array(bytes)]).stream();
    },
  };
  return { blobs: watched, read: () => read };
}

describe('chunks', () => {
  test('only files of more than one chunk have a list', async () => {
    expect((await fileOf('weights')).chunks).toMatch(/^sha256:/);
    expect((await fileOf('small')).chunks).toBeUndefined();
    const list = await collect((await blobs.get((await fileOf('weights')).chunks!))!);
    expect(list.byteLength).toBe(3 * 32);
  });

  test('the list does not depend on how the source was cut, and a manifest entry can be put again', async () => {
    const cut = async function* () {
      for (let at = 0; at < size; at += 700_001) yield weights.subarray(at, at + 700_001);
    };
    const again = await putArtifact(blobs, { weights: { open: cut }, small: await fileOf('small') });
    expect(again.digest).toBe(digest);
    expect((await putArtifact(blobs, { weights: await fileOf('weights'), small: await fileOf('small') })).digest).toBe(
      digest,
    );
  });

  test.each([
    [0, 10],
    [CHUNK_BYTES - 3, CHUNK_BYTES + 3],
    [CHUNK_BYTES, 2 * CHUNK_BYTES],
    [2 * CHUNK_BYTES + 5, size],
    [5, size + 99],
    [size, size + 1],
    [7, 7],
  ])('bytes %i to %i come from the chunks that they touch', async (start, end) => {
    const file = await fileOf('weights');
    const { blobs: watched, read } = watching(file.digest);
    const bytes = await readRange(watched, file, { start, end });
    expect(digestBytes(bytes)).toBe(digestBytes(weights.slice(start, end)));
    const last = Math.min(end, size);
    const touched = last > start ? Math.ceil(last / CHUNK_BYTES) - Math.floor(start / CHUNK_BYTES) : 0;
    expect(read()).toBeLessThanOrEqual(touched * CHUNK_BYTES);
  });

  test('a changed byte spoils its chunk only, and the chunk is named', async () => {
    const file = await fileOf('weights');
    const { blobs: changed } = watching(file.digest, CHUNK_BYTES + 7);
    expect(await readRange(changed, file, { start: 0, end: 100 })).toEqual(weights.slice(0, 100));
    await expect(readRange(changed, file, { start: CHUNK_BYTES + 100, end: CHUNK_BYTES + 200 })).rejects.toMatchObject({
      code: 'artifact/mismatch',
      details: { path: 'weights (chunk 1)' },
    });
    expect(await findBadChunk(changed, file)).toEqual({ start: CHUNK_BYTES, end: 2 * CHUNK_BYTES });
    expect(await findBadChunk(blobs, file)).toBeUndefined();
    const { blobs: spoiltList } = watching(file.chunks!, 40);
    await expect(readRange(spoiltList, file, { start: 0, end: 1 })).rejects.toMatchObject({
      code: 'artifact/mismatch',
    });
  });

  test('a small file is its own chunk', async () => {
    const file = await fileOf('small');
    expect(await readRange(blobs, file, { start: 10, end: 20 })).toEqual(weights.slice(10, 20));
    const { blobs: changed } = watching(file.digest, 50);
    await expect(readRange(changed, file, { start: 10, end: 20 })).rejects.toMatchObject({ code: 'artifact/mismatch' });
    await expect(readRange(memoryBlobs(), file, { start: 0, end: 1 })).rejects.toMatchObject({
      code: 'artifact/missing',
    });
  });
});
