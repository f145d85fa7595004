import type { LogStore, StoredCommit } from '../../storage/types.js';
import { type CaseOf, equal, holds, turn } from '../case.js';
import { type Attempt, checkHistory, type HeadSeen } from '../history.js';
import { append, fill, type LogBench, readAll } from './steps.js';

/** Many writers, through one client or through a client each. Every history is recorded and checked. */
export const concurrencyCases: readonly CaseOf<LogBench>[] = [
  ...[true, false].flatMap((shared) => [...races(shared), ...streams(shared)]),
  {
    name: 'a client goes on after what another has written',
    needs: 'reopen',
    async run({ open, commit }) {
      const [a, b] = [await open(), await open()];
      equal(await b.head(), undefined, 'the head of an empty log');
      const commits: StoredCommit[] = [];
      for (let seq = 1; seq <= 20; seq++) commits.push(...(await fill(seq % 3 === 0 ? a : b, commit, 1, seq)));
      equal(await readAll(a), commits, 'what one reads');
      equal(await readAll(b), commits, 'what the other reads');
    },
  },
  {
    name: 'a client that was away overwrites nothing',
    needs: 'reopen',
    async run({ open, commit }) {
      const zombie = await open();
      await zombie.head();
      const log = await open();
      const commits = await fill(log, commit, 12);
      for (let seq = 1; seq <= 12; seq++) {
        const outcome = await zombie.append(commit(seq));
        holds(outcome.kind === 'conflict', `the zombie was told \`${outcome.kind}\` at ${seq}`);
        holds(outcome.head.seq >= seq, `the zombie was told of the older head ${outcome.head.seq}`);
      }
      equal(await readAll(log), commits, 'the commits');
    },
  },
  {
    name: 'a client that slept in the middle of a commit overwrites nothing',
    needs: 'reopen',
    async run({ open, commit }) {
      const [log, zombie] = [await open(), await open()];
      const commits = await fill(log, commit, 3);
      await append(zombie, commit(4));
      const four = (await readAll(zombie, { from: 4 }))[0]!;
      commits.push(four, ...(await fill(log, commit, 3, 5)));
      for (const late of [four, commit(5), commit(7)])
        equal((await zombie.append(late)).kind, 'conflict', 'its outcome');
      await append(zombie, commit(8));
      equal((await readAll(log)).slice(0, 7), commits, 'the commits');
    },
  },
  {
    name: 'after a conflict, all commits up to the reported head can be read',
    needs: 'reopen',
    async run({ open, commit }) {
      const [log, late] = [await open(), await open()];
      await late.head();
      const commits = await fill(log, commit, 7);
      const outcome = await late.append(commit(1));
      holds(outcome.kind === 'conflict', `expected a conflict, got ${outcome.kind}`);
      const read = await readAll(late);
      holds(read.length >= outcome.head.seq, `only ${read.length} of ${outcome.head.seq} commits can be read`);
      equal(read, commits, 'the commits');
    },
  },
  {
    name: 'an old reading goes on without a gap while another client writes',
    needs: 'reopen',
    async run({ open, commit }) {
      const [log, reader] = [await open(), await open()];
      await fill(log, commit, 3);
      const seen: number[] = [];
      for await (const { seq } of reader.read({ from: 1 })) {
        seen.push(seq);
        if (seq < 6) await fill(log, commit, 1, 3 + seq);
      }
      equal(
        seen,
        seen.map((_, i) => i + 1),
        'the places read',
      );
      holds(seen.length >= 3, `only ${seen.length} of 3 commits were read`);
    },
  },
  {
    name: 'neighbours sent at once leave no gap',
    async run({ open, commit }) {
      const log = await open();
      const attempts = recorder();
      const commits = [4, 2, 1, 3].map((seq) => commit(seq));
      await Promise.all(commits.map((one) => attempts.append(log, one)));
      checkHistory(attempts.all, await readAll(log));
      holds(
        attempts.all.some(({ outcome }) => outcome.kind === 'committed'),
        'nobody won an empty place',
      );
    },
  },
];

