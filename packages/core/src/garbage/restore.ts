import type { Abortable } from '../foundation/abort.js';
import { type Digest, parseDigest } from '../foundation/digest.js';
import { isMillwrightError, MillwrightError } from '../foundation/errors.js';
import type { Ledger } from '../ledger/types.js';
import type { BlobStore } from '../storage/types.js';
import { type Garbage, garbageProjection } from './projection.js';

/**
 * Says that blobs that were swept have been put again, so that commands may name them.
 * @throws `storage/failed` for one that is not there, `state/precondition` while a collector is still deleting one
 */
export async function restoreBlobs(
  ledger: Ledger,
  blobs: BlobStore,
  digests: readonly Digest[],
  options: Abortable = {},
): Promise<void> {
  await ledger.use(garbageProjection, options);
  await ledger.refresh(options);
  const refuseBusy = (garbage: Garbage) => {
    const busy = digests.filter((digest) => garbage.blobs.get(digest)?.phase === 'sweeping');
    if (busy.length > 0) throw notYet(busy);
  };
  // Nothing deletes a blob that is not being swept, so what is there now stays.
  refuseBusy(ledger.state(garbageProjection));
  for (const digest of digests) {
    if ((await blobs.stat(digest, options)) !== undefined) continue;
    throw new MillwrightError('storage/failed', `The blob ${digest} is not in the store. Put it, then restore it.`, {
      details: { store: blobs.id, operation: 'restore a blob' },
    });
  }
  await ledger.commit((view) => {
    refuseBusy(view.state(garbageProjection));
    return { events: [{ type: 'blobs.restored', data: { digests } }], result: undefined };
  }, options);
}

/**
 * Runs an attempt that puts blobs and commits what names them. When a collector has taken one of them in between, the
 * attempt is repeated: it puts the blobs again, they are restored, and then they are committed.
 * @param attempt runs up to three times; the first ones have committed nothing
 */
export async function keepingBlobs<R>(
  ledger: Ledger,
  blobs: BlobStore,
  attempt: () => Promise<R>,
  options: Abortable = {},
): Promise<R> {
  try {
    return await attempt();
  } catch (error) {
    if (!isMillwrightError(error, 'ledger/swept')) throw error;
  }
  try {
    return await attempt();
  } catch (error) {
    if (!isMillwrightError(error, 'ledger/swept')) throw error;
    await restoreBlobs(
      ledger,
      blobs,
      error.details.digests.map((digest) => parseDigest(digest)),
      options,
    );
  }
  return attempt();
}

function notYet(digests: readonly Digest[]): MillwrightError<'state/precondition'> {
  return new MillwrightError(
    'state/precondition',
    `A collector is deleting ${digests.join(', ')} at the moment. Put them again when it has finished.`,
    { details: { what: 'blobs', expected: 'not being swept', actual: 'sweeping' } },
  );
}
