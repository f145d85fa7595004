export { type BlobStoreSupport, blobStoreCases } from './blob-store.js';
export type { Case } from './case.js';
export { type Attempt, checkHistory, type HeadSeen } from './history.js';
export { type LogStoreSupport, logStoreCases } from './log-store.js';
