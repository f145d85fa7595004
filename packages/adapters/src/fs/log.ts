import { join } from 'node:path';
import { invalidInput, isMillwrightError, MillwrightError } from '@millwright/core';
import {
  type AppendOutcome,
  checkCommit,
  checkFrom,
  type LogHead,
  type LogStore,
  MAX_COMMIT_BYTES,
  type StoredCommit,
} from '@millwright/core/storage';
import { corrupt, decodeCommit, encodeCommit } from '../commit-frame.js';
import { codeOf, type Disk, ifPresent } from './disk.js';
import { watchFolder } from './watch.js';

/**
 * A log of one file per commit, `log/000/000/001/234` for commit 1234. A commit is written to a temporary file, made
 * durable, and then linked to its name: `link` fails when the name is taken, which is the compare-and-set, and shows a
 * complete file or none (the sequence of Tessera's POSIX storage).
 */
export function folderLog(root: string, disk: Disk, durability: 'fsync' | 'relaxed'): LogStore {
  const folder = join(root, 'log');
  const temporary = join(folder, 'tmp');
  let known: LogHead | undefined;
  let unusable: MillwrightError | undefined;

  async function append(commit: StoredCommit, signal: AbortSignal | undefined): Promise<AppendOutcome> {
    checkCommit(commit, MAX_COMMIT_BYTES);
    signal?.throwIfAborted();
    const head = await findHead();
    if (commit.seq <= (head?.seq ?? 0)) return { kind: 'conflict', head: head! };
    if (commit.seq !== (head?.seq ?? 0) + 1)
      throw invalidInput('commit.seq', `${(head?.seq ?? 0) + 1}, directly after the head`, commit.seq);

    const path = pathOf(commit.seq);
    const temp = await before('write a commit', async () => {
      await disk.makeDirectory(path.directory);
      return disk.writeTemporary(temporary, async (file) => void (await file.writeFile(encodeCommit(commit))));
    });
    if (signal?.aborted === true) {
      await disk.discard(temp);
      throw signal.reason;
    }
    try {
      await disk.calls.link(temp, path.file);
    } catch (error) {
      await disk.discard(temp);
      return refused(error);
    }
    return settle(commit, path.directory, temp);
  }

  /** `link` failed: the place is taken, or this file system cannot do it, or nobody knows. */
  async function refused(error: unknown): Promise<AppendOutcome> {
    const code = codeOf(error) ?? '';
    if (code === 'EEXIST') return { kind: 'conflict', head: (await findHead())! };
    if (NO_LINKS.includes(code))
      throw new MillwrightError(
        'storage/unsupported',
        `The file system of ${folder} has no hard links (${code}), so two writers could overwrite each other. Put the folder on a local file system such as ext4, XFS, APFS or NTFS.`,
        { details: { store: disk.store, needs: 'hard links' }, cause: error },
      );
    if (NOTHING_HAPPENED.includes(code)) throw disk.failed('link a commit', error);
    return { kind: 'unknown', cause: disk.failed('link a commit', error) };
  }

  /** The commit is visible; make its name durable, and that of its predecessor, which another writer may have left half done. */
  async function settle(commit: StoredCommit, directory: string, temp: string): Promise<AppendOutcome> {
    try {
      const previous = commit.seq % FAN_OUT === 0 && commit.seq > 1 ? pathOf(commit.seq - 1).directory : undefined;
      if (previous !== undefined) await disk.syncDirectory(previous);
      await disk.syncDirectory(directory);
    } catch (cause) {
      // A failed fsync is reported once and may not be retried: what is in memory is not what is on disk.
      unusable = new MillwrightError(
        'storage/unusable',
        `${disk.store} could not make commit ${commit.seq} durable. What it shows may not be on the disk: open the folder again.`,
        { details: { store: disk.store, operation: 'make a commit durable' }, cause },
      );
      return { kind: 'unknown', cause: unusable };
    } finally {
      await disk.discard(temp);
    }
    known = { seq: commit.seq, commitId: commit.commitId };
    return { kind: 'committed' };
  }

  /** From the last known head upwards by probing; the first time by listing, which a missing file cannot mislead. */
  async function findHead(): Promise<LogHead | undefined> {
    const from = known?.seq ?? (await newestFile());
    if (from === 0) return undefined;
    let seq = from;
    let step = 1;
    for (; await exists(seq + step); step *= 2) seq += step;
    for (step /= 2; step >= 1; step /= 2) if (await exists(seq + step)) seq += step;
    if (known?.seq !== seq) {
      const commit = await readCommit(seq);
      if (commit === undefined) throw corrupt(seq, 'its file has disappeared');
      known = { seq, commitId: commit.commitId };
    }
    return known;
  }

  /** The highest number that a file has, 0 for none. The newest directories may still be empty. */
  async function newestFile(at = folder, depth = 1, seq = 0): Promise<number> {
    const names = (await ifPresent(disk.calls.readdir(at))) ?? [];
    for (const name of names
      .filter((name) => SHARD.test(name))
      .sort()
      .reverse()) {
      const number = seq * FAN_OUT + Number(name);
      const found = depth === DEPTH ? number : await newestFile(join(at, name), depth + 1, number);
      if (found > 0) return found;
    }
    return 0;
  }

  async function exists(seq: number): Promise<boolean> {
    return (await ifPresent(disk.calls.stat(pathOf(seq).file))) !== undefined;
  }

  async function readCommit(seq: number): Promise<StoredCommit | undefined> {
    const file = await ifPresent(disk.calls.open(pathOf(seq).file, 'r'));
    if (file === undefined) return undefined;
    try {
      return decodeCommit(await file.readFile(), seq);
    } finally {
      await file.close();
    }
  }

  function pathOf(seq: number): { readonly directory: string; readonly file: string } {
    const digits = String(seq).padStart(3 * DEPTH, '0');
    const parts = Array.from({ length: DEPTH }, (_, i) => digits.slice(3 * i, 3 * i + 3));
    const directory = join(folder, ...parts.slice(0, -1));
    return { directory, file: join(directory, parts.at(-1)!) };
  }

  /** Runs what may fail without leaving a trace. */
  async function before<T>(operation: string, work: () => Promise<T>): Promise<T> {
    if (unusable !== undefined) throw unusable;
    try {
      return await work();
    } catch (error) {
      throw codeOf(error) === undefined || isMillwrightError(error) ? error : disk.failed(operation, error);
    }
  }

  return {
    id: disk.store,
    capabilities: { durability, multiWriter: true, maxCommitBytes: MAX_COMMIT_BYTES },
    head: (options) =>
      before('find the newest commit', async () => {
        options?.signal?.throwIfAborted();
        return findHead();
      }),
    append: (commit, options) => before('append a commit', () => append(commit, options?.signal)),
    watch: (options) => watchFolder(temporary, disk, options?.signal),
    async *read({ from, limit = Number.POSITIVE_INFINITY }, options) {
      checkFrom(from);
      for (let seq = from; seq < from + limit; ) {
        options?.signal?.throwIfAborted();
        const count = Math.min(READ_AHEAD, from + limit - seq);
        const ahead = Array.from({ length: count }, (_, i) => before('read a commit', () => readCommit(seq + i)));
        // In order: the first bad commit is the one to report, however fast the others fail.
        for (const settling of await Promise.allSettled(ahead)) {
          if (settling.status === 'rejected') throw settling.reason;
          if (settling.value === undefined) break;
          yield settling.value;
          seq++;
        }
        if (seq >= from + limit || (await exists(seq))) continue;
        const newest = await before('find the newest commit', () => newestFile());
        if (newest < seq) return;
        if (!(await exists(seq))) throw corrupt(seq, `its file is missing, and commit ${newest} exists`);
      }
    },
    async [Symbol.asyncDispose]() {
      unusable ??= new MillwrightError('state/closed', `${disk.store} has been closed.`, {
        details: { what: disk.store },
      });
    },
  };
}

/** Files and directories per directory, and levels: 10^12 commits. */
const FAN_OUT = 1000;
const DEPTH = 4;
const SHARD = /^[0-9]{3}$/;
const READ_AHEAD = 32;
/** How file systems say that they have no `link`: FAT, some network and user-space file systems. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];
const NOTHING_HAPPENED = ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'ENOENT', 'EXDEV', 'ENAMETOOLONG'];
