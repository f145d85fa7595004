import { memoryBlobs } from './memory-blobs.js';
import { memoryLog } from './memory-log.js';
import type { Storage } from './types.js';

/** A log and blobs in memory: `await openRegistry(memoryStorage(), { actor: 'test' })`. Closing it forgets nothing. */
export function memoryStorage(): Storage {
  return { log: memoryLog(), blobs: memoryBlobs(), async [Symbol.asyncDispose]() {} };
}
