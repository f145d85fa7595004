import type { LogStore, StoredCommit } from '../../storage/types.js';
import { type PessimisticOptions, pessimisticLog } from '../../testing/pessimistic-log.js';
import { type CaseOf, equal, holds } from '../case.js';
import { type LogBench, readAll } from './steps.js';

const FAULTS: readonly (readonly [string, Omit<PessimisticOptions, 'random'>])[] = [
  ['lost responses', { lostResponse: 0.3 }],
  ['lost requests', { lostRequest: 0.3 }],
  ['conflicts with nobody', { conflict: 0.3 }],
  ['stale heads', { staleHead: 0.5 }],
  ['everything at once', { lostResponse: 0.1, lostRequest: 0.1, conflict: 0.1, staleHead: 0.3 }],
];

/** A network between the store and its clients: read-back by commit id has to settle every doubt. */
export const ambiguityCases: readonly CaseOf<LogBench>[] = [true, false].flatMap((shared) =>
  FAULTS.map(
    ([what, faults]): CaseOf<LogBench> => ({
      name: `with ${what}, 3 writers ${shared ? 'through one client' : 'with a client each'} commit everything exactly once`,
      needs: shared ? undefined : 'reopen',
      async run({ open, commit, random }) {
        const first = await open();
        const written: string[] = [];
        const writer = async () => {
          const log = pessimisticLog(shared ? first : await open(), { ...faults, random });
          for (let i = 0; i < 5; i++) written.push(await commitOnce(log, commit(1)));
        };
        await Promise.all(Array.from({ length: 3 }, writer));
        const ids = (await readAll(first)).map(({ commitId }) => commitId);
        equal(ids.toSorted(), written.toSorted(), 'the commits in the log');
      },
    }),
  ),
);

/** The commit loop in small: whatever the answer is, look who has the place, and move on if it is another. */
async function commitOnce(log: LogStore, template: StoredCommit): Promise<string> {
  let seq = ((await log.head())?.seq ?? 0) + 1;
  for (let tries = 0; tries < 1_000; tries++) {
    const commit = { ...template, seq };
    const outcome = await log.append(commit);
    if (outcome.kind === 'committed') return commit.commitId;
    const [found] = await readAll(log, { from: seq, limit: 1 });
    if (found?.commitId === commit.commitId) return commit.commitId;
    if (found !== undefined) seq++;
  }
  holds(false, 'a thousand tries were not enough');
}
