import { type CommitId, digestBytes, encodeUtf8, idSource } from '@millwright/core';
import { blobStoreCases, logStoreCases } from '@millwright/core/conformance';
import { openLedger } from '@millwright/core/ledger';
import type { Storage, StoredCommit } from '@millwright/core/storage';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { s3 } from '../../src/s3.js';
import { type FakeS3, startFakeS3 } from './fake-s3.js';

let fake: FakeS3;
beforeAll(async () => {
  fake = await startFakeS3();
});
afterAll(() => fake.close());
beforeEach(() => {
  Object.assign(fake.habits, { conditions: 'kept', taken: 412, conflicts: 0, cuts: 0 });
  fake.requests.length = 0;
});

const open = (prefix: string, timeoutMs = 10_000): Storage =>
  s3({
    bucket: 'bucket',
    prefix,
    timeoutMs,
    config: {
      endpoint: fake.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: 'AK', secretAccessKey: 'SK' },
    },
  });

const nextId = idSource();
const commit = (seq: number): StoredCommit => ({
  seq,
  commitId: nextId<CommitId>(),
  bytes: encodeUtf8(`commit ${seq}`),
});

describe('a store that keeps conditions', () => {
  // The service lane does the thousands and the long races, against a real gateway.
  const support = { reopen: true, bulk: false };
  const short = ({ name }: { readonly name: string }) => !/^ambiguity|32 writers|6 writers/.test(name);
  for (const c of logStoreCases((place) => open(place).log, support).filter(short))
    test.skipIf(c.skip)(`log: ${c.name}`, c.run);
  for (const c of blobStoreCases((place) => open(place).blobs, support)) test.skipIf(c.skip)(`blobs: ${c.name}`, c.run);

  test('needs one request for a commit once the store is known', async () => {
    await using storage = open('one-request');
    await storage.log.append(commit(1));
    fake.requests.length = 0;
    await storage.log.append(commit(2));
    expect(fake.requests).toEqual(['PUT one-request/log/000000000002?x-id=PutObject']);
  });

  test('finds the head of a long log in a few requests', async () => {
    for (let seq = 1; seq <= 70_000; seq++)
      fake.objects.set(`long/log/${String(seq).padStart(12, '0')}`, fake.objects.get('one-request/log/000000000002')!);
    fake.requests.length = 0;
    await open('long')
      .log.head()
      .catch(() => undefined);
    expect(fake.requests.length).toBeLessThan(25);
    expect(fake.requests.at(-1)).toContain('000000070000');
  });

  test('reports a hole in the log and leaves foreign objects alone', async () => {
    await using storage = open('hole');
    for (let seq = 1; seq <= 5; seq++) await storage.log.append(commit(seq));
    fake.objects.set('hole/log/000000000002.bak', encodeUtf8('mine'));
    fake.objects.set('hole/log/notes', encodeUtf8('mine'));
    expect(await count(storage)).toBe(5);
    fake.objects.delete('hole/log/000000000003');
    await expect(count(open('hole'))).rejects.toMatchObject({ code: 'ledger/corrupt', details: { seq: 3 } });
    expect(await open('hole').log.append(commit(3))).toMatchObject({ kind: 'conflict', head: { seq: 5 } });
  });

  test('takes 304 for 412, as some stores answer', async () => {
    await using storage = open('status-304');
    fake.habits.taken = 304;
    await storage.log.append(commit(1));
    expect((await open('status-304').log.append(commit(1))).kind).toBe('conflict');
  });

  test('tries again after 409, which is neither a success nor a conflict', async () => {
    await using storage = open('status-409');
    await storage.log.append(commit(1));
    fake.habits.conflicts = 2;
    expect((await storage.log.append(commit(2))).kind).toBe('committed');
    fake.habits.conflicts = 3;
    expect((await storage.log.append(commit(3))).kind).toBe('unknown');
    expect(await count(storage)).toBe(2);
  });

  test('carries a blob of several parts, and shows none of it when the last byte is wrong', async () => {
    const bytes = new Uint8Array(20 * 2 ** 20).fill(4);
    const digest = digestBytes(bytes);
    await using storage = open('parts');
    const wrong = async function* () {
      yield bytes.subarray(1);
      yield Uint8Array.of(5);
    };
    await expect(storage.blobs.put(digest, wrong(), { size: bytes.byteLength })).rejects.toMatchObject({
      code: 'storage/corrupt',
    });
    expect(await storage.blobs.stat(digest)).toBeUndefined();
    expect(await storage.blobs.put(digest, bytes, { size: bytes.byteLength })).toBe('created');
    expect(fake.requests.filter((request) => request.includes('partNumber'))).toHaveLength(5);
    const found = await new Response(await storage.blobs.get(digest)).arrayBuffer();
    expect(digestBytes(new Uint8Array(found))).toBe(digest);
  });

  test('goes on where a connection was lost, and gives up when nothing comes any more', async () => {
    const bytes = Uint8Array.from({ length: 2 ** 20 }, (_, i) => (i * 2_654_435_761) >>> 24);
    const digest = digestBytes(bytes);
    await using storage = open('resume');
    await storage.blobs.put(digest, bytes, { size: bytes.byteLength });
    const read = async (range?: { readonly start: number; readonly end: number }) =>
      digestBytes(
        new Uint8Array(await new Response(await storage.blobs.get(digest, range && { range })).arrayBuffer()),
      );
    fake.requests.length = 0;
    fake.habits.cuts = 2;
    expect(await read()).toBe(digest);
    expect(fake.requests.filter((request) => request.startsWith('GET'))).toHaveLength(3);
    fake.habits.cuts = 1;
    expect(await read({ start: 1_000, end: 900_000 })).toBe(digestBytes(bytes.subarray(1_000, 900_000)));
    fake.habits.cuts = 1_000;
    await expect(read()).rejects.toThrow('could not read a blob');
  });

  test('holds a ledger', async () => {
    await using storage = open('ledger');
    const ledger = await openLedger({ ...storage, actor: 'maria' });
    await ledger.commit(() => ({ events: [{ type: 'work.done', data: { n: 1 } }], result: undefined }));
    expect(await ledger.verify()).toMatchObject({ ok: true, events: 2 });
  });
});

