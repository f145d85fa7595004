import type { AppendOutcome, LogHead, StoredCommit } from '../storage/types.js';
import { equal, holds } from './case.js';

/** One append as a writer saw it. `start` and `end` count the events of the whole history. */
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
  for (const [i, commit] of log.entries()) equal(commit.seq, i + 1, 'the place of a commit in the log');
  const byId = new Map(attempts.map((attempt) => [attempt.commit.commitId, attempt]));
  const starts = log.map(({ commitId }) => byId.get(commitId)?.start ?? Number.POSITIVE_INFINITY);

  for (const stored of log) {
    const attempt = byId.get(stored.commitId);
    holds(attempt !== undefined, `commit ${stored.seq} was written by nobody`);
    equal(stored, attempt.commit, `commit ${stored.seq}`);
    holds(
      attempt.outcome.kind === 'committed' || attempt.outcome.kind === 'unknown',
      `commit ${stored.seq} is in the log, and its writer was told \`${attempt.outcome.kind}\``,
    );
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

function checkHead({ head, end }: HeadSeen, log: readonly StoredCommit[], starts: readonly number[]): void {
  if (head === undefined) return;
  equal(log[head.seq - 1]?.commitId, head.commitId, `the head ${head.seq} that was reported`);
  holds(starts[head.seq - 1]! < end, `the head ${head.seq} was reported before anybody had appended it`);
}
