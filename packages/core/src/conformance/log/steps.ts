import type { Random } from '../../foundation/random.js';
import type { LogStore, StoredCommit } from '../../storage/types.js';
import { equal } from '../case.js';

/** What a test of a log works with. */
export interface LogBench {
  /** The log under test, empty at first; called again, another client of the same log. */
  open(): Promise<LogStore>;
  /** A new commit for a place; without bytes, some that name it. */
  commit(seq: number, bytes?: Uint8Array): StoredCommit;
  readonly random: Random;
}

export async function readAll(
  log: LogStore,
  range: { readonly from: number; readonly limit?: number | undefined } = { from: 1 },
): Promise<StoredCommit[]> {
  const out: StoredCommit[] = [];
  for await (const { seq, commitId, bytes } of log.read(range)) out.push({ seq, commitId, bytes });
  return out;
}

export async function readIds(
  log: LogStore,
  range?: { readonly from: number; readonly limit?: number },
): Promise<string[]> {
  return (await readAll(log, range)).map(({ commitId }) => commitId);
}

/** Appends a commit that nothing stands in the way of. */
export async function append(log: LogStore, commit: StoredCommit): Promise<void> {
  equal((await log.append(commit)).kind, 'committed', `the outcome at ${commit.seq}`);
}

export async function fill(
  log: LogStore,
  commit: LogBench['commit'],
  count: number,
  from = 1,
): Promise<StoredCommit[]> {
  const out: StoredCommit[] = [];
  for (let seq = from; seq < from + count; seq++) {
    const next = commit(seq);
    await append(log, next);
    out.push(next);
  }
  return out;
}
