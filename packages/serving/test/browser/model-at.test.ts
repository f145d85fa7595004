import { isMillwrightError } from '@millwright/core';
import { CHUNK_BYTES, openArtifact, putArtifact } from '@millwright/core/artifact';
import { column, defineContract } from '@millwright/core/contract';
import { memoryBlobs } from '@millwright/core/storage';
import {
  type DeviceStore,
  describeModel,
  deviceStore,
  memoryStore,
  modelAt,
  parseDescription,
} from '@millwright/serving/browser';
import { describe, expect, test } from 'vitest';
import { piecesOf } from '../../src/browser/description.js';
import { logistic, resolvedModel } from '../support/models.js';

const contract = defineContract({
  inputs: { a: column.number(), b: column.number() },
  outputs: { score: column.probability() },
});
const bytes = logistic([1, -2], 0.5);
const resolved = resolvedModel('flight@1', bytes, contract);
const url = 'https://models.test/flight/champion.json';

/** A web server of two files. `cut` breaks the first answers to the model after so many bytes. */
function server(files: Record<string, Uint8Array | string>, cut: number[] = []) {
  const requests: string[] = [];
  const get: typeof fetch = async (input, init) => {
    const path = new URL(String(input)).pathname;
    const range = new Headers(init?.headers).get('range');
    requests.push(range === null ? path : `${path} ${range}`);
    const found = files[path];
    if (found === undefined) return new Response('no', { status: 404 });
    if (typeof found === 'string') return new Response(found);
    const start = range === null ? 0 : Number(/bytes=(\d+)-/.exec(range)![1]);
    const limit = cut.shift();
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(found.slice(start, limit));
        if (limit === undefined) controller.close();
      },
      pull(controller) {
        if (limit !== undefined) controller.error(new TypeError('network'));
      },
    });
    return new Response(body, { status: range === null ? 200 : 206 });
  };
  return { get, requests };
}

async function published(model = bytes, change: (json: Record<string, unknown>) => void = () => {}, key?: CryptoKey) {
  const json = JSON.parse(JSON.stringify(await describeModel(resolved, key)));
  change(json);
  return { '/flight/champion.json': JSON.stringify(json), '/flight/model.onnx': model };
}

async function codeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
  } catch (error) {
    return isMillwrightError(error) ? error.code : String(error);
  }
  return 'nothing thrown';
}

const read = async (get: typeof fetch, o = {}) =>
  (await modelAt(url, { fetch: get, ...o }).resolve()).artifact.bytes('model.onnx');

test('finds, describes and verifies a published model', async () => {
  const { get } = server(await published());
  const model = await modelAt(url, { fetch: get }).resolve();
  expect(model).toMatchObject({ id: 'flight@1', digest: resolved.digest });
  expect(model.contract?.digest).toBe(contract.digest);
  expect(await model.artifact.bytes('model.onnx')).toEqual(bytes);
});

test('a broken download is taken up where it ended', async () => {
  const { get, requests } = server(await published(), [10, 40]);
  expect(await read(get)).toEqual(bytes);
  expect(requests.slice(1)).toEqual([
    '/flight/model.onnx',
    '/flight/model.onnx bytes=10-',
    '/flight/model.onnx bytes=40-',
  ]);
  const dead = server(await published(), [1, 1, 1, 1, 1, 1]);
  expect(await codeOf(() => read(dead.get, { retries: 2 }))).toBe('artifact/missing');
});

test('changed, longer, shorter and absent files are refused', async () => {
  const changed = bytes.slice();
  changed[20]! ^= 1;
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  expect(await codeOf(async () => read(server(await published(changed)).get))).toBe('artifact/mismatch');
  expect(await codeOf(async () => read(server(await published(longer)).get))).toBe('artifact/mismatch');
  expect(await codeOf(async () => read(server(await published(bytes.slice(1))).get))).toBe('artifact/missing');
  const without = await published();
  expect(await codeOf(() => read(server({ '/flight/champion.json': without['/flight/champion.json'] }).get))).toBe(
    'artifact/missing',
  );
});

