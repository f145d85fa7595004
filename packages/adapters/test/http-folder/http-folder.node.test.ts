import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folder } from '@millwright/adapters/fs';
import { httpFolder } from '@millwright/adapters/http-folder';
import type { BlobStat } from '@millwright/core/storage';
import { openRegistry } from '@millwright/registry';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeFactory } from './factory.js';
import { serve } from './serve.js';

describe('a folder over HTTP', () => {
  const root = mkdtempSync(join(tmpdir(), 'millwright-http-'));
  let server: Awaited<ReturnType<typeof serve>>;
  beforeAll(async () => {
    await writeFactory(root);
    server = await serve(root);
  });
  afterAll(async () => {
    await server.close();
    rmSync(root, { recursive: true });
  });
  const text = async (stream: ReadableStream<Uint8Array> | undefined) => new Response(stream ?? null).text();

  test('opens from its checkpoint, answers as the folder does, and sees what is written later', async () => {
    await using there = await openRegistry(folder(root), { actor: 'maria' });
    await using here = await openRegistry(httpFolder(`${server.url}/`), { actor: 'reader' });
    expect(here.ledger.head).toEqual(there.ledger.head);
    expect(here.models.versions('flight-delay')).toEqual(there.models.versions('flight-delay'));
    expect(server.asked).toContain('GET /hint');
    const { artifact } = await here.alias('flight-delay', 'champion').resolve();
    expect(new TextDecoder().decode(await artifact.bytes('model.onnx'))).toBe('weights of the second model');
    expect((await here.ledger.verify()).ok).toBe(true);
    await there.models.tag('flight-delay@1', { late: 'yes' });
    await here.ledger.refresh();
    expect(here.models.version('flight-delay@1').tags).toEqual({ late: 'yes' });
  });

  test('reads ranges, with and without the help of the server', async () => {
    const file = folder(root).blobs;
    const digests: BlobStat[] = [];
    for await (const blob of file.list()) digests.push(blob);
    const { digest, size } = digests.find((blob) => blob.size > 10)!;
    const whole = await text(await file.get(digest));
    const plain = httpFolder(server.url, { fetch: (url, init) => fetch(url, { ...init, headers: {} }) });
    for (const { blobs } of [httpFolder(server.url), plain]) {
      expect(await text(await blobs.get(digest))).toBe(whole);
      expect(await text(await blobs.get(digest, { range: { start: 2, end: 7 } }))).toBe(whole.slice(2, 7));
      expect(await text(await blobs.get(digest, { range: { start: 3, end: 3 } }))).toBe('');
      expect(await blobs.stat(digest)).toEqual({ digest, size });
    }
  });

  test('has nothing to say about what is not there, and refuses to write', async () => {
    const empty = httpFolder(`${server.url}/elsewhere`);
    expect([await empty.log.head(), await empty.hint?.get()]).toEqual([undefined, undefined]);
    const digest = `sha256:${'0'.repeat(64)}` as const;
    expect(await empty.blobs.get(digest as never)).toBeUndefined();
    await expect(openRegistry(empty, { actor: 'x' })).rejects.toMatchObject({ code: 'storage/unsupported' });
    const here = await openRegistry(httpFolder(server.url), { actor: 'reader' });
    await expect(here.models.tag('flight-delay@1', { a: 'b' })).rejects.toMatchObject({ code: 'storage/unsupported' });
    expect(() => here.blobs.list()).toThrow(/cannot be written/);
  });

  test('says which request failed', async () => {
    const broken = httpFolder('https://models.example', { fetch: async () => new Response(null, { status: 503 }) });
    await expect(broken.log.head()).rejects.toThrow(/models.example: HEAD log\/000\/000\/000\/001 failed: .* 503/);
    const gone = httpFolder('https://models.example', { fetch: () => Promise.reject(new TypeError('offline')) });
    await expect(gone.hint?.get()).rejects.toMatchObject({ code: 'storage/failed', cause: { message: 'offline' } });
  });
});
