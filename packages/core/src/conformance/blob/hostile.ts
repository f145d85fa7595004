import type { Digest } from '../../foundation/digest.js';
import { type CaseOf, equal, holds, refused } from '../case.js';
import { type BlobBench, digestsIn, expectAbsent, expectWhole, put, sample, streamed } from './steps.js';

const GOOD = sample('the bytes that were signed');
const HEX = GOOD.digest.slice(7);
const NO_DIGESTS = [
  '',
  'sha256:',
  'sha256:../../../../etc/passwd',
  `sha256:${HEX.slice(1)}`,
  `sha256:${HEX}0`,
  `sha256:${HEX.toUpperCase()}`,
  `sha256:${HEX.slice(0, 62)}/.`,
  `sha256:${HEX.slice(0, 63)}\0`,
  `md5:${HEX}`,
  HEX,
];

/** Bodies that lie about themselves, and names that are none. */
export const blobHostileCases: readonly CaseOf<BlobBench>[] = [
  ...(
    [
      ['one other byte', 'the bytes that were signeD', GOOD.size],
      ['a missing byte', 'the bytes that were signe', GOOD.size],
      ['a byte too many', 'the bytes that were signed!', GOOD.size],
      ['nothing', '', GOOD.size],
      ['the right bytes and a smaller size', 'the bytes that were signed', GOOD.size - 1],
      ['the right bytes and a larger size', 'the bytes that were signed', GOOD.size + 1],
    ] as const
  ).flatMap(([what, text, size]) =>
    (['an array', 'a stream'] as const).map(
      (how): CaseOf<BlobBench> => ({
        name: `${what}, as ${how}, is refused and leaves nothing`,
        async run({ open }) {
          const blobs = await open();
          const { bytes } = sample(text);
          const body = how === 'an array' ? bytes : streamed(bytes.subarray(0, 5), bytes.subarray(5)).body;
          await refused(blobs.put(GOOD.digest, body, { size }), 'the body', 'storage/corrupt');
          await expectAbsent(blobs, GOOD.digest);
          equal(await put(blobs, GOOD), 'created', 'the right body afterwards');
          await expectWhole(blobs, GOOD);
        },
      }),
    ),
  ),
  {
    name: 'an endless body is cut off when it is longer than its size',
    async run({ open }) {
      const blobs = await open();
      let chunks = 0;
      async function* endless() {
        for (; chunks < 1_000; chunks++) yield new Uint8Array(65_536);
      }
      await refused(blobs.put(GOOD.digest, endless(), { size: 100 }), 'the body', 'storage/corrupt');
      holds(chunks < 20, `${chunks} chunks were read of a body of 100 bytes`);
    },
  },
  {
    name: 'a wrong body under a name that exists does not change the bytes',
    async run({ open }) {
      const blobs = await open();
      await put(blobs, GOOD);
      await blobs
        .put(GOOD.digest, sample('the bytes that were forged').bytes, { size: GOOD.size })
        .catch(() => undefined);
      await blobs.put(GOOD.digest, sample('short').bytes, { size: 5 }).catch(() => undefined);
      await expectWhole(blobs, GOOD);
    },
  },
  {
    name: 'a body that fails in the middle is refused with its own error and leaves nothing',
    async run({ open }) {
      const blobs = await open();
      const failure = Object.assign(new RangeError('the disk of the producer failed'));
      const error = await refused(
        blobs.put(GOOD.digest, streamed(GOOD.bytes.subarray(0, 9), failure).body, { size: GOOD.size }),
        'the body',
      );
      const cause = error instanceof Error ? error.cause : undefined;
      holds(error === failure || cause === failure, `expected the body's own error, got ${String(error)}`);
      await expectAbsent(blobs, GOOD.digest);
    },
  },
  ...NO_DIGESTS.map(
    (name): CaseOf<BlobBench> => ({
      name: `${JSON.stringify(name)} names no blob`,
      async run({ open }) {
        const blobs = await open();
        const digest = name as Digest;
        await refused(blobs.put(digest, GOOD.bytes, { size: GOOD.size }), 'put', 'input/invalid');
        await refused(blobs.get(digest), 'get', 'input/invalid');
        await refused(blobs.stat(digest), 'stat', 'input/invalid');
        await refused(blobs.delete(digest), 'delete', 'input/invalid');
        equal(await digestsIn(blobs), [], 'the list');
      },
    }),
  ),
];
