import { type Clock, closable, MillwrightError, type Predictor, systemClock } from '@millwright/core';
import { latencyHistogram } from '@millwright/core/telemetry';
import type { Engine, Task } from './types.js';

/** How many calls of a predictor may be under way before new ones are refused. */
const DEFAULT_MAX_IN_FLIGHT = 1_024;

/** An engine around anything that predicts one input at a time: a prompt, an index, a remote service, a rule. */
export function predictorEngine<I, O>(
  predictor: Predictor<I, O>,
  options: { readonly maxInFlight?: number | undefined; readonly clock?: Clock | undefined } = {},
): Engine<I, O> {
  const { maxInFlight = DEFAULT_MAX_IN_FLIGHT, clock = systemClock } = options;
  let closed = false;
  let inFlight = 0;
  let drained: (() => void)[] = [];

  const runMs = latencyHistogram();

  async function call(task: Task<I, O>): Promise<void> {
    const startedAt = clock.monotonic();
    try {
      const output = await predictor.predict(task.input, task.context);
      if (!task.settled) task.succeed(output, 1);
    } catch (error) {
      if (!task.settled) task.fail(error);
    } finally {
      runMs.record(clock.monotonic() - startedAt);
      inFlight--;
      if (inFlight === 0) {
        for (const resolve of drained) resolve();
        drained = [];
      }
    }
  }

  const idle = () => (inFlight === 0 ? Promise.resolve() : new Promise<void>((resolve) => drained.push(resolve)));
  return {
    // Calls under way are left to end by themselves: nothing is held that they need.
    ...closable(() => {
      closed = true;
    }),
    facts: {
      runtime: 'predictor',
      executionProvider: 'predictor',
      refused: [],
      loadMs: 0,
      modelBytes: 0,
      parity: undefined,
      placement: 'inline',
      padBatches: false,
      warm: [],
      maxBatch: 1,
    },
    get inFlight() {
      return inFlight;
    },
    submit(task) {
      if (closed) {
        task.fail(new MillwrightError('state/closed', 'The engine was closed.', { details: { what: 'engine' } }));
      } else if (inFlight >= maxInFlight) {
        task.fail(
          new MillwrightError('serving/overloaded', `${maxInFlight} calls are under way. Try again later.`, {
            details: { retryAfterMs: 100 },
          }),
        );
      } else {
        inFlight++;
        void call(task);
      }
    },
    stats: () => ({ runs: runMs.count, rows: runMs.count, runMs: runMs.summary(), queued: 0 }),
    idle,
  };
}
