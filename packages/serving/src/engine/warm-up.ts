import { largestDifference } from '../runtime/golden.js';
import { syntheticFeeds } from '../runtime/synthetic-feeds.js';
import type { LoadedModel } from '../runtime/types.js';
import { concatRows, sliceRows, type TensorMap } from '../tensor/index.js';
import type { CostModel } from './cost.js';

/** Runs every size once cold and then to be measured, and teaches the cost model the median. Sizes that fail end the list. */
export async function warmUp(
  model: LoadedModel,
  sizes: readonly number[],
  cost: CostModel,
): Promise<readonly number[]> {
  const warm: number[] = [];
  for (const size of sizes) {
    const feeds = syntheticFeeds(model.signature.inputs, size);
    if (feeds === undefined) break;
    try {
      await model.run(feeds);
      cost.observe(size, await medianMs(() => model.run(feeds)), true);
      warm.push(size);
    } catch {
      break;
    }
  }
  return warm;
}

/** Of five runs, or of fewer where they are slow: one that a neighbour held up must not set what is expected. */
async function medianMs(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  const beganAt = performance.now();
  while (times.length < 5 && performance.now() - beganAt < MEASURE_MS) {
    const startedAt = performance.now();
    await run();
    times.push(performance.now() - startedAt);
  }
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}

const MEASURE_MS = 20;

/**
 * Whether rows may share a run: a batch of different rows, and the same rows in reverse, must give what each row gives
 * alone (or, where the model takes a fixed number of rows, beside copies of itself).
 * Undefined when they may; otherwise the reason.
 */
export async function whyNotBatch(model: LoadedModel, tolerance = 1e-4): Promise<string | undefined> {
  const { inputs, batch } = model.signature;
  const count = typeof batch === 'number' ? batch : PROOF_ROWS;
  const feeds = syntheticFeeds(inputs, count);
  if (feeds === undefined) return 'The rank of an input is not known.';
  try {
    const together = await model.run(feeds);
    const order = Array.from({ length: count }, (_, i) => count - 1 - i);
    let difference = largestDifference(together, pick(await model.run(pick(feeds, order)), order));
    for (let i = 0; i < Math.min(count, PROOF_ROWS); i++) {
      const alone = await model.run(pick(feeds, typeof batch === 'number' ? order.fill(i) : [i]));
      difference = Math.max(difference, largestDifference(pick(alone, [0]), pick(together, [i])));
    }
    return difference <= tolerance
      ? undefined
      : `Rows influence each other: answers differ by ${difference} when batched.`;
  } catch (cause) {
    return `Batch independence could not be shown: ${cause instanceof Error ? cause.message : String(cause)}`;
  }
}

const PROOF_ROWS = 4;

function pick(map: TensorMap, rows: readonly number[]): TensorMap {
  return new Map([...map].map(([name, t]) => [name, concatRows(rows.map((i) => sliceRows(t, i, i + 1)))]));
}
