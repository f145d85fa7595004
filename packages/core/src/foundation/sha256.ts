import { sha256 } from '@noble/hashes/sha2.js';

/** An incremental SHA-256. `digest` ends it. */
export interface Sha256 {
  update(bytes: Uint8Array): Sha256;
  digest(): Uint8Array;
}

/** Where there is no Node: a small library, synchronous, because a ledger hashes inside database transactions. */
export function createSha256(): Sha256 {
  const hash = sha256.create();
  const self: Sha256 = {
    update(bytes) {
      hash.update(bytes);
      return self;
    },
    digest: () => hash.digest(),
  };
  return self;
}

/** SHA-256 of one buffer. */
export function sha256Bytes(bytes: Uint8Array): Uint8Array {
  return sha256(bytes);
}
