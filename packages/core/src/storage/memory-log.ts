import { invalidInput, MillwrightError } from '../foundation/errors.js';
import type { LogStore, StoredCommit } from './types.js';

/** What every store of ours promises to take: the ledger's commits are never larger. */
export const MAX_COMMIT_BYTES = 1_048_576;

/**
 * A log in memory, for tests, examples and what need not last. Bytes are copied in and out. Closing it forgets nothing,
 * so that a test can open the same log again.
 */
export function memoryLog(): LogStore {
  const commits: StoredCommit[] = [];
  const head = () => {
    const last = commits.at(-1);
    return last === undefined ? undefined : { seq: last.seq, commitId: last.commitId };
  };
  return {
    id: 'memory',
    capabilities: { durability: 'none', multiWriter: true, maxCommitBytes: MAX_COMMIT_BYTES },
    async head(options) {
      options?.signal?.throwIfAborted();
      return head();
    },
    async append(commit, options) {
      options?.signal?.throwIfAborted();
      checkCommit(commit, MAX_COMMIT_BYTES);
      const last = head();
      if (last !== undefined && commit.seq <= last.seq) return { kind: 'conflict', head: last };
      const next = (last?.seq ?? 0) + 1;
      if (commit.seq !== next) throw invalidInput('seq', `${next}, directly after the head`, commit.seq);
      commits.push({ seq: commit.seq, commitId: commit.commitId, bytes: commit.bytes.slice() });
      return { kind: 'committed' };
    },
    async *read({ from, limit = Number.POSITIVE_INFINITY }, options) {
      checkFrom(from);
      const end = Math.min(commits.length, from - 1 + limit);
      for (let i = from - 1; i < end; i++) {
        options?.signal?.throwIfAborted();
        const commit = commits[i]!;
        yield { ...commit, bytes: commit.bytes.slice() };
      }
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** Checks what a store is asked to append. @throws `input/invalid`, `input/too-large` */
export function checkCommit(commit: StoredCommit, maxBytes: number): void {
  if (!Number.isSafeInteger(commit.seq) || commit.seq < 1)
    throw invalidInput('seq', 'a sequence number from 1', commit.seq);
  const received = commit.bytes.byteLength;
  if (received > maxBytes) {
    throw new MillwrightError(
      'input/too-large',
      `Expected a commit of at most ${maxBytes} bytes, got ${received}. Put large content into a blob.`,
      { details: { name: 'commit', limit: maxBytes, received } },
    );
  }
}

/** Checks where a read starts. @throws `input/invalid` */
export function checkFrom(from: number): void {
  if (!Number.isSafeInteger(from) || from < 1) throw invalidInput('from', 'a sequence number from 1', from);
}
