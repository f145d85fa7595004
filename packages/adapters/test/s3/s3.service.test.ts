import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { type CommitId, digestBytes, encodeUtf8, idSource } from '@millwright/core';
import { blobStoreCases, logStoreCases } from '@millwright/core/conformance';
import type { Storage, StoredCommit } from '@millwright/core/storage';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CephGateway, cephMissing, startCeph } from '../../../../test/services/ceph.js';
import { type FaultProxy, startFaultProxy } from '../../../../test/services/fault-proxy.js';
import { describeService } from '../../../../test/services/lane.js';
import { EXIT } from '../../src/cli.js';
import { s3 } from '../../src/s3.js';
import { doctorOn } from '../support/doctor.js';

describeService('S3 on a Ceph gateway', cephMissing(), () => {
  let gateway: CephGateway;
  let proxy: FaultProxy;
  let client: S3Client;
  beforeAll(async () => {
    gateway = await startCeph();
    proxy = await startFaultProxy(gateway);
    client = new S3Client(configOf(gateway.endpoint));
    await client.send(new CreateBucketCommand({ Bucket: 'bucket' }));
  });
  afterAll(async () => {
    client?.destroy();
    await proxy?.close();
    await gateway?.stop();
  });
  beforeEach(() => proxy.set({ kind: 'none' }));

  const configOf = (endpoint: string) => ({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: gateway,
  });
  const open = (prefix: string): Storage => s3({ bucket: 'bucket', prefix, client });
  const behindProxy = (prefix: string): Storage =>
    s3({ bucket: 'bucket', prefix, config: configOf(`http://127.0.0.1:${proxy.port}`), timeoutMs: 1_500 });

  const nextId = idSource();
  const commit = (seq: number): StoredCommit => ({
    seq,
    commitId: nextId<CommitId>(),
    bytes: encodeUtf8(`commit ${seq}`),
  });
  const ids = async (storage: Storage) => {
    const out: CommitId[] = [];
    for await (const { commitId } of storage.log.read({ from: 1 })) out.push(commitId);
    return out;
  };

  describe('conformance', () => {
    for (const c of logStoreCases((place) => open(place).log, { reopen: true }))
      test.skipIf(c.skip)(`log: ${c.name}`, c.run);
    for (const c of blobStoreCases((place) => open(place).blobs, { reopen: true }))
      test.skipIf(c.skip)(`blobs: ${c.name}`, c.run);
  });

  test('the doctor finds that it can hold a ledger', async () => {
    expect(await doctorOn(gateway, 'bucket/doctor')).toEqual({ exit: EXIT.ok, s3: { store: 's3(bucket/doctor)' } });
    expect((await doctorOn({ ...gateway, secretAccessKey: 'wrong' }, 'bucket/doctor')).exit).toBe(EXIT.no);
  });

  test('passes the probe: it keeps conditions', async () => {
    await using storage = open('probe');
    expect(await storage.log.append(commit(1))).toEqual({ kind: 'committed' });
    expect(await storage.log.append(commit(1))).toMatchObject({ kind: 'conflict', head: { seq: 1 } });
  });

  test('a wrong secret is an error, not a free place', async () => {
    const credentials = { accessKeyId: 'AK', secretAccessKey: 'wrong' };
    await using storage = s3({ bucket: 'bucket', prefix: 'x', config: { ...configOf(gateway.endpoint), credentials } });
    await expect(storage.log.append(commit(1))).rejects.toMatchObject({ code: 'storage/failed' });
    await expect(storage.log.head()).rejects.toMatchObject({ code: 'storage/failed' });
  });

  test('an absent bucket is an error, not an empty log', async () => {
    await using storage = s3({ bucket: 'nowhere', client });
    await expect(storage.log.head()).rejects.toMatchObject({ code: 'storage/failed' });
    await expect(storage.blobs.get(digestBytes(new Uint8Array()))).rejects.toMatchObject({ code: 'storage/failed' });
  });

  test.each([
    { fault: { kind: 'dropResponse' }, landed: true },
    { fault: { kind: 'stall' }, landed: true },
    { fault: { kind: 'refuse' }, landed: false },
    { fault: { kind: 'cut', side: 'request', afterBytes: 60 }, landed: false },
  ] as const)('with $fault.kind an append is unknown, and $landed that it landed', async ({ fault, landed }) => {
    await using storage = behindProxy(`append-${fault.kind}`);
    const first = commit(1);
    await storage.log.append(first);
    proxy.set(fault, 1);
    const second = commit(2);
    expect((await storage.log.append(second)).kind).toBe('unknown');
    expect(proxy.struck).toBe(1);
    expect(await ids(storage)).toEqual(landed ? [first.commitId, second.commitId] : [first.commitId]);
  });

  test('reads go on through lost connections', async () => {
    await using storage = behindProxy('reads');
    for (let seq = 1; seq <= 3; seq++) await storage.log.append(commit(seq));
    proxy.set({ kind: 'dropResponse' }, 2);
    expect(await ids(storage)).toHaveLength(3);
    proxy.set({ kind: 'refuse' }, 2);
    expect((await behindProxy('reads').log.head())?.seq).toBe(3);
  });

  test('a blob whose upload is cut is stored by the next try, or not at all', async () => {
    await using storage = behindProxy('blob');
    const bytes = new Uint8Array(9 * 2 ** 20).fill(1);
    const digest = digestBytes(bytes);
    proxy.set({ kind: 'cut', side: 'request', afterBytes: 2 ** 20 });
    const failing = storage.blobs.put(digest, bytes, { size: bytes.byteLength });
    await expect(failing).rejects.toMatchObject({ code: 'storage/failed' });
    proxy.set({ kind: 'none' });
    expect(await storage.blobs.stat(digest)).toBeUndefined();
    proxy.set({ kind: 'cut', side: 'request', afterBytes: 2 ** 20 }, 1);
    expect(await storage.blobs.put(digest, bytes, { size: bytes.byteLength })).toBe('created');
    const found = await new Response(await storage.blobs.get(digest)).arrayBuffer();
    expect(digestBytes(new Uint8Array(found))).toBe(digest);
  });
});
