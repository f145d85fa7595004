export { emptyRoot, leafHash, nodeHash } from '../verifier/merkle-hash.js';
export { extendsTree, includes } from '../verifier/merkle-proof.js';
export { COMMIT_FORMAT, MAX_COMMIT_EVENTS, MAX_ENTRY_BYTES } from './commit-codec.js';
export { IDEMPOTENCY_WINDOW } from './idempotency.js';
export { type CompactRange, type MerkleTree, merkleTree } from './merkle-tree.js';
export { type LedgerOptions, openLedger } from './open-ledger.js';
export {
  type Erasures,
  erasureProjection,
  type Holdable,
  holdPlaced,
  holdReleased,
  openPayload,
  type PayloadRef,
  type Redaction,
  type RedactOptions,
  redact,
  type SealOptions,
  sealPayload,
  sweepErasures,
} from './payload.js';
export { type HeadPin, memoryPin, type PinnedHead } from './pin.js';
export { verifyConsistency, verifyInclusion } from './proof.js';
export { featuresRequired, type Protocol } from './protocol.js';
export {
  expireSegments,
  readSegment,
  type SealedSegment,
  type Segments,
  type SegmentWriter,
  type SegmentWriterOptions,
  segmentProjection,
  segmentWriter,
} from './segment.js';
export { type ShardCodec, type ShardMap, shardMap, shardMapFrom } from './shard-map.js';
export { type ExportProofOptions, exportProof, type SignHeadOptions, signHead } from './sign.js';
export type * from './types.js';
export { type VerifyLogOptions, verifyLog } from './verify-log.js';
