import type { AppendOutcome } from '../../storage/types.js';
import { type CaseOf, equal, holds } from '../case.js';
import { append, fill, type LogBench, readAll } from './steps.js';

/** An abort is a rejection before anything was sent, and `unknown` or the outcome after. */
export const abortCases: readonly CaseOf<LogBench>[] = [
  {
    name: 'an append under an aborted signal is not made',
    async run({ open, commit }) {
      const log = await open();
      await rejectsWith(log.append(commit(1), { signal: AbortSignal.abort(REASON) }));
      equal(await log.head(), undefined, 'the head');
      await append(log, commit(1));
    },
  },
  {
    name: 'head under an aborted signal rejects with its reason',
    async run({ open }) {
      const log = await open();
      await rejectsWith(log.head({ signal: AbortSignal.abort(REASON) }));
    },
  },
  {
    name: 'a reading under an aborted signal rejects with its reason',
    async run({ open, commit }) {
      const log = await open();
      await fill(log, commit, 2);
      await rejectsWith(
        log
          .read({ from: 1 }, { signal: AbortSignal.abort(REASON) })
          [Symbol.asyncIterator]()
          .next(),
      );
    },
  },
  {
    name: 'an abort between commits ends a long reading with its reason',
    async run({ open, commit }) {
      const log = await open();
      await fill(log, commit, 80);
      const controller = new AbortController();
      let read = 0;
      const reading = async () => {
        for await (const { seq } of log.read({ from: 1 }, { signal: controller.signal })) {
          read = seq;
          if (seq === 2) controller.abort(REASON);
        }
      };
      await rejectsWith(reading());
      holds(read < 80, 'the reading went on to the end');
    },
  },
  {
    name: 'an abort afterwards changes nothing',
    async run({ open, commit }) {
      const log = await open();
      const controller = new AbortController();
      const one = commit(1);
      await log.append(one, { signal: controller.signal });
      controller.abort(REASON);
      equal(await readAll(log), [one], 'the commits');
    },
  },
  ...[0, 1, 2, 3, 5, 8, 13, 21, 34].map(
    (turns): CaseOf<LogBench> => ({
      name: `an abort ${turns} turns into an append leaves the commit whole or absent, as told`,
      async run({ open, commit }) {
        const log = await open();
        const one = commit(1);
        const controller = new AbortController();
        const appending = log.append(one, { signal: controller.signal }).catch((error: unknown) => {
          holds(error === REASON, `expected the signal's reason, got ${String(error)}`);
          return undefined;
        });
        for (let i = 0; i < turns; i++) await new Promise<void>((resolve) => queueMicrotask(resolve));
        controller.abort(REASON);
        const outcome: AppendOutcome | undefined = await appending;
        holds(outcome?.kind !== 'conflict', 'there was nobody to conflict with');

        // A late delivery may still be on its way only if the outcome was `unknown`.
        const found = await readAll(log);
        if (outcome?.kind === 'committed') equal(found, [one], 'the commits after `committed`');
        if (outcome === undefined) equal(found, [], 'the commits after a rejection');
        const again = await log.append(one);
        equal(again.kind === 'committed' || again.kind === 'conflict', true, 'the second try was decided');
        equal(await readAll(log), [one], 'the commits after the second try');
      },
    }),
  ),
  {
    name: 'no listener stays behind on the signal',
    async run({ open, commit }) {
      const log = await open();
      const { signal } = new AbortController();
      let listeners = 0;
      const { addEventListener, removeEventListener } = signal;
      signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
        listeners++;
        addEventListener.apply(signal, args);
      };
      signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
        listeners--;
        removeEventListener.apply(signal, args);
      };
      for (let seq = 1; seq <= 5; seq++) {
        await log.append(commit(seq), { signal });
        await log.head({ signal });
        for await (const one of log.read({ from: seq }, { signal })) equal(one.seq, seq, 'the place');
      }
      await new Promise<void>((resolve) => queueMicrotask(resolve));
      holds(listeners <= 0, `${listeners} listeners are still there`);
    },
  },
];

const REASON = { reason: 'the caller has lost interest' };

async function rejectsWith(work: Promise<unknown>): Promise<void> {
  const outcome = await work.then(
    () => 'no rejection',
    (error: unknown) => error,
  );
  holds(outcome === REASON, `expected the signal's reason, got ${String(outcome)}`);
}
