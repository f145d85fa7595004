import type { BlobStore } from '../storage/types.js';
import { blobAbortCases } from './blob/abort.js';
import { blobConcurrencyCases } from './blob/concurrency.js';
import { blobContractCases } from './blob/contract.js';
import { blobHostileCases } from './blob/hostile.js';
import { blobRangeCases } from './blob/range.js';
import type { BlobBench } from './blob/steps.js';
import type { Case, CaseOf } from './case.js';
import { suiteOf } from './suite.js';

/**
 * The tests that every `BlobStore` has to pass. `make` opens the blobs of a place: a new, empty store for a name that it
 * has not seen, the same one again for a name that it has.
 * @example
 * for (const c of blobStoreCases(() => myBlobs(fakeClient()))) test.skipIf(c.skip)(c.name, c.run);
 */
export function blobStoreCases(
  make: (place: string) => BlobStore | Promise<BlobStore>,
  support: BlobStoreSupport = {},
): readonly Case[] {
  return suiteOf(GROUPS, make, support, (open) => ({ open }));
}

/** What the store under test can do, so that the rest is skipped. */
export interface BlobStoreSupport {
  /** `make(place)` opens the same blobs again for the same place. Default false, which skips all tests with two clients. */
  readonly reopen?: boolean | undefined;
  /** More than a thousand blobs in one test are not too slow. Default true. */
  readonly bulk?: boolean | undefined;
}

const GROUPS: readonly (readonly [string, readonly CaseOf<BlobBench>[]])[] = [
  ['contract', blobContractCases],
  ['range', blobRangeCases],
  ['hostile data', blobHostileCases],
  ['abort', blobAbortCases],
  ['concurrency', blobConcurrencyCases],
];
