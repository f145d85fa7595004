import { MillwrightError } from '@millwright/core';
import { type S3Requests, statusOf } from './requests.js';

/**
 * Asks the store to prove that it keeps conditions: the second creation of a key has to fail, and an overwrite on a stale
 * entity tag has to fail. Many stores that speak S3 read these headers and do nothing, which loses commits silently.
 * @throws `storage/unsupported`
 */
export async function probeConditions(requests: S3Requests): Promise<void> {
  const key = `probe/${crypto.randomUUID()}`;
  const first = await attempt(requests, key, { ifNoneMatch: '*' });
  if (first === 501 || first === 400) throw unsupported(requests, `it refuses If-None-Match with status ${first}`);
  if (first !== 200) throw unsupported(requests, `it answers ${first} to the creation of a new key`);
  try {
    const second = await attempt(requests, key, { ifNoneMatch: '*' });
    if (second === 200) throw unsupported(requests, 'it ignores If-None-Match and overwrites');
    const stale = await attempt(requests, key, { ifMatch: '"00000000000000000000000000000000"' });
    if (stale === 200) throw unsupported(requests, 'it ignores If-Match and overwrites');
  } finally {
    await requests.remove(key).catch(() => undefined);
  }
}

async function attempt(
  requests: S3Requests,
  key: string,
  condition: { readonly ifNoneMatch: '*' } | { readonly ifMatch: string },
): Promise<number> {
  try {
    await requests.put(key, new Uint8Array(1), condition);
    return 200;
  } catch (error) {
    const status = statusOf(error);
    // Without an answer, or without the right to write, nothing is proved.
    if (status === undefined || status === 401 || status === 403 || status === 404 || status === 500 || status > 501)
      throw error;
    return status;
  }
}

function unsupported({ store }: S3Requests, found: string): MillwrightError<'storage/unsupported'> {
  return new MillwrightError(
    'storage/unsupported',
    `${store} cannot hold a ledger: ${found}. Two writers could overwrite each other. Use a store with conditional writes (Amazon S3, Ceph, MinIO), and this one for blobs only.`,
    { details: { store, needs: 'conditional writes' } },
  );
}
