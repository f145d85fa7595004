export { checkedChunks, chunksOf, collect, type ExpectedBody, streamOf } from './body.js';
export { memoryHint, memoryStorage } from './memory.js';
export { clampRange, memoryBlobs } from './memory-blobs.js';
export { checkCommit, checkFrom, MAX_COMMIT_BYTES, memoryLog } from './memory-log.js';
export type * from './types.js';
