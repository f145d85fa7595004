import { type CommitId, digestBytes, encodeUtf8, idSource } from '@millwright/core';
import { blobStoreCases, logStoreCases } from '@millwright/core/conformance';
import { openLedger } from '@millwright/core/ledger';
import { afterAll, describe, expect, test } from 'vitest';
import { indexedDb } from '../../src/indexeddb.js';

const names = new Set<string>();
const open = (place: string) => {
  names.add(place);
  return indexedDb(place);
};
const remove = (name: string) =>
  new Promise<void>((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error);
  });
afterAll(async () => {
  for (const name of names) await remove(name);
});

const nextId = idSource();
const commit = (seq: number) => ({ seq, commitId: nextId<CommitId>(), bytes: encodeUtf8(`commit ${seq}`) });

describe('conformance', () => {
  for (const c of logStoreCases((place) => open(place).log, { reopen: true }))
    test.skipIf(c.skip)(`log: ${c.name}`, c.run);
  for (const c of blobStoreCases((place) => open(place).blobs, { reopen: true }))
    test.skipIf(c.skip)(`blobs: ${c.name}`, c.run);
});

test('holds a ledger that other tabs write to as well', async () => {
  const ledgers = await Promise.all(['a', 'b', 'c'].map((actor) => openLedger({ ...open('tabs'), actor })));
  const keys = ledgers.flatMap((ledger, i) => Array.from({ length: 8 }, (_, n) => ({ ledger, key: `${i}-${n}` })));
  await Promise.all(
    keys.map(({ ledger, key }) =>
      ledger.commit(() => ({ events: [{ type: 'work.done', data: { key } }], result: undefined })),
    ),
  );
  const reader = await openLedger({ ...open('tabs'), actor: 'reader' });
  expect(await reader.verify()).toMatchObject({ ok: true });
  const found: unknown[] = [];
  for await (const { type, data } of reader.read()) if (type === 'work.done') found.push(data['key']);
  expect(found.toSorted()).toEqual(keys.map(({ key }) => key));
});

test('keeps what a worker wrote that was terminated at once', async () => {
  const source = `onmessage = () => {
    const request = indexedDB.open('worker', 1);
    request.onsuccess = () => {
      const transaction = request.result.transaction('commits', 'readwrite', { durability: 'strict' });
      transaction.objectStore('commits').add({ seq: 2, commitId: '01J00000000000000000000002', bytes: new Uint8Array([2]) });
      transaction.oncomplete = () => postMessage('committed');
    };
  }`;
  const storage = open('worker');
  await storage.log.append(commit(1));
  const worker = new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
  const told = new Promise((resolve) => {
    worker.onmessage = resolve;
  });
  worker.postMessage('go');
  await told;
  worker.terminate();
  expect((await storage.log.head())?.seq).toBe(2);
  expect((await storage.log.append(commit(2))).kind).toBe('conflict');
});

test('leaves no parts of an upload that failed', async () => {
  const storage = open('parts');
  const bytes = new Uint8Array(3 * 2 ** 20).fill(1);
  const wrong = bytes.slice();
  wrong[wrong.length - 1] = 2;
  const digest = digestBytes(bytes);
  await expect(storage.blobs.put(digest, wrong, { size: wrong.length })).rejects.toMatchObject({
    code: 'storage/corrupt',
  });
  const connection = await new Promise<IDBDatabase>((resolve) => {
    const request = indexedDB.open('parts', 1);
    request.onsuccess = () => resolve(request.result);
  });
  const left = await new Promise<number>((resolve) => {
    const request = connection.transaction('parts').objectStore('parts').count();
    request.onsuccess = () => resolve(request.result);
  });
  connection.close();
  expect(left).toBe(0);
});

test('reports a commit that is missing, and a database that was deleted under it', async () => {
  const storage = open('hole');
  for (let seq = 1; seq <= 3; seq++) await storage.log.append(commit(seq));
  const connection = await new Promise<IDBDatabase>((resolve) => {
    const request = indexedDB.open('hole', 1);
    request.onsuccess = () => resolve(request.result);
  });
  const transaction = connection.transaction('commits', 'readwrite');
  transaction.objectStore('commits').delete(2);
  await new Promise((resolve) => {
    transaction.oncomplete = resolve;
  });
  connection.close();
  const reading = async () => {
    for await (const { seq } of storage.log.read({ from: 1 })) expect(seq).toBe(1);
  };
  await expect(reading()).rejects.toMatchObject({ code: 'ledger/corrupt', details: { seq: 2 } });
  await remove('hole');
  await expect(storage.log.append(commit(4))).rejects.toMatchObject({ code: 'storage/failed' });
});
