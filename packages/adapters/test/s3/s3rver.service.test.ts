import { type CommitId, digestBytes, encodeUtf8, idSource } from '@millwright/core';
import type { Storage } from '@millwright/core/storage';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeService } from '../../../../test/services/lane.js';
import { installS3rver, type S3rver, startS3rver } from '../../../../test/services/s3rver.js';
import { EXIT } from '../../src/cli.js';
import { s3 } from '../../src/s3.js';
import { doctorOn } from '../support/doctor.js';

const installed = installS3rver();
const missing = 'missing' in installed ? installed.missing : undefined;

describeService('s3rver', missing, () => {
  let server: S3rver;
  let storage: Storage;
  beforeAll(async () => {
    if (!('place' in installed)) throw new Error(missing);
    server = await startS3rver(installed.place);
    const { endpoint, bucket } = server;
    storage = s3({ bucket, config: { endpoint, region: 'us-east-1', forcePathStyle: true, credentials: server } });
  });
  afterAll(async () => {
    await storage?.[Symbol.asyncDispose]();
    await server?.stop();
  });

  test('is refused as a log: it reads If-None-Match and overwrites', async () => {
    const commit = { seq: 1, commitId: idSource()<CommitId>(), bytes: encodeUtf8('first') };
    await expect(storage.log.append(commit)).rejects.toMatchObject({
      code: 'storage/unsupported',
      details: { needs: 'conditional writes' },
    });
    expect(await storage.log.head()).toBeUndefined();
  });

  test('is no place for a ledger, says the doctor, and why', async () => {
    const { exit, s3 } = await doctorOn(server, server.bucket);
    expect([exit, s3.reason]).toEqual([EXIT.no, expect.stringContaining('it ignores If-None-Match and overwrites')]);
  });

  test('is good enough for blobs, as the refusal says', async () => {
    const bytes = encodeUtf8('a model');
    const digest = digestBytes(bytes);
    expect(await storage.blobs.put(digest, bytes, { size: bytes.byteLength })).toBe('created');
    expect(await new Response(await storage.blobs.get(digest)).text()).toBe('a model');
  });
});
