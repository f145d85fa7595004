import { type CaseOf, equal, holds } from '../case.js';
import { append, fill, type LogBench, readAll } from './steps.js';

/** What was promised outlives the client. */
export const durabilityCases: readonly CaseOf<LogBench>[] = [
  {
    name: 'a client that comes later finds everything',
    needs: 'reopen',
    async run({ open, commit }) {
      const log = await open();
      const commits = await fill(log, commit, 9);
      await log[Symbol.asyncDispose]();
      const later = await open();
      equal((await later.head())?.commitId, commits[8]!.commitId, 'the head');
      equal(await readAll(later), commits, 'the commits');
      await append(later, commit(10));
    },
  },
  {
    name: 'a client that comes later and starts with an append meets a conflict',
    needs: 'reopen',
    async run({ open, commit }) {
      const log = await open();
      const [first] = await fill(log, commit, 1);
      await log[Symbol.asyncDispose]();
      const later = await open();
      equal((await later.append(commit(1))).kind, 'conflict', 'the outcome');
      equal(await readAll(later), [first], 'the commits');
    },
  },
  {
    name: 'closing during appends keeps what was promised',
    needs: 'reopen',
    async run({ open, commit }) {
      const log = await open();
      const promised: string[] = [];
      let closed = false;
      const writing = (async () => {
        for (let seq = 1; seq <= 50; seq++) {
          const one = commit(seq);
          const outcome = await log.append(one).catch(() => undefined);
          if (outcome === undefined) return;
          if (outcome.kind === 'committed') promised.push(one.commitId);
          if (seq === 5) {
            closed = true;
            await log[Symbol.asyncDispose]();
          }
        }
      })();
      await writing;
      holds(closed && promised.length >= 5, 'the first commits were not taken');
      const kept = (await readAll(await open())).map(({ commitId }) => commitId as string);
      for (const id of promised) holds(kept.includes(id), `commit ${id} was promised and is gone`);
    },
  },
];
