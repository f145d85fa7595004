import { encodeUtf8 } from '../../foundation/bytes.js';
import type { CommitId } from '../../foundation/ids.js';
import { type CaseOf, equal } from '../case.js';
import { append, type LogBench, readAll } from './steps.js';

const PAYLOADS: readonly (readonly [string, Uint8Array])[] = [
  ['every byte value', Uint8Array.from({ length: 256 }, (_, i) => i)],
  ['only zeros', new Uint8Array(512)],
  ['only 0xFF', new Uint8Array(512).fill(0xff)],
  ['bytes that are not UTF-8', Uint8Array.of(0xc3, 0x28, 0xed, 0xa0, 0x80, 0xf8)],
  ['a byte order mark', Uint8Array.of(0xef, 0xbb, 0xbf, 0x41)],
  ['line ends of all kinds', encodeUtf8('\n\r\n\r\u2028\n\n')],
  ['trailing white space', encodeUtf8('  text \t\n ')],
  ['JSON with a prototype key', encodeUtf8('{"__proto__":{"polluted":true},"constructor":1}')],
  ['the frame of another commit', encodeUtf8('millwright-commit 1 9 01J00000000000000000000000 3 sha256:00\nabc')],
  ['an error document of a store', encodeUtf8('<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>')],
  ['a quote, a backslash and a semicolon', encodeUtf8(`'; DROP TABLE commits; -- \\x00 "`)],
  ['a gzip header', Uint8Array.of(0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 3)],
  ['astral and combining characters', encodeUtf8('👩‍🚀 e\u0301 \u{10ffff}')],
];

const IDS = ['00000000000000000000000000', '7ZZZZZZZZZZZZZZZZZZZZZZZZZ'] as const;

/** Bytes are bytes: nothing in them has a meaning for the store. */
export const hostileCases: readonly CaseOf<LogBench>[] = [
  ...PAYLOADS.map(
    ([what, bytes]): CaseOf<LogBench> => ({
      name: `${what} comes back byte for byte`,
      async run({ open, commit }) {
        const log = await open();
        const commits = [commit(1, bytes), commit(2, bytes)];
        for (const one of commits) await append(log, one);
        equal(await readAll(log), commits, 'the commits');
      },
    }),
  ),
  ...IDS.map(
    (id): CaseOf<LogBench> => ({
      name: `the commit id ${id} is as good as any`,
      async run({ open, commit }) {
        const log = await open();
        const one = { ...commit(1), commitId: id as string as CommitId };
        await append(log, one);
        equal(await readAll(log), [one], 'the commit');
        equal(await log.head(), { seq: 1, commitId: id }, 'the head');
      },
    }),
  ),
  {
    name: 'an id lower than its predecessor changes no order',
    async run({ open, commit }) {
      const log = await open();
      const high = { ...commit(1), commitId: IDS[1] as string as CommitId };
      const low = { ...commit(2), commitId: IDS[0] as string as CommitId };
      await append(log, high);
      await append(log, low);
      equal(await readAll(log), [high, low], 'the commits');
      equal((await log.head())?.seq, 2, 'the head');
    },
  },
];
