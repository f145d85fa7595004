import type { ManyRows, Task } from './types.js';

/**
 * A request with more rows than a run takes, as several that do fit. It succeeds with the joined answers when all parts
 * have, and fails with the first that fails; parts that still wait are then passed over.
 */
export function splitTask<I, O>(
  task: Task<I, O>,
  rows: number,
  maxBatch: number,
  many: ManyRows<I, O>,
): readonly Task<I, O>[] {
  const count = Math.ceil(rows / maxBatch);
  const answers = new Array<O>(count);
  let missing = count;
  let largest = 0;
  let failed = false;
  const { deadlineAt, context } = task;
  return Array.from({ length: count }, (_, part) => ({
    deadlineAt,
    context,
    input: many.slice(task.input, part * maxBatch, Math.min(rows, (part + 1) * maxBatch)),
    get settled() {
      return failed || task.settled;
    },
    succeed(output: O, batch: number, at?: number) {
      answers[part] = output;
      largest = Math.max(largest, batch);
      missing--;
      if (missing === 0 && !failed && !task.settled) task.succeed(many.join(answers), largest, at);
    },
    fail(error: unknown) {
      if (failed) return;
      failed = true;
      if (!task.settled) task.fail(error);
    },
  }));
}
