import { type CaseOf, equal, refused } from '../case.js';
import { append, fill, type LogBench, readAll } from './steps.js';

/** The edges of what a log takes. */
export const boundsCases: readonly CaseOf<LogBench>[] = [
  ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53].map(
    (seq): CaseOf<LogBench> => ({
      name: `${seq} is no place for a commit`,
      async run({ open, commit }) {
        const log = await open();
        await refused(log.append({ ...commit(1), seq }), `place ${seq}`, 'input/invalid');
        equal(await log.head(), undefined, 'the head');
      },
    }),
  ),
  ...[0, -3, 0.5, Number.NaN].map(
    (from): CaseOf<LogBench> => ({
      name: `reading from ${from} is refused`,
      async run({ open, commit }) {
        const log = await open();
        await fill(log, commit, 1);
        await refused(readAll(log, { from }), `reading from ${from}`, 'input/invalid');
      },
    }),
  ),
  ...[0, 1, 65_535, 65_536, 2 ** 20 - 1].map(
    (size): CaseOf<LogBench> => ({
      name: `a commit of ${size} bytes comes back whole`,
      async run({ open, commit, random }) {
        const log = await open();
        const one = commit(
          1,
          Uint8Array.from({ length: size }, () => random.next() * 256),
        );
        await append(log, one);
        equal(await readAll(log), [one], 'the commit');
      },
    }),
  ),
  {
    name: 'the largest commit that it promises to take comes back whole',
    async run({ open, commit }) {
      const log = await open();
      const largest = commit(1, new Uint8Array(log.capabilities.maxCommitBytes).fill(7));
      await append(log, largest);
      equal((await readAll(log))[0]?.bytes.byteLength, largest.bytes.byteLength, 'the size');
      await append(log, commit(2));
    },
  },
  {
    name: 'a commit one byte larger than it promises to take is refused',
    async run({ open, commit }) {
      const log = await open();
      const tooLarge = new Uint8Array(log.capabilities.maxCommitBytes + 1);
      await refused(log.append(commit(1, tooLarge)), 'the commit', 'input/too-large');
      equal(await log.head(), undefined, 'the head');
      await append(log, commit(1));
    },
  },
];
