import { type Digest, digestBytes, digestJson, encodeUtf8 } from '@millwright/core';
import {
  decodeManifest,
  type FileSource,
  manifestDigest,
  manifestOf,
  openArtifact,
  type Progress,
  putArtifact,
  verifyArtifact,
} from '@millwright/core/artifact';
import { type BlobStore, collect, memoryBlobs } from '@millwright/core/storage';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mediaTypeOf } from '../../src/artifact/media-type.js';

const model = encodeUtf8('weights '.repeat(40_000));
const readme = encodeUtf8('# Flight delays');

/** Blobs whose answers are changed on the way out, as a tampering store would. */
function tampered(blobs: BlobStore, digest: Digest, change: (bytes: Uint8Array) => Uint8Array): BlobStore {
  return {
    ...blobs,
    async get(asked, o) {
      const body = await blobs.get(asked, o);
      if (asked !== digest || body === undefined) return body;
      return new Blob([new Uint8Array(change(await collect(body)))]).stream();
    },
  };
}

describe('putArtifact', () => {
  test('stores files and manifest under one digest', async () => {
    const blobs = memoryBlobs();
    const { manifest, digest } = await putArtifact(blobs, { 'model.onnx': model, 'docs/README.md': { bytes: readme } });
    expect(manifest.files).toEqual([
      { path: 'docs/README.md', digest: digestBytes(readme), size: readme.length, mediaType: 'text/markdown' },
      { path: 'model.onnx', digest: digestBytes(model), size: model.length, mediaType: 'application/onnx' },
    ]);
    expect(digest).toBe(manifestDigest(manifest));
    expect(digest).toBe(digestJson(manifest));
    const artifact = await openArtifact(blobs, digest);
    expect(artifact.manifest).toEqual(manifest);
    expect(await artifact.bytes('model.onnx')).toEqual(model);
    expect(await collect(await artifact.stream('docs/README.md'))).toEqual(readme);
  });

  test('any source of the same bytes gives the same artifact', async () => {
    const chunks = async function* () {
      for (let i = 0; i < model.length; i += 50_000) yield model.subarray(i, i + 50_000);
    };
    const sources: FileSource[] = [
      model,
      { bytes: model },
      new Blob([new Uint8Array(model)]),
      { open: () => chunks() },
      { open: () => new Blob([new Uint8Array(model)]).stream() },
    ];
    const blobs = memoryBlobs();
    const digests = new Set<Digest>();
    for (const source of sources) digests.add((await putArtifact(blobs, { 'm.onnx': source })).digest);
    const stored = { digest: digestBytes(model), size: model.length };
    digests.add((await putArtifact(blobs, { 'm.onnx': stored })).digest);
    expect(digests.size).toBe(1);
  });

  test.each([
    ['model.onnx', 'application/onnx'],
    ['weights/part-1.SAFETENSORS', 'application/vnd.safetensors'],
    ['table.arrow', 'application/vnd.apache.arrow.file'],
    ['table.parquet', 'application/vnd.apache.parquet'],
    ['system.prompt', 'text/x-prompt'],
    ['tokenizer.json', 'application/vnd.millwright.tokenizer+json'],
    ['bert/tokenizer.model', 'application/vnd.millwright.tokenizer'],
    ['config.json', 'application/json'],
    ['flights.faiss', 'application/vnd.millwright.index'],
    ['onnx', undefined],
    ['x.constructor', undefined],
    ['x.unheard-of', undefined],
  ])('knows what %s is', (path, mediaType) => {
    expect(mediaTypeOf(path)).toBe(mediaType);
  });

  test('tells how far it is, up to the whole', async () => {
    const seen: Progress[] = [];
    await putArtifact(
      memoryBlobs(),
      { a: model, b: { open: () => new Blob([new Uint8Array(readme)]).stream() } },
      { onProgress: (progress) => seen.push(progress) },
    );
    expect(seen.at(-1)).toEqual({ path: 'b', done: model.length + readme.length, total: model.length + readme.length });
  });

  test('an abort leaves no artifact behind', async () => {
    const blobs = memoryBlobs();
    const abort = new AbortController();
    const open = async function* () {
      yield model;
      abort.abort();
      yield model;
    };
    await expect(putArtifact(blobs, { a: { open } }, { signal: abort.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
    for await (const _ of blobs.list()) expect.unreachable();
  });

  test('refuses a stored file that is not there, and a source that changes between its two readings', async () => {
    const blobs = memoryBlobs();
    await expect(putArtifact(blobs, { a: { digest: digestBytes(model), size: 3 } })).rejects.toMatchObject({
      code: 'artifact/missing',
    });
    let reading = 0;
    const open = () => new Blob([`reading ${reading++}`]).stream();
    await expect(putArtifact(blobs, { a: { open } })).rejects.toMatchObject({ code: 'storage/corrupt' });
    await expect(putArtifact(blobs, {})).rejects.toMatchObject({ code: 'artifact/invalid' });
  });
});

describe('paths', () => {
  test.each([
    '',
    '/etc/passwd',
    '../up',
    'a/../b',
    'a//b',
    './a',
    'a/',
    'a\\b',
    'C:x',
    'a\0b',
    'con',
    'aux.txt',
    'a/LPT1.bin',
    'dot.',
    'space ',
    'tab\tbed',
    'what?',
    '\ud800',
    'x'.repeat(1_025),
  ])('refuses %j', async (path) => {
    await expect(putArtifact(memoryBlobs(), { [path]: readme })).rejects.toMatchObject({ code: 'artifact/invalid' });
  });

  test.each([
    ['Model.onnx', 'model.onnx'],
    ['caf\u00e9', 'cafe\u0301'],
    ['a', 'a/b'],
    ['A/b', 'a'],
  ])('refuses %j beside %j', async (one, other) => {
    for (const files of [
      { [one]: readme, [other]: readme },
      { [other]: readme, [one]: readme },
    ])
      await expect(putArtifact(memoryBlobs(), files)).rejects.toMatchObject({ code: 'artifact/invalid' });
  });

  test.each(['a', '.hidden', 'a/b/c.d', 'weights-00001-of-00002.safetensors', 'données/été.csv', '__proto__'])(
    'takes %j',
    async (path) => {
      const { manifest } = await putArtifact(memoryBlobs(), Object.fromEntries([[path, readme]]));
      expect(manifest.files[0]!.path).toBe(path);
    },
  );
});

describe('openArtifact', () => {
  test('refuses a changed byte wherever it is, whole or streamed', async () => {
    const blobs = memoryBlobs();
    const { digest } = await putArtifact(blobs, { model, readme });
    for (const at of [0, model.length >> 1, model.length - 1]) {
      const flip = (bytes: Uint8Array) => {
        bytes[at]! ^= 1;
        return bytes;
      };
      const artifact = await openArtifact(tampered(blobs, digestBytes(model), flip), digest);
      await expect(artifact.bytes('model')).rejects.toMatchObject({
        code: 'artifact/mismatch',
        details: { path: 'model' },
      });
      await expect(collect(await artifact.stream('model'))).rejects.toMatchObject({ code: 'artifact/mismatch' });
      expect(await verifyArtifact(artifact)).toMatchObject({ ok: false, bad: [{ path: 'model', reason: 'mismatch' }] });
    }
  });

  test('refuses bytes that are missing, too few or too many', async () => {
    const blobs = memoryBlobs();
    const { digest } = await putArtifact(blobs, { model });
    for (const change of [
      (bytes: Uint8Array) => bytes.subarray(1),
      (bytes: Uint8Array) => new Uint8Array([...bytes, 0]),
      () => new Uint8Array(),
    ]) {
      const artifact = await openArtifact(tampered(blobs, digestBytes(model), change), digest);
      await expect(artifact.bytes('model')).rejects.toMatchObject({ code: 'artifact/mismatch' });
    }
    await blobs.delete(digestBytes(model));
    const artifact = await openArtifact(blobs, digest);
    await expect(artifact.bytes('model')).rejects.toMatchObject({ code: 'artifact/missing' });
    expect(await verifyArtifact(artifact)).toMatchObject({ bad: [{ path: 'model', reason: 'missing' }] });
    await expect(artifact.bytes('other')).rejects.toMatchObject({ code: 'state/not-found' });
  });

  test('refuses a manifest that was changed or was never one', async () => {
    const blobs = memoryBlobs();
    const { digest } = await putArtifact(blobs, { model });
    const change = (bytes: Uint8Array) => encodeUtf8(new TextDecoder().decode(bytes).replace('model', 'madel'));
    await expect(openArtifact(tampered(blobs, digest, change), digest)).rejects.toMatchObject({
      code: 'artifact/mismatch',
    });
    await expect(openArtifact(blobs, digestBytes(model))).rejects.toMatchObject({ code: 'artifact/invalid' });
    await expect(openArtifact(blobs, digestBytes(readme))).rejects.toMatchObject({ code: 'artifact/missing' });
  });

  test('verifies all with progress', async () => {
    const blobs = memoryBlobs();
    const { digest } = await putArtifact(blobs, { model, readme });
    const seen: Progress[] = [];
    const report = await verifyArtifact(await openArtifact(blobs, digest), { onProgress: (p) => seen.push(p) });
    expect(report).toEqual({ ok: true, bad: [], bytes: model.length + readme.length });
    expect(seen.at(-1)!.done).toBe(report.bytes);
  });
});

describe('manifest', () => {
  const file = (path: string) => ({ path, digest: digestBytes(readme), size: readme.length });

  test('its digest does not depend on the order in which files were given', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^f[a-z]{1,8}$/), { minLength: 1 }), fc.gen(), (paths, gen) => {
        const shuffled = gen(fc.shuffledSubarray, paths, { minLength: paths.length });
        expect(manifestDigest(manifestOf(shuffled.map(file)))).toBe(manifestDigest(manifestOf(paths.map(file))));
      }),
    );
  });

  test('hostile bytes are refused, never a crash', () => {
    const good = new TextDecoder().decode(encodeUtf8(JSON.stringify(manifestOf([file('a')]))));
    const hostile = [
      '',
      '[]',
      'null',
      '{}',
      '{"format":"millwright.manifest/1","files":{}}',
      ` ${good}`,
      good.replace('15', '-1'),
    ];
    for (const text of [
      ...hostile,
      good.replace('"a"', '"../a"'),
      good.replace('"a"', '1'),
      good.replace('{"', '{"x":1,"'),
    ])
      expect(() => decodeManifest(encodeUtf8(text))).toThrow();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => decodeManifest(bytes)).toThrow(
          expect.objectContaining({ code: expect.stringMatching(/^(artifact|input)\/invalid$/) }),
        );
      }),
    );
  });
});