test('a description that contradicts itself or is none is refused', async () => {
  const other = `sha256:${'0'.repeat(64)}`;
  const resolveWith = async (change: (json: Record<string, unknown>) => void) =>
    codeOf(async () => modelAt(url, { fetch: server(await published(bytes, change)).get }).resolve());
  expect(await resolveWith((json) => void Object.assign(json, { digest: other }))).toBe('artifact/mismatch');
  expect(await resolveWith((json) => void Object.assign(json, { format: 'zip' }))).toBe('input/invalid');
  expect(await resolveWith((json) => void Object.assign(json['contract'] as object, { outputs: {} }))).toMatch(
    /contract|input/,
  );
  expect(await codeOf(() => modelAt(url, { fetch: server({}).get }).resolve())).toBe('state/not-found');
});

test('with a key, only what the publisher signed is taken', async () => {
  const pair = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair;
  const stranger = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair;
  const resolve = (files: Record<string, Uint8Array | string>, verifyWith: CryptoKey) =>
    codeOf(() => modelAt(url, { fetch: server(files).get, verifyWith }).resolve());
  const signed = await published(bytes, () => {}, pair.privateKey);
  expect(await resolve(signed, pair.publicKey)).toBe('nothing thrown');
  expect(await resolve(signed, stranger.publicKey)).toBe('serving/untrusted-model');
  expect(await resolve(await published(), pair.publicKey)).toBe('serving/untrusted-model');
  const renamed = await published(bytes, (json) => void Object.assign(json, { id: 'flight@2' }), pair.privateKey);
  expect(await resolve(renamed, pair.publicKey)).toBe('serving/untrusted-model');
});

test('a verified file is kept for the next visit, and a spoilt store is not believed', async () => {
  const store = memoryStore();
  const first = server(await published());
  await read(first.get, { store });
  const second = server(await published());
  expect(await read(second.get, { store })).toEqual(bytes);
  expect(second.requests).toEqual(['/flight/champion.json']);
  const lying = { ...store, get: async () => new Uint8Array(bytes.length) };
  expect(await read(server(await published()).get, { store: lying })).toEqual(bytes);
  const broken = { ...store, get: () => Promise.reject(new Error('no')), put: () => Promise.reject(new Error('full')) };
  expect(await read(server(await published()).get, { store: broken })).toEqual(bytes);
});

/** Three and a half pieces that are all different. */
const large = Uint8Array.from({ length: 3.5 * CHUNK_BYTES }, (_, i) => (i * 31 + (i >> 20)) % 251);

const isLarge = (other: Uint8Array) => other.length === large.length && large.every((byte, i) => other[i] === byte);

async function publishedLarge(id = 'large@1', content = large) {
  const blobs = memoryBlobs();
  const { digest } = await putArtifact(blobs, { 'model.onnx': content });
  const artifact = await openArtifact(blobs, digest);
  const description = await describeModel({ id, digest, artifact, contract: undefined });
  return {
    description,
    files: { '/flight/champion.json': JSON.stringify(description), '/flight/model.onnx': content },
  };
}

describe('a model of several pieces', () => {
  test('that a visit did not finish is taken up at the piece that was under way', async () => {
    const { files } = await publishedLarge();
    const store = memoryStore();
    const cut = 2 * CHUNK_BYTES + 1_000;
    expect(await codeOf(() => read(server(files, [cut]).get, { store, retries: 0 }))).toBe('artifact/missing');
    const next = server(files);
    expect(isLarge(await read(next.get, { store }))).toBe(true);
    expect(next.requests[1]).toBe(`/flight/model.onnx bytes=${2 * CHUNK_BYTES}-`);
  });

  test('with a changed piece is refused there, before the rest is fetched, and what was right is kept', async () => {
    const { description, files } = await publishedLarge();
    const changed = large.slice();
    changed[CHUNK_BYTES + 5]! ^= 1;
    const store = memoryStore();
    let sent = 0;
    const slow: typeof fetch = async (input, init) => {
      if (String(input).endsWith('.json')) return await server(files).get(input, init);
      return new Response(
        new ReadableStream({
          pull(controller) {
            if (sent >= changed.length) return controller.close();
            controller.enqueue(changed.slice(sent, sent + 65_536));
            sent += 65_536;
          },
        }),
      );
    };
    expect(await codeOf(() => read(slow, { store }))).toBe('artifact/mismatch');
    // The piece after it was on its way.
    expect(sent).toBeLessThan(3.25 * CHUNK_BYTES);
    const pieces = piecesOf(description, description.manifest.files[0]!).map((piece) => piece.slice('sha256:'.length));
    expect(await store.names()).toContain(pieces[0]);
    expect(await store.names()).not.toContain(pieces[1]);
  });

  test('whose store lost pieces in the middle fetches those alone; a server without ranges will do', async () => {
    const { description, files } = await publishedLarge();
    const store = memoryStore();
    await read(server(files).get, { store });
    const lost = piecesOf(description, description.manifest.files[0]!)[1]!;
    await store.delete(lost.slice('sha256:'.length));
    const next = server(files);
    expect(isLarge(await read(next.get, { store }))).toBe(true);
    expect(next.requests[1]).toBe(`/flight/model.onnx bytes=${CHUNK_BYTES}-${2 * CHUNK_BYTES - 1}`);
    await store.delete(lost.slice('sha256:'.length));
    const whole: typeof fetch = async (input) =>
      new Response(files[new URL(String(input)).pathname as keyof typeof files]);
    expect(isLarge(await read(whole, { store }))).toBe(true);
  });

  test('whose list of pieces is not the one of the manifest is refused', async () => {
    const { description } = await publishedLarge();
    const list = description.pieces!['model.onnx']!;
    const wrong = { ...description, pieces: { 'model.onnx': `B${list.slice(1)}` } };
    expect(() => parseDescription(JSON.parse(JSON.stringify(wrong)))).toThrow(/pieces/);
    expect(() =>
      parseDescription(JSON.parse(JSON.stringify({ ...description, pieces: { 'model.onnx': '?' } }))),
    ).toThrow();
  });

  test('larger than the budget is refused before a byte of it is fetched', async () => {
    const { files } = await publishedLarge();
    const { get, requests } = server(files);
    expect(await codeOf(() => read(get, { maxBytes: large.length - 1 }))).toBe('serving/too-large');
    expect(requests).toEqual(['/flight/champion.json']);
  });
});