function races(shared: boolean): CaseOf<LogBench>[] {
  return [2, 8, 32].map((writers) => ({
    name: `of ${writers} writers to one place ${shared ? 'through one client' : 'with a client each'}, exactly one wins`,
    needs: shared ? undefined : 'reopen',
    async run({ open, commit }) {
      const first = await open();
      const attempts = recorder();
      for (let seq = 1; seq <= 3; seq++) {
        const logs = await Promise.all(Array.from({ length: writers }, () => (shared ? first : open())));
        const commits = logs.map(() => commit(seq));
        await Promise.all(logs.map((log, i) => attempts.append(log, commits[i]!)));
        const wins = attempts.all.filter((one) => one.commit.seq === seq && one.outcome.kind === 'committed');
        equal(wins.length, 1, `the number of winners at ${seq}`);
      }
      checkHistory(attempts.all, await readAll(first));
    },
  }));
}

function streams(shared: boolean): CaseOf<LogBench>[] {
  const how = shared ? 'through one client' : 'with a client each';
  return [
    {
      name: `6 writers of 8 commits ${how} lose nothing and write nothing twice`,
      needs: shared ? undefined : 'reopen',
      async run({ open, commit }) {
        const first = await open();
        const logs = await Promise.all(Array.from({ length: 6 }, () => (shared ? first : open())));
        const attempts = recorder();
        await Promise.all(logs.map((log) => writeAll(log, commit, 8, attempts)));
        const log = await readAll(first);
        equal(log.length, 48, 'the number of commits');
        checkHistory(attempts.all, log);
      },
    },
    {
      name: `readers beside writers ${how} see prefixes, and heads that are not ahead`,
      needs: shared ? undefined : 'reopen',
      async run({ open, commit }) {
        const first = await open();
        const logs = await Promise.all(Array.from({ length: 3 }, () => (shared ? first : open())));
        const reader = shared ? first : await open();
        const attempts = recorder();
        let writing = true;
        const heads: HeadSeen[] = [];
        const readings: StoredCommit[][] = [];
        const watch = async () => {
          while (writing) {
            const head = await reader.head();
            heads.push({ head, end: attempts.tick() });
            readings.push(await readAll(reader));
            await turn();
          }
        };
        const writings = Promise.all(logs.map((log) => writeAll(log, commit, 8, attempts))).finally(() => {
          writing = false;
        });
        await Promise.all([writings, watch()]);
        const log = await readAll(first);
        checkHistory(attempts.all, log, heads);
        for (const reading of readings) equal(reading, log.slice(0, reading.length), 'a reading');
      },
    },
  ];
}

/** Writes `count` commits as a ledger does: at the end, and again with a new place after a conflict. */
async function writeAll(
  log: LogStore,
  commit: LogBench['commit'],
  count: number,
  attempts: ReturnType<typeof recorder>,
): Promise<void> {
  let seq = ((await log.head())?.seq ?? 0) + 1;
  // Every conflict means that somebody else has won, so nobody needs more tries than there are commits.
  let tries = 0;
  for (let written = 0; written < count; ) {
    holds(tries++ < 100, 'a writer was told of conflicts with nobody a hundred times');
    const outcome = await attempts.append(log, commit(seq));
    if (outcome.kind === 'committed') written++;
    holds(outcome.kind === 'committed' || outcome.kind === 'conflict', `a writer was told \`${outcome.kind}\``);
    seq = outcome.kind === 'conflict' ? outcome.head.seq + 1 : seq + 1;
  }
}

function recorder() {
  const all: Attempt[] = [];
  let time = 0;
  return {
    all,
    tick: () => ++time,
    async append(log: LogStore, commit: StoredCommit): Promise<Attempt['outcome']> {
      const start = ++time;
      const outcome = await log.append(commit).catch((error: unknown) => ({ kind: 'threw', error }) as const);
      all.push({ commit, outcome, start, end: ++time });
      return outcome;
    },
  };
}
