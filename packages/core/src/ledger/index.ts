export { COMMIT_FORMAT, MAX_COMMIT_EVENTS, MAX_ENTRY_BYTES } from './commit-codec.js';
export { IDEMPOTENCY_WINDOW } from './idempotency.js';
export { emptyRoot, leafHash, nodeHash } from './merkle-hash.js';
export { extendsTree, includes } from './merkle-proof.js';
export { type MerkleTree, merkleTree } from './merkle-tree.js';
export { type LedgerOptions, openLedger } from './open-ledger.js';
export { type ConsistencyProof, verifyConsistency, verifyInclusion } from './proof.js';
export type * from './types.js';
export { type VerifyLogOptions, verifyLog } from './verify-log.js';
