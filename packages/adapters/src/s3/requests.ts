import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { type Abortable, type Clock, isMillwrightError, MillwrightError, sleep } from '@millwright/core';
import { peer } from '../shared/peer.js';
import { type StoreWork, storeWork } from '../shared/store-work.js';

type Sdk = typeof import('@aws-sdk/client-s3');

/** The requests that the log and the blobs make, on keys below one prefix. They throw what the SDK throws. */
export interface S3Requests extends Pick<StoreWork, 'run'> {
  /** Names the place in errors: `s3(bucket/prefix)`. */
  readonly store: string;
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<{ readonly etag: string | undefined }>;
  /** Undefined when absent. `empty` when the range lies after the end. */
  get(
    key: string,
    options?: { readonly range?: string | undefined } & Abortable,
  ): Promise<S3Body | 'empty' | undefined>;
  stat(key: string, options?: Abortable): Promise<S3Stat | undefined>;
  /** Keys in order from after a key that need not exist. */
  list(folder: string, options: { after: string; limit: number } & Abortable): Promise<readonly S3Listed[]>;
  remove(key: string, options?: Abortable): Promise<void>;
  /** Several parts, visible as one object after `complete` only. */
  upload(key: string, options?: Abortable): Promise<S3Upload>;
  /** Runs a request that may be repeated: up to four times when the store or the network fails it. */
  repeating<T>(options: Abortable | undefined, request: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface PutOptions extends Abortable {
  readonly ifNoneMatch?: '*' | undefined;
  readonly ifMatch?: string | undefined;
}

export interface S3Stat {
  readonly size: number;
  readonly storedAt: number | undefined;
}

export interface S3Listed extends S3Stat {
  /** Without the prefix and the folder. */
  readonly name: string;
}

export type S3Body = ReadableStream<Uint8Array>;

export interface S3Upload {
  part(number: number, bytes: Uint8Array): Promise<void>;
  complete(): Promise<void>;
  abort(): Promise<void>;
}

export interface S3Place {
  readonly bucket: string;
  readonly prefix: string;
  readonly config: S3ClientConfig;
  readonly client: S3Client | undefined;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

export function s3Requests({ bucket, prefix, config, client, timeoutMs, clock }: S3Place): S3Requests {
  const store = `s3(${[bucket, prefix].filter((part) => part !== '').join('/')})`;
  const keyOf = (key: string) => (prefix === '' ? key : `${prefix}/${key}`);
  let connecting: Promise<{ readonly sdk: Sdk; readonly client: S3Client }> | undefined;
  const { run, close } = storeWork(store, failed);

  async function connect() {
    const sdk = await peer('@aws-sdk/client-s3', () => import('@aws-sdk/client-s3'));
    return { sdk, client: client ?? new sdk.S3Client({ ...PLAIN, ...config }) };
  }

  /** One request, under the caller's signal and the time limit, which ends when the answer begins. */
  async function send<T>(
    options: Abortable | undefined,
    request: (sdk: Sdk, client: S3Client, http: { abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const signal = options?.signal;
    connecting ??= connect();
    const connection = await connecting;
    signal?.throwIfAborted();
    const controller = new AbortController();
    const onAbort = () => controller.abort(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    const stopTimer = clock.schedule(timeoutMs, () => controller.abort());
    try {
      return await request(connection.sdk, connection.client, { abortSignal: controller.signal });
    } finally {
      stopTimer();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  return {
    store,
    put: (key, Body, o) =>
      send(o, async (sdk, s3, http) => {
        const { ifNoneMatch: IfNoneMatch, ifMatch: IfMatch } = o ?? {};
        const input = { Bucket: bucket, Key: keyOf(key), Body, IfNoneMatch, IfMatch };
        return { etag: (await s3.send(new sdk.PutObjectCommand(input), http)).ETag };
      }),
    get: (key, o) =>
      send(o, async (sdk, s3, http) => {
        const input = { Bucket: bucket, Key: keyOf(key), ...(o?.range === undefined ? {} : { Range: o.range }) };
        try {
          return (await s3.send(new sdk.GetObjectCommand(input), http)).Body?.transformToWebStream() ?? 'empty';
        } catch (error) {
          if (isAbsent(error)) return undefined;
          if (statusOf(error) === 416) return 'empty';
          throw error;
        }
      }),
    stat: (key, o) =>
      send(o, async (sdk, s3, http) => {
        try {
          const found = await s3.send(new sdk.HeadObjectCommand({ Bucket: bucket, Key: keyOf(key) }), http);
          return { size: found.ContentLength ?? 0, storedAt: found.LastModified?.getTime() };
        } catch (error) {
          if (statusOf(error) === 404) return undefined;
          throw error;
        }
      }),
    list: (folder, o) =>
      send(o, async (sdk, s3, http) => {
        const Prefix = keyOf(folder);
        const input = { Bucket: bucket, Prefix, StartAfter: Prefix + o.after, MaxKeys: o.limit };
        const { Contents = [] } = await s3.send(new sdk.ListObjectsV2Command(input), http);
        return Contents.map(({ Key = '', Size = 0, LastModified }) => ({
          name: Key.slice(Prefix.length),
          size: Size,
          storedAt: LastModified?.getTime(),
        }));
      }),
    remove: (key, o) =>
      send(o, async (sdk, s3, http) => {
        await s3.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key: keyOf(key) }), http);
      }),
    async upload(key, o) {
      const target = { Bucket: bucket, Key: keyOf(key) };
      const { UploadId } = await send(o, (sdk, s3, http) =>
        s3.send(new sdk.CreateMultipartUploadCommand(target), http),
      );
      const parts: { readonly PartNumber: number; readonly ETag: string | undefined }[] = [];
      return {
        part: (PartNumber, Body) =>
          send(o, async (sdk, s3, http) => {
            const input = { ...target, UploadId, PartNumber, Body };
            const { ETag } = await s3.send(new sdk.UploadPartCommand(input), http);
            parts.push({ PartNumber, ETag });
          }),
        complete: () =>
          send(o, async (sdk, s3, http) => {
            const input = { ...target, UploadId, MultipartUpload: { Parts: parts } };
            await s3.send(new sdk.CompleteMultipartUploadCommand(input), http);
          }),
        abort: () =>
          send(undefined, async (sdk, s3, http) => {
            await s3.send(new sdk.AbortMultipartUploadCommand({ ...target, UploadId }), http);
          }),
      };
    },
    async repeating(options, request) {
      for (let attempt = 0; ; attempt++) {
        try {
          return await request();
        } catch (error) {
          if (attempt === RETRY_DELAYS_MS.length || options?.signal?.aborted === true || !isTransient(error))
            throw error;
          await sleep(clock, RETRY_DELAYS_MS[attempt]!, options?.signal);
        }
      }
    },
    run,
    async close() {
      if (!close()) return;
      if (client === undefined) (await connecting?.catch(() => undefined))?.client.destroy();
    },
  };
}

/** No hidden retries, which would turn a success into a conflict, and no checksums that older servers refuse. */
const PLAIN = {
  maxAttempts: 1,
  requestChecksumCalculation: 'WHEN_REQUIRED',
  responseChecksumValidation: 'WHEN_REQUIRED',
} as const satisfies S3ClientConfig;

const RETRY_DELAYS_MS = [50, 200, 800];

/** The status of the answer; undefined when there was none: a timeout, a lost connection, an abort. */
export function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return undefined;
  const metadata = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}

export function failed(store: string, operation: string, cause: unknown): MillwrightError<'storage/failed'> {
  const status = statusOf(cause);
  const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  const answer = status === undefined ? 'no answer' : `status ${status}`;
  return new MillwrightError('storage/failed', `${store} could not ${operation} (${answer}; ${reason}).`, {
    details: { store, operation },
    cause,
  });
}

/** An absent key, but not an absent bucket: that is a mistake in the options. */
function isAbsent(error: unknown): boolean {
  return statusOf(error) === 404 && !(error instanceof Error && error.name === 'NoSuchBucket');
}

function isTransient(error: unknown): boolean {
  if (isMillwrightError(error)) return false;
  const status = statusOf(error);
  return status === undefined || status === 429 || status >= 500;
}
