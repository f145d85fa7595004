/** A request that waits. One that is `settled` (aborted, past its deadline) is passed over. */
export interface Queued {
  /** Milliseconds of the batcher's clock. Infinity: any time will do. */
  readonly deadlineAt: number;
  readonly settled: boolean;
}

/** Requests that may share a run, earliest deadline first. Sizes are in rows: a request has one or more. */
export interface Lane<T extends Queued> {
  /** Rows that wait. Settled ones count until they are passed over. */
  readonly rows: number;
  push(task: T, rows: number): void;
  /** The request with the earliest deadline; undefined when none waits. */
  head(): T | undefined;
  /** Rows at the head whose deadline is before `time`. */
  lateBefore(time: number): number;
  /** True when what is behind the first `taken` rows meets its deadlines in runs of `size` rows that end every `stepMs` after `finish`. */
  keepsUp(taken: number, size: number, finish: number, stepMs: number): boolean;
  /** Takes requests of together at most `size` rows, but at least one. Those that `giveUp` says are put aside. */
  take(size: number, into: T[], giveUp?: (task: T, rows: number) => boolean): number;
  /** The same from the other end. */
  takeNewest(size: number, into: T[]): number;
}

export function lane<T extends Queued>(rowsOf: (task: T) => number): Lane<T> {
  let tasks: (T | undefined)[] = [];
  let at = 0;
  let rows = 0;

  function skipSettled(): void {
    for (; at < tasks.length && tasks[at]!.settled; forgetHead()) rows -= rowsOf(tasks[at]!);
  }

  /** Nothing here holds on to what left: thousands of answered requests would be copied by every minor collection. */
  function forgetHead(): void {
    tasks[at++] = undefined;
  }

  function compact(): void {
    if (at < 1_024 || at * 2 < tasks.length) return;
    tasks = tasks.slice(at);
    at = 0;
  }

  return {
    get rows() {
      return rows;
    },
    push(task, count) {
      rows += count;
      // Requests mostly come in the order of their deadlines, so this is one comparison.
      let place = tasks.length;
      tasks.push(task);
      while (place > at && tasks[place - 1]!.deadlineAt > task.deadlineAt) {
        tasks[place] = tasks[place - 1]!;
        place--;
      }
      tasks[place] = task;
    },
    head() {
      skipSettled();
      return tasks[at];
    },
    lateBefore(time) {
      let late = 0;
      for (let i = at; i < tasks.length && tasks[i]!.deadlineAt < time; i++) late += rowsOf(tasks[i]!);
      return late;
    },
    keepsUp(taken, size, finish, stepMs) {
      // Looks at the first request of each run, taking all requests for equally long.
      const perRow = (tasks.length - at) / rows;
      const step = Math.max(1, Math.floor(size * perRow));
      let end = finish;
      for (let i = at + Math.ceil(taken * perRow); i < tasks.length; i += step) {
        end += stepMs;
        if (end > tasks[i]!.deadlineAt) return false;
      }
      return true;
    },
    take(size, into, giveUp) {
      let taken = 0;
      for (; at < tasks.length; forgetHead()) {
        const task = tasks[at]!;
        const count = rowsOf(task);
        if (!task.settled && giveUp?.(task, count) !== true) {
          if (taken > 0 && taken + count > size) break;
          into.push(task);
          taken += count;
        }
        rows -= count;
      }
      compact();
      return taken;
    },
    takeNewest(size, into) {
      let taken = 0;
      while (tasks.length > at) {
        const task = tasks.at(-1)!;
        const count = rowsOf(task);
        if (!task.settled) {
          if (taken > 0 && taken + count > size) break;
          into.push(task);
          taken += count;
        }
        tasks.pop();
        rows -= count;
      }
      return taken;
    },
  };
}
