import { virtualClock } from '@millwright/core/testing';
import { describe, expect, test } from 'vitest';
import { feedOutcomes, type Outcome, type OutcomeSource, outcomeHub } from '../../src/outcome/index.js';

const outcome = (i: number): Outcome => ({ decisionId: `d${i}`, value: i });

/** Ten batches of three; asked where to go on, it fails as often as it is told to. */
function source(failAt: readonly number[] = []): OutcomeSource & { readonly asked: (string | undefined)[] } {
  const failures = [...failAt];
  const asked: (string | undefined)[] = [];
  async function* read({ after }: { readonly after: string | undefined }) {
    asked.push(after);
    for (let batch = after === undefined ? 0 : Number(after) + 1; batch < 10; batch++) {
      if (failures[0] === batch) {
        failures.shift();
        throw new TypeError('the queue is away');
      }
      yield { outcomes: [0, 1, 2].map((i) => outcome(3 * batch + i)), cursor: String(batch) };
    }
  }
  return Object.assign(read, { asked });
}

function recorder() {
  const outcomes = outcomeHub();
  const seen: number[] = [];
  outcomes.observe(({ value }) => void seen.push(Number(value)));
  return { outcomes, seen };
}

const all = Array.from({ length: 30 }, (_, i) => i);

describe('outcomes of another system', () => {
  test('are recorded in order, a batch at a time, and its cursor is told', async () => {
    const { outcomes, seen } = recorder();
    const cursors: string[] = [];
    await feedOutcomes(outcomes, source(), { onRecorded: ({ cursor }) => void cursors.push(cursor) });
    expect(seen).toEqual(all);
    expect(cursors).toEqual(Array.from({ length: 10 }, (_, i) => String(i)));
    const again = recorder();
    await feedOutcomes(again.outcomes, source(), { after: '7' });
    expect(again.seen).toEqual(all.slice(24));
  });

  test('come once each although the source fails: it is asked again for what is next, and later each time', async () => {
    const { outcomes, seen } = recorder();
    const clock = virtualClock(0);
    const failedAt: number[] = [];
    const unsteady = source([0, 0, 4, 9]);
    const fed = feedOutcomes(outcomes, unsteady, { clock, onFailed: () => void failedAt.push(clock.now()) });
    for (let s = 0; s < 10; s++) await clock.advance(1_000);
    await fed;
    expect(seen).toEqual(all);
    expect(unsteady.asked).toEqual([undefined, undefined, undefined, '3', '8']);
    expect(failedAt).toEqual([0, 1_000, 3_000, 4_000]);
  });

  test('that are none go to the dead letters, or end the feed', async () => {
    async function* bad() {
      yield { outcomes: [outcome(1), { decisionId: 'd2', value: Number.NaN }, outcome(3)], cursor: '0' };
    }
    const { outcomes, seen } = recorder();
    const letters: string[] = [];
    await feedOutcomes(outcomes, bad, {
      deadLetter: ({ decisionId }, reason) => letters.push(`${decisionId} ${reason}`),
    });
    expect(seen).toEqual([1, 3]);
    expect(letters).toEqual(['d2 invalid']);
    await expect(feedOutcomes(recorder().outcomes, bad)).rejects.toMatchObject({ code: 'input/invalid' });
  });

  test('are not asked for before the last ones are recorded, nor after the signal', async () => {
    const { outcomes, seen } = recorder();
    const stop = new AbortController();
    let ahead = 0;
    let closed = false;
    async function* endless() {
      try {
        for (let i = 0; ; i++) {
          ahead = Math.max(ahead, i - seen.length);
          yield { outcomes: [outcome(i)], cursor: String(i) };
        }
      } finally {
        closed = true;
      }
    }
    const onRecorded = () => void (seen.length === 5 && stop.abort());
    await feedOutcomes(outcomes, endless, { signal: stop.signal, onRecorded });
    expect(seen).toHaveLength(5);
    expect(ahead).toBe(0);
    await Promise.resolve();
    expect(closed).toBe(true);
  });

  test('do not keep it when the signal comes while the source hangs', async () => {
    const stop = new AbortController();
    const silent: OutcomeSource = () => ({
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }),
    });
    const fed = feedOutcomes(recorder().outcomes, silent, { signal: stop.signal });
    stop.abort();
    await fed;
  });
});