describe('without a network', () => {
  const offline: typeof fetch = () => Promise.reject(new TypeError('Failed to fetch'));
  const other = large.slice().reverse();

  async function visit(files: Record<string, Uint8Array | string>, store: DeviceStore) {
    const source = modelAt(url, { fetch: server(files).get, store });
    const model = await source.resolve();
    await model.artifact.bytes('model.onnx');
    await source.keep(model);
    return { source, model };
  }

  test('the model that worked last is there; one that never did is not', async () => {
    const { files } = await publishedLarge();
    const store = memoryStore();
    const source = modelAt(url, { fetch: offline, store });
    await expect(source.resolve()).rejects.toThrow('Failed to fetch');
    await visit(files, store);
    const model = await source.resolve();
    expect(model.id).toBe('large@1');
    expect(isLarge(await model.artifact.bytes('model.onnx'))).toBe(true);
    // A description that is there and wrong is not replaced by an old one.
    const wrong = server({ '/flight/champion.json': '{}' });
    expect(await codeOf(() => modelAt(url, { fetch: wrong.get, store }).resolve())).toBe('input/invalid');
  });

  test('the device goes back to the model before, and stays there until another is published', async () => {
    const [one, two, three] = [
      await publishedLarge(),
      await publishedLarge('large@2', other),
      await publishedLarge('large@3', large.slice(1)),
    ];
    const store = memoryStore();
    await visit(one.files, store);
    const { source, model } = await visit(two.files, store);
    expect(model.id).toBe('large@2');
    const before = await (await source.goBack(model)).resolve();
    expect(before.id).toBe('large@1');
    expect(isLarge(await before.artifact.bytes('model.onnx'))).toBe(true);
    const resolved = async (get: typeof fetch) => (await modelAt(url, { fetch: get, store }).resolve()).id;
    expect(await resolved(server(two.files).get)).toBe('large@1');
    expect(await resolved(offline)).toBe('large@1');
    expect(await resolved(server(three.files).get)).toBe('large@3');
    expect(await codeOf(() => source.goBack(before))).toBe('state/not-found');
  });

  test('pieces that no kept model needs are deleted; those that two models share are stored once', async () => {
    const store = memoryStore();
    const contents = [1, 2, 3].map((version) => {
      const content = large.slice();
      content[0] = version;
      return content;
    });
    for (const [i, content] of contents.entries())
      await visit((await publishedLarge(`large@${i}`, content)).files, store);
    // Two models of four pieces that differ in one, and the list of both.
    expect(await store.names()).toHaveLength(2 + 3 + 1);
  });
});

test('a device without any of the stores keeps pieces in memory', async () => {
  expect((await deviceStore('none', [])).kind).toBe('memory');
});
