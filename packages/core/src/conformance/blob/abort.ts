import { type CaseOf, equal, holds, turn } from '../case.js';
import { type BlobBench, digestsIn, expectAbsent, expectWhole, put, sample, streamed } from './steps.js';

const ONE = sample(new Uint8Array(300_000).fill(9));
const REASON = { reason: 'the caller has lost interest' };

/** An abort is the signal's reason, and nothing half. */
export const blobAbortCases: readonly CaseOf<BlobBench>[] = [
  {
    name: 'nothing is done under an aborted signal',
    async run({ open }) {
      const blobs = await open();
      await put(blobs, sample('there'));
      const options = { signal: AbortSignal.abort(REASON) };
      await rejectsWith(blobs.put(ONE.digest, ONE.bytes, { size: ONE.size, ...options }), 'put');
      await rejectsWith(blobs.get(ONE.digest, options), 'get');
      await rejectsWith(blobs.stat(ONE.digest, options), 'stat');
      await rejectsWith(blobs.delete(sample('there').digest, options), 'delete');
      await rejectsWith(blobs.list(options)[Symbol.asyncIterator]().next(), 'list');
      equal(await digestsIn(blobs), [sample('there').digest], 'the list');
    },
  },
  {
    name: 'an abort while the body stalls leaves nothing and cancels the body',
    async run({ open }) {
      const blobs = await open();
      const controller = new AbortController();
      const { body, state } = streamed(ONE.bytes.subarray(0, 1_000), () => controller.abort(REASON));
      const putting = blobs.put(ONE.digest, body, { size: ONE.size, signal: controller.signal });
      await rejectsWith(Promise.race([putting, manyTurns()]), 'put');
      for (let i = 0; i < 50 && !state.cancelled; i++) await turn();
      holds(state.cancelled, 'the body was not cancelled');
      await expectAbsent(blobs, ONE.digest);
    },
  },
  ...[0, 1, 2, 4, 8, 16, 32].map(
    (turns): CaseOf<BlobBench> => ({
      name: `an abort ${turns} turns into a put leaves the blob whole or absent`,
      async run({ open }) {
        const blobs = await open();
        const controller = new AbortController();
        const putting = blobs
          .put(ONE.digest, ONE.bytes, { size: ONE.size, signal: controller.signal })
          .catch((error: unknown) => error);
        for (let i = 0; i < turns; i++) await new Promise<void>((resolve) => queueMicrotask(resolve));
        controller.abort(REASON);
        const outcome = await putting;
        holds(outcome === REASON || outcome === 'created', `expected the signal's reason, got ${String(outcome)}`);
        if (outcome === 'created' || (await blobs.stat(ONE.digest)) !== undefined) await expectWhole(blobs, ONE);
        await put(blobs, ONE);
        await expectWhole(blobs, ONE);
      },
    }),
  ),
  {
    name: 'an abort ends a list in the middle',
    async run({ open }) {
      const blobs = await open();
      for (let i = 0; i < 5; i++) await put(blobs, sample(`${i}`));
      const controller = new AbortController();
      let seen = 0;
      const listing = async () => {
        for await (const _ of blobs.list({ signal: controller.signal })) if (++seen === 2) controller.abort(REASON);
      };
      await rejectsWith(listing(), 'list');
      equal(seen, 2, 'the blobs seen');
    },
  },
];

/** A second or two: enough for an abort, and an end for a store that does not hear it. */
async function manyTurns(): Promise<void> {
  for (let i = 0; i < 1_500; i++) await turn();
}

async function rejectsWith(work: Promise<unknown>, what: string): Promise<void> {
  const outcome = await work.then(
    () => 'no rejection',
    (error: unknown) => error,
  );
  holds(outcome === REASON, `${what}: expected the signal's reason, got ${String(outcome)}`);
}
