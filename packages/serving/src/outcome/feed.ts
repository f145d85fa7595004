import { type Abortable, abortable, type Clock, isMillwrightError, sleep, systemClock } from '@millwright/core';
import type { Outcome } from './outcome-join.js';
import type { Outcomes } from './outcomes.js';

/** Some outcomes, and where the source goes on after them: an offset, a time, a key. */
export interface OutcomeBatch {
  readonly outcomes: readonly Outcome[];
  readonly cursor: string;
}

/** Reads what comes after a cursor (undefined: from the beginning): a queue, a table, a file that grows. */
export type OutcomeSource = (from: { readonly after: string | undefined } & Abortable) => AsyncIterable<OutcomeBatch>;

/** Where a feed of outcomes goes on, and what happens to what cannot be used. */
export interface FeedOptions extends Abortable {
  /** Where to go on, for instance after a restart. Default: the beginning. */
  readonly after?: string | undefined;
  /** Hears of each batch that has been recorded, to remember its cursor. */
  readonly onRecorded?: ((batch: OutcomeBatch) => void) | undefined;
  /** Takes outcomes that are none, such as one without a number; the others go on. Default: they end the feed. */
  readonly deadLetter?: ((outcome: Outcome, reason: 'invalid') => void) | undefined;
  /** Hears why the source failed. It is asked again, in `retryMs` and then twice as late each time, up to a minute. */
  readonly onFailed?: ((error: unknown) => void) | undefined;
  /** Default 1,000. */
  readonly retryMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Records the outcomes of a source, such as labels that another system writes. The next batch is asked for when the last one
 * has been recorded, so that a source with much to say waits. A source that fails is asked again for what comes after the
 * last batch: of a batch nothing is recorded twice. Resolves when the source ends, or with the signal.
 * @throws `input/invalid` for an outcome that is none, without `deadLetter`
 */
export async function feedOutcomes(
  outcomes: Pick<Outcomes, 'record'>,
  source: OutcomeSource,
  options: FeedOptions = {},
): Promise<void> {
  const { signal, onRecorded, deadLetter, onFailed, retryMs = 1_000, clock = systemClock } = options;
  let { after } = options;
  let waitMs = retryMs;
  const stopped = () => signal?.aborted === true;

  function record(outcome: Outcome): void {
    try {
      outcomes.record(outcome);
    } catch (error) {
      if (deadLetter === undefined || !isMillwrightError(error, 'input/invalid')) throw error;
      deadLetter(outcome, 'invalid');
    }
  }

  let batches: AsyncIterator<OutcomeBatch> | undefined;
  /** The next batch; undefined at the end, and with the signal. */
  async function next(): Promise<OutcomeBatch | undefined> {
    while (!stopped()) {
      try {
        batches ??= source({ after, signal })[Symbol.asyncIterator]();
        const { done, value } = await abortable(batches.next(), signal);
        return done === true ? undefined : value;
      } catch (error) {
        if (stopped()) return undefined;
        batches = undefined;
        onFailed?.(error);
        await sleep(clock, waitMs, signal).catch(() => undefined);
        waitMs = Math.min(2 * waitMs, MOST_WAIT_MS);
      }
    }
    return undefined;
  }

  try {
    for (let batch = await next(); batch !== undefined; batch = await next()) {
      for (const outcome of batch.outcomes) record(outcome);
      ({ cursor: after } = batch);
      waitMs = retryMs;
      onRecorded?.(batch);
    }
  } finally {
    // Not waited for: a source that hangs would never let go.
    batches?.return?.().catch(() => undefined);
  }
}

const MOST_WAIT_MS = 60_000;
