import { resolve } from 'node:path';
import { type Clock, defined, systemClock } from '@millwright/core';
import type { Storage } from '@millwright/core/storage';
import { folderBlobs } from './fs/blobs.js';
import { disk, nodeCalls, type SystemCalls } from './fs/disk.js';
import { folderHint } from './fs/hint.js';
import { folderLog } from './fs/log.js';

/**
 * A log and blobs in a folder of a local file system, for any number of processes at once. The folder is made by the
 * first write. `committed` and `created` mean that the bytes and their names have been flushed to the disk.
 *
 * Every operation throws `storage/failed` when the file system fails it, and nothing half written is ever visible.
 * @throws `storage/unsupported` from `append` where the file system has no hard links (FAT, some network drives)
 * @example
 * await using storage = folder('./factory');
 */
export function folder(path: string, options: FolderOptions = {}): Storage {
  const { durability, clock, calls } = { ...DEFAULTS, ...defined(options) };
  const root = resolve(path);
  const files = disk(root, { durable: durability === 'fsync', clock, calls });
  const log = folderLog(root, files, durability);
  const blobs = folderBlobs(root, files);
  return {
    log,
    blobs,
    hint: folderHint(root, files),
    async [Symbol.asyncDispose]() {
      await log[Symbol.asyncDispose]();
      await blobs[Symbol.asyncDispose]();
    },
  };
}

/** How safely a folder on this machine keeps what it is given. */
export interface FolderOptions {
  /** `relaxed` leaves flushing to the operating system: faster, and a power failure may take the last seconds. Default `fsync`. */
  readonly durability?: 'fsync' | 'relaxed' | undefined;
  /** Tells how old leftovers of dead writers are. Default the system's clock. */
  readonly clock?: Clock | undefined;
  /** The system calls in use. Tests pass failing ones. Default those of `node:fs/promises`. */
  readonly calls?: SystemCalls | undefined;
}

const DEFAULTS = { durability: 'fsync', clock: systemClock, calls: nodeCalls } as const satisfies FolderOptions;
