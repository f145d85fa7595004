import { collect } from '../../storage/body.js';
import { type CaseOf, equal, holds } from '../case.js';
import { type BlobBench, bytesOf, digestsIn, expectAbsent, expectWhole, put, sample, streamed } from './steps.js';

const ONE = sample('one');
const LARGE = sample(Uint8Array.from({ length: 3 * 2 ** 20 + 17 }, (_, i) => (i * 2_654_435_761) >>> 24));

/** Put, get, stat, list and delete, by one client. */
export const blobContractCases: readonly CaseOf<BlobBench>[] = [
  {
    name: 'an empty store has nothing',
    async run({ open }) {
      const blobs = await open();
      await expectAbsent(blobs, ONE.digest);
      equal(await digestsIn(blobs), [], 'the list');
      equal(await blobs.delete(ONE.digest), false, 'deleting what is not there');
      holds(typeof blobs.id === 'string' && blobs.id !== '', 'the store has no id');
    },
  },
  {
    name: 'a blob is created once and exists afterwards',
    async run({ open }) {
      const blobs = await open();
      equal(await put(blobs, ONE), 'created', 'the first put');
      equal(await put(blobs, ONE), 'exists', 'the second put');
      await expectWhole(blobs, ONE);
      equal(await digestsIn(blobs), [ONE.digest], 'the list');
    },
  },
  {
    name: 'a deleted blob is gone and can be stored again',
    async run({ open }) {
      const blobs = await open();
      await put(blobs, ONE);
      equal(await blobs.delete(ONE.digest), true, 'the delete');
      await expectAbsent(blobs, ONE.digest);
      equal(await blobs.delete(ONE.digest), false, 'the second delete');
      equal(await put(blobs, ONE), 'created', 'the put after the delete');
      await expectWhole(blobs, ONE);
    },
  },
  {
    name: 'deleting one leaves the others',
    async run({ open }) {
      const blobs = await open();
      const two = sample('two');
      await put(blobs, ONE);
      await put(blobs, two);
      await blobs.delete(ONE.digest);
      await expectWhole(blobs, two);
      equal(await digestsIn(blobs), [two.digest], 'the list');
    },
  },
  ...[
    ['no bytes', sample('')],
    ['one byte', sample(Uint8Array.of(0))],
    ['65,537 bytes', sample(new Uint8Array(65_537).fill(3))],
    ['3 MiB', LARGE],
  ].map(
    ([what, one]): CaseOf<BlobBench> => ({
      name: `a blob of ${what as string} comes back whole`,
      async run({ open }) {
        const blobs = await open();
        const same = one as typeof ONE;
        equal(await put(blobs, same), 'created', 'the put');
        await expectWhole(blobs, same);
      },
    }),
  ),
  {
    name: 'a web stream is stored chunk by chunk',
    async run({ open }) {
      const blobs = await open();
      const chunks = Array.from({ length: 7 }, (_, i) => LARGE.bytes.subarray(i * 500_000, (i + 1) * 500_000));
      const { body } = streamed(...chunks);
      equal(await blobs.put(LARGE.digest, body, { size: LARGE.size }), 'created', 'the put');
      await expectWhole(blobs, LARGE);
    },
  },
  {
    name: 'an async iterable with empty and tiny chunks is stored',
    async run({ open }) {
      const blobs = await open();
      const text = sample('a text in small pieces');
      async function* pieces() {
        for (const byte of text.bytes) {
          yield Uint8Array.of(byte);
          yield new Uint8Array();
        }
      }
      equal(await blobs.put(text.digest, pieces(), { size: text.size }), 'created', 'the put');
      await expectWhole(blobs, text);
    },
  },
  {
    name: 'an empty stream is an empty blob',
    async run({ open }) {
      const blobs = await open();
      const empty = sample('');
      equal(await blobs.put(empty.digest, streamed().body, { size: 0 }), 'created', 'the put');
      await expectWhole(blobs, empty);
    },
  },
  {
    name: 'of a view into a larger array only the view is stored',
    async run({ open }) {
      const blobs = await open();
      const whole = sample('before|inside|after').bytes;
      const inside = sample(whole.subarray(7, 13));
      await put(blobs, inside);
      equal(await bytesOf(blobs, inside.digest), sample('inside').bytes, 'the bytes');
    },
  },
  {
    name: 'the caller may change the array after putting it',
    async run({ open }) {
      const blobs = await open();
      const mine = sample('as it was');
      await put(blobs, mine);
      mine.bytes.fill(0);
      equal(await bytesOf(blobs, mine.digest), sample('as it was').bytes, 'the bytes');
    },
  },
  {
    name: 'the reader may change the chunks that it got',
    async run({ open }) {
      const blobs = await open();
      await put(blobs, ONE);
      for (let i = 0; i < 2; i++) {
        const stream = await blobs.get(ONE.digest);
        for await (const chunk of stream!) chunk.fill(0);
      }
      await expectWhole(blobs, ONE);
    },
  },
  {
    name: 'a reading that is left early does no harm',
    async run({ open }) {
      const blobs = await open();
      await put(blobs, LARGE);
      for (let i = 0; i < 20; i++) {
        const reader = (await blobs.get(LARGE.digest))!.getReader();
        if (i % 2 === 0) await reader.read();
        await reader.cancel();
      }
      await expectWhole(blobs, LARGE);
    },
  },
  {
    name: 'two readings of one blob do not share a position',
    async run({ open }) {
      const blobs = await open();
      await put(blobs, LARGE);
      const streams = await Promise.all([blobs.get(LARGE.digest), blobs.get(LARGE.digest), blobs.get(LARGE.digest)]);
      for (const bytes of await Promise.all(streams.map((stream) => collect(stream!))))
        equal(bytes, LARGE.bytes, 'the bytes of a reading');
    },
  },
  {
    name: 'the list is in digest order, once each, with sizes',
    async run({ open }) {
      const blobs = await open();
      const all = Array.from({ length: 30 }, (_, i) => sample(`${'x'.repeat(i)}`));
      for (const one of all) await put(blobs, one);
      const listed: unknown[] = [];
      for await (const { digest, size } of blobs.list()) listed.push({ digest, size });
      const expected = all.toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
      equal(
        listed,
        expected.map(({ digest, size }) => ({ digest, size })),
        'the list',
      );
    },
  },
  {
    name: 'the list goes on after any digest, present or not',
    async run({ open }) {
      const blobs = await open();
      const digests = Array.from({ length: 12 }, (_, i) => sample(`blob ${i}`)).map((one) => ({
        one,
        digest: one.digest,
      }));
      for (const { one } of digests) await put(blobs, one);
      const sorted = digests.map(({ digest }) => digest).toSorted();
      const absent = sample('absent').digest;
      for (const after of [sorted[0]!, sorted[5]!, sorted[11]!, absent, LOWEST, HIGHEST])
        equal(
          await digestsIn(blobs, after),
          sorted.filter((digest) => digest > after),
          `the list after ${after}`,
        );
    },
  },
  {
    name: 'more than a thousand blobs have no page edge',
    needs: 'bulk',
    async run({ open }) {
      const blobs = await open();
      const all = Array.from({ length: 1_025 }, (_, i) => sample(`${i}`));
      for (let i = 0; i < all.length; i += 25) await Promise.all(all.slice(i, i + 25).map((one) => put(blobs, one)));
      equal(await digestsIn(blobs), all.map(({ digest }) => digest).toSorted(), 'the list');
    },
  },
  {
    name: 'the time of storing, if it is known, is a number of milliseconds that does not change by looking',
    async run({ open }) {
      const blobs = await open();
      await put(blobs, ONE);
      const first = await blobs.stat(ONE.digest);
      if (first?.storedAt !== undefined)
        holds(first.storedAt > 1e12, `${first.storedAt} is not in milliseconds since 1970`);
      equal(await blobs.stat(ONE.digest), first, 'the stat');
    },
  },
  {
    name: 'closing twice is harmless',
    async run({ open }) {
      const blobs = await open();
      await put(blobs, ONE);
      await blobs[Symbol.asyncDispose]();
      await blobs[Symbol.asyncDispose]();
    },
  },
];

const LOWEST = `sha256:${'0'.repeat(64)}` as typeof ONE.digest;
const HIGHEST = `sha256:${'f'.repeat(64)}` as typeof ONE.digest;
