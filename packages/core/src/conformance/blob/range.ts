import type { ByteRange } from '../../storage/types.js';
import { type CaseOf, equal, refused } from '../case.js';
import { type BlobBench, bytesOf, put, sample } from './steps.js';

const BLOB = sample(Uint8Array.from({ length: 200_000 }, (_, i) => i * 7));
const RANGES: readonly (readonly [string, ByteRange])[] = [
  ['the first byte', { start: 0, end: 1 }],
  ['the last byte', { start: 199_999, end: 200_000 }],
  ['a part in the middle', { start: 65_530, end: 65_550 }],
  ['a part longer than a buffer', { start: 1, end: 199_000 }],
  ['all of it', { start: 0, end: 200_000 }],
  ['nothing at the start', { start: 0, end: 0 }],
  ['nothing in the middle', { start: 500, end: 500 }],
  ['more than there is', { start: 199_990, end: 300_000 }],
  ['what starts at the end', { start: 200_000, end: 200_010 }],
  ['what starts after the end', { start: 900_000, end: 900_001 }],
];
const NO_RANGES: readonly ByteRange[] = [
  { start: -1, end: 5 },
  { start: 5, end: 4 },
  { start: 0.5, end: 2 },
  { start: 0, end: Number.NaN },
  { start: 0, end: Number.POSITIVE_INFINITY },
];

/** A range is what `slice` gives; what is no range is refused. */
export const blobRangeCases: readonly CaseOf<BlobBench>[] = [
  ...RANGES.map(
    ([what, range]): CaseOf<BlobBench> => ({
      name: `${what} (${range.start} to ${range.end})`,
      async run({ open }) {
        const blobs = await open();
        await put(blobs, BLOB);
        equal(await bytesOf(blobs, BLOB.digest, range), BLOB.bytes.slice(range.start, range.end), 'the bytes');
      },
    }),
  ),
  ...NO_RANGES.map(
    (range): CaseOf<BlobBench> => ({
      name: `${range.start} to ${range.end} is refused`,
      async run({ open }) {
        const blobs = await open();
        await put(blobs, BLOB);
        await refused(blobs.get(BLOB.digest, { range }), 'the range', 'input/invalid');
      },
    }),
  ),
  {
    name: 'a range of an absent blob is absent, of an empty one empty',
    async run({ open }) {
      const blobs = await open();
      const empty = sample('');
      equal(await bytesOf(blobs, empty.digest, { start: 0, end: 10 }), undefined, 'absent');
      await put(blobs, empty);
      equal(await bytesOf(blobs, empty.digest, { start: 0, end: 10 }), new Uint8Array(), 'empty');
    },
  },
];
