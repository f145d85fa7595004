import { isMillwrightError } from '@millwright/core';
import { column, defineContract } from '@millwright/core/contract';
import { memoryBlobs } from '@millwright/core/storage';
import { describeModel, modelAt } from '@millwright/serving/browser';
import { expect, test } from 'vitest';
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

test('a verified file is kept for the next visit, and a spoilt cache is not believed', async () => {
  const cache = memoryBlobs();
  const first = server(await published());
  await read(first.get, { cache });
  const second = server(await published());
  expect(await read(second.get, { cache })).toEqual(bytes);
  expect(second.requests).toEqual(['/flight/champion.json']);
  const lying = { ...cache, get: async () => new Blob([new Uint8Array(bytes.length)]).stream() };
  expect(await read(server(await published()).get, { cache: lying })).toEqual(bytes);
});
