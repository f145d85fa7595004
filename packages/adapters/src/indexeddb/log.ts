import { type CommitId, invalidInput, parseId } from '@millwright/core';
import {
  type AppendOutcome,
  checkCommit,
  checkFrom,
  type LogHead,
  type LogStore,
  MAX_COMMIT_BYTES,
  type StoredCommit,
} from '@millwright/core/storage';
import { corrupt } from '../commit-frame.js';
import { COMMITS, type Database, resultOf } from './database.js';

/** A log of one record per commit; a transaction that finds the place free also fills it. */
export function indexedDbLog({ store, transact, run, close }: Database): LogStore {
  async function append(commit: StoredCommit, signal: AbortSignal | undefined): Promise<AppendOutcome> {
    checkCommit(commit, MAX_COMMIT_BYTES);
    parseId<CommitId>(commit.commitId, 'commitId');
    // Cloning a view would store all of its buffer.
    const record = { seq: commit.seq, commitId: commit.commitId, bytes: commit.bytes.slice() };
    return transact('readwrite', [COMMITS], { signal }, async (stores): Promise<AppendOutcome> => {
      const commits = stores(COMMITS);
      const newest = await resultOf(commits.openKeyCursor(null, 'prev'));
      const last = newest === null ? 0 : Number(newest.key);
      if (commit.seq <= last) return { kind: 'conflict', head: headOf(await resultOf(commits.get(last))) };
      if (commit.seq !== last + 1) throw invalidInput('seq', `${last + 1}, directly after the head`, commit.seq);
      await resultOf(commits.add(record));
      return { kind: 'committed' };
    });
  }

  return {
    id: store,
    // Also where `strict` is honoured the browser may evict the whole database.
    capabilities: { durability: 'relaxed', multiWriter: true, maxCommitBytes: MAX_COMMIT_BYTES },
    head: (options) =>
      run('find the newest commit', options, () =>
        transact('readonly', [COMMITS], options, async (stores) => {
          const newest = await resultOf(stores(COMMITS).openCursor(null, 'prev'));
          return newest === null ? undefined : headOf(newest.value);
        }),
      ),
    append: (commit, options) => run('append a commit', options, () => append(commit, options?.signal)),
    async *read({ from, limit = Number.POSITIVE_INFINITY }, options) {
      checkFrom(from);
      for (let seq = from; seq < from + limit; ) {
        const wanted = Math.min(PAGE, from + limit - seq);
        const page: StoredCommit[] = await run('read commits', options, () =>
          transact('readonly', [COMMITS], options, (stores) =>
            resultOf(stores(COMMITS).getAll(IDBKeyRange.lowerBound(seq), wanted)),
          ),
        );
        for (const { seq: found, commitId, bytes } of page) {
          options?.signal?.throwIfAborted();
          if (found !== seq) throw corrupt(seq, `its record is missing, and commit ${found} exists`);
          yield { seq, commitId, bytes };
          seq++;
        }
        if (page.length < wanted) return;
      }
    },
    [Symbol.asyncDispose]: close,
  };
}

/** Commits per transaction: at most 32 MiB in memory. */
const PAGE = 32;

function headOf({ seq, commitId }: LogHead): LogHead {
  return { seq, commitId };
}