describe('the probe', () => {
  test.each(['ignored', 'refused'] as const)('refuses a store whose conditions are %s', async (conditions) => {
    fake.habits.conditions = conditions;
    await using storage = open(`probe-${conditions}`);
    await expect(storage.log.append(commit(1))).rejects.toMatchObject({
      code: 'storage/unsupported',
      details: { needs: 'conditional writes' },
    });
    expect([...fake.objects.keys()].filter((key) => key.startsWith(`probe-${conditions}`))).toEqual([]);
  });

  test('asks again after it got no answer', async () => {
    await using storage = s3({
      bucket: 'bucket',
      prefix: 'later',
      config: {
        endpoint: 'http://127.0.0.1:1',
        region: 'us-east-1',
        credentials: { accessKeyId: 'a', secretAccessKey: 's' },
      },
    });
    await expect(storage.log.append(commit(1))).rejects.toMatchObject({ code: 'storage/failed' });
    await expect(storage.log.append(commit(1))).rejects.toMatchObject({ code: 'storage/failed' });
  });

  test('is not needed for blobs', async () => {
    fake.habits.conditions = 'ignored';
    const bytes = encodeUtf8('only a blob');
    await using storage = open('only-blobs');
    expect(await storage.blobs.put(digestBytes(bytes), bytes, { size: bytes.byteLength })).toBe('created');
  });
});

async function count(storage: Storage): Promise<number> {
  let commits = 0;
  for await (const { seq } of storage.log.read({ from: 1 })) commits = seq;
  return commits;
}
