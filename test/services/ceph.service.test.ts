import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CephGateway, cephMissing, startCeph } from './ceph.js';
import { describeService } from './lane.js';

describeService('Ceph RADOS gateway', cephMissing(), () => {
  let gateway: CephGateway;
  let client: S3Client;
  beforeAll(async () => {
    gateway = await startCeph();
    client = new S3Client({
      endpoint: gateway.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: gateway,
    });
    await client.send(new CreateBucketCommand({ Bucket: 'kept' }));
  });
  afterAll(async () => {
    client?.destroy();
    await gateway?.stop();
  });

  const create = (Key: string, Body: string) =>
    client.send(new PutObjectCommand({ Bucket: 'kept', Key, Body, IfNoneMatch: '*' }));

  test('creates a key once', async () => {
    await create('once', 'first');
    await expect(create('once', 'second')).rejects.toMatchObject({ $metadata: { httpStatusCode: 412 } });
  });

  test('lets one of 16 creators win', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 16 }, (_, i) => create('race', `${i}`)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('keeps its objects when the gateway is killed', async () => {
    await create('kept', 'safe');
    await gateway.crash();
    const found = await client.send(new GetObjectCommand({ Bucket: 'kept', Key: 'kept' }));
    expect(await found.Body?.transformToString()).toBe('safe');
  });
});
