import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Bytes that a call of `work` leaves behind when nothing refers to what it gave: the least of three rounds of `count` calls,
 * after one to warm up. The engine keeps and frees a megabyte by itself now and then, and a leak shows in every round; the
 * leak times `count` should be far above that. Call no `expect` in `work`: Vitest keeps the promises that it is given until
 * the test is over.
 */
export async function bytesKept(work: (call: number) => unknown, count: number): Promise<number> {
  let call = 0;
  const marks: number[] = [];
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < count; i++) await work(call++);
    marks.push(await bytesUsed());
  }
  return Math.min(...marks.slice(1).map((mark, round) => mark - marks[round]!)) / count;
}

/** What is reachable now, in the heap and in array buffers. */
async function bytesUsed(): Promise<number> {
  // What a WeakRef gave out, and what waits for a finalizer, lives until the turn is over.
  for (let i = 0; i < 2; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
