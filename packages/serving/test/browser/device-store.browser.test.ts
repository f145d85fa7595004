import { deviceStore } from '@millwright/serving/browser';
import { describe, expect, test } from 'vitest';
import type { PackReport } from './store-worker.js';

describe.each(['opfs', 'cache', 'indexeddb'] as const)('the store on %s', (kind) => {
  test('keeps, replaces, lists and deletes pieces, also for the next visit', async () => {
    const name = `test-${crypto.randomUUID()}`;
    const store = await deviceStore(name, [kind]);
    expect(store.kind).toBe(kind);
    const piece = crypto.getRandomValues(new Uint8Array(50_000));
    expect(await store.get('abc')).toBeUndefined();
    await store.put('abc', piece.subarray(100));
    await store.put('abc', piece);
    await store.put('model-1', new Uint8Array());
    const again = await deviceStore(name, [kind]);
    expect(await again.get('abc')).toEqual(piece);
    expect((await again.get('model-1'))?.length).toBe(0);
    expect([...(await again.names())].sort()).toEqual(['abc', 'model-1']);
    await again.delete('abc');
    await again.delete('abc');
    expect(await store.names()).toEqual(['model-1']);
  });
});

test('tabs that start together get the same store', async () => {
  const name = `test-${crypto.randomUUID()}`;
  const stores = await Promise.all(Array.from({ length: 8 }, () => deviceStore(name)));
  expect(new Set(stores.map(({ kind }) => kind))).toEqual(new Set(['opfs']));
});

test('the private file system is preferred, and one that refuses is passed over', async () => {
  expect((await deviceStore(`test-${crypto.randomUUID()}`)).kind).toBe('opfs');
  const real = navigator.storage.getDirectory;
  navigator.storage.getDirectory = () => Promise.reject(new DOMException('private window', 'SecurityError'));
  try {
    expect((await deviceStore(`test-${crypto.randomUUID()}`)).kind).toBe('cache');
  } finally {
    navigator.storage.getDirectory = real;
  }
});

test('in a worker the pieces of a download share a file, which goes with the last of them', async () => {
  const worker = new Worker(new URL('./store-worker.ts', import.meta.url), { type: 'module' });
  const report = await new Promise<PackReport>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(`test-${crypto.randomUUID()}`);
  });
  worker.terminate();
  expect(report).toEqual({
    interrupted: ['1'.repeat(64), '2'.repeat(64)],
    read: [true, true, false],
    files: 1,
    afterDelete: ['2'.repeat(64)],
    filesAfterDelete: 0,
  });
});
