import { type CaseOf, equal, holds, turn } from '../case.js';
import { type BlobBench, bytesOf, digestsIn, expectWhole, put, sample, streamed } from './steps.js';

const ONE = sample(new Uint8Array(400_000).fill(5));

/** The same content from many sides, and a collector in between. */
export const blobConcurrencyCases: readonly CaseOf<BlobBench>[] = [
  ...[true, false].map(
    (shared): CaseOf<BlobBench> => ({
      name: `8 writers of one blob ${shared ? 'through one client' : 'with a client each'} all succeed`,
      needs: shared ? undefined : 'reopen',
      async run({ open }) {
        const first = await open();
        const stores = await Promise.all(Array.from({ length: 8 }, () => (shared ? first : open())));
        const outcomes = await Promise.all(
          stores.map((blobs) =>
            blobs.put(ONE.digest, streamed(ONE.bytes.subarray(0, 7), ONE.bytes.subarray(7)).body, ONE),
          ),
        );
        holds(outcomes.includes('created'), 'nobody has created it');
        await expectWhole(first, ONE);
        equal(await digestsIn(first), [ONE.digest], 'the list');
      },
    }),
  ),
  {
    name: 'writers of different blobs do not mix them up',
    async run({ open }) {
      const blobs = await open();
      const all = Array.from({ length: 16 }, (_, i) => sample(new Uint8Array(20_000 + i).fill(i)));
      equal(
        await Promise.all(all.map((one) => put(blobs, one))),
        all.map(() => 'created'),
        'the outcomes',
      );
      for (const one of all) await expectWhole(blobs, one);
    },
  },
  {
    name: 'a reader never sees a part of a blob that is being written',
    async run({ open }) {
      const blobs = await open();
      let writing = true;
      const watch = async () => {
        while (writing) {
          const bytes = await bytesOf(blobs, ONE.digest);
          if (bytes !== undefined) equal(bytes.byteLength, ONE.size, 'the size of what is visible');
          const stat = await blobs.stat(ONE.digest);
          if (stat !== undefined) equal(stat.size, ONE.size, 'the size that is visible');
          await turn();
        }
      };
      const chunks = Array.from({ length: 40 }, (_, i) => ONE.bytes.subarray(i * 10_000, (i + 1) * 10_000));
      const putting = blobs.put(ONE.digest, streamed(...chunks).body, ONE).finally(() => {
        writing = false;
      });
      await Promise.all([putting, watch()]);
      await expectWhole(blobs, ONE);
    },
  },
  {
    name: 'a deletion beside a put leaves the blob whole or absent',
    async run({ open }) {
      const blobs = await open();
      for (let round = 0; round < 5; round++) {
        await Promise.all([put(blobs, ONE), blobs.delete(ONE.digest), put(blobs, ONE), blobs.delete(ONE.digest)]);
        if ((await blobs.stat(ONE.digest)) !== undefined) await expectWhole(blobs, ONE);
      }
      await put(blobs, ONE);
      await expectWhole(blobs, ONE);
    },
  },
  {
    name: 'after two deletions at once it is gone, and somebody has deleted it',
    async run({ open }) {
      const blobs = await open();
      await put(blobs, ONE);
      const outcomes = await Promise.all([blobs.delete(ONE.digest), blobs.delete(ONE.digest)]);
      holds(outcomes.includes(true), 'nobody has deleted it');
      equal(await blobs.stat(ONE.digest), undefined, 'the stat');
    },
  },
  {
    name: 'a list beside puts and deletions stays in order',
    async run({ open }) {
      const blobs = await open();
      const all = Array.from({ length: 20 }, (_, i) => sample(`blob ${i}`));
      for (const one of all.slice(0, 10)) await put(blobs, one);
      const changes = Promise.all([
        ...all.slice(10).map((one) => put(blobs, one)),
        ...all.slice(0, 3).map((one) => blobs.delete(one.digest)),
      ]);
      const listed = await digestsIn(blobs);
      await changes;
      equal(listed, [...new Set(listed)].toSorted(), 'the list');
      for (const { digest } of all.slice(3, 10)) holds(listed.includes(digest), `${digest} was there all the time`);
    },
  },
  {
    name: 'another client sees what was stored, and its deletion',
    needs: 'reopen',
    async run({ open }) {
      const [a, b] = [await open(), await open()];
      await put(a, ONE);
      await expectWhole(b, ONE);
      equal(await put(b, ONE), 'exists', 'the put of the other client');
      equal(await b.delete(ONE.digest), true, 'the delete of the other client');
      equal(await a.stat(ONE.digest), undefined, 'the stat');
    },
  },
];
