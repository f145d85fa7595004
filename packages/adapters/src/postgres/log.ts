import { type CommitId, invalidInput, MillwrightError, parseId } from '@millwright/core';
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
import { storeFailed } from '../shared/store-work.js';
import { bytesIn, type PostgresPool, type PostgresTables, type Row, sqlState } from './tables.js';
import { CHANNEL, listen, type PostgresListener } from './watch.js';

export interface PostgresLogOptions {
  /** Connections for writers that take turns. */
  readonly turns: PostgresPool | undefined;
  /** Appends are announced to those who watch. */
  readonly announce: boolean;
  readonly listener: PostgresListener | undefined;
}

/** A log of one row per commit, whose primary key is its place. */
export function postgresLog(
  tables: PostgresTables,
  durability: 'fsync' | 'relaxed',
  { turns, announce, listener }: PostgresLogOptions,
): LogStore {
  const { store, place, commits, query, run } = tables;
  let checking: Promise<void> | undefined;

  async function findHead(signal?: AbortSignal): Promise<LogHead | undefined> {
    const text = `select seq, commit_id from ${commits} where place = $1 order by seq desc limit 1`;
    const [row] = await query(text, [place], { signal });
    return row && { seq: Number(row['seq']), commitId: String(row['commit_id']) as CommitId };
  }

  async function append(commit: StoredCommit, signal: AbortSignal | undefined): Promise<AppendOutcome> {
    const { seq, commitId, bytes } = commit;
    checkCommit(commit, MAX_COMMIT_BYTES);
    parseId<CommitId>(commitId, 'commitId');
    if (durability === 'fsync') await flushes();
    signal?.throwIfAborted();
    const insert = `insert into ${commits} (place, seq, commit_id, bytes) select $1, $2, $3, $4
      where $2::bigint = 1 or exists (select from ${commits} where place = $1 and seq = $2::bigint - 1)
      on conflict do nothing returning seq`;
    // Heard when the transaction is committed, and not at all when nothing was inserted.
    const text = announce ? `with added as (${insert}) select pg_notify('${CHANNEL}', $5) from added` : insert;
    const values = [place, seq, commitId, bytes, ...(announce ? [store] : [])];
    try {
      const written = await query(text, values, { signal });
      if (written.length === 1) return { kind: 'committed' };
    } catch (error) {
      // What the server has refused, it has not done; a lost connection or a shutdown leaves the question open.
      if (signal?.aborted !== true && isRefusal(error)) throw error;
      return { kind: 'unknown', cause: storeFailed(store, 'append a commit', error) };
    }
    const head = await findHead();
    if (head !== undefined && head.seq >= seq) return { kind: 'conflict', head };
    throw invalidInput('seq', `${(head?.seq ?? 0) + 1}, directly after the head`, seq);
  }

  /** Once per log. */
  async function flushes(): Promise<void> {
    checking ??= checkFlushing(tables);
    await checking.catch((error: unknown) => {
      checking = undefined;
      throw error;
    });
  }

  return {
    id: store,
    capabilities: { durability, multiWriter: true, maxCommitBytes: MAX_COMMIT_BYTES },
    head: (options) => run('find the newest commit', options, () => findHead(options?.signal)),
    append: (commit, options) => run('append a commit', options, () => append(commit, options?.signal)),
    ...(listener && { watch: (options) => listen(listener, store, options?.signal) }),
    ...(turns && { turn: (work) => run('take a turn', undefined, () => tables.turn(turns, work)) }),
    async *read({ from, limit = Number.POSITIVE_INFINITY }, options) {
      checkFrom(from);
      const text = `select seq, commit_id, bytes from ${commits} where place = $1 and seq >= $2 order by seq limit $3`;
      for (let seq = from; seq < from + limit; ) {
        const wanted = Math.min(PAGE, from + limit - seq);
        const rows = await run('read commits', options, () => query(text, [place, seq, wanted], options));
        for (const row of rows) {
          options?.signal?.throwIfAborted();
          yield commitOf(row, seq);
          seq++;
        }
        if (rows.length < wanted) return;
      }
    },
    async [Symbol.asyncDispose]() {
      tables.close();
    },
  };
}

/** Commits per statement: at most 32 MiB in memory. */
const PAGE = 32;

function commitOf(row: Row, seq: number): StoredCommit {
  if (Number(row['seq']) !== seq) throw corrupt(seq, `its row is missing, and commit ${row['seq']} exists`);
  return { seq, commitId: String(row['commit_id']) as CommitId, bytes: bytesIn(row, 'bytes') };
}

/** Whether the server has said no. Classes 08 and 57 are lost connections and shutdowns, 40 asks to try again. */
function isRefusal(error: unknown): boolean {
  const state = sqlState(error);
  return state !== undefined && !['08', '40', '57'].includes(state.slice(0, 2));
}

/** @throws `storage/unsupported` when `committed` would not mean that it is on the disk */
async function checkFlushing({ query, store }: PostgresTables): Promise<void> {
  const [row] = await query(
    `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as synchronous_commit`,
    [],
  );
  for (const setting of ['fsync', 'synchronous_commit']) {
    if (row?.[setting] !== 'off') continue;
    throw new MillwrightError(
      'storage/unsupported',
      `${store} promises commits that survive a crash, but the server has ${setting} off. Turn it on, or pass { durability: 'relaxed' }.`,
      { details: { store, needs: setting } },
    );
  }
}
