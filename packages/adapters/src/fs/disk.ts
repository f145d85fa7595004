import { randomUUID } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { link, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock, MillwrightError } from '@millwright/core';
import { storeFailed } from '../shared/store-work.js';

/** The system calls that the folder adapter makes, so that a test can let any one of them fail. */
export interface SystemCalls {
  readonly open: typeof open;
  readonly link: typeof link;
  readonly rename: typeof rename;
  readonly unlink: typeof unlink;
  readonly mkdir: typeof mkdir;
  readonly readdir: (path: string) => Promise<string[]>;
  readonly stat: (path: string) => Promise<{ readonly size: number; readonly mtimeMs: number }>;
}

export const nodeCalls: SystemCalls = { open, link, rename, unlink, mkdir, readdir: (path) => readdir(path), stat };

/** Directories and temporary files with one durability, below one root. */
export interface Disk {
  readonly calls: SystemCalls;
  /** Names of the errors' store: `folder(/srv/factory)`. */
  readonly store: string;
  /** Makes the directory and, once per process, makes its way from the root durable: another process may have died half way. */
  makeDirectory(path: string): Promise<void>;
  /** Makes the names in a directory durable. Nothing to do when relaxed, or on Windows, which has no such call. */
  syncDirectory(path: string): Promise<void>;
  /** A new file in `folder` that `write` has filled, durable and complete. It is gone when anything fails. */
  writeTemporary(folder: string, write: (file: FileHandle) => Promise<void>): Promise<string>;
  /** Removes a temporary file; what cannot be removed is left to the sweep of another day. */
  discard(path: string): Promise<void>;
  /** The error of a failed operation. */
  failed(operation: string, cause: unknown): MillwrightError<'storage/failed'>;
}

export function disk(root: string, options: { durable: boolean; clock: Clock; calls: SystemCalls }): Disk {
  const { durable, clock, calls } = options;
  const store = `folder(${root})`;
  const ready = new Map<string, Promise<void>>();

  async function makeDirectory(path: string): Promise<void> {
    const making = ready.get(path) ?? prepare(path);
    ready.set(path, making);
    // A failure is not remembered: the disk may have room again.
    await making.catch((error: unknown) => {
      ready.delete(path);
      throw error;
    });
  }

  async function prepare(path: string): Promise<void> {
    const first = await calls.mkdir(path, { recursive: true });
    const top = dirname(first !== undefined && first.length < root.length ? first : root);
    for (let at = dirname(path); ; at = dirname(at)) {
      await syncDirectory(at);
      if (at === top || at === dirname(at)) break;
    }
  }

  async function syncDirectory(path: string): Promise<void> {
    if (!durable || process.platform === 'win32') return;
    const directory = await calls.open(path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  const sweeps = new Map<string, Promise<void>>();
  async function sweep(folder: string): Promise<void> {
    for (const name of await calls.readdir(folder)) {
      const path = join(folder, name);
      const age = clock.now() - (await calls.stat(path)).mtimeMs;
      if (name.endsWith(TEMPORARY) && age > STALE_MS) await calls.unlink(path);
    }
  }

  async function discard(path: string): Promise<void> {
    await calls.unlink(path).catch(() => undefined);
  }

  return {
    calls,
    store,
    makeDirectory,
    syncDirectory,
    discard,
    async writeTemporary(folder, write) {
      await makeDirectory(folder);
      // Leftovers of dead writers cost space only: another sweeper may be faster, and no failure matters.
      if (!sweeps.has(folder))
        sweeps.set(
          folder,
          sweep(folder).catch(() => undefined),
        );
      await sweeps.get(folder);
      const path = join(folder, `${randomUUID()}${TEMPORARY}`);
      const file = await calls.open(path, 'wx');
      try {
        try {
          await write(file);
          if (durable) await file.sync();
        } finally {
          await file.close();
        }
      } catch (error) {
        await discard(path);
        throw error;
      }
      return path;
    },
    failed: (operation, cause) => storeFailed(store, operation, cause),
  };
}

/** The code of a system error: `ENOENT`, `EEXIST`, … */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** What `work` gives, or undefined when the path does not exist. */
export async function ifPresent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

const TEMPORARY = '.tmp';
/** A writer that has held a temporary file for longer than this is dead. */
const STALE_MS = 24 * 3_600_000;
