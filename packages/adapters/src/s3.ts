import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { type Clock, defined, systemClock } from '@millwright/core';
import type { Storage } from '@millwright/core/storage';
import { s3Blobs } from './s3/blobs.js';
import { s3Log } from './s3/log.js';
import { probeConditions } from './s3/probe.js';
import { type S3Requests, s3Requests } from './s3/requests.js';

/**
 * A log and blobs in a bucket of Amazon S3 or of a store that speaks its protocol (Ceph and MinIO do). A commit is one
 * object that is created only if its key is free (`If-None-Match: *`), so any number of processes may write. The first
 * append asks the store to prove that it keeps that condition.
 *
 * Needs the optional peer `@aws-sdk/client-s3`. Rights: GetObject, PutObject, DeleteObject, ListBucket and
 * AbortMultipartUpload below the prefix. Directory buckets do not list in key order and cannot be used.
 * @throws `storage/unsupported` from `append` when the store ignores conditions; `storage/failed` when it fails
 * @example
 * await using storage = s3({ bucket: 'models', prefix: 'factory', config: { region: 'eu-central-1' } });
 */
export function s3(options: S3Options): Storage {
  const requests = requestsOf(options);
  const log = s3Log(requests);
  const blobs = s3Blobs(requests);
  return {
    log,
    blobs,
    async [Symbol.asyncDispose]() {
      await requests.close();
    },
  };
}

/**
 * Asks a bucket to prove that it can hold a ledger: a key can be created once only, and a stale overwrite fails. Writes one
 * object and removes it.
 * @throws `storage/unsupported` with what the store does instead; `storage/failed`, `peer/missing`
 */
export async function probeBucket(options: S3Options): Promise<void> {
  const requests = requestsOf(options);
  try {
    await requests.run('probe', undefined, () => probeConditions(requests));
  } finally {
    await requests.close();
  }
}

/** Which bucket keeps the ledger, and how it is reached: by `config`, or by a `client` of yours. */
export interface S3Options {
  /** It must exist. */
  readonly bucket: string;
  /** Everything lies below it: `factory` gives `factory/log/…` and `factory/blobs/…`. Default: the bucket itself. */
  readonly prefix?: string | undefined;
  /** For a client of our own, which does not retry by itself: region, endpoint, credentials, forcePathStyle. */
  readonly config?: S3ClientConfig | undefined;
  /** A client of yours, used as it is and not closed. If it retries, a commit may meet itself; a ledger finds that out. */
  readonly client?: S3Client | undefined;
  /** How long one request may take until its answer begins. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

const DEFAULTS = {
  prefix: '',
  config: {},
  client: undefined,
  timeoutMs: 10_000,
  clock: systemClock,
} as const satisfies Omit<S3Options, 'bucket'>;

function requestsOf(options: S3Options): S3Requests {
  const { prefix, config, client, timeoutMs, clock } = { ...DEFAULTS, ...defined(options) };
  return s3Requests({ bucket: options.bucket, prefix, config, client, timeoutMs, clock });
}
