import { type Clock, systemClock } from '@millwright/core';
import { syntheticFeeds } from '../synthetic-feeds.js';
import type { LoadedModel } from '../types.js';

/** A pool as large as pays: the model says how much another worker brings, not the number of cores. */
export interface PoolLimits {
  readonly atMost: number;
  /** Memory for the copies of the weights, of which each worker has one. Default 2 GiB. */
  readonly maxBytes?: number | undefined;
}

/** Workers to start: as many as may be, since how many pay is only seen when they run. */
export function mostWorkers(workers: number | PoolLimits, modelBytes: number): number {
  if (typeof workers === 'number') return workers;
  const { atMost, maxBytes = MAX_BYTES } = workers;
  return Math.max(1, Math.min(atMost, Math.floor(maxBytes / (COPY * modelBytes))));
}

/** Whether there is memory for one copy of the weights more than so many workers have. */
export function roomForSpare(workers: number | PoolLimits, running: number, modelBytes: number): boolean {
  const { maxBytes = MAX_BYTES } = typeof workers === 'number' ? {} : workers;
  return (running + 1) * COPY * modelBytes <= maxBytes;
}

/**
 * How many of the workers pay: another one must bring half of what the first does. Two of them on two busy cores may
 * bring nothing. Runs made-up rows for a twentieth of a second per number; all workers where none can be made up.
 */
export async function payingWorkers(model: LoadedModel, most: number, clock: Clock = systemClock): Promise<number> {
  const feeds = syntheticFeeds(model.signature.inputs, ROWS);
  if (feeds === undefined || most === 1) return most;
  const run = () => model.run(feeds);
  await Promise.all(Array.from({ length: 2 * most }, run));
  const alone = await runsPerMs(run, 1, clock);
  let rate = alone;
  for (let workers = 2; workers <= most; workers++) {
    const next = await runsPerMs(run, workers, clock);
    if (next - rate < alone / 2) return workers - 1;
    rate = next;
  }
  return most;
}

/** With so many runs under way at any time. */
async function runsPerMs(run: () => Promise<unknown>, atOnce: number, clock: Clock): Promise<number> {
  const startedAt = clock.monotonic();
  let runs = 0;
  const worker = async () => {
    while (clock.monotonic() - startedAt < MEASURE_MS) {
      await run();
      runs++;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return runs / (clock.monotonic() - startedAt);
}

const MAX_BYTES = 2 ** 31;
/** What a session takes beside its weights: 179 MB for a model of 151 MB. */
const COPY = 1.2;
/** Enough that the run, not the way to it, is measured. */
const ROWS = 8;
const MEASURE_MS = 50;
