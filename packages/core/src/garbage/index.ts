export { type CollectOptions, collectGarbage, type GarbageReport } from './collect.js';
export { blobsReleased, digestsIn, type Garbage, type GarbagePhase, garbageProjection } from './projection.js';
export { keepingBlobs, restoreBlobs } from './restore.js';
