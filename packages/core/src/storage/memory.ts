import { memoryBlobs } from './memory-blobs.js';
import { memoryLog } from './memory-log.js';
import type { HintSlot, Storage } from './types.js';

/** A log and blobs in memory: `await openRegistry(memoryStorage(), { actor: 'test' })`. Closing it forgets nothing. */
export function memoryStorage(): Storage {
  return { log: memoryLog(), blobs: memoryBlobs(), hint: memoryHint(), async [Symbol.asyncDispose]() {} };
}

/** A hint in memory. */
export function memoryHint(): HintSlot {
  let hint: string | undefined;
  return {
    get: async () => hint,
    async set(text) {
      hint = text;
    },
  };
}
