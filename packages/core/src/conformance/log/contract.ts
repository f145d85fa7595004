import { encodeUtf8 } from '../../foundation/bytes.js';
import type { LogHead } from '../../storage/types.js';
import { type CaseOf, equal, holds, refused } from '../case.js';
import { append, fill, type LogBench, readAll, readIds } from './steps.js';

/** What one client alone can see. */
export const contractCases: readonly CaseOf<LogBench>[] = [
  {
    name: 'states what it is and what it promises',
    async run({ open }) {
      const { id, capabilities } = await open();
      holds(typeof id === 'string' && id !== '', 'the log has no id');
      holds(['none', 'relaxed', 'fsync', 'replicated'].includes(capabilities.durability), 'no such durability');
      equal(typeof capabilities.multiWriter, 'boolean', 'multiWriter');
      holds(capabilities.maxCommitBytes >= 2 ** 20, 'a ledger writes commits of up to 1 MiB');
    },
  },
  {
    name: 'an empty log has no head and no commits',
    async run({ open }) {
      const log = await open();
      equal(await log.head(), undefined, 'the head');
      equal(await readAll(log), [], 'the commits');
      equal(await readAll(log, { from: 5 }), [], 'the commits from 5');
    },
  },
  {
    name: 'the first commit takes place 1 and is the head',
    async run({ open, commit }) {
      const log = await open();
      const first = commit(1);
      await append(log, first);
      equal(await log.head(), { seq: 1, commitId: first.commitId }, 'the head');
      equal(await readAll(log), [first], 'the commits');
    },
  },
  {
    name: 'commits come back in order with their ids and bytes',
    async run({ open, commit }) {
      const log = await open();
      const commits = await fill(log, commit, 12);
      equal(await readAll(log), commits, 'the commits');
      equal((await log.head())?.commitId, commits[11]!.commitId, 'the head');
    },
  },
  ...[
    { from: 3, limit: undefined, expected: [3, 4, 5] },
    { from: 5, limit: undefined, expected: [5] },
    { from: 6, limit: undefined, expected: [] },
    { from: 1_000_000, limit: undefined, expected: [] },
    { from: 1, limit: 2, expected: [1, 2] },
    { from: 4, limit: 1, expected: [4] },
    { from: 4, limit: 10, expected: [4, 5] },
    { from: 1, limit: 0, expected: [] },
    { from: 6, limit: 1, expected: [] },
  ].map(
    ({ from, limit, expected }): CaseOf<LogBench> => ({
      name: `of five commits, reading from ${from}${limit === undefined ? '' : ` with limit ${limit}`} gives ${expected.length}`,
      async run({ open, commit }) {
        const log = await open();
        await fill(log, commit, 5);
        const read = await readAll(log, { from, limit });
        equal(
          read.map(({ seq }) => seq),
          expected,
          'the places read',
        );
      },
    }),
  ),
  {
    name: 'a place that is taken is a conflict that names the head',
    async run({ open, commit }) {
      const log = await open();
      const [first] = await fill(log, commit, 1);
      equal(await log.append(commit(1)), { kind: 'conflict', head: headOf(first!) }, 'the outcome');
      equal(await readAll(log), [first], 'the commits');
    },
  },
  {
    name: 'an old place is a conflict that names the newest head',
    async run({ open, commit }) {
      const log = await open();
      const commits = await fill(log, commit, 5);
      for (const seq of [1, 3, 5])
        equal(await log.append(commit(seq)), { kind: 'conflict', head: headOf(commits[4]!) }, `the outcome at ${seq}`);
      equal(await readAll(log), commits, 'the commits');
    },
  },
  {
    name: 'a conflict with longer or shorter bytes leaves the winner as it was',
    async run({ open, commit }) {
      const log = await open();
      const winner = commit(1, encodeUtf8('the winner'));
      await append(log, winner);
      for (const bytes of [encodeUtf8('x'), new Uint8Array(50_000), new Uint8Array()])
        await log.append(commit(1, bytes));
      equal(await readAll(log), [winner], 'the commits');
    },
  },
  ...[2, 3, 1_000].map(
    (ahead): CaseOf<LogBench> => ({
      name: `a commit that would leave a gap of ${ahead - 1} is not taken`,
      async run({ open, commit }) {
        const log = await open();
        const commits = await fill(log, commit, 2);
        const outcome = await log.append(commit(2 + ahead)).catch(() => undefined);
        holds(outcome === undefined || outcome.kind === 'conflict', 'the commit was taken');
        equal(await readAll(log), commits, 'the commits');
        await append(log, commit(3));
      },
    }),
  ),
  {
    name: 'a commit delivered twice is there once, and can be recognised',
    async run({ open, commit }) {
      const log = await open();
      const once = commit(1);
      await append(log, once);
      equal((await log.append(once)).kind, 'conflict', 'the second delivery');
      equal(await readAll(log, { from: 1, limit: 1 }), [once], 'what is read back');
      await append(log, commit(2));
    },
  },
  {
    name: 'a commit delivered again after others came is there once',
    async run({ open, commit }) {
      const log = await open();
      const commits = await fill(log, commit, 4);
      equal((await log.append(commits[1]!)).kind, 'conflict', 'the late delivery');
      equal(await readAll(log), commits, 'the commits');
    },
  },
  {
    name: 'the caller may change the array after appending it',
    async run({ open, commit }) {
      const log = await open();
      const bytes = encodeUtf8('as it was');
      await append(log, commit(1, bytes));
      bytes.fill(0);
      equal((await readAll(log))[0]?.bytes, encodeUtf8('as it was'), 'the bytes');
    },
  },
  {
    name: 'the reader may change the array that it got',
    async run({ open, commit }) {
      const log = await open();
      const commits = await fill(log, commit, 2);
      for (const { bytes } of await readAll(log)) bytes.fill(0);
      equal(await readAll(log), commits, 'the commits');
    },
  },
  {
    name: 'of a view into a larger array only the view is stored',
    async run({ open, commit }) {
      const log = await open();
      const whole = encodeUtf8('before|inside|after');
      await append(log, commit(1, whole.subarray(7, 13)));
      equal((await readAll(log))[0]?.bytes, encodeUtf8('inside'), 'the bytes');
    },
  },
  {
    name: 'reading twice, also at once, gives the same',
    async run({ open, commit }) {
      const log = await open();
      const commits = await fill(log, commit, 6);
      const readings = await Promise.all([readAll(log), readAll(log, { from: 1 }), readAll(log)]);
      for (const reading of readings) equal(reading, commits, 'a reading');
    },
  },
  {
    name: 'a reading that is left early does no harm',
    async run({ open, commit }) {
      const log = await open();
      const commits = await fill(log, commit, 40);
      for await (const { seq } of log.read({ from: 1 })) if (seq === 3) break;
      equal(
        await readIds(log),
        commits.map(({ commitId }) => commitId),
        'the commits',
      );
      await append(log, commit(41));
    },
  },
  {
    name: 'a reading during appends is a prefix of the log',
    async run({ open, commit }) {
      const log = await open();
      const commits = await fill(log, commit, 3);
      const read = [];
      for await (const one of log.read({ from: 1 })) {
        read.push(one);
        if (read.length <= 3) commits.push(...(await fill(log, commit, 1, 4 + read.length - 1)));
      }
      holds(read.length >= 3, `only ${read.length} of 3 commits were read`);
      equal(read, commits.slice(0, read.length), 'what was read');
    },
  },
  {
    name: 'more than a thousand commits have no page edge',
    needs: 'bulk',
    async run({ open, commit }) {
      const log = await open();
      const commits = await fill(log, commit, 1_025);
      equal((await log.head())?.seq, 1_025, 'the head');
      equal(
        await readIds(log),
        commits.map(({ commitId }) => commitId),
        'all commits',
      );
      equal(
        await readIds(log, { from: 998, limit: 5 }),
        commits.slice(997, 1_002).map(({ commitId }) => commitId),
        'over the edge',
      );
    },
  },
  {
    name: 'closing twice is harmless',
    async run({ open, commit }) {
      const log = await open();
      await fill(log, commit, 1);
      await log[Symbol.asyncDispose]();
      await log[Symbol.asyncDispose]();
    },
  },
  {
    name: 'what fails is not remembered: a refused commit does not spoil the next',
    async run({ open, commit }) {
      const log = await open();
      await refused(log.append({ ...commit(1), seq: 0 }), 'place 0');
      await append(log, commit(1));
      equal((await log.head())?.seq, 1, 'the head');
    },
  },
];

function headOf({ seq, commitId }: LogHead): LogHead {
  return { seq, commitId };
}
