import type { AppendOutcome, LogHead, StoredCommit } from '../storage/types.js';
import { equal, holds, nonconforming } from './case.js';

/**
 * One append as a writer saw it. `start` and `end` count the events of the whole history. A commit may be tried again, at
 * its place after an unknown outcome and at another after a conflict: every try is an attempt.
 */
export interface Attempt {
  readonly commit: StoredCommit;
  /** `threw`: refused before anything was written. */
  readonly outcome: AppendOutcome | { readonly kind: 'threw'; readonly error: unknown };
  readonly start: number;
  readonly end: number;
}

/** One answer of `head`. */
export interface HeadSeen {
  readonly head: LogHead | undefined;
  readonly end: number;
}

/**
 * Checks what writers were told against the log that is there in the end: every place has one winner, every winner was
 * told so (or `unknown`), nobody was told `committed` in vain, a loser lost to somebody who had at least started, and no
 * head was ahead of what had been asked for.
 * @throws `storage/nonconforming`
 */
export function checkHistory(
  attempts: readonly Attempt[],
  log: readonly StoredCommit[],
  heads: readonly HeadSeen[] = [],
): void {
  try {
    check(attempts, log, heads);
  } catch (error) {
    throw nonconforming('history', error);
  }
}

function check(attempts: readonly Attempt[], log: readonly StoredCommit[], heads: readonly HeadSeen[]): void {
  for (const [i, commit] of log.entries()) equal(commit.seq, i + 1, 'the place of a commit in the log');
  const tries = new Map<string, Attempt[]>();
  for (const attempt of attempts) {
    const others = tries.get(nameOf(attempt.commit));
    if (others === undefined) tries.set(nameOf(attempt.commit), [attempt]);
    else others.push(attempt);
  }
  const starts: number[] = [];

  for (const stored of log) {
    const own = tries.get(nameOf(stored));
    holds(own !== undefined, `commit ${stored.seq} was written by nobody`);
    for (const { commit } of own) equal(stored, commit, `commit ${stored.seq}`);
    const told = own.map(({ outcome }) => outcome.kind);
    holds(
      told.includes('committed') || told.includes('unknown'),
      `commit ${stored.seq} is in the log, and its writer was told \`${told.join('`, `')}\``,
    );
    starts.push(Math.min(...own.map(({ start }) => start)));
  }
  for (const { commit, outcome, end } of attempts) {
    const winner = log[commit.seq - 1];
    if (outcome.kind === 'committed')
      equal(winner?.commitId, commit.commitId, `commit ${commit.seq}, whose writer was told \`committed\``);
    if (outcome.kind !== 'conflict') continue;
    holds(winner !== undefined, `the writer of commit ${commit.seq} was told \`conflict\`, and the place is free`);
    holds(outcome.head.seq >= commit.seq, `the conflict at ${commit.seq} reports the older head ${outcome.head.seq}`);
    checkHead({ head: outcome.head, end }, log, starts);
  }
  for (const seen of heads) checkHead(seen, log, starts);
}

const nameOf = ({ seq, commitId }: LogHead): string => `${seq} ${commitId}`;

function checkHead({ head, end }: HeadSeen, log: readonly StoredCommit[], starts: readonly number[]): void {
  if (head === undefined) return;
  equal(log[head.seq - 1]?.commitId, head.commitId, `the head ${head.seq} that was reported`);
  holds(starts[head.seq - 1]! < end, `the head ${head.seq} was reported before anybody had appended it`);
}
